"""Reading past jobs: output in parts, with typed lines at their positions."""

import asyncio

import msgspec

from codesync_client.events import JobOutput, OutputSkipped
from codesync_client.output_assembler import OutputAssembler, Piece
from codesync_protocol.codec import encode
from codesync_protocol.messages import FetchHistory, FetchOutput, FetchSource, StdinEcho, Stream
from codesync_server.access.payer import Payer
from codesync_server.store.changes import AcceptJob, FinishJob
from codesync_server.store.job_history import QUERY_TIME, JobHistory
from codesync_server.store.records import OutputRun
from tests.server.keeping import keeper_at_work, settled
from tests.server.recording import RecordingBudgets
from tests.server.store.making import OK, a_job, job_id, put, wrote
from tests.waiting import SECONDS

PART = 65_536


def typed(offset: int, text: bytes, name: str = "ben") -> OutputRun:
    return OutputRun(offset, Stream.STDOUT, text, name)


async def read_again(*runs: OutputRun, total: int) -> list[Piece]:
    """Keep what a job wrote and was told, and read it again as a client does."""
    async with keeper_at_work() as writer:
        result = msgspec.structs.replace(OK, output_bytes=total)
        await put(writer.store, AcceptJob(a_job(1)), FinishJob(job_id(1), result, "", runs))
        await settled(writer)
        past, assembler = JobHistory(writer.store), OutputAssembler(job_id(1), exact=True)
        pieces: list[Piece] = []
        async with asyncio.timeout(SECONDS):
            while True:
                line = assembler.next_line
                ask = FetchOutput(job_id(1), assembler.position, line)
                part = await past.output(Payer(room="den"), ask)
                assert part
                encode(part)  # it fits into a frame
                pieces += assembler.part(part)
                if assembler.position >= total and not part.more_typed:
                    return pieces


def told(pieces: list[Piece]) -> list[int | str]:
    """How many bytes were written, and what was typed, in order; holes are negative."""
    story: list[int | str] = []
    for piece in pieces:
        match piece:
            case JobOutput(data=data) if story and isinstance(story[-1], int) and story[-1] > 0:
                story[-1] += len(data)
            case JobOutput(data=data):
                story.append(len(data))
            case OutputSkipped(count=count):
                story.append(-count)
            case StdinEcho(name=name, data=data):
                story.append(f"{name}: {data.decode()}")
    return story


async def test_typed_lines_lie_where_they_came_also_between_parts() -> None:
    output = wrote(bytes(2 * PART + 100))
    lines = [typed(at, b"%d" % at) for at in (0, 10, 10, PART, 2 * PART - 1, 2 * PART + 100)]
    assert told(await read_again(output, *lines, total=2 * PART + 100)) == [
        "ben: 0",
        10,
        "ben: 10",
        "ben: 10",
        PART - 10,
        f"ben: {PART}",
        PART - 1,
        f"ben: {2 * PART - 1}",
        101,
        f"ben: {2 * PART + 100}",
    ]


async def test_a_program_that_wrote_nothing_was_typed_into_all_the_same() -> None:
    assert told(await read_again(typed(0, b"x"), typed(0, b"y"), total=0)) == ["ben: x", "ben: y"]


async def test_lines_of_what_was_not_kept_are_told_at_its_end() -> None:
    output = wrote(bytes(10)), wrote(bytes(10), 90)
    story = told(await read_again(*output, typed(5, b"a"), typed(50, b"b"), total=100))
    assert story == [5, "ben: a", 5, -80, "ben: b", 10]


async def test_h07_queries_are_charged_for_the_time_of_the_store() -> None:
    """A search through 30,000 jobs takes 200 ms, and a page 1 ms."""
    budgets = RecordingBudgets()
    async with keeper_at_work() as writer:
        await put(writer.store, AcceptJob(a_job(1)), FinishJob(job_id(1), OK, "", ()))
        history = JobHistory(writer.store, budgets)
        payer = Payer("10.0.0.1", "invite", "den", "ana")
        await history.page(payer, FetchHistory(1))
        await history.source(payer, FetchSource(2, job_id(1)))
        await history.source(payer, FetchSource(3, job_id(1)))
    charges = [(name, who) for name, who, milliseconds in budgets.charges if milliseconds > 0]
    assert charges == [(QUERY_TIME.name, payer)] * 2, "a source that is in memory costs nothing"
