"""The changes that a store can write. Repeating a change has no effect.

So a batch that failed halfway, or whose answer was lost, is simply written again.
"""

from dataclasses import dataclass, field

from codesync_protocol.verdict import Result
from codesync_server.store.records import (
    EditRecord,
    JobRecord,
    JobSource,
    MemberRecord,
    OutputRun,
    RoomRecord,
)


@dataclass(frozen=True, slots=True)
class SaveRoom:
    """Keep a room as it is now.

    Attributes:
        record: the room.
        is_decision: whether it holds a host's decision, which must outlast a power cut.
    """

    record: RoomRecord
    is_decision: bool = False

    @property
    def room(self) -> str:
        """The room's name."""
        return self.record.name


@dataclass(frozen=True, slots=True)
class SaveMember:
    """Keep a member of a room as it is now."""

    room: str
    record: MemberRecord


@dataclass(frozen=True, slots=True)
class AddEdit:
    """Add an edit to a room's texts; `history` says to which history of them."""

    room: str
    history: int
    record: EditRecord


@dataclass(frozen=True, slots=True)
class SaveText:
    """Keep a room's texts as they are now, instead of everything up to the edit `index`."""

    room: str
    history: int
    index: int
    state: bytes


@dataclass(frozen=True, slots=True)
class ForgetRoom:
    """Delete a room that nobody has used, unless it has jobs or edits."""

    room: str


@dataclass(frozen=True, slots=True)
class AcceptJob:
    """Keep a job, unless its id is known.

    Attributes:
        record: the job, with its source.
        packed: the packed source; None: the store packs it.
    """

    record: JobRecord
    packed: bytes | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class BeginJob:
    """An unfinished job is begun to run."""

    job: str
    attempt: int


@dataclass(frozen=True, slots=True)
class ShowJob:
    """Somebody is about to see something of an unfinished job's attempt."""

    job: str
    attempt: int


@dataclass(frozen=True, slots=True)
class FinishJob:
    """How an unfinished job ended, and what it wrote; the first end counts.

    Attributes:
        job: its id.
        result: how it ended.
        cancelled_by: who cancelled it.
        output: what it wrote.
        source: what is kept of its source from now on; None: all that was accepted.
    """

    job: str
    result: Result
    cancelled_by: str
    output: tuple[OutputRun, ...]
    source: JobSource | None = None


@dataclass(frozen=True, slots=True)
class ForgetJob:
    """Take back an unfinished job, if it was accepted by the try that had this ticket."""

    job: str
    ticket: str


TextChange = SaveRoom | SaveMember | AddEdit | SaveText | ForgetRoom
JobChange = AcceptJob | BeginJob | ShowJob | FinishJob | ForgetJob
Change = TextChange | JobChange
