"""The channel from a room to one member; the connection decides what a slow member gets."""

from collections.abc import Callable, Sequence
from typing import Protocol


class MemberChannel(Protocol):
    """Sends frames to one member. No method blocks or raises."""

    def put_reply(self, frame: bytes) -> None:
        """Send the reply to a message of the member."""
        ...

    def put_state(
        self, kind: str, *frames: bytes, whole: Callable[[], Sequence[bytes]] | None = None
    ) -> None:
        """Send a state. An older unsent state of the same kind is replaced.

        Args:
            kind: name of the state.
            frames: pages in order, at least one.
            whole: returns the pages of the complete state, which replace an older unsent state if
                `frames` contains only changes; None: `frames` is complete.
        """
        ...

    def put_event(self, frame: bytes, *, may_skip: bool = False, urgent: bool = False) -> None:
        """Send an event, after all earlier events.

        Args:
            frame: the event.
            may_skip: omit the event if the member does not keep up.
            urgent: people wait for the event: omit skippable events that have waited for long.
        """
        ...

    def put_bulk(
        self, make: Callable[[], bytes | None], size: int = 0, source: bytes = b""
    ) -> bool:
        """Send a large frame when nothing more urgent waits. The frame is made only then.

        Args:
            make: returns the frame; None if it is no longer wanted.
            size: bytes of memory that `make` holds until then.
            source: bytes that `make` holds in memory, possibly shared with other members.

        Returns:
            Whether there is space for the frame.
        """
        ...

    def close(self, reason: str) -> None:
        """Close the connection after all waiting frames are sent."""
        ...

    def cut(self, last: bytes, reason: str) -> None:
        """Close the connection after one last frame; other waiting frames are dropped."""
        ...
