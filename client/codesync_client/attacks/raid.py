"""Runs one attack, with somebody beside it who must not notice."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from codesync_client.attacks.attack import Attack, Outcome
from codesync_client.attacks.following import submit_and_wait
from codesync_client.errors import ClientError
from codesync_client.room import Room
from codesync_client.submission import Submission
from codesync_protocol.verdict import Verdict

NEIGHBOUR_SECONDS = 20.0
"""How long the neighbour's hello may take while an attack goes on, on the slowest machine."""

MakeRoom = Callable[[str, str], AbstractAsyncContextManager[Room]]
"""Enters a room: its name, and who one is."""


@dataclass(frozen=True, slots=True)
class Raid:
    """How an attack went.

    Attributes:
        attack: which one.
        outcome: how its program ended; None when it never did.
        problem: what is wrong; empty when all is well.
        hellos: seconds that the neighbour's programs took meanwhile.
    """

    attack: Attack
    outcome: Outcome | None
    problem: str
    hellos: Sequence[float]

    @property
    def ok(self) -> bool:
        """Whether it ended as it must, and nobody was harmed."""
        return not self.problem


async def raid(attack: Attack, make_room: MakeRoom) -> Raid:
    """Run an attack in one room, and hellos in another.

    Args:
        attack: which one.
        make_room: enters a room.
    """
    over = asyncio.Event()
    hellos: list[float] = []

    async def attacking() -> Outcome:
        try:
            return await _act(attack, make_room)
        finally:
            over.set()

    done: Outcome | None = None
    try:
        async with asyncio.TaskGroup() as tasks:
            neighbour = tasks.create_task(_say_hello(make_room, over, hellos))
            acting = tasks.create_task(attacking())
        done = acting.result()
        problem = attack.problem(done) or neighbour.result()
    except* (ClientError, AssertionError) as errors:
        problem = str(errors.exceptions[0]) or "a member's part of it failed"
    return Raid(attack, done, problem, hellos)


async def _act(attack: Attack, make_room: MakeRoom) -> Outcome:
    @asynccontextmanager
    async def enter(name: str) -> AsyncGenerator[Room]:
        async with make_room("attackers", name) as room:
            yield room

    if attack.scenario is not None:
        return await attack.scenario(enter, attack.submission())
    async with enter("eve") as eve:
        return await submit_and_wait(eve, attack.submission())


async def _say_hello(make_room: MakeRoom, over: asyncio.Event, hellos: list[float]) -> str:
    """Run hello again and again until told that it is over; tell what was wrong with one."""
    async with make_room("neighbours", "bob") as bob:
        while not hellos or not over.is_set():
            hello = Submission("python", [("main.py", b"print('hello')\n")])
            began = time.monotonic()
            ended = await submit_and_wait(bob, hello)
            hellos.append(time.monotonic() - began)
            if (ended.result.verdict, ended.stdout) != (Verdict.OK, b"hello\n"):
                return f"a neighbour's hello ended as {ended.result.verdict}: {ended.stdout!r}"
            if hellos[-1] > NEIGHBOUR_SECONDS:
                return f"a neighbour's hello took {hellos[-1]:.1f} s"
    return ""
