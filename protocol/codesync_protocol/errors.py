"""What can go wrong on the wire.

- ProtocolError
    - FrameError: a frame that makes no sense, or that may not come now
    - MessageTooLarge: a message of our own that no receiver would take
    - VersionError: the two ends share no protocol version
"""

from enum import StrEnum


class Code(StrEnum):
    """Why something was refused; stable across versions, so that programs may act on it."""

    BAD_FRAME = "bad_frame"
    """The frame is not MessagePack, not a known message, or one of its fields is out of bounds."""
    OUT_OF_TURN = "out_of_turn"
    """The message is known but may not come at this point of the connection."""
    VERSION = "version"
    """The two ends share no protocol version."""
    TOKEN = "token"
    """The token is wrong or missing, or the invite has expired or is for another room."""
    UNKNOWN_MEMBER = "unknown_member"
    """The room does not know the member that the client claims to be; it may enter as a new one."""
    ROOM_NAME = "room_name"
    """The room's name is not allowed."""
    ROLE = "role"
    """The member's role does not allow it."""
    REMOVED = "removed"
    """A host removed the member from the room."""
    BUSY = "busy"
    """The server has no place for another connection, or too many attempts came at once."""
    DRAINING = "draining"
    """The server is shutting down."""
    LANGUAGE = "language"
    """No such language, or it is not available here."""
    TOO_LARGE = "too_large"
    """Source, stdin or arguments are over their limit."""
    BAD_SUBMISSION = "bad_submission"
    """The submission contradicts itself."""
    QUEUE_FULL = "queue_full"
    """The queue, or this member's share of it, is full."""
    DUPLICATE_JOB = "duplicate_job"
    """The job id is taken."""
    NO_SUCH_JOB = "no_such_job"
    """The job does not exist in this room, or is no longer in a state that allows it."""
    STDIN_CLOSED = "stdin_closed"
    """The program's stdin is closed, or belongs to somebody else."""
    NOT_HOLDER = "not_holder"
    """Somebody else has the program's input; TakeStdin takes it over."""
    STDIN_OVERFLOW = "stdin_overflow"
    """More stdin was sent than the program had taken; the rest is dropped."""
    BAD_EDIT = "bad_edit"
    """An edit that would break the shared texts, or pretends to be somebody else's."""
    UNSAVED = "unsaved"
    """The server cannot keep anything now, so it accepts nothing that has to be kept."""
    TOO_FAST = "too_fast"
    """Requests came faster than one member may send them."""


class ProtocolError(Exception):
    """The root of everything that goes wrong on the wire."""


class FrameError(ProtocolError):
    """A frame that makes no sense, or that may not come now.

    Attributes:
        code: why, for programs.
        reason: why, for people.
        fatal: whether the connection ends because of it.
    """

    def __init__(self, code: Code, reason: str, *, fatal: bool = False) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.fatal = fatal


class MessageTooLarge(ProtocolError):
    """A message that is to be sent is larger than the largest frame that a receiver takes.

    Attributes:
        kind: the name of the message's type.
        size: bytes of its frame.
        limit: bytes that a frame may have.
    """

    def __init__(self, kind: str, size: int, limit: int) -> None:
        super().__init__(f"a {kind} of {size:,} bytes; a frame has at most {limit:,}")
        self.kind = kind
        self.size = size
        self.limit = limit


class VersionError(ProtocolError):
    """The two ends share no protocol version.

    Attributes:
        oldest: the oldest version that this end speaks.
        newest: the newest version that this end speaks.
    """

    def __init__(self, oldest: int, newest: int) -> None:
        super().__init__(f"this end speaks protocol versions {oldest} to {newest}")
        self.oldest = oldest
        self.newest = newest
