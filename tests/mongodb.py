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
def mongodb_stand_in(folder: Path, *, alone: bool = False) -> Generator[str]:
    """Run a server while the block lasts.

    Args:
        folder: where it keeps its data.
        alone: it is no member of a replica set; never a real one.

    Yields:
        Its address, up to where the name of a database follows.
    """
    if REAL and not alone:
        yield f"{REAL.rstrip('/')}/"
        return
    with mongodb_process(folder, alone=alone) as (address, _):
        yield address


@contextmanager
def mongodb_process(
    folder: Path, *, alone: bool = False
) -> "Generator[tuple[str, subprocess.Popen[str]]]":
    """Run a server that may be stopped and killed; its address, and its process."""
    with _started(folder, "" if alone else "secantus") as process:
        assert process.stdout
        said = ""
        while not (found := re.search(r"mongodb://[\w.:]+:\d+", said)):
            line = process.stdout.readline()
            if not line:
                raise AssertionError(f"the MongoDB stand-in did not start: {said}")
            said += line
        yield f"{found[0]}/", process


@contextmanager
def _started(folder: Path, replica_set: str) -> "Generator[subprocess.Popen[str]]":
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(folder), replica_set],
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
_, folder, replica_set = sys.argv
with SecantusDBServer(storage_path=folder, replica_set_name=replica_set or None) as server:
    print(server.uri, flush=True)
    sys.stdin.read()
"""
