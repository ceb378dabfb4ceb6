"""Replays recorded editing sessions through real clients and a real server.

    python -m benchmarks.replay_trace [--json] FILE…

Each agent of a trace is a client; one more client only reads. In a concurrent trace an agent sees
only the edits that its author had seen: edits of others are delayed until the trace says that they
arrived. At the end all texts are compared with each other and with the text of the trace. Each CRDT
orders concurrent insertions at one place differently, so `matches_trace` may be false while
`converged` is true. Prints edits per second, from the first edit until the reader has the last
one.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

if not __package__:  # run as a file: what it imports lies beside its folder
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.figures import machine, show
from benchmarks.server_process import ServerProcess, server_process
from benchmarks.trace import Step, Trace, read_trace
from codesync_client import Room
from codesync_protocol.messages import DocumentCheck, Edited, ServerMessage
from codesync_protocol.shared_text import SOURCE

PATIENCE_SECONDS = 120.0

UNSENT_MAX = 200
"""Edits of one client that may be on the way."""


class Agent(Room):
    """A client that sees edits of others when the trace says so, and its own edits at once."""

    def __init__(self, server: ServerProcess, name: str, *, keeps_back: bool) -> None:
        super().__init__(server.link("traces"), name=name, shares_text=True)
        self.own: list[Edited] = []
        self.kept: dict[tuple[int, int], list[Edited]] = {}
        self._keeps_back = keeps_back
        self._heard = asyncio.Event()

    def receive(self, message: ServerMessage) -> None:
        """Receive a message, or delay it."""
        self._heard.set()
        if isinstance(message, Edited) and self._keeps_back and self.document.is_there:
            if message.member != self.welcome.member:
                self.kept.setdefault((message.member, message.number), []).append(message)
                return
            self.own.append(message)
        if not (isinstance(message, DocumentCheck) and self._keeps_back):
            super().receive(message)

    async def has_seen(self, edits: list[Edited]) -> None:
        """Wait for edits of others, and apply them."""
        await self.until(lambda: all((edit.member, edit.number) in self.kept for edit in edits))
        for edit in edits:
            for piece in self.kept.pop((edit.member, edit.number), ()):
                super().receive(piece)

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until a condition holds that only a message can change."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not is_so():
                self._heard.clear()
                await self._heard.wait()

    def do(self, step: Step) -> None:
        """Apply the patches of a step."""
        for at, gone, come in step.patches:
            text = self.document.text()
            begin = at if text.isascii() else len(text[:at].encode())
            length = gone if text.isascii() else len(text[at : at + gone].encode())
            self.document.edit(SOURCE, begin, length, come)


async def replay(trace: Trace, server: ServerProcess) -> dict[str, object]:
    """Replay one trace in an emptied room."""
    async with AsyncExitStack() as stack:
        is_concurrent = trace.agents > 1
        agents = [
            await stack.enter_async_context(
                Agent(server, f"agent-{number}", keeps_back=is_concurrent)
            )
            for number in range(trace.agents)
        ]
        for agent in agents:
            await agent.text_settled()
        agents[0].document.replace(SOURCE, trace.start)
        await agents[0].text_settled()
        for agent in agents[1:]:
            await agent.has_seen(agents[0].own)
        agents[0].own.clear()
        reader = await stack.enter_async_context(Agent(server, "reader", keeps_back=False))
        await reader.text_settled()
        began = time.monotonic()
        if is_concurrent:
            await _concurrent(trace, agents)
        else:
            await _sequential(trace, agents[0])
        text = agents[0].document.text()
        await reader.until(lambda: reader.document.text() == text)
        seconds = time.monotonic() - began
        texts = {agent.document.text() for agent in (*agents, reader)}
        return {
            "edits": trace.edits,
            "agents": trace.agents,
            "edits_per_s": round(trace.edits / seconds),
            "converged": len(texts) == 1,
            "matches_trace": text == trace.end,
        }


async def _sequential(trace: Trace, agent: Agent) -> None:
    for number, step in enumerate(trace.steps):
        agent.do(step)
        if number % 50 == 0:
            await asyncio.sleep(0)
            if agent.document.unsent > UNSENT_MAX:
                await agent.text_settled()
    await agent.text_settled()


async def _concurrent(trace: Trace, agents: list[Agent]) -> None:
    done: list[list[Edited]] = []
    seen: list[set[int]] = [set() for _ in agents]
    for number, step in enumerate(trace.steps):
        agent = agents[step.agent]
        for other in _missing(trace, step, seen[step.agent]):
            await agent.has_seen(done[other])
            seen[step.agent].add(other)
        agent.do(step)
        await agent.text_settled()
        done.append(agent.own)
        agent.own = []
        seen[step.agent].add(number)
    for agent, known in zip(agents, seen, strict=True):
        for number, edits in enumerate(done):
            if number not in known:
                await agent.has_seen(edits)


def _missing(trace: Trace, step: Step, known: set[int]) -> list[int]:
    """Return the unknown steps that a step depends on, in order."""
    missing: set[int] = set()
    waiting = list(step.parents)
    while waiting:
        number = waiting.pop()
        if number not in known and number not in missing:
            missing.add(number)
            waiting += trace.steps[number].parents
    return sorted(missing)


async def measure(files: list[Path]) -> tuple[dict[str, object], bool]:
    """Replay all traces; return whether all texts are as expected."""
    figures: dict[str, object] = {}
    all_is_well = True
    async with server_process("--executor=local") as server:
        for file in files:
            trace = await asyncio.to_thread(read_trace, file)
            replayed = await replay(trace, server)
            figures[file.name] = replayed
            must_match = trace.agents == 1
            all_is_well &= bool(replayed["converged"])
            all_is_well &= bool(replayed["matches_trace"]) or not must_match
    return {**figures, **machine()}, all_is_well


def main() -> None:
    """Replay and print; the exit status is 1 if texts differ."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path)
    args = parser.parse_args()
    figures, all_is_well = asyncio.run(measure(args.files))
    show(figures, as_json=args.json)
    sys.exit(0 if all_is_well else 1)


if __name__ == "__main__":
    main()
