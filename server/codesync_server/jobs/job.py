"""One job from acceptance to verdict, and the table of its states."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from codesync_protocol.messages import JobState, JobSummary, RunLimits, StdinHeld, StdinMode
from codesync_protocol.verdict import Result, Stage
from codesync_server.configuration.limits import StageLimits
from codesync_server.executors.session import Session
from codesync_server.jobs.output_log import OutputLog
from codesync_server.jobs.stdin import JobStdin
from codesync_server.jobs.stdin_log import StdinLog

TRANSITIONS: dict[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.CLAIMED, JobState.FINISHED}),
    JobState.CLAIMED: frozenset(
        {JobState.COMPILING, JobState.RUNNING, JobState.FINISHED, JobState.QUEUED}
    ),
    JobState.COMPILING: frozenset({JobState.RUNNING, JobState.FINISHED, JobState.QUEUED}),
    JobState.RUNNING: frozenset({JobState.FINISHED, JobState.QUEUED}),
    JobState.FINISHED: frozenset(),
}
"""Which state may follow which. A job that is cancelled, or whose sandbox fails, goes to FINISHED
from wherever it is; nothing leaves FINISHED. Back to QUEUED goes one that could have no sandbox,
or that lost it before anybody saw anything of it."""


@dataclass(frozen=True, slots=True)
class Submitter:
    """Who submitted a job.

    Attributes:
        key: the secret of the client instance.
        member: member id in the room.
        name: as the room knows them.
        invite: hash of the invite, or "token"; empty for a job that a store of layout 3 kept.
        address: identity of the network address; empty for a job restored from the store.
    """

    key: str
    member: int
    name: str
    invite: str = ""
    address: str = ""


@dataclass(slots=True, eq=False)
class Job:
    """One job.

    Attributes:
        id: chosen by the submitter.
        room: the room's name.
        submitter: who.
        language: its name.
        title: what the submitter calls the main file; foreign text.
        files: names in the sandbox and contents, the main file first.
        args: the program's arguments.
        prepared_stdin: the beginning of stdin.
        input: what follows it, and who may send it.
        tty: whether the program gets a terminal.
        window: the terminal's columns and rows.
        limits: of the run stage, as the incoming has granted them; None: the server's own.
        submitted_at: seconds since the Unix epoch, for display.
        queued_at: by the loop's clock, for durations.
        state: where it is in its life.
        output: what it wrote.
        stdin_log: what members typed into it.
        result: how it ended.
        cancelled_by: name of the member who cancelled it.
        awaits_input: whether the program waits for input.
        is_idle: whether the program waits or sleeps, and so is in no slot.
        session: the running sandbox, while there is one.
        attempts: how often it was begun to run.
        typist: who took its input over; None while it is the submitter's.
        is_end_published: the room was told how it ended, which is kept by then.
    """

    id: str
    room: str
    submitter: Submitter
    language: str
    title: str
    files: Sequence[tuple[str, bytes]]
    args: Sequence[bytes]
    prepared_stdin: bytes
    input: JobStdin
    tty: bool
    submitted_at: float
    queued_at: float
    state: JobState = JobState.QUEUED
    output: OutputLog = field(default_factory=OutputLog)
    stdin_log: StdinLog = field(default_factory=StdinLog)
    result: Result | None = None
    cancelled_by: str = ""
    window: tuple[int, int] = (80, 24)
    limits: StageLimits | None = None
    awaits_input: bool = False
    is_idle: bool = False
    session: Session | None = None
    stages: list[Stage] = field(default_factory=list[Stage])
    attempts: int = 0
    typist: Submitter | None = None
    is_end_published: bool = False

    def move(self, state: JobState) -> None:
        """Go to another state.

        Raises:
            ValueError: the table does not allow it.
        """
        if state not in TRANSITIONS[self.state]:
            raise ValueError(f"a job cannot go from {self.state} to {state}")
        self.state = state

    @property
    def size(self) -> int:
        """Bytes of what it runs and is to read."""
        return sum(len(data) for _, data in self.files) + len(self.prepared_stdin)

    @property
    def is_finished(self) -> bool:
        """Whether it has its verdict."""
        return self.state is JobState.FINISHED

    @property
    def holder(self) -> Submitter:
        """Who types into it, if its stdin is shared."""
        return self.typist or self.submitter

    def forget_source(self) -> None:
        """Let go of what is not needed after the run."""
        self.files, self.prepared_stdin = (), b""

    def summary(self) -> JobSummary:
        """Describe it for the room; that it ended only when the room was told so."""
        ended = self.is_finished and self.is_end_published
        return JobSummary(
            job=self.id,
            member=self.submitter.member,
            name=self.submitter.name,
            language=self.language,
            file_name=self.title,
            state=self.state if ended or not self.is_finished else JobState.RUNNING,
            submitted_at=self.submitted_at,
            stdin=self.input.mode,
            tty=self.tty,
            output_bytes=self.output.published,
            result=self.result if ended else None,
            limits=_run_limits(self.limits),
            holder=self.holder.member if self.input.mode is StdinMode.SHARED else 0,
            typed=self.stdin_log.total,
        )


def _run_limits(limits: StageLimits | None) -> RunLimits:
    if limits is None:
        return RunLimits()
    return RunLimits(limits.wall, limits.cpu, limits.memory, limits.output, limits.processes)


def stdin_held(job: str, by: Submitter, seq: int) -> StdinHeld:
    """Make the event that tells who types into a job from now on."""
    return StdinHeld(seq, job, by.member, by.name)
