"""The channel from a room to one member; the connection decides what a slow member gets."""

from collections.abc import Callable, Sequence
from typing import Protocol


class MemberChannel(Protocol):
    """The way to one member. No call blocks or raises."""

    def put_reply(self, frame: bytes) -> None:
        """Send an answer to something that the member sent."""
        ...

    def put_state(
        self, kind: str, *frames: bytes, whole: Callable[[], Sequence[bytes]] | None = None
    ) -> None:
        """Send a state; only the latest of a kind counts, so an older unsent one is replaced.

        Args:
            kind: what it is the state of.
            frames: its pages in order, at least one.
            whole: returns the pages of the complete state. They replace an older unsent one if
                `frames` has only what changed; None: `frames` are complete.
        """
        ...

    def put_event(self, frame: bytes, *, may_skip: bool = False, urgent: bool = False) -> None:
        """Send an event, behind the events before it.

        Args:
            frame: the event.
            may_skip: leave it out when the member does not keep up.
            urgent: people wait for it: leave out what may be skipped and has waited for long.
        """
        ...

    def put_bulk(
        self, make: Callable[[], bytes | None], size: int = 0, source: bytes = b""
    ) -> bool:
        """Send something large when there is nothing more urgent; made only then.

        Args:
            make: makes it; None when it is not wanted any more.
            size: bytes that `make` keeps in memory until then.
            source: bytes that `make` keeps in memory, possibly for several members.

        Returns:
            Whether there is a place for it.
        """
        ...

    def close(self, reason: str) -> None:
        """End the connection when what waits has been sent."""
        ...

    def cut(self, last: bytes, reason: str) -> None:
        """End the connection with a last frame; nothing else of what waits is sent."""
        ...
