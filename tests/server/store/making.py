"""Short helpers that create records."""

from codesync_protocol.messages import StdinMode, Stream
from codesync_protocol.verdict import Result, Stage, Verdict
from codesync_server.configuration.limits import RUN
from codesync_server.store.changes import AcceptJob, BeginJob, Change, FinishJob
from codesync_server.store.contract import Store
from codesync_server.store.packing import excerpt
from codesync_server.store.records import (
    EditRecord,
    JobQuery,
    JobRecord,
    JobSource,
    MemberRecord,
    OutputRun,
    RoomRecord,
)

OK = Result(
    Verdict.OK,
    "exit code 0",
    exit_code=0,
    cpu_seconds=0.25,
    wall_seconds=0.5,
    peak_memory=9_000_000,
    output_bytes=6,
    stages=(Stage("queued", 0.1), Stage("ran", 0.5)),
)
ALL = 1 << 53
LATE = Result(Verdict.TIME_LIMIT, "wall time limit: 5 s")


def job_id(number: int) -> str:
    return f"{number:032x}"


def a_job(
    number: int,
    *,
    room: str = "den",
    name: str = "ana",
    language: str = "python",
    title: str = "main.py",
    text: str = "print('hello')",
    at: float = 1_000.0,
) -> JobRecord:
    source = JobSource(
        ((title, text.encode()), ("other.py", b"\x00\xff")),
        (b"--flag", b"\xfe"),
        b"prepared",
        StdinMode.SHARED,
        True,
        (100, 40),
        RUN,
    )
    return JobRecord(
        job_id(number),
        number,
        room,
        number,
        "owner",
        1,
        name,
        language,
        title,
        at,
        excerpt(source),
        "ticket",
        invite="0123456789abcdef",
        source=source,
    )


def a_room(name: str = "den", *, language: str = "python", used_at: float = 1_000.0) -> RoomRecord:
    return RoomRecord(name, f"text of {name}", language, 3.0, 500.0, used_at, 4.0, 5.0)


def a_member(key: str = "key", *, edits_taken: int = 3, seen_at: float = 1_000.0) -> MemberRecord:
    return MemberRecord(
        key, 7, "Zoë 世界", 4_000_000_000, edits_taken, "viewer", "", seen_at, True, True
    )


def an_edit(index: int, data: bytes = b"edit") -> EditRecord:
    return EditRecord(index, "key", index + 100, data)


def wrote(text: bytes, offset: int = 0) -> OutputRun:
    return OutputRun(offset, Stream.STDOUT, text)


def finished(number: int, result: Result = OK, output: bytes = b"hello\n") -> list[Change]:
    """A job's whole life, but for what it is."""
    return [BeginJob(job_id(number), 1), FinishJob(job_id(number), result, "", (wrote(output),))]


async def put(store: Store, *changes: Change, surely: bool = False) -> None:
    """Make changes of which none is refused."""
    assert not await store.write(changes, surely=surely)


async def ran(store: Store, *records: JobRecord, result: Result = OK) -> None:
    """Keep jobs that have ended."""
    for record in records:
        await put(store, AcceptJob(record), *finished(record.order, result))


async def ids(store: Store, wanted: JobQuery | None = None, **bounds: int) -> list[int]:
    """The orders of the finished jobs that are found."""
    before, limit = bounds.get("before", ALL), bounds.get("limit", 50)
    found = (await store.jobs("den", wanted or JobQuery(), before=before, limit=limit)).jobs
    return [job.order for job in found]
