"""Measures a keystroke from one member's screen into another's text, and its terminal output.

    python -m benchmarks.keystroke [--json] [--keys 60]

Two real apps without a terminal are in a room of a real server: the time is from a key event in the
one to the changed text in the other. The other members type, too, two keys per second each, through
the client library. In the case "a line of 1 MB" both screens show the long line at the caret. Bytes
are the median of the output of the real program to a pseudo-terminal of 80x24, for an own key and
for a key of another member in a visible line.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

if not __package__:  # run as a file: what it imports lies beside its folder
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.waiting import eventually
from textual import events

from benchmarks.figures import machine, percentile, show
from benchmarks.screen_bytes import screen
from benchmarks.server_process import ServerProcess, server_process
from codesync_client import Room
from codesync_client.document.change import Splice
from codesync_protocol.shared_text import SOURCE
from codesync_tui.app import CodeSyncApp
from codesync_tui.editor import CodeEditor

MEMBERS = (2, 5, 10)
LINES = (100, 2_000, 10_000)
TYPING_PAUSE = 0.5
KEY_PAUSE = 0.03

LONG_LINE = 1_000_000
"""The length of the long line in bytes."""


def source(lines: int) -> str:
    """Return a program with a number of lines."""
    pair = "def step_{0}(value: int) -> str:\n    return f'{{value}} of {0}'  # step {0}\n"
    return "".join(pair.format(number) for number in range(lines // 2))


@asynccontextmanager
async def writer(server: ServerProcess, room: str, name: str) -> AsyncGenerator[Room, None]:
    """Enter as a member without a screen, and wait for the text."""
    async with Room(server.link(room), name=name, shares_text=True) as member:
        await member.text_settled()
        yield member


@asynccontextmanager
async def app(server: ServerProcess, room: str, name: str) -> AsyncGenerator[CodeEditor, None]:
    """Enter with the real app; yield its editor."""
    opened = CodeSyncApp(server.link(room), name=name)
    async with opened.run_test(size=(80, 24)):
        editor = opened.screen_stack[0].query_one(CodeEditor)
        await eventually(lambda: not editor.read_only and editor.syntax_name)
        yield editor


async def fill(server: ServerProcess, room: str, text: str) -> None:
    """Set the text of a room."""
    async with writer(server, room, "filler") as member:
        document = member.document
        document.edit(SOURCE, 0, len(document.text().encode()), text)
        await member.text_settled()


async def keep_typing(member: Room, number: int) -> None:
    """Type near the beginning of the text, where it is visible, until cancelled."""
    while True:
        member.document.edit(SOURCE, number, 0, "y")
        await asyncio.sleep(TYPING_PAUSE)


async def latencies(
    server: ServerProcess, members: int, text: str, caret: tuple[int, int], keys: int
) -> dict[str, float]:
    """Measure one case: keys at a caret in a text."""
    room = f"room-{members}-{len(text)}"
    await fill(server, room, text)
    took: list[float] = []
    async with AsyncExitStack() as stack:
        typists = [
            await stack.enter_async_context(writer(server, room, f"typist-{number}"))
            for number in range(members - 2)
        ]
        ana = await stack.enter_async_context(app(server, room, "ana"))
        ben = await stack.enter_async_context(app(server, room, "ben"))
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        typing = [tasks.create_task(keep_typing(each, n)) for n, each in enumerate(typists)]
        ana.focus()
        ana.move_cursor(caret)
        ben.move_cursor(caret)
        arrived = asyncio.Event()
        apply = ben.apply

        def heard(splices: tuple[Splice, ...], *, own: bool) -> None:
            apply(splices, own=own)
            if any(splice.inserted == "x" for splice in splices):
                arrived.set()

        ben.apply = heard  # type: ignore[method-assign]  # the moment in which the text has changed
        for _ in range(keys):
            arrived.clear()
            began = time.perf_counter()
            ana.post_message(events.Key("x", "x"))
            await arrived.wait()
            took.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(KEY_PAUSE)
        for each in typing:
            each.cancel()
    return {
        "p50_ms": round(percentile(took, 50), 1),
        "p95_ms": round(percentile(took, 95), 1),
    }


async def terminal_bytes(server: ServerProcess, lines: int, keys: int) -> dict[str, int]:
    """Count the bytes that the real program writes for own keys and keys of others."""
    await fill(server, "bytes", source(lines))
    async with (
        screen("join", str(server.link("bytes")), "--name=ana") as terminal,
        writer(server, "bytes", "ben") as ben,
    ):
        await terminal.until("synced")
        await terminal.quiet()
        terminal.press(b"\x1b[B" * 5)
        ben.document.move_caret(200, 200)
        local: list[float] = []
        remote: list[float] = []
        for number in range(keys):
            before = await terminal.quiet()
            terminal.press(b"x")
            local.append(await terminal.quiet() - before)
            before = await terminal.quiet()
            ben.document.edit(SOURCE, 200 + number, 0, "y")
            remote.append(await terminal.quiet() - before)
    return {
        "bytes_per_local_key": round(percentile(local, 50)),
        "bytes_per_remote_key": round(percentile(remote, 50)),
    }


async def measure(keys: int) -> dict[str, object]:
    """Measure all cases."""
    cases: dict[str, dict[str, float]] = {}
    async with server_process("--executor=local") as server:
        costs = await terminal_bytes(server, 2_000, 20)
        for members in MEMBERS:
            for lines in LINES:
                name = f"{members} members, {lines} lines"
                cases[name] = await latencies(server, members, source(lines), (10, 0), keys)
        long_line = "value = 1; " * (LONG_LINE // 11)
        caret = (1, LONG_LINE // 2)
        cases["a line of 1 MB"] = await latencies(server, 2, f"first\n{long_line}", caret, keys)
    first = cases.pop("2 members, 2000 lines")
    return {**first, **costs, "cases": cases, **machine()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--keys", type=int, default=60, help="keys for each case")
    args = parser.parse_args()
    show(asyncio.run(measure(args.keys)), as_json=args.json)


if __name__ == "__main__":
    main()
