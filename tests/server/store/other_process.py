"""Another process that holds a store."""

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

HOLD = """
import asyncio, sys
from pathlib import Path
from codesync_server.store.sqlite import SqliteStore
async def main():
    await SqliteStore(Path(sys.argv[1])).open()
    print("open", flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""

WRITE = """
import asyncio, sys
from pathlib import Path
from codesync_server.store.changes import AcceptJob
from codesync_server.store.sqlite import SqliteStore
from tests.server.store.making import a_job, job_id
async def main():
    store = SqliteStore(Path(sys.argv[1]))
    await store.open()
    for number in range(1, 100000):
        await store.write([AcceptJob(a_job(number))], surely=number % 2 == 0)
        print(number, flush=True)
asyncio.run(main())
"""


@contextmanager
def other_process(code: str, path: Path) -> "Generator[subprocess.Popen[str]]":
    """Run code in a process that is killed at the end of the block, also if the test fails."""
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    ) as process:
        try:
            yield process
        finally:
            process.kill()
