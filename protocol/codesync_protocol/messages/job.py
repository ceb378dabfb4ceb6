"""A job from its submission to its verdict.

The body of a submission consists of its files in the order of `Submit.files`, then its prepared
stdin. The part that does not fit into the Submit follows in SubmitParts, each acknowledged.
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
    """The source of output."""

    STDOUT = "out"
    STDERR = "err"
    COMPILER = "cc"
    """Both streams of the compiler."""


class StdinMode(StrEnum):
    """The kind of input that follows the prepared stdin."""

    CLOSED = "closed"
    """Nothing: the program reads the end of the file."""
    PIPED = "piped"
    """StdinData of the submitter only, as bytes that the room does not see."""
    SHARED = "shared"
    """StdinData of one member at a time, shown to the room; TakeStdin takes over."""


class JobState(StrEnum):
    """The state of a job; docs/explanation/protocol.md shows the transitions."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    COMPILING = "compiling"
    RUNNING = "running"
    FINISHED = "finished"


class SubmitFile(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One file of a submission: its name, and its size in the body."""

    name: FileName
    size: SourceSize


class Window(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The size of a terminal."""

    columns: Cells = 80
    rows: Cells = 24


class RunLimits(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Limits of a job's run stage; None is the usual limit of the server.

    Attributes:
        wall_seconds: wall time.
        cpu_seconds: cpu time of all its processes.
        memory: bytes of all its processes, and of their files in /tmp.
        output: bytes, both streams together.
        processes: processes and threads at the same time.
    """

    wall_seconds: Seconds | None = None
    cpu_seconds: Seconds | None = None
    memory: Size | None = None
    output: Size | None = None
    processes: Count | None = None


class Submit(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="submit"
):
    """Ask the server to run a program.

    Attributes:
        job: the id that the submitter chose.
        language: a LanguageInfo.name.
        files: the main file first.
        args: the program's arguments.
        stdin_size: the size of the prepared stdin in the body, after the files.
        stdin: the kind of input that follows the prepared stdin.
        tty: whether the program gets a terminal, which shows prompts at once.
        window: the size of the terminal.
        body: the first bytes of the body, or all of a short one.
        limits: the requested limits; the server grants at most its caps.
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
    """The number of received bytes of a body; the next part may be sent."""

    job: JobId
    received: Size


class Accepted(msgspec.Struct, frozen=True, array_like=True, tag="accepted"):
    """To the submitter: the job will run. Places in the queue count from 1."""

    job: JobId
    position: Count


class Rejected(msgspec.Struct, frozen=True, array_like=True, tag="rejected"):
    """To the submitter: the job will not run.

    Attributes:
        job: its id.
        code: the reason, for programs.
        reason: the reason, for people.
        remedy: what the user can do.
        retry_in: seconds until another attempt may succeed; 0 if it would be refused again.
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
        state: its state.
        submitted_at: seconds since the Unix epoch, by the server's clock; for display only.
        stdin: the kind of input that the submitter chose.
        tty: whether it has a terminal.
        output_bytes: the number of bytes that it has written so far.
        result: its result, once it has ended.
        limits: the limits of its program.
        holder: the member who may type into it, if its stdin is shared; 0 for nobody.
        typed: the number of lines that were typed into its shared stdin so far.
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
    """To the room: a job began to compile or to run."""

    seq: Seq
    job: JobId
    state: JobState


class Output(msgspec.Struct, frozen=True, array_like=True, tag="output"):
    """To the room: a piece of a job's output.

    Attributes:
        seq: number of the event in the room's log.
        job: the job.
        stream: the source of the output.
        offset: the number of bytes that the job had written before, in all streams. If it is
            larger than expected, bytes were skipped for this reader; FetchOutput returns them.
        data: the bytes.
    """

    seq: Seq
    job: JobId
    stream: Stream
    offset: Size
    data: OutputData


class StdinEcho(msgspec.Struct, frozen=True, array_like=True, tag="echo"):
    """To the room: a member typed into a program.

    Attributes:
        seq: number of the event in the room's log.
        job: the job of the program.
        member: the member.
        name: the name of the member.
        data: the input; long input is cut at STDIN_ECHO_MAX bytes.
        end: whether the member closed the input with it.
        offset: the number of bytes that the job had written before.
        number: the number of typed lines of the job before.
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
        seq: number of the event in the room's log.
        job: the job.
        result: its result.
        by: the name of the member who cancelled it, if any.
    """

    seq: Seq
    job: JobId
    result: Result
    by: MemberName = ""


class StdinData(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="stdin"
):
    """Input for a program; at most STDIN_WINDOW bytes may be on the way.

    Attributes:
        job: the job.
        offset: the number of bytes that this client sent to the job before, so that none counts
            twice when it is sent again after a reconnect.
        data: the bytes.
    """

    job: JobId
    offset: Size
    data: Part


class StdinTaken(msgspec.Struct, frozen=True, array_like=True, tag="stdin_taken"):
    """To the sender: the number of bytes of its StdinData that the program has read."""

    job: JobId
    taken: Size


class TakeStdin(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="take_stdin"
):
    """Take over a program's input; one member at a time types into it."""

    job: JobId


class StdinHeld(msgspec.Struct, frozen=True, array_like=True, tag="stdin_held"):
    """To the room: another member types into a program from now on.

    Attributes:
        seq: number of the event in the room's log.
        job: the job.
        member: the member who types now.
        name: the name of this member.
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
    """Change the size of the program's terminal; for the submitter."""

    job: JobId
    window: Window


class Cancel(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="cancel"
):
    """Remove a job from the queue, or end it."""

    job: JobId
