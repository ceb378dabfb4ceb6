"""Members without a connection, which record their messages."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from codesync_protocol.codec import decode_from_server
from codesync_protocol.messages import MemberCaret, MemberCarets, ServerMessage

_Message = TypeVar("_Message", bound=ServerMessage)


class Ear:
    """The channel of one member.

    Attributes:
        heard: everything that was said, decoded, in order.
        skippable: the events that might have been left out.
        closed: why the connection was ended, if it was.
        bulk_places: how many more bulk answers it takes.
    """

    def __init__(self) -> None:
        self.heard: list[ServerMessage] = []
        self.skippable: list[ServerMessage] = []
        self.closed = ""
        self.bulk_places = 1000

    def put_reply(self, frame: bytes) -> None:
        """An answer."""
        self.heard.append(decode_from_server(frame))

    def put_state(
        self, kind: str, *frames: bytes, whole: Callable[[], Sequence[bytes]] | None = None
    ) -> None:
        """A state."""
        for frame in frames:
            message = decode_from_server(frame)
            assert type(message).__name__.lower().endswith(kind)
            self.heard.append(message)

    def put_event(self, frame: bytes, *, may_skip: bool = False, urgent: bool = False) -> None:
        """An event."""
        self.heard.append(decode_from_server(frame))
        if may_skip:
            self.skippable.append(self.heard[-1])

    def put_bulk(
        self, make: Callable[[], bytes | None], size: int = 0, source: bytes = b""
    ) -> bool:
        """Something large."""
        if not self.bulk_places:
            return False
        self.bulk_places -= 1
        if (frame := make()) is not None:
            self.heard.append(decode_from_server(frame))
        return True

    def close(self, reason: str) -> None:
        """The end."""
        self.closed = reason

    def cut(self, last: bytes, reason: str) -> None:
        """The end, at once."""
        self.heard.append(decode_from_server(last))
        self.closed = reason

    @property
    def carets(self) -> list[MemberCaret]:
        """All carets that it was told of."""
        return [caret for each in self.of(MemberCarets) for caret in each.carets]

    def of(self, kind: type[_Message]) -> list[_Message]:
        """What was said of one kind."""
        return [message for message in self.heard if isinstance(message, kind)]

    def last(self, kind: type[_Message]) -> _Message:
        """What was last said of one kind."""
        return self.of(kind)[-1]
