"""Removes containers in the background, with retries until they are gone."""

import asyncio
import logging
from contextlib import suppress

from codesync_server.executors.docker import owner
from codesync_server.executors.docker.engine import Engine, EngineError
from codesync_server.executors.docker.leases import Leases

RETRY_SECONDS = 2.0
RETRY_SECONDS_MAX = 60.0
PARALLEL = 2

SWEEP_SECONDS = 10.0
"""How long a server that starts waits for what others have left behind to go."""

log = logging.getLogger(__name__)


class Janitor:
    """Owns the removal of containers that nobody needs any more."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tasks = asyncio.TaskGroup()
        self._slots = asyncio.Semaphore(PARALLEL)
        self._pending: dict[str, asyncio.Event] = {}
        self._retry_requested = asyncio.Event()
        self._is_finished = False

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until told to stop and until everything is gone.

        Args:
            stopping: set when no more containers will be handed over.
        """
        try:
            async with self._tasks:
                await stopping.wait()
        finally:
            self._is_finished = True

    def retry_now(self) -> None:
        """Try again now what could not be removed: the engine is back."""
        self._retry_requested.set()
        self._retry_requested = asyncio.Event()

    def remove(self, container: str) -> asyncio.Event:
        """Take over a container.

        Returns:
            An event that is set when it is gone. When our work is over, the next server's sweep
            removes it.
        """
        if self._is_finished:
            return asyncio.Event()
        if container not in self._pending:
            self._pending[container] = asyncio.Event()
            self._tasks.create_task(self._remove(container))
        return self._pending[container]

    async def _remove(self, container: str) -> None:
        delay = RETRY_SECONDS
        while True:
            async with self._slots:
                try:
                    await self._engine.remove_container(container)
                    break
                except EngineError as error:
                    log.warning("cannot remove container %s yet: %s", container[:12], error)
                except Exception:
                    log.exception("removing container %s failed unforeseen", container[:12])
            with suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._retry_requested.wait()
            delay = min(delay * 2, RETRY_SECONDS_MAX)
        self._pending.pop(container).set()

    async def sweep(self, leases: Leases) -> int:
        """Remove what servers that are gone have left behind, and what we have given up ourselves.

        Never what a live server still needs, nor what only looks like ours.

        What cannot be removed soon (another server that starts may be at it already, or the engine
        may hang over it) is removed in the background, like everything else.

        Args:
            leases: those of the containers that we still need.

        Returns:
            How many containers that were.

        Raises:
            EngineError: the engine does not answer.
        """
        found = await self._engine.containers(owner.MARK)
        orphans = [
            each
            for each, labels in found.items()
            if owner.is_orphan(labels) or leases.is_stray(labels)
        ]
        gone = [self.remove(container) for container in orphans]
        with suppress(TimeoutError):
            async with asyncio.timeout(SWEEP_SECONDS):
                for each in gone:
                    await each.wait()
        return len(orphans)
