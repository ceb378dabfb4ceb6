"""The events of a room. Most are messages of the server; output is put in order first."""

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
    """The client has entered the room.

    Attributes:
        welcome: the state of the room; if `welcome.resumed`, missed events follow.
        again: whether this is a reconnect, not the first entry.
    """

    welcome: Welcome
    again: bool


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection was cut.

    Attributes:
        reason: the reason, for people.
        retry_in: seconds until the next attempt; None if there will be none.
    """

    reason: str
    retry_in: float | None


@dataclass(frozen=True, slots=True)
class JobOutput:
    """The next bytes of a job's output; each byte arrives once and in order.

    Attributes:
        job: the job.
        stream: the source of the bytes.
        offset: the number of bytes that the job had written before.
        data: the bytes.
    """

    job: str
    stream: Stream
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class OutputSkipped:
    """Missing bytes of a job's output: this reader was too slow, or they were not stored.

    Attributes:
        job: the job.
        offset: the position of the gap.
        count: the number of missing bytes.
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
"""The events of `Room.events()`. Finished of a job follows all its output."""
