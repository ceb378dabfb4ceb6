"""One container of the pool: created, attached, started, parked; used once; destroyed."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress

from codesync_server.executors.contract import Autopsy, Sandbox
from codesync_server.executors.docker import owner
from codesync_server.executors.docker.attach import Attachment, attach
from codesync_server.executors.docker.engine import Engine, EngineError
from codesync_server.executors.docker.profile import SandboxProfile
from codesync_server.executors.request import RunnerStream
from codesync_server.executors.runner import source

READY_SECONDS = 20.0
"""How long a started container's runner may take to say that it is ready."""

UNCLEAN_SECONDS = 10.0
"""How long to wait for the end of a container whose runner did not report."""

UIDS = range(20_000, 60_000)
"""Users of sandboxes: a numeric one of its own for each, with no entry in passwd. Containers that
share a uid could hurt each other through the kernel's limits per user."""


class DockerSandbox(Sandbox):
    """A container whose runner waits for one request.

    Attributes:
        container: its id.
        uid: its user.
        parked_at: when its runner was ready, by the loop's clock.
    """

    def __init__(
        self,
        engine: Engine,
        container: str,
        uid: int,
        attachment: Attachment,
        bury: "Callable[[DockerSandbox], asyncio.Event]",
    ) -> None:
        self.container = container
        self.uid = uid
        self.parked_at = 0.0
        self._engine = engine
        self._attachment = attachment
        self._bury = bury

    @property
    def is_alive(self) -> bool:
        """Whether its runner still listens, as far as is known without asking."""
        return not self._attachment.at_end

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
                        if kind == b"H":
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

    async def autopsy(self) -> Autopsy:
        """Ask the engine how the container ended."""
        self._attachment.close()
        try:
            state = (await self._engine.inspect_container(self.container))["State"]
        except EngineError as error:
            return Autopsy(memory=False, detail=str(error))
        detail = f"container {state['Status']}, exit code {state['ExitCode']}"
        if self._attachment.stderr:
            detail += f": {self._attachment.stderr.decode(errors='replace')[-300:]}"
        return Autopsy(memory=bool(state["OOMKilled"]), detail=detail)

    def close(self) -> None:
        """Let go of the stream; the runner ends when it notices."""
        self._attachment.close()

    async def destroy(self, *, reported: bool) -> None:
        """Leave the container to the janitor, and wait for its end if it may still run.

        Its stream is closed first: one that nobody reads wedges the engine's other calls.
        """
        gone = self._bury(self)
        if not reported:
            with suppress(TimeoutError):
                async with asyncio.timeout(UNCLEAN_SECONDS):
                    await gone.wait()


async def create(
    engine: Engine,
    image: str,
    profile: SandboxProfile,
    *,
    uid: int,
    lifetime: float,
    bury: Callable[[DockerSandbox], asyncio.Event],
) -> DockerSandbox:
    """Make a container and park its runner.

    Args:
        engine: where.
        image: what it is made from.
        profile: what it may use.
        uid: its user.
        lifetime: seconds after which it is of no use.
        bury: removes one in the background; gives an event that is set when it is gone.

    Raises:
        EngineError: it could not be made; nothing of it is left.
    """
    container = await engine.create_container(
        image,
        command=["python3", "-I", "-S", "-c", source()],
        user=f"{uid}:{uid}",
        hostname="sandbox",
        working_dir="/tmp",
        stdin_open=True,  # and attached: when we die, its stdin ends, and so does the runner
        network_disabled=True,
        labels=owner.labels(lifetime) | {"codesync.profile": profile.fingerprint},
        host_config=profile.host_config(uid),
    )
    try:
        attachment = await attach(container, engine.api_version)
        sandbox = DockerSandbox(engine, container, uid, attachment, bury)
        try:
            await engine.start_container(container)
            await sandbox.park()
        except BaseException:
            attachment.close()
            raise
    except BaseException:
        with suppress(EngineError):
            await asyncio.shield(engine.remove_container(container))
        raise
    return sandbox


def choose_uid(in_use: set[int]) -> int:
    """Choose a user that no other sandbox of ours has; of another server's, most likely not."""
    while (uid := random.choice(UIDS)) in in_use:
        pass
    return uid
