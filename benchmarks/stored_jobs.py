"""Jobs in a store, for benchmarks."""

from codesync_protocol.verdict import Result, Verdict
from codesync_server.store.changes import AcceptJob, FinishJob
from codesync_server.store.contract import Store
from codesync_server.store.records import JobRecord, JobSource

SOURCE = JobSource((("main.py", b"print('hello')\n" * 20),))
EXCERPT = "print('hello')"
OK = Result(Verdict.OK, "exit code 0", exit_code=0, output_bytes=6)
JOBS_PER_WRITE = 500


def a_job(number: int, *, room: str = "benchmark", excerpt: str = EXCERPT) -> JobRecord:
    """A job as a submission makes it."""
    return JobRecord(
        id=f"{number:032x}",
        order=number,
        room=room,
        place=number,
        owner="0" * 32,
        member=number % 20,
        name=f"member-{number % 20}",
        language="python",
        title="main.py",
        submitted_at=float(number),
        excerpt=excerpt,
        source=SOURCE,
    )


async def store_finished_jobs(
    store: Store, jobs: int, *, room: str = "benchmark", excerpt: str = EXCERPT
) -> None:
    """Write finished jobs to an empty store at full speed.

    Args:
        store: the open store.
        jobs: the number of jobs.
        room: the room of the jobs.
        excerpt: the beginning of their sources, which searches read.
    """
    for first in range(1, jobs + 1, JOBS_PER_WRITE):
        numbers = range(first, min(first + JOBS_PER_WRITE, jobs + 1))
        accepted = [AcceptJob(a_job(number, room=room, excerpt=excerpt)) for number in numbers]
        await store.write(accepted, surely=False)
        done = [FinishJob(f"{number:032x}", OK, "", ()) for number in numbers]
        await store.write(done, surely=False)
