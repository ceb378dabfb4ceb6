"""Monitors whether the engine answers, also while it is not used."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from codesync_server.executors.docker.engine import EngineError
from codesync_server.loop_time import loop_timeout

CHECK_SECONDS = 2.0
"""How often the engine is asked while it answers."""

UNREACHABLE_CHECK_SECONDS = 0.5
"""How often it is asked while it does not."""

ANSWER_SECONDS = 5.0
"""An engine that does not answer for so long counts as away."""

STALL_SECONDS = 1.0
"""An answer that took so long means that everything of the engine was held up meanwhile."""

log = logging.getLogger(__name__)


class EngineMonitor:
    """Asks the engine again and again.

    Args:
        ping: asks once; raises EngineError.
        on_change: called when the engine went away, when it came back, and when the reason changed.

    Attributes:
        problem: why the engine cannot be used, for people; empty while it answers.
    """

    def __init__(self, ping: Callable[[], Awaitable[None]], on_change: Callable[[], None]) -> None:
        self.problem = ""
        self._ping = ping
        self._on_change = on_change
        self._check_requested = asyncio.Event()
        self._asked_at: float | None = None
        self._stalled_until = float("-inf")

    def check_soon(self) -> None:
        """Check at once: something happened that may mean that the engine is gone."""
        self._check_requested.set()

    def stalled_since(self, moment: float) -> bool:
        """Tell whether the engine was away or stood still at some time since a moment.

        Args:
            moment: by the loop's clock.
        """
        return self._stalled_until >= moment or self._is_stalled()

    def _is_stalled(self) -> bool:
        if self.problem:
            return True
        now = asyncio.get_running_loop().time()
        return self._asked_at is not None and now - self._asked_at > STALL_SECONDS

    async def run(self) -> None:
        """Check until cancelled."""
        while True:
            await self._check()
            with suppress(TimeoutError):
                async with asyncio.timeout(
                    UNREACHABLE_CHECK_SECONDS if self.problem else CHECK_SECONDS
                ):
                    await self._check_requested.wait()
            if self.problem:
                # Nudges may come thick and fast then, and are no news.
                await asyncio.sleep(UNREACHABLE_CHECK_SECONDS)

    async def _check(self) -> None:
        self._check_requested.clear()
        clock = asyncio.get_running_loop().time
        self._asked_at = asked_at = clock()
        problem = await self._ask()
        if problem or clock() - asked_at > STALL_SECONDS:
            self._stalled_until = clock()
        self._asked_at = None
        if problem != self.problem:
            was, self.problem = self.problem, problem
            if problem:
                log.error("Docker is away: %s", problem)
            elif was:
                log.warning("Docker is back")
            self._on_change()

    async def _ask(self) -> str:
        try:
            async with loop_timeout(ANSWER_SECONDS):
                await self._ping()
        except TimeoutError:
            return f"Docker did not answer within {ANSWER_SECONDS:g} s"
        except EngineError as error:
            return str(error)
        except Exception:
            log.exception("asking Docker failed in a way that nobody has foreseen")
            return "Docker cannot be asked; see the server's log"
        return ""
