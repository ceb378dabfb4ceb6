"""The Docker executor: parked containers for one job each, from one image with one profile."""

import asyncio
import logging
from contextlib import suppress

from codesync_protocol.messages import ExecutorInfo
from codesync_server.executors.contract import Executor, ExecutorUnavailable, PoolStats, Sandbox
from codesync_server.executors.docker import container, image
from codesync_server.executors.docker.container import DockerSandbox
from codesync_server.executors.docker.engine import Engine, EngineError, ImageMissing
from codesync_server.executors.docker.engine_monitor import EngineMonitor
from codesync_server.executors.docker.janitor import Janitor
from codesync_server.executors.docker.leases import Leases
from codesync_server.executors.docker.pool import OUTDATED_SECONDS, Pool
from codesync_server.executors.docker.profile import SandboxProfile
from codesync_server.executors.docker.sandbox_spec import SandboxSpec
from codesync_server.executors.docker.uids import UNUSED, UidsInUse, choose_uids
from codesync_server.executors.runner import source

JOB_SECONDS_MAX = 900.0
"""No job takes longer; past this and OUTDATED_SECONDS, a container is anybody's to remove."""

MAINTENANCE_SECONDS = 60.0
"""How often strays are looked for, and whether the image is still the same."""

CLOSE_SECONDS = 20.0
UNREACHABLE_CLOSE_SECONDS = 2.0
"""The same while the engine is away: the next start removes what is left."""

log = logging.getLogger(__name__)


class DockerExecutor(Executor):
    """Runs each job in a container of its own.

    Args:
        engine: where; closed with the executor.
        image_id: content address of what containers are made from; it must exist.
        profile: what they may use.
        pool_size: how many are kept parked.
        reserve: how many of them patient jobs leave to others.
        uids: the users of containers; None: a range that fits the engine.
    """

    def __init__(
        self,
        engine: Engine,
        image_id: str,
        profile: SandboxProfile,
        *,
        pool_size: int,
        reserve: int = 0,
        uids: range | None = None,
    ) -> None:
        self._engine = engine
        self._profile = profile
        self._sandbox_spec = SandboxSpec(image_id, profile)
        self._janitor = Janitor(engine)
        self._configured_uids = uids
        self._leases = Leases(uids or UNUSED)
        self._monitor = EngineMonitor(engine.ping, self._engine_changed)
        self._pool = Pool(
            self._sandbox_spec,
            pool_size,
            self._create_sandbox,
            self._remove_sandbox,
            reserve=reserve,
            on_change=self._report_status,
            check_engine=self._monitor.check_soon,
        )
        self._last_status = ("", "", True)
        self._janitor_stopping = asyncio.Event()
        self._engine_returned = asyncio.Event()
        self._refill_task: asyncio.Task[None] | None = None
        self._removal_task: asyncio.Task[None] | None = None
        self._monitor_tasks: list[asyncio.Task[None]] = []

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
    def pool(self) -> PoolStats:
        """Figures of the parked containers."""
        return self._pool.figures

    @property
    def trouble(self) -> str:
        """Why no container can be made now."""
        return self._pool.trouble

    @property
    def strain(self) -> str:
        """Why jobs start later than they should."""
        if not self._pool.is_slow:
            return ""
        return f"Docker is slow: it took {self._pool.figures.refill_seconds:.1f} s for a container"

    @property
    def is_ready(self) -> bool:
        """Whether a container is parked, or can be made."""
        return self._pool.is_ready

    async def start(self, tasks: asyncio.TaskGroup) -> None:
        """Remove what servers that are gone left behind, and begin to fill the pool."""
        await asyncio.to_thread(source)  # takes some time, before anybody waits for it
        self._removal_task = tasks.create_task(self._janitor.run(self._janitor_stopping))
        try:
            info = await self._engine.info()
            uids = await asyncio.to_thread(choose_uids, self._configured_uids, info)
            self._leases = Leases(uids)
            await self._sweep()
        except (EngineError, UidsInUse) as error:
            raise ExecutorUnavailable(str(error)) from None
        self._refill_task = tasks.create_task(self._pool.run())
        self._monitor_tasks = [
            tasks.create_task(self._monitor.run()),
            tasks.create_task(self._maintain()),
        ]

    async def acquire(self, *, patient: bool = False) -> Sandbox:
        """Hand out a parked container, or the next one that comes up."""
        return await self._pool.acquire(patient=patient)

    async def close(self) -> None:
        """Remove every container that is left, and let go of the engine."""
        self._pool.stop()
        for each in self._monitor_tasks:
            each.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(
                UNREACHABLE_CLOSE_SECONDS if self.trouble else CLOSE_SECONDS
            ):
                if self._refill_task:
                    await asyncio.wait([self._refill_task])
                self._janitor_stopping.set()
                if self._removal_task:
                    await asyncio.wait([self._removal_task])
        self._janitor_stopping.set()
        for task in (self._refill_task, self._removal_task):
            if task and not task.done():
                task.cancel()
        self._engine.close()

    # Background tasks.

    async def _maintain(self) -> None:
        """Look for strays and for another image, now and then and whenever the engine came back."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(MAINTENANCE_SECONDS):
                    await self._engine_returned.wait()
            self._engine_returned.clear()
            if self._monitor.problem:
                continue
            try:
                await self._sweep()
                await self._check_image()
            except EngineError as error:
                log.warning("cannot look after Docker's containers: %s", error)
            except Exception:
                log.exception("looking after Docker's containers failed unforeseen")

    async def _sweep(self) -> None:
        if orphans := await self._janitor.sweep(self._leases):
            log.info("removed %d containers that nobody needs any more", orphans)

    async def _check_image(self) -> None:
        """Go over to the image of our tag when that is another one: it was built anew.

        Raises:
            EngineError: there is none, or the engine does not say.
        """
        state = await self._engine.call(image.inspect)
        if state.image_id is None:
            raise EngineError(
                f"the executor image {state.tag} is gone; build it: codesync image build"
            )
        if state.image_id != self._sandbox_spec.image:
            log.warning("the executor image was built anew: %s", state.image_id[:19])
            self._sandbox_spec = SandboxSpec(state.image_id, self._profile)
            self._pool.change_spec(self._sandbox_spec)

    def _engine_changed(self) -> None:
        self._pool.pause(self._monitor.problem)
        if not self._monitor.problem:
            self._janitor.retry_now()
            self._engine_returned.set()
        self._report_status()

    def _report_status(self) -> None:
        now = (self.trouble, self.strain, self.is_ready)
        if now != self._last_status:
            self._last_status = now
            self.on_change()

    async def _create_sandbox(self, sandbox_spec: SandboxSpec) -> DockerSandbox:
        lease = self._leases.acquire()
        try:
            return await container.create(
                self._engine,
                sandbox_spec,
                lease,
                lifetime=OUTDATED_SECONDS + JOB_SECONDS_MAX,
                monitor=self._monitor,
                remove=self._remove_sandbox,
                discard=self._janitor.remove,
            )
        except BaseException as error:
            self._leases.end(lease)
            if isinstance(error, ImageMissing):
                await self._check_image()
            raise

    def _remove_sandbox(self, sandbox: DockerSandbox) -> asyncio.Event:
        sandbox.close()
        self._leases.end(sandbox.lease)
        self._pool.job_ended()
        return self._janitor.remove(sandbox.container)
