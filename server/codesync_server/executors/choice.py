"""Chooses the executor: Docker if it answers and has the image, else what is allowed."""

from collections.abc import Callable
from dataclasses import dataclass

from codesync_server.access.rules import UnsafeSettings, check_local_executor
from codesync_server.configuration.settings import Settings
from codesync_server.executors.contract import Executor, ExecutorUnavailable
from codesync_server.executors.docker import image
from codesync_server.executors.docker.engine import Engine, EngineError
from codesync_server.executors.docker.executor import DockerExecutor
from codesync_server.executors.docker.profile import SandboxProfile
from codesync_server.executors.local import LocalExecutor

RESERVED = 1
"""The number of sandboxes that are parked for jobs of rooms in which no other program runs."""


@dataclass(frozen=True, slots=True)
class ExecutorChoice:
    """An executor and why it was chosen.

    Attributes:
        executor: not started yet.
        found: what was found, one sentence for the operator.
    """

    executor: Executor
    found: str


async def choose(settings: Settings, progress: Callable[[str], None]) -> ExecutorChoice:
    """Choose an executor; builds the image if it is missing.

    Args:
        settings: what the operator wants.
        progress: is told what takes long, a line at a time.

    Raises:
        ExecutorUnavailable: the operator wants Docker, and it cannot be had.
        UnsafeSettings: only the local executor can be had, and the rules do not allow it.
    """
    if settings.executor == "local":
        check_local_executor(settings)
        return ExecutorChoice(LocalExecutor(), "executor: local, as the settings say")
    try:
        return await _docker(settings, progress)
    except ExecutorUnavailable as error:
        if settings.executor == "docker":
            raise ExecutorUnavailable(
                f"Docker cannot be used: {error}; see: codesync doctor"
            ) from None
        try:
            check_local_executor(settings)
        except UnsafeSettings as unsafe:
            raise UnsafeSettings(f"Docker cannot be used: {error}. {unsafe}") from None
        return ExecutorChoice(LocalExecutor(), f"executor: local; Docker cannot be used: {error}")


async def _docker(settings: Settings, progress: Callable[[str], None]) -> ExecutorChoice:
    try:
        engine = await Engine.connect()
        version = await engine.version()
    except EngineError as error:
        raise ExecutorUnavailable(str(error)) from None
    try:
        image_id = await ensure_image(engine, settings.build_network, progress)
    except BaseException:
        engine.close()
        raise
    size, reserve = pool_sizes(settings)
    return ExecutorChoice(
        DockerExecutor(
            engine,
            image_id,
            sandbox_profile(settings),
            pool_size=size,
            reserve=reserve,
            uids=settings.sandbox_uids,
        ),
        f"executor: Docker {version}, image {image.image_tag()}",
    )


def pool_sizes(settings: Settings) -> tuple[int, int]:
    """Return how many sandboxes are parked, and how many of them are reserved; see `Pool`."""
    size = settings.max_concurrent + 1 if settings.pool_size is None else settings.pool_size
    # A smaller pool is what the operator wants, although one room alone can use it up.
    reserve = RESERVED if size > settings.max_concurrent else 0
    return size + reserve, reserve


def sandbox_profile(settings: Settings) -> SandboxProfile:
    """Say what a container may use: as much as any stage of any job may.

    It is fixed when the container is started. What a stage may use less, the runner enforces.
    """
    limits, caps = settings.limits, settings.caps
    stages = (limits.compile, limits.run, limits.tty)
    return SandboxProfile(
        memory=max(*(stage.memory for stage in stages), caps.memory or 0),
        cpus=settings.cpus,
        processes=max(*(stage.processes for stage in stages), caps.processes or 0),
        tmp=settings.tmp,
        open_files=max(stage.open_files for stage in stages),
        runtime=settings.runtime,
    )


async def ensure_image(engine: Engine, network: str, progress: Callable[[str], None]) -> str:
    """Build the executor image unless the one that this version needs is there.

    Args:
        engine: where.
        network: "auto", "default", "host" or a network's name.
        progress: is told how the build goes, a line at a time.

    Returns:
        The image's content address: a tag that is moved later changes nothing.

    Raises:
        ExecutorUnavailable: it cannot be built.
    """
    try:
        state = await engine.call(image.inspect)
        if state.image_id is None:
            progress(f"building the executor image {state.tag} (once, some minutes)")
            chosen = await engine.call(lambda api: image.resolve_network(api, network))
            await engine.long_call(lambda api: image.build(api, network=chosen, progress=progress))
            state = await engine.call(image.inspect)
    except (EngineError, image.ImageBuildError) as error:
        raise ExecutorUnavailable(f"the executor image cannot be built: {error}") from None
    if state.image_id is None:
        raise ExecutorUnavailable(f"the executor image {state.tag} is gone again")
    return state.image_id
