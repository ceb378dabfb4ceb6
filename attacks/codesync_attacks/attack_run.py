"""Runs one attack, and measures its effect on the programs of a neighbour."""

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
"""Longest allowed duration of a neighbour's program during an attack."""

SLOWDOWN_MAX = 2.0
"""Largest allowed ratio of durations during the attack to quiet ones."""

HELLOS_MIN = 3
"""Measured programs of the neighbour, beside a harmless program and beside the attack."""

CALM: Final = Attack("calm", "time.sleep(0.5)", Verdict.OK, exit_code=0)
"""The harmless program of the quiet measurement, which also needs a sandbox."""

MEASUREMENTS = 4
"""Alternating measurements before the neighbour counts as slowed, because other work of the machine
slows programs by two to four times. The attack must end as expected every time."""

MakeRoom = Callable[[str, str], AbstractAsyncContextManager[Room]]
"""Enters a room, given the names of room and member."""


@dataclass(frozen=True, slots=True)
class AttackRun:
    """The result of an attack.

    Attributes:
        attack: the attack.
        outcome: the outcome of its program; None if it did not end.
        problem: the difference from the expected result; empty if there is none.
        hellos: durations of the neighbour's programs during the attack, in seconds.
        quiet: durations beside a harmless program.
    """

    attack: Attack
    outcome: Outcome | None
    problem: str
    hellos: Sequence[float]
    quiet: Sequence[float]

    @property
    def ok(self) -> bool:
        """Whether it ended as expected, without harm to the neighbour."""
        return not self.problem

    @property
    def slowdown(self) -> float:
        """Ratio of durations during the attack to quiet ones; 0 if unknown."""
        if not (self.hellos and self.quiet):
            return 0.0
        return median(self.hellos) / median(self.quiet)


async def run_attack(attack: Attack, make_room: MakeRoom) -> AttackRun:
    """Run an attack in one room and hellos in another, and compare these with quiet ones.

    Args:
        attack: the attack; it runs several times if the neighbour seems slow.
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
        # The members of B01 to B03 use their share of the queue, not of the machine.
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
    """Measure hellos beside a program; return its outcome, and the problem with it."""
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
    """Run hello repeatedly until the attack is over; return the problem of one."""
    async with make_room("neighbours", "bob") as bob:
        enough = len(hellos) + HELLOS_MIN
        while len(hellos) < enough or not over.is_set():
            try:
                hellos.append(await _time_hello(bob))
            except _NeighbourFailed as harm:
                return str(harm)
    return ""


class _NeighbourFailed(Exception):
    """A neighbour's hello did not end as expected."""


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
