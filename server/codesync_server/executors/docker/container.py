"""One container of the pool: created, attached, started, parked, used once, removed."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from codesync_server.executors.contract import PostMortem, Sandbox
from codesync_server.executors.docker import owner
from codesync_server.executors.docker.attach import Attachment, attach
from codesync_server.executors.docker.engine import Engine, EngineError
from codesync_server.executors.docker.engine_monitor import EngineMonitor
from codesync_server.executors.docker.leases import LEASE_LABEL, Lease
from codesync_server.executors.docker.sandbox_spec import SandboxSpec
from codesync_server.executors.request import RunnerStream
from codesync_server.executors.runner import source
from codesync_server.executors.runner.thrashing import FAULTS_PER_SECOND, FULL_SHARE
from codesync_server.executors.runner.wire import FromRunner

READY_SECONDS = 20.0
"""How long a started container's runner may take to say that it is ready."""

UNCLEAN_SECONDS = 10.0
"""How long to wait for the end of a container whose runner did not report."""

YIELDING_SHARES = 32
"""The cpu shares of a container that lets others go first; others have 1024."""

SETTLE_SECONDS = 5.0
"""How long the engine may take to notice that a container whose stream ended has ended."""

SETTLE_POLL_SECONDS = 0.1

log = logging.getLogger(__name__)


class DockerSandbox(Sandbox):
    """A container whose runner waits for one request.

    Attributes:
        container: its id.
        sandbox_spec: what it was made from.
        lease: its right to be there.
        parked_at: when its runner was ready, by the loop's clock.
        taken_at: when it was handed out, by the loop's clock.
    """

    def __init__(
        self,
        engine: Engine,
        container: str,
        sandbox_spec: SandboxSpec,
        lease: Lease,
        attachment: Attachment,
        *,
        monitor: EngineMonitor,
        remove: "Callable[[DockerSandbox], asyncio.Event]",
    ) -> None:
        self.container = container
        self.sandbox_spec = sandbox_spec
        self.lease = lease
        self.parked_at = 0.0
        self.taken_at = 0.0
        self._engine = engine
        self._attachment = attachment
        self._monitor = monitor
        self._remove = remove

    @property
    def is_alive(self) -> bool:
        """Whether its runner still listens, as far as is known without asking."""
        return not self._attachment.ended

    def set_end_callback(self, callback: Callable[[], None]) -> None:
        """Set the callback for the end of its stream; `close` removes it."""
        self._attachment.set_end_callback(callback)

    async def park(self) -> None:
        """Wait for the runner's first frame.

        Raises:
            EngineError: it did not come.
        """
        stream = RunnerStream()
        try:
            async with asyncio.timeout(READY_SECONDS):
                while data := await self.read():
                    for kind, _ in stream.feed(data):
                        if kind == FromRunner.READY:
                            self.parked_at = asyncio.get_running_loop().time()
                            return
        except (TimeoutError, ValueError):
            pass
        said = self._attachment.stderr.decode(errors="replace").strip()
        raise EngineError(f"the runner in the container did not start: {said or 'no answer'}")

    async def read(self) -> bytes:
        """Wait for bytes that the runner wrote."""
        return await self._attachment.read()

    async def write(self, data: bytes) -> None:
        """Send bytes to the runner."""
        await self._attachment.write(data)

    async def set_cpus(self, cpus: float | None) -> None:
        """Change its share of a cpu; takes the engine some milliseconds."""
        profile = self.sandbox_spec.profile
        if cpus is not None:
            profile = replace(profile, cpus=cpus)
        try:
            await self._engine.update_cpus(
                self.container, period=profile.CPU_PERIOD_MICROSECONDS, quota=profile.cpu_quota
            )
        except EngineError as error:
            log.warning("a sandbox keeps its share of the cpu: %s", error)

    async def yield_cpu(self) -> None:
        """Lower its weight among all containers; its share of a cpu stays."""
        try:
            await self._engine.update_cpu_weight(self.container, YIELDING_SHARES)
        except EngineError as error:
            log.warning("a sandbox keeps its weight: %s", error)

    async def post_mortem(self) -> PostMortem:
        """Ask the engine how the container ended."""
        stream_ended = self._attachment.ended
        self._attachment.close()
        self._monitor.check_soon()
        try:
            state = await self._last_state(stream_ended)
            if state is None:
                return PostMortem(memory=False, detail="somebody removed its container", lost=True)
            how = f"container {state['Status']}, exit code {state['ExitCode']}"
            memory, runs = bool(state["OOMKilled"]), bool(state["Running"])
            paused = bool(state.get("Paused"))
        except (EngineError, KeyError) as error:
            return PostMortem(memory=False, detail=f"Docker cannot be asked: {error}", lost=True)
        if self._monitor.stalled_since(self.taken_at):
            return PostMortem(memory, f"Docker was away meanwhile; {how}", lost=True)
        if paused or not (runs or stream_ended):
            # It did what it had to within its time, or would have: we were not to hear of it.
            return PostMortem(memory, f"what it said was held back; {how}", lost=True)
        if self._attachment.stderr:
            how += f": {self._attachment.stderr.decode(errors='replace')[-300:]}"
        return PostMortem(memory, how, thrashing=runs and await self._is_thrashing())

    async def _last_state(self, stream_ended: bool) -> dict[str, Any] | None:
        """Ask for the container's state until the engine has noticed what its stream told.

        The stream ends before the engine has noted the end, and only with the end it notes that
        memory ran out.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + SETTLE_SECONDS
        while True:
            state = await self._engine.container_state(self.container)
            settled = (
                state is None or state.get("Paused") or not (stream_ended and state["Running"])
            )
            if settled or loop.time() >= deadline:
                return state
            await asyncio.sleep(SETTLE_POLL_SECONDS)

    async def _is_thrashing(self) -> bool:
        """Ask the engine what the runner itself may be too slow to see; see `Thrashing`."""
        try:
            figures = await self._engine.container_memory(self.container)
        except EngineError as error:
            log.warning("the engine does not say how much memory a sandbox has in use: %s", error)
            return False
        return is_thrashing(figures, asyncio.get_running_loop().time() - self.taken_at)

    def close(self) -> None:
        """Let go of the stream; the runner ends when it notices."""
        self._attachment.close()

    async def destroy(self, *, reported: bool) -> None:
        """Leave the container to the janitor, and wait for its end if it may still run.

        Its stream is closed first: one that nobody reads wedges the engine's other calls.
        """
        gone = self._remove(self)
        if not reported:
            with suppress(TimeoutError):
                async with asyncio.timeout(UNCLEAN_SECONDS):
                    await gone.wait()


def is_thrashing(figures: Mapping[str, Any], seconds: float) -> bool:
    """Tell whether a container's memory is full and its code is read back all the time.

    Args:
        figures: `memory_stats` of the engine's API: "limit" in bytes, and in "stats" the fields of
            memory.stat, by whose names the versions of cgroups differ.
        seconds: for how long it has been in use.
    """
    stats: Mapping[str, int] = figures.get("stats") or {}
    used = stats.get("rss", stats.get("anon", 0)) + stats.get("shmem", 0)
    limit: int = figures.get("limit") or 0
    return 0 < limit * FULL_SHARE <= used and (
        stats.get("pgmajfault", 0) >= FAULTS_PER_SECOND * seconds
    )


async def create(
    engine: Engine,
    sandbox_spec: SandboxSpec,
    lease: Lease,
    *,
    lifetime: float,
    monitor: EngineMonitor,
    remove: Callable[[DockerSandbox], asyncio.Event],
    discard: Callable[[str], object],
) -> DockerSandbox:
    """Make a container and park its runner.

    Args:
        engine: where.
        sandbox_spec: what it is made from.
        lease: its right to be there.
        lifetime: seconds after which it is of no use.
        monitor: knows whether the engine answers.
        remove: removes it in the background; gives an event that is set when it is gone.
        discard: removes, in the background, a container that did not become a sandbox.

    Raises:
        EngineError: it could not be made.
    """
    container = await engine.create_container(
        sandbox_spec.image,
        command=["python3", "-I", "-S", "-c", source()],
        user=f"{lease.uid}:{lease.uid}",
        hostname="sandbox",
        working_dir="/tmp",
        stdin_open=True,  # and attached: when we die, its stdin ends, and so does the runner
        network_disabled=True,
        labels={
            **owner.labels(lifetime),
            "codesync.profile": sandbox_spec.profile.fingerprint,
            LEASE_LABEL: lease.name,
        },
        host_config=sandbox_spec.profile.host_config(lease.uid),
    )
    try:
        attachment = await attach(engine, container)
        sandbox = DockerSandbox(
            engine, container, sandbox_spec, lease, attachment, monitor=monitor, remove=remove
        )
        try:
            await engine.start_container(container)
            await sandbox.park()
        except BaseException:
            attachment.close()
            raise
    except BaseException:
        discard(container)
        raise
    return sandbox
