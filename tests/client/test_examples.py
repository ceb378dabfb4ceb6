"""The examples of docs/client.md, and of the library's docstring, run against a real server."""

import ast
import asyncio
import inspect
import re
import subprocess
import sys
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from textwrap import dedent

import pytest
import pytest_asyncio

import codesync_client
from codesync_client import JobHistoryRequests, Room, Submission
from codesync_client.document.shared_document import SharedDocument
from codesync_protocol.messages import Role
from tests.servers import RunningServer, running_server

PAGE = Path(__file__).parents[2] / "docs/client.md"
SECONDS = 60.0

CALLED_BY_THE_LIBRARY = {
    Room: {"send_now", "seen", "forgotten", "parts", "receive", "settle", "restored", "cut"},
    JobHistoryRequests: {"parts", "receive", "restart", "end"},
    Submission: {"body", "message"},
    SharedDocument: {
        *("parts", "enter", "forgotten", "receive", "unchecked_history", "history_checked"),
        *("postpone_fetch", "fetch_again"),
    },
}
"""Methods that one part of the library calls on another; programs do not call them."""


def examples() -> list[str]:
    """Give the examples of the page."""
    return re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def title(example: str) -> str:
    """Give the heading above an example."""
    above, _, _ = PAGE.read_text().partition(example)
    return str(re.findall(r"^#+ (.*)$", above, re.MULTILINE)[-1])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncGenerator[RunningServer]:
    async with running_server() as running:
        yield running


def is_complete(example: str) -> bool:
    return "asyncio.run(" in example


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "example", [each for each in examples() if not is_complete(each)], ids=title
)
async def test_an_example_runs(server: RunningServer, example: str) -> None:
    async with asyncio.timeout(SECONDS):
        await run_example(server, example)


async def run_example(server: RunningServer, example: str) -> None:
    """Run a part of a program in a room of its own."""
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code = compile(example, str(PAGE), "exec", flags=flags)
    name = f"example-{abs(hash(example))}"[:30]
    async with server.room(room=name, role=Role.HOST, shares_text=True) as room:
        outcome = eval(code, {"room": room, "link": room.link, "__name__": "example"})
        if inspect.isawaitable(outcome):
            await outcome


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("example", [each for each in examples() if is_complete(each)], ids=title)
async def test_a_complete_program_runs(server: RunningServer, example: str) -> None:
    command = [sys.executable, "-c", example, str(server.link("complete"))]
    done = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "42\nok True\n", "")


@pytest.mark.asyncio(loop_scope="module")
async def test_the_example_of_the_package_runs(server: RunningServer) -> None:
    _, found, example = (codesync_client.__doc__ or "").partition("Example:\n")
    assert found
    async with asyncio.timeout(SECONDS):
        await run_example(server, dedent(example))


def public_functions() -> Iterator[str]:
    """Give the names of the functions that programs call."""
    for owner, internal in CALLED_BY_THE_LIBRARY.items():
        for name, value in inspect.getmembers(owner):
            if name.startswith("_") or name in internal:
                continue
            if inspect.isfunction(value):
                yield name
    for name in codesync_client.__all__:
        if inspect.isfunction(getattr(codesync_client, name)):
            yield name


@pytest.mark.parametrize("name", sorted(set(public_functions())))
def test_every_public_function_has_an_example(name: str) -> None:
    used: set[str] = set()
    for example in examples():
        for node in ast.walk(ast.parse(example)):
            if isinstance(node, ast.Call):
                used.add(ast.unparse(node.func).rpartition(".")[2])
    assert name in used
