"""Monitors whether the store answers, also without writes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from codesync_server.loop_time import loop_timeout
from codesync_server.store.contract import StoreUnavailable

LOOK_SECONDS = 1.0
"""Between two questions."""

ANSWER_SECONDS = 3.5
"""A store that does not answer for so long counts as away."""

log = logging.getLogger(__name__)


class StoreMonitor:
    """Asks the store again and again.

    Args:
        ping: asks once; raises StoreUnavailable.
        changed: called when the store went away, when it came back, and when the reason changed.

    Attributes:
        problem: why the store cannot be used, for people; empty while it answers.
    """

    def __init__(self, ping: Callable[[], Awaitable[None]], changed: Callable[[], None]) -> None:
        self.problem = ""
        self._ping = ping
        self._changed = changed

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            await self._look()
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        problem = await self._ask()
        if problem == self.problem:
            return
        was, self.problem = self.problem, problem
        if problem:
            log.error("the store cannot be used: %s", problem)
        else:
            log.warning("the store can be used again after: %s", was)
        self._changed()

    async def _ask(self) -> str:
        try:
            async with loop_timeout(ANSWER_SECONDS):
                await self._ping()
        except TimeoutError:
            return f"it did not answer within {ANSWER_SECONDS:g} s"
        except StoreUnavailable as error:
            return str(error) or "it does not answer"
        except Exception:
            log.exception("the store could not be asked for an unknown reason")
            return "it cannot be asked; see the server's log"
        return ""
