"""A MongoDB server for tests: SecantusDB, which speaks its wire protocol, as a process."""

import os
import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 30.0

REAL = os.environ.get("CODESYNC_TEST_MONGODB", "")
"""The address of a real mongod, which is used instead."""


@contextmanager
def mongodb_stand_in(folder: Path) -> Generator[str]:
    """Run a server while the block lasts.

    Args:
        folder: where it keeps its data.

    Yields:
        Its address, up to where the name of a database follows.
    """
    if REAL:
        yield f"{REAL.rstrip('/')}/"
        return
    with _started(folder) as process:
        assert process.stdout
        said = ""
        while not (found := re.search(r"mongodb://[\w.:]+:\d+", said)):
            line = process.stdout.readline()
            if not line:
                raise AssertionError(f"the MongoDB stand-in did not start: {said}")
            said += line
        yield f"{found[0]}/"


@contextmanager
def _started(folder: Path) -> "Generator[subprocess.Popen[str]]":
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            assert stream
            stream.close()


_SERVE = """
import sys
from secantus import SecantusDBServer
with SecantusDBServer(storage_path=sys.argv[1]) as server:
    print(server.uri, flush=True)
    sys.stdin.read()
"""
