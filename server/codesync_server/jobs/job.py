"""A job from acceptance to verdict, and its state machine."""

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
"""The allowed transitions. A job that is cancelled, or whose sandbox fails, goes to FINISHED from
any state; no transition leaves FINISHED. A job returns to QUEUED if it got no sandbox, or lost it
before any output was published."""


@dataclass(frozen=True, slots=True)
class Submitter:
    """Who submitted a job.

    Attributes:
        key: the secret of the client instance.
        member: member id in the room.
        name: the member's name in the room.
        invite: hash of the invite, or "token"; empty if read from a store of layout 3.
        address: identity of the network address; empty for a job restored from the store.
    """

    key: str
    member: int
    name: str
    invite: str = ""
    address: str = ""


@dataclass(slots=True, eq=False)
class Job:
    """A submitted program with its state, input, output and result.

    Attributes:
        id: chosen by the submitter.
        room: the room's name.
        submitter: the member who submitted it.
        language: name of the language.
        title: the submitter's name for the main file; untrusted text.
        files: names and contents in the sandbox, the main file first.
        args: the program's arguments.
        prepared_stdin: the beginning of stdin.
        input: further stdin, and the rights to send it.
        tty: whether the program gets a terminal.
        window: the terminal's columns and rows.
        limits: granted limits of the run stage; None: the server's default limits.
        submitted_at: seconds since the Unix epoch, for display.
        queued_at: time of the event loop, for durations.
        state: the current state.
        output: what the program wrote.
        stdin_log: what members typed into it.
        result: the verdict with its details.
        cancelled_by: name of the member who cancelled it.
        awaits_input: whether the program waits for input.
        is_idle: whether a program with a terminal waits or sleeps, and holds no slot.
        session: the session of its sandbox while it runs.
        attempts: number of times that it began to run.
        typist: the member who took over its stdin; None while the submitter has it.
        is_end_published: whether the room has received its result, which is stored by then.
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
        """Change the state.

        Raises:
            ValueError: the transition is not allowed.
        """
        if state not in TRANSITIONS[self.state]:
            raise ValueError(f"a job cannot go from {self.state} to {state}")
        self.state = state

    @property
    def size(self) -> int:
        """Bytes of sources, arguments and stdin."""
        return sum(len(data) for _, data in self.files) + len(self.prepared_stdin)

    @property
    def is_finished(self) -> bool:
        """Whether it has a verdict."""
        return self.state is JobState.FINISHED

    @property
    def holder(self) -> Submitter:
        """The member who may type into it, if its stdin is shared."""
        return self.typist or self.submitter

    def forget_source(self) -> None:
        """Release the source and other data that only the run needs."""
        self.files, self.prepared_stdin = (), b""

    def summary(self) -> JobSummary:
        """Describe the job for the room. The result is included once it is published."""
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
    """Create the event that announces who may type into a job."""
    return StdinHeld(seq, job, by.member, by.name)
