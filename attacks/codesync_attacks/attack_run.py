"""Runs one attack, and measures how much it slows the programs of a neighbour."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

from codesync_attacks.attack import Attack, Outcome
from codesync_attacks.outcomes import submit_and_wait
from codesync_client.errors import ClientError
from codesync_client.room import Room
from codesync_client.submission import Submission
from codesync_protocol.verdict import Verdict

NEIGHBOUR_SECONDS = 20.0
"""How long the neighbour's hello may take while an attack goes on, on the slowest machine."""

SLOWDOWN_MAX = 2.0
"""How many times as long as in quiet the neighbour's programs may take during an attack."""

HELLOS_MIN = 3
"""So many are timed beside a harmless program and beside the attack, from its begin on."""

CALM: Final = Attack("calm", "time.sleep(0.5)", Verdict.OK, exit_code=0)
"""What runs in quiet in the attack's place: it takes a sandbox as well, and does no harm."""

MEASUREMENTS = 4
"""How often both are timed, by turns, before the neighbour counts as slowed: other work of the
machine slows one or the other by two to four times. The attack must end as it must every time."""

MakeRoom = Callable[[str, str], AbstractAsyncContextManager[Room]]
"""Enters a room: its name, and who one is."""


@dataclass(frozen=True, slots=True)
class AttackRun:
    """How an attack went.

    Attributes:
        attack: which one.
        outcome: how its program ended; None when it never did.
        problem: what is wrong; empty when all is well.
        hellos: seconds that the neighbour's programs took meanwhile.
        quiet: seconds that they took beside a harmless program.
    """

    attack: Attack
    outcome: Outcome | None
    problem: str
    hellos: Sequence[float]
    quiet: Sequence[float]

    @property
    def ok(self) -> bool:
        """Whether it ended as it must, and nobody was harmed."""
        return not self.problem

    @property
    def slowdown(self) -> float:
        """How many times as long as in quiet the neighbour's programs took; 0 when not known."""
        if not (self.hellos and self.quiet):
            return 0.0
        return median(self.hellos) / median(self.quiet)


async def run_attack(attack: Attack, make_room: MakeRoom) -> AttackRun:
    """Run an attack in one room and hellos in another, and compare these with quiet ones.

    Args:
        attack: which one; it is run several times if the neighbour seems slow.
        make_room: enters a room.
    """
    hellos: list[float] = []
    quiet: list[float] = []
    measured = 0
    while True:
        _, problem = await _run_beside_neighbour(CALM, make_room, quiet)
        if problem:
            return AttackRun(attack, None, f"in quiet: {problem}", hellos, quiet)
        outcome, problem = await _run_beside_neighbour(attack, make_room, hellos)
        measured += 1
        done = AttackRun(attack, outcome, problem, hellos, quiet)
        # Members who behave badly (B01 to B03) use their share of the queue, not of the machine.
        if problem or attack.name.startswith("b"):
            return done
        if done.slowdown <= SLOWDOWN_MAX:
            return done
        if measured == MEASUREMENTS:
            slow = f"a neighbour's programs took {done.slowdown:.1f} times as long as in quiet"
            return replace(done, problem=slow)


async def _run_beside_neighbour(
    attack: Attack, make_room: MakeRoom, hellos: list[float]
) -> tuple[Outcome | None, str]:
    """Time hellos beside a program; give how it ended, and what is wrong with that."""
    over = asyncio.Event()

    async def attacking() -> Outcome:
        try:
            return await _perform(attack, make_room)
        finally:
            over.set()

    done: Outcome | None = None
    try:
        async with asyncio.TaskGroup() as tasks:
            neighbour = tasks.create_task(_run_neighbour(make_room, over, hellos))
            acting = tasks.create_task(attacking())
        done = acting.result()
        problem = attack.problem(done) or neighbour.result()
    except* (ClientError, AssertionError, _NeighbourFailed) as errors:
        problem = str(errors.exceptions[0]) or "a member's part of it failed"
    return done, problem


async def _perform(attack: Attack, make_room: MakeRoom) -> Outcome:
    @asynccontextmanager
    async def enter(name: str) -> AsyncGenerator[Room]:
        async with make_room("attackers", name) as room:
            yield room

    if attack.scenario is not None:
        return await attack.scenario(enter, attack.submission())
    async with enter("eve") as eve:
        return await submit_and_wait(eve, attack.submission())


async def _run_neighbour(make_room: MakeRoom, over: asyncio.Event, hellos: list[float]) -> str:
    """Run hello again and again until told that it is over; tell what was wrong with one."""
    async with make_room("neighbours", "bob") as bob:
        enough = len(hellos) + HELLOS_MIN
        while len(hellos) < enough or not over.is_set():
            try:
                hellos.append(await _time_hello(bob))
            except _NeighbourFailed as harm:
                return str(harm)
    return ""


class _NeighbourFailed(Exception):
    """A neighbour's hello did not end as it must."""


async def _time_hello(bob: Room) -> float:
    hello = Submission("python", [("main.py", b"print('hello')\n")])
    began = time.monotonic()
    ended = await submit_and_wait(bob, hello)
    seconds = time.monotonic() - began
    if (ended.result.verdict, ended.stdout) != (Verdict.OK, b"hello\n"):
        raise _NeighbourFailed(
            f"a neighbour's hello ended as {ended.result.verdict}: {ended.stdout!r}"
        )
    if seconds > NEIGHBOUR_SECONDS:
        raise _NeighbourFailed(f"a neighbour's hello took {seconds:.1f} s")
    return seconds
