"""The errors of the protocol.

- ProtocolError
    - FrameError: a frame that is invalid, or not allowed now
    - MessageTooLarge: an own message that no receiver would accept
    - VersionError: the two ends share no protocol version
"""

from enum import StrEnum


class Code(StrEnum):
    """The reason of a refusal; stable across versions, so that programs can rely on it."""

    BAD_FRAME = "bad_frame"
    """The frame is not MessagePack, not a known message, or one of its fields is out of bounds."""
    OUT_OF_TURN = "out_of_turn"
    """The message is known, but not allowed in this state of the connection."""
    VERSION = "version"
    """The two ends share no protocol version."""
    TOKEN = "token"
    """The token is wrong or missing, or the invite has expired or is for another room."""
    UNKNOWN_MEMBER = "unknown_member"
    """The room does not know the claimed member; the client may enter as a new one."""
    ROOM_NAME = "room_name"
    """The room's name is not allowed."""
    ROLE = "role"
    """The member's role does not allow it."""
    REMOVED = "removed"
    """A host removed the member from the room."""
    BUSY = "busy"
    """The server has no place for another connection, or received too many attempts."""
    DRAINING = "draining"
    """The server is shutting down."""
    LANGUAGE = "language"
    """No such language, or it is not available here."""
    TOO_LARGE = "too_large"
    """Source, stdin or arguments exceed their limit."""
    BAD_SUBMISSION = "bad_submission"
    """The submission contradicts itself."""
    QUEUE_FULL = "queue_full"
    """The queue, or this member's share of it, is full."""
    DUPLICATE_JOB = "duplicate_job"
    """Another client used this job id."""
    NO_SUCH_JOB = "no_such_job"
    """The job does not exist in this room, or is no longer in a state that allows it."""
    STDIN_CLOSED = "stdin_closed"
    """The program's stdin is closed, or belongs to another member."""
    NOT_HOLDER = "not_holder"
    """Another member types into the program; TakeStdin takes over."""
    STDIN_OVERFLOW = "stdin_overflow"
    """The client sent more stdin than its window allows; the excess is dropped."""
    BAD_EDIT = "bad_edit"
    """The edit would damage the shared texts, or has the CRDT id of another client."""
    UNSAVED = "unsaved"
    """The server cannot store anything now, so it accepts nothing that must be stored."""
    TOO_FAST = "too_fast"
    """Requests arrived faster than allowed."""


class ProtocolError(Exception):
    """Base class of the errors of the protocol."""


class FrameError(ProtocolError):
    """A frame is invalid, or not allowed now.

    Attributes:
        code: the reason, for programs.
        reason: the reason, for people.
        fatal: whether the connection ends.
    """

    def __init__(self, code: Code, reason: str, *, fatal: bool = False) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.fatal = fatal


class MessageTooLarge(ProtocolError):
    """A message is larger than the largest frame that a receiver accepts.

    Attributes:
        kind: the name of the message's type.
        size: bytes of its frame.
        limit: the largest frame, in bytes.
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
