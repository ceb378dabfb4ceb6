"""The records of a store: rooms with members and texts, and jobs."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from codesync_protocol.messages import JobState, JobSummary, StdinMode, Stream
from codesync_protocol.messages.fields import (
    Count,
    CrdtClient,
    FileName,
    JobId,
    MemberId,
    Moment,
)
from codesync_protocol.verdict import Result
from codesync_server.configuration.limits import StageLimits
from codesync_server.store.fields import (
    Excerpt,
    Fingerprint,
    InviteId,
    LanguageName,
    Line,
    Name,
    Place,
    RoleName,
    RoomName,
    Token,
)


@dataclass(frozen=True, slots=True)
class RoomRecord:
    """What is kept of a room itself.

    Attributes:
        name: its name.
        text: which text it has; another one after the room was forgotten and made anew.
        language: in which language the source is.
        invites_after: seconds since the Unix epoch; invites that are older let nobody new in.
        made_at: seconds since the Unix epoch.
        used_at: when somebody was last in it, likewise.
        editors_after: likewise; whoever is new and comes by an older invite only watches.
        server_dates_from: likewise; the first time that one of the two was set by a server that
            dates invites itself; 0 if none did.
    """

    name: RoomName
    text: Token
    language: LanguageName
    invites_after: Moment
    made_at: Moment
    used_at: Moment
    editors_after: Moment = 0.0
    server_dates_from: Moment = 0.0


def weight_of_member(role: str, removed: str, edits_taken: int, is_capped: bool) -> int:
    """Importance of the information: 0 a name, 1 a number of edits, 2 a host's decision.

    Args:
        role: empty if no host gave one.
        removed: why the member may not come back; empty if it may.
        edits_taken: the number of its last edit.
        is_capped: whether the role follows from an old invite.
    """
    if removed or (role and not is_capped):
        return 2
    return 1 if edits_taken else 0


@dataclass(frozen=True, slots=True)
class MemberRecord:
    """What is kept of somebody who was in a room.

    Attributes:
        key: fingerprint of the client instance's key.
        member: their member id.
        name: their name.
        crdt: the CRDT id under which they edit; 0 for none.
        edits_taken: the number of their last edit when this was kept.
        role: what a host made them; empty for what their token says.
        removed: why they may not come back; empty while they may.
        seen_at: when they were last here, in seconds since the Unix epoch.
        is_present: whether they were here when this was kept, so `seen_at` may be too early.
        is_capped: whether their role follows from an old invite, and is no host's decision.
    """

    key: Fingerprint
    member: MemberId
    name: Name
    crdt: CrdtClient
    edits_taken: Count
    role: RoleName
    removed: Line
    seen_at: Moment
    is_present: bool = False
    is_capped: bool = False

    @property
    def weight(self) -> int:
        """Importance of the information, from 0."""
        return weight_of_member(self.role, self.removed, self.edits_taken, self.is_capped)


@dataclass(frozen=True, slots=True)
class EditRecord:
    """One edit of a room's texts.

    Attributes:
        index: its place in the history of the texts, from 1.
        key: fingerprint of the client instance that made it.
        number: that client's own count of its edits.
        data: a Yjs update.
    """

    index: Place
    key: Fingerprint
    number: Count
    data: bytes


@dataclass(frozen=True, slots=True)
class TextRecord:
    """The texts of a room.

    Attributes:
        history: which history of the texts; counts up whenever one begins anew.
        index: up to which edit `state` has them.
        state: a Yjs update; empty for nothing.
        edits: those behind it, in order.
    """

    history: Place = 1
    index: Count = 0
    state: bytes = b""
    edits: tuple[EditRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredRoom:
    """Everything that is kept of a room, apart from its jobs.

    Attributes:
        room: the room itself.
        members: those who were last there, the latest first.
        text: its texts.
        jobs: how many jobs it has had.
    """

    room: RoomRecord
    members: tuple[MemberRecord, ...]
    text: TextRecord
    jobs: Count


class JobSource(msgspec.Struct, frozen=True, array_like=True):
    """What a job runs.

    Attributes:
        files: names in the sandbox and contents, the main file first.
        args: the program's arguments.
        prepared: the beginning of stdin.
        stdin: what follows it.
        tty: whether the program gets a terminal.
        window: the terminal's columns and rows.
        limits: of the run stage; None for the server's own.
    """

    files: tuple[tuple[str, bytes], ...]
    args: tuple[bytes, ...] = ()
    prepared: bytes = b""
    stdin: StdinMode = StdinMode.CLOSED
    tty: bool = False
    window: tuple[int, int] = (80, 24)
    limits: StageLimits | None = None


class OutputRun(msgspec.Struct, frozen=True, array_like=True):
    """Bytes of one stream, one behind the other; or what a member typed when the job was there.

    Attributes:
        offset: how many bytes the job had written before, all streams together.
        stream: where they came from; of no meaning if they were typed.
        data: the bytes.
        typed_by: the name of whoever typed them; empty if the job wrote them.
    """

    offset: Count
    stream: Stream
    data: bytes
    typed_by: Line = ""


@dataclass(frozen=True, slots=True)
class JobRecord:
    """What is kept of a job.

    Attributes:
        id: chosen by the submitter.
        order: its place among all jobs of the store; they are queued again in this order.
        room: the room's name.
        place: its place among the room's jobs, from 1.
        owner: fingerprint of the submitter's client key.
        member: their member id.
        name: their name.
        language: its name.
        title: what the submitter calls the main file; foreign text.
        submitted_at: seconds since the Unix epoch.
        excerpt: the beginning of the source, to be searched.
        ticket: tells one try to have it accepted from another, when an answer was lost.
        attempts: how often it was begun to run.
        shown: whether anybody saw anything of its last attempt.
        result: how it ended, once it has.
        cancelled_by: who cancelled it.
        invite: by which invite its submitter came; empty if that was not kept.
        source: what it runs; None where it is not asked for.
    """

    id: JobId
    order: Count
    room: RoomName
    place: Place
    owner: Fingerprint
    member: MemberId
    name: Name
    language: LanguageName
    title: FileName
    submitted_at: Moment
    excerpt: Excerpt = ""
    ticket: Token = ""
    attempts: Count = 0
    shown: bool = False
    result: Result | None = None
    cancelled_by: Line = ""
    invite: InviteId = ""
    source: JobSource | None = field(default=None, repr=False)

    def summary(self) -> JobSummary:
        """Describe it for a room."""
        state = JobState.QUEUED if self.result is None else JobState.FINISHED
        return JobSummary(
            job=self.id,
            member=self.member,
            name=self.name,
            language=self.language,
            file_name=self.title,
            state=state,
            submitted_at=self.submitted_at,
            stdin=StdinMode.CLOSED,
            tty=False,
            output_bytes=self.result.output_bytes if self.result else 0,
            result=self.result,
        )


@dataclass(frozen=True, slots=True)
class JobQuery:
    """Which finished jobs are looked for; what is empty does not matter.

    Attributes:
        text: stands in the source's beginning, the title, the name or the explanation; whatever
            the case of its letters.
        name: who submitted it.
        language: its name.
        verdict: how it ended.
        job: its id begins so.
    """

    text: str = ""
    name: str = ""
    language: str = ""
    verdict: str = ""
    job: str = ""

    @property
    def is_search(self) -> bool:
        """Whether a store may look at many jobs to find one."""
        return bool(self.text or self.name or self.language or self.verdict) and not self.job


@dataclass(frozen=True, slots=True)
class JobPage:
    """One page of a search for finished jobs.

    Attributes:
        jobs: the latest first, without their sources.
        next_before: the `before` of the next page; 0 if no earlier job matches. Other pages may
            follow a page without jobs.
    """

    jobs: Sequence[JobRecord]
    next_before: Count


@dataclass(frozen=True, slots=True)
class RoomSummary:
    """A room in a list.

    Attributes:
        name: its name.
        language: in which language the source is.
        used_at: when somebody was last in it, in seconds since the Unix epoch.
        jobs: how many jobs of it are kept.
    """

    name: str
    language: str
    used_at: float
    jobs: int
