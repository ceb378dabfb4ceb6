"""Formats the events of a room as plain lines, which may contain unfiltered external text."""

import codecs
from collections.abc import Iterator

from codesync_client import Connected, Disconnected, JobOutput, OutputSkipped, RoomEvent
from codesync_protocol.messages import (
    Fault,
    Finished,
    JobState,
    JobSummary,
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
)

LINE_MAX = 4096
"""Code points of an incomplete line of output that are stored."""

_MARKS = {Stream.STDOUT: "|", Stream.STDERR: "!", Stream.COMPILER: "#"}


class PlainLines:
    """Converts events to lines."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._jobs: dict[str, JobSummary] = {}
        self._partial: dict[tuple[str, Stream], _Lines] = {}
        self._trouble = ""

    def of(self, event: RoomEvent) -> Iterator[str]:
        """Return the lines of an event."""
        match event:
            case Connected(welcome=welcome, again=again):
                yield f"* {'back in' if again else 'in'} room {welcome.room}"
                if welcome.executor.banner:
                    yield f"* WARNING: {welcome.executor.banner}"
                for job in welcome.jobs:
                    self._jobs[job.job] = job
                yield from self._members(welcome.members)
                yield from self._trouble_is(welcome.queue.trouble)
            case Disconnected(reason=reason, retry_in=retry_in):
                then = "" if retry_in is None else f"; trying again in {retry_in:.1f} s"
                yield f"* disconnected: {reason}{then}"
            case Members():
                yield from self._members(event)
            case Notice(level=level, text=text):
                yield f"* {level}: {text}"
            case Saving(trouble=trouble):
                yield (
                    f"* changes are not stored: {trouble}"
                    if trouble
                    else "* changes are stored again"
                )
            case Fault(reason=reason):
                yield f"* error: {reason}"
            case Queue(trouble=trouble):
                # `codesync queue` prints the queue.
                yield from self._trouble_is(trouble)
            case Submitted(job=job):
                self._jobs[job.job] = job
                yield f"> {_short(job.job)} {job.name} submits {job.file_name} ({job.language})"
            case Started(job=job_id, state=state):
                what = "compiles" if state is JobState.COMPILING else "runs"
                yield f"> {_short(job_id)} {what}"
            case StdinEcho(job=job_id, name=name, data=data, end=end):
                typed = "end of input" if end else data.decode(errors="replace").rstrip("\n")
                for line in typed.split("\n"):
                    yield f"{_short(job_id)} < {name}: {line}"
            case JobOutput(job=job_id, stream=stream, data=data):
                lines = self._partial.setdefault((job_id, stream), _Lines())
                for line in lines.feed(data):
                    yield f"{_short(job_id)} {_MARKS[stream]} {line}"
            case OutputSkipped(job=job_id, count=count):
                yield f"{_short(job_id)} … {count} bytes skipped …"
            case StdinHeld(job=job_id, name=name):
                yield f"{_short(job_id)} < {name} has the input now"
            case LanguageChosen(name=name, language=language):
                yield f"* {name} chose {language}"
            case Finished(job=job_id, result=result, by=by):
                for stream in Stream:
                    if rest := self._partial.pop((job_id, stream), None):
                        for line in rest.finish():
                            yield f"{_short(job_id)} {_MARKS[stream]} {line}"
                self._jobs.pop(job_id, None)
                who = f" by {by}" if by else ""
                yield (
                    f"> {_short(job_id)} {result.explanation}{who};"
                    f" {result.wall_seconds:.2f} s wall,"
                    f" {result.cpu_seconds:.2f} s cpu, {result.peak_memory / (1 << 20):.0f} MB"
                )

    def _trouble_is(self, trouble: str) -> Iterator[str]:
        if trouble and trouble != self._trouble:
            yield f"* programs wait: {trouble}"
        elif self._trouble and not trouble:
            yield "* programs run again"
        self._trouble = trouble

    def _members(self, members: Members) -> Iterator[str]:
        now = {member.member: member.name for member in members.members}
        for member, name in now.items():
            if member not in self._names:
                yield f"* {name} is here"
        for member, name in self._names.items():
            if member not in now:
                yield f"* {name} left"
        self._names = now


class _Lines:
    """One stream of one job, cut into lines."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._rest = ""

    def feed(self, data: bytes) -> Iterator[str]:
        *lines, rest = (self._rest + self._decode(data)).split("\n")
        yield from lines
        while len(rest) > LINE_MAX:
            yield rest[:LINE_MAX]
            rest = rest[LINE_MAX:]
        self._rest = rest

    def finish(self) -> Iterator[str]:
        rest = self._rest + self._decode(b"", True)
        if rest:
            yield rest


def _short(job: str) -> str:
    return job[:6]
