"""What a room tells its client: most of it as the server said it, some of it put in order first."""

from dataclasses import dataclass

from codesync_protocol.messages import (
    Fault,
    Finished,
    LanguageChosen,
    Members,
    Notice,
    Queue,
    Saving,
    Started,
    StdinEcho,
    StdinHeld,
    Stream,
    Submitted,
    Welcome,
)


@dataclass(frozen=True, slots=True)
class Connected:
    """We are in the room.

    Attributes:
        welcome: the room as it stood; when `welcome.resumed`, what was missed follows as events.
        again: this is a return after a cut, not the first entry.
    """

    welcome: Welcome
    again: bool


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection is gone.

    Attributes:
        reason: why, for people.
        retry_in: seconds until the next attempt; None when there will be none.
    """

    reason: str
    retry_in: float | None


@dataclass(frozen=True, slots=True)
class JobOutput:
    """The next bytes of a job's output; each byte comes once, in order.

    Attributes:
        job: the job.
        stream: where they came from.
        offset: how many bytes the job had written before.
        data: the bytes.
    """

    job: str
    stream: Stream
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class OutputSkipped:
    """Bytes of a job's output that will not come: this reader was too slow, or they are gone.

    Attributes:
        job: the job.
        offset: where the hole begins.
        count: how many bytes are missing.
    """

    job: str
    offset: int
    count: int


RoomEvent = (
    Connected
    | Disconnected
    | Members
    | Queue
    | Notice
    | Saving
    | LanguageChosen
    | Fault
    | Submitted
    | Started
    | JobOutput
    | OutputSkipped
    | StdinEcho
    | StdinHeld
    | Finished
)
"""Everything that `Room.events()` yields. A job's Finished comes after all of its output."""
