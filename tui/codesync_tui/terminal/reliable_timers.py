"""One-shot timers that always fire."""

from textual.message_pump import MessagePump
from textual.timer import Timer, TimerCallback


class ReliableTimers(MessagePump):
    """Mixin for apps and widgets whose one-shot timers must not be lost.

    Textual's timers skip calls that they are late for, so a one-shot timer that is late never
    fires. This happens if the process is held up within the timer's code for longer than the delay,
    and was seen with delays of a millisecond on a busy machine.
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
        # Its task starts only after this.
        timer._skip = False  # pyright: ignore[reportPrivateUsage]  # there is no public way
        return timer
