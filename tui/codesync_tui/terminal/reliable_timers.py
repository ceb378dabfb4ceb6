"""One-shot timers that always fire."""

from textual.message_pump import MessagePump
from textual.timer import Timer, TimerCallback


class ReliableTimers(MessagePump):
    """Mixin for apps and widgets whose one-shot timers must not be lost.

    Textual's timers skip what they are late for. For one that goes off only once this means never:
    when the process is held up between two of the timer's lines for longer than the delay (seen
    with delays of a millisecond on a busy machine), whoever waits for it waits for ever.
    """

    def set_timer(
        self,
        delay: float,
        callback: TimerCallback | None = None,
        *,
        name: str | None = None,
        pause: bool = False,
    ) -> Timer:
        """Call a function after a delay; see MessagePump."""
        timer = super().set_timer(delay, callback, name=name, pause=pause)
        # Its task begins only after this.
        timer._skip = False  # pyright: ignore[reportPrivateUsage]  # there is no public way
        return timer
