"""Limits of the operator hold on both executors, also those that jobs cannot request."""

from codesync_client import Submission
from codesync_protocol.messages import StdinMode
from codesync_protocol.verdict import Verdict
from codesync_server.configuration import load
from tests.conftest import require_command
from tests.programs import Outcome, python, submit_and_wait
from tests.servers import running_server

OPENS = """
held = []
try:
    while len(held) < 2000:
        held.append(open("/dev/null"))
except OSError as error:
    print(error.strerror, end=" ")
print(len(held))
"""
WRITES = "open('big', 'wb', buffering=0).write(b'x' * 3_000_000)"


async def run(kind: str, submission: Submission, *sets: str) -> Outcome:
    """Run a program on a server with these settings."""
    always = ("port=0", f"executor={kind}", "pool_size=1", "drain_seconds=1", "cpus=1")
    loaded = load(environment={}, sets=[*always, *sets], default_file=False)
    async with running_server(loaded.settings) as server, server.room() as room:
        return await submit_and_wait(room, submission)


async def test_open_files_fewer_and_more_than_usual(executor_kind: str) -> None:
    few = await run(executor_kind, python(OPENS), "limits.run.open_files=20")
    assert few.stdout.split() == [b"Too", b"many", b"open", b"files", b"17"]
    many = await run(executor_kind, python(OPENS), "limits.run.open_files=1500")
    assert many.stdout.split()[-1] == b"1497"


async def test_the_largest_file(executor_kind: str) -> None:
    # The first write is cut at the limit; the next one fails, since Python ignores SIGXFSZ.
    again = python(f"{WRITES}\nopen('big', 'ab', buffering=0).write(b'x')")
    ended = await run(executor_kind, again, "limits.run.file_size=1MB")
    assert ended.result.verdict is Verdict.RUNTIME_ERROR
    assert b"File too large" in ended.stderr
    ended = await run(executor_kind, again, "limits.run.file_size=4MB")
    assert ended.result.verdict is Verdict.OK


async def test_idle_time_on_a_terminal(executor_kind: str) -> None:
    program = python("input('name? ')", stdin=StdinMode.SHARED, tty=True)
    ended = await run(executor_kind, program, "limits.tty.idle=0.5")
    assert ended.result.verdict is Verdict.TIME_LIMIT
    assert ended.result.explanation == "nobody typed and nothing was printed for 0.5 s"
    assert ended.stdout == b"name? "


def cpp(source: str) -> Submission:
    return Submission("cpp", [("main.cpp", source.encode())])


LONG = cpp("#include <bits/stdc++.h>\nint main() {}")
"""No compiler reads it in a tenth of a second, or in 24 MB."""


async def test_a_compiler_is_held_to_its_wall_time(executor_kind: str) -> None:
    if executor_kind == "local":
        require_command("g++")
    ended = await run(executor_kind, LONG, "limits.compile.wall=0.1")
    assert ended.result.verdict is Verdict.TIME_LIMIT
    assert ended.result.explanation == "the compiler's wall time limit: 0.1 of 0.1 s"


async def test_a_compiler_is_held_to_less_memory_than_its_container_has(
    executor_kind: str,
) -> None:
    if executor_kind == "local":
        require_command("g++")
    ended = await run(executor_kind, LONG, "limits.compile.memory=24MB", "tmp=32MB")
    assert ended.result.verdict is Verdict.MEMORY_LIMIT
    assert ended.result.explanation.startswith("the compiler's memory limit: ")
    assert " of 24 MB, ended" in ended.result.explanation


async def test_less_of_a_compilers_output_is_kept(executor_kind: str) -> None:
    if executor_kind == "local":
        require_command("g++")
    ended = await run(executor_kind, cpp("nonsense;\n" * 50), "limits.compile.output=100")
    assert ended.result.verdict is Verdict.COMPILE_ERROR
    assert len(ended.compiler) == 100
