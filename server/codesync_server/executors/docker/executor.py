"""The Docker executor: warm one-shot containers from one image with one profile."""

import asyncio
import logging
from contextlib import suppress

from codesync_protocol.messages import ExecutorInfo
from codesync_server.executors.contract import Executor, ExecutorDown, PoolFigures, Sandbox
from codesync_server.executors.docker import container
from codesync_server.executors.docker.container import DockerSandbox, choose_uid
from codesync_server.executors.docker.engine import Engine, EngineError
from codesync_server.executors.docker.janitor import Janitor
from codesync_server.executors.docker.pool import MAX_AGE_SECONDS, Pool
from codesync_server.executors.docker.profile import SandboxProfile
from codesync_server.executors.runner import source

JOB_SECONDS_MAX = 900.0
"""No job takes longer; past this and MAX_AGE_SECONDS, a container is anybody's to remove."""

CLOSE_SECONDS = 20.0

log = logging.getLogger(__name__)


class DockerExecutor(Executor):
    """Runs each job in a container of its own.

    Args:
        engine: where; closed with the executor.
        image: content address of what containers are made from; it must exist.
        profile: what they may use.
        pool_size: how many are kept parked.
    """

    def __init__(
        self, engine: Engine, image: str, profile: SandboxProfile, *, pool_size: int
    ) -> None:
        self._engine = engine
        self._image = image
        self._profile = profile
        self._janitor = Janitor(engine)
        self._pool = Pool(pool_size, self._make, self._bury)
        self._uids: set[int] = set()
        self._no_more_burials = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None
        self._burying: asyncio.Task[None] | None = None

    @property
    def info(self) -> ExecutorInfo:
        """What members are told about it."""
        return ExecutorInfo("docker", True)

    @property
    def search_path(self) -> str:
        """PATH in the image."""
        return "/usr/local/bin:/usr/bin:/bin"

    def has_command(self, command: str) -> bool:
        """The image has the commands of all built-in languages."""
        return True

    @property
    def pool(self) -> PoolFigures:
        """Figures of the parked containers."""
        return self._pool.figures

    async def start(self, tasks: asyncio.TaskGroup) -> None:
        """Remove what servers that are gone left behind, and begin to fill the pool."""
        await asyncio.to_thread(source)  # takes some time, before anybody waits for it
        self._burying = tasks.create_task(self._janitor.run(self._no_more_burials))
        try:
            orphans = await self._janitor.sweep()
        except EngineError as error:
            raise ExecutorDown(str(error)) from None
        if orphans:
            log.info("removed %d containers of servers that are gone", orphans)
        self._keeping = tasks.create_task(self._pool.keep())

    async def acquire(self) -> Sandbox:
        """Hand out a parked container, or the next one that comes up."""
        return await self._pool.take()

    async def close(self) -> None:
        """Remove every container that is left, and let go of the engine."""
        self._pool.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                if self._keeping:
                    await asyncio.wait([self._keeping])
                self._no_more_burials.set()
                if self._burying:
                    await asyncio.wait([self._burying])
        self._no_more_burials.set()
        for task in (self._keeping, self._burying):
            if task and not task.done():
                task.cancel()
        self._engine.close()

    async def _make(self) -> DockerSandbox:
        uid = choose_uid(self._uids)
        self._uids.add(uid)
        try:
            return await container.create(
                self._engine,
                self._image,
                self._profile,
                uid=uid,
                lifetime=MAX_AGE_SECONDS + JOB_SECONDS_MAX,
                bury=self._bury,
            )
        except BaseException:
            self._uids.discard(uid)
            raise

    def _bury(self, sandbox: DockerSandbox) -> asyncio.Event:
        sandbox.close()
        self._uids.discard(sandbox.uid)
        self._pool.job_ended()
        return self._janitor.bury(sandbox.container)
