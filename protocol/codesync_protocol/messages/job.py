"""A job from its submission to its verdict.

The submission's body is its files one behind the other, in the order of `Submit.files`, then its
prepared stdin. What does not fit into the Submit itself follows in SubmitParts, each acknowledged.
"""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from codesync_protocol.errors import Code
from codesync_protocol.limits import (
    FILE_NAME_MAX,
    FILES_MAX,
    PREPARED_STDIN_MAX,
    STDIN_ECHO_MAX,
)
from codesync_protocol.messages.fields import (
    AnyJobId,
    Argument,
    Cells,
    Count,
    FileName,
    JobId,
    MemberId,
    MemberName,
    Moment,
    OutputData,
    Part,
    Seconds,
    Sentence,
    Seq,
    Size,
    SourceSize,
    Tag,
)
from codesync_protocol.messages.lists import ARGUMENTS
from codesync_protocol.verdict import Result


class Stream(StrEnum):
    """Where output came from."""

    STDOUT = "out"
    STDERR = "err"
    COMPILER = "cc"
    """Both streams of the compiler."""


class StdinMode(StrEnum):
    """What follows the prepared stdin."""

    CLOSED = "closed"
    """Nothing: the program sees its end."""
    PIPED = "piped"
    """StdinData of the submitter only, as bytes that are nobody else's business."""
    SHARED = "shared"
    """StdinData of one member at a time, shown to the room; TakeStdin hands it over."""


class JobState(StrEnum):
    """Where a job is in its life; docs/explanation/protocol.md shows the transitions."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    COMPILING = "compiling"
    RUNNING = "running"
    FINISHED = "finished"


class SubmitFile(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One file of a submission: its name, and how many bytes of the body are its content."""

    name: FileName
    size: SourceSize


class Window(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The size of a terminal."""

    columns: Cells = 80
    rows: Cells = 24


class RunLimits(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Limits of a job's run stage; None is the server's own.

    Attributes:
        wall_seconds: wall time.
        cpu_seconds: cpu time of all its processes.
        memory: bytes of all its processes, and of what they put into /tmp.
        output: bytes, both streams together.
        processes: processes and threads at once.
    """

    wall_seconds: Seconds | None = None
    cpu_seconds: Seconds | None = None
    memory: Size | None = None
    output: Size | None = None
    processes: Count | None = None


class Submit(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="submit"
):
    """Ask for a program to be run.

    Attributes:
        job: the id that the submitter chose.
        language: a LanguageInfo.name.
        files: the main file first.
        args: the program's arguments.
        stdin_size: how many bytes of the body, behind the files, are prepared stdin.
        stdin: what follows the prepared stdin.
        tty: give the program a terminal, so that prompts show at once.
        window: the terminal's size.
        body: the first bytes of the body; all of it when it is that short.
        limits: what the program should get of each; the server gives no more than it allows.
    """

    job: JobId
    language: Tag
    files: Annotated[tuple[SubmitFile, ...], Meta(min_length=1, max_length=FILES_MAX)]
    args: Annotated[tuple[Argument, ...], ARGUMENTS.meta] = ()
    stdin_size: Annotated[int, Meta(ge=0, le=PREPARED_STDIN_MAX)] = 0
    stdin: StdinMode = StdinMode.CLOSED
    tty: bool = False
    window: Window = Window()
    body: Part = b""
    limits: RunLimits = RunLimits()

    @property
    def body_size(self) -> int:
        """Bytes of the whole body."""
        return sum(file.size for file in self.files) + self.stdin_size


class SubmitPart(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="part"
):
    """The next bytes of a submission's body."""

    job: JobId
    offset: Size
    data: Part


class PartTaken(msgspec.Struct, frozen=True, array_like=True, tag="part_taken"):
    """How many bytes of a body have arrived; the next part may be sent."""

    job: JobId
    received: Size


class Accepted(msgspec.Struct, frozen=True, array_like=True, tag="accepted"):
    """To the submitter: the job will run. Its place in the queue counts from 1."""

    job: JobId
    position: Count


class Rejected(msgspec.Struct, frozen=True, array_like=True, tag="rejected"):
    """To the submitter: the job will not run.

    Attributes:
        job: its id.
        code: why, for programs.
        reason: why, for people.
        remedy: what to do about it.
        retry_in: seconds until another attempt makes sense; 0 if the same would be refused again.
    """

    job: AnyJobId
    code: Code
    reason: Sentence
    remedy: Sentence = ""
    retry_in: Seconds = 0.0


class JobSummary(msgspec.Struct, frozen=True, array_like=True):
    """A job as the room sees it.

    Attributes:
        job: its id.
        member: the submitter's member id.
        name: the submitter's name.
        language: a LanguageInfo.name.
        file_name: the main file's name.
        state: where it is in its life.
        submitted_at: seconds since the Unix epoch, by the server's clock; for display only.
        stdin: what the submitter said may follow.
        tty: whether it has a terminal.
        output_bytes: how much it has written so far.
        result: how it ended, once it has.
        limits: what its program may use.
        holder: the member who may type into it, if its stdin is shared; 0 when nobody may.
        typed: how many lines were typed into it so far, for all to see.
    """

    job: JobId
    member: MemberId
    name: MemberName
    language: Tag
    file_name: Annotated[str, Meta(max_length=FILE_NAME_MAX)]
    state: JobState
    submitted_at: Moment
    stdin: StdinMode
    tty: bool
    output_bytes: Size = 0
    result: Result | None = None
    limits: RunLimits = RunLimits()
    holder: MemberId = 0
    typed: Count = 0


class Submitted(msgspec.Struct, frozen=True, array_like=True, tag="submitted"):
    """To the room: a job was accepted."""

    seq: Seq
    job: JobSummary


class Started(msgspec.Struct, frozen=True, array_like=True, tag="started"):
    """To the room: a job is compiling or running now."""

    seq: Seq
    job: JobId
    state: JobState


class Output(msgspec.Struct, frozen=True, array_like=True, tag="output"):
    """To the room: a piece of a job's output.

    Attributes:
        seq: place in the room's log.
        job: the job.
        stream: where it came from.
        offset: how many bytes the job had written before, all streams together. A larger one than
            expected means that bytes were skipped for this reader; FetchOutput brings them.
        data: the bytes.
    """

    seq: Seq
    job: JobId
    stream: Stream
    offset: Size
    data: OutputData


class StdinEcho(msgspec.Struct, frozen=True, array_like=True, tag="echo"):
    """To the room: somebody typed into a program.

    Attributes:
        seq: place in the room's log.
        job: the program's job.
        member: who.
        name: the same, as people know them.
        data: what; long input is cut at STDIN_ECHO_MAX bytes.
        end: the input ends with it.
        offset: how many bytes the job had written before.
        number: how many such lines of the job there were before.
    """

    seq: Seq
    job: JobId
    member: MemberId
    name: MemberName
    data: Annotated[bytes, Meta(max_length=STDIN_ECHO_MAX)]
    end: bool = False
    offset: Size = 0
    number: Count = 0


class Finished(msgspec.Struct, frozen=True, array_like=True, tag="finished"):
    """To the room: a job ended.

    Attributes:
        seq: place in the room's log.
        job: the job.
        result: how, and the figures.
        by: the name of the member who cancelled it, if somebody did.
    """

    seq: Seq
    job: JobId
    result: Result
    by: MemberName = ""


class StdinData(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="stdin"
):
    """More input for a program; at most STDIN_WINDOW bytes may be on the way.

    Attributes:
        job: the job.
        offset: how many bytes this client sent the job before, so that none counts twice when it
            is sent again after a cut.
        data: the bytes.
    """

    job: JobId
    offset: Size
    data: Part


class StdinTaken(msgspec.Struct, frozen=True, array_like=True, tag="stdin_taken"):
    """To the sender: how many bytes of its StdinData the program has taken, in all."""

    job: JobId
    taken: Size


class TakeStdin(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="take_stdin"
):
    """Take over a program's input; one member at a time types into it."""

    job: JobId


class StdinHeld(msgspec.Struct, frozen=True, array_like=True, tag="stdin_held"):
    """To the room: somebody else types into a program from now on.

    Attributes:
        seq: place in the room's log.
        job: the job.
        member: who types now.
        name: their name.
    """

    seq: Seq
    job: JobId
    member: MemberId
    name: MemberName


class StdinEnd(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="stdin_end"
):
    """The end of a program's input."""

    job: JobId


class Interrupt(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="interrupt"
):
    """Send the program SIGINT, as ctrl+C does."""

    job: JobId


class Resize(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="resize"
):
    """The submitter's screen has another size: so has the program's terminal."""

    job: JobId
    window: Window


class Cancel(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="cancel"
):
    """Take a job out of the queue, or end it."""

    job: JobId
