"""Calls the Docker engine in separate threads, each call with a deadline."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import Any, Self, TypeVar

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.utils import kwargs_from_env

from codesync_server.executors.docker.engine_address import EngineAddress
from codesync_server.executors.docker.sdk import ApiClient
from codesync_server.loop_time import loop_timeout

CALL_SECONDS = 20
"""How long one call may take. A wedged container (moby #41827) hangs calls for minutes."""

_THREADS_PER_CLASS = 2

_Answer = TypeVar("_Answer")


class CallClass(StrEnum):
    """Classes of calls. Each has threads of its own: those that hang hold up only their like."""

    MAKE = "make"
    REMOVE = "remove"
    ASK = "ask"


class EngineError(Exception):
    """The engine did not do what it was asked; the message says why, for people."""


class ImageMissing(EngineError):
    """The engine does not have the image that a container was to be made from."""


class Engine:
    """Calls to one Docker engine. Each raises EngineError when it fails or takes too long.

    Args:
        api: the SDK's low-level client.
        address: where the engine listens, for connections of our own.
    """

    def __init__(self, api: docker.APIClient, address: EngineAddress) -> None:
        self.address = address
        # What types-docker knows of the client's answers is "unknown"; the types stand here.
        self._api: Any = api
        self._threads = {
            call_class: ThreadPoolExecutor(
                _THREADS_PER_CLASS, thread_name_prefix=f"docker-{call_class}"
            )
            for call_class in CallClass
        }

    @classmethod
    async def connect(cls) -> Self:
        """Find the engine that DOCKER_HOST and its friends name, by default the local one.

        Raises:
            EngineError: none answers.
        """
        address = EngineAddress.from_environment()
        return cls(await asyncio.to_thread(connect), address)

    async def call(
        self, function: Callable[[docker.APIClient], _Answer], call_class: CallClass = CallClass.ASK
    ) -> _Answer:
        """Call the SDK in a thread.

        Args:
            function: takes the client; may block.
            call_class: whose threads.
        """
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._threads[call_class], function, self._api)
        try:
            async with loop_timeout(CALL_SECONDS + 1):
                return await future
        except TimeoutError:
            raise EngineError(f"Docker did not answer within {CALL_SECONDS} s") from None
        except EngineError:
            raise
        except Exception as error:  # an engine that misbehaves makes the SDK raise anything
            raise EngineError(explain(error)) from error

    async def long_call(self, function: Callable[[docker.APIClient], _Answer]) -> _Answer:
        """Call the SDK in a thread, as long as it takes; the function bounds itself."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads[CallClass.ASK], function, self._api)

    @property
    def api_version(self) -> str:
        """The version of the API that we speak with it, e.g. "1.41"."""
        return str(self._api.api_version)

    async def ping(self) -> None:
        """See whether the engine answers, on a connection of its own: no thread can be in the way.

        The caller bounds how long it may take.
        """
        try:
            reader, writer = await self.address.connect()
            try:
                writer.write(b"GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n")
                status = (await reader.readuntil(b"\r\n")).split(b" ")
            finally:
                writer.transport.abort()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise EngineError(explain(error)) from None
        if status[1:2] != [b"200"]:
            raise EngineError(f"Docker is not well: {b' '.join(status).decode(errors='replace')}")

    async def version(self) -> str:
        """The engine's version."""
        return await self.call(lambda _: str(self._api.version()["Version"]))

    async def info(self) -> dict[str, Any]:
        """What `docker info` tells."""
        answer: dict[str, Any] = await self.call(lambda _: self._api.info())
        return answer

    async def create_container(self, image: str, **config: object) -> str:
        """Create a container with the SDK's arguments; give its id.

        Raises:
            ImageMissing: there is no such image any more.
        """

        def create(_: object) -> str:
            try:
                return str(self._api.create_container(image, **config)["Id"])
            except ImageNotFound:
                raise ImageMissing(f"the image {image[:19]} is gone") from None

        return await self.call(create, CallClass.MAKE)

    async def start_container(self, container: str) -> None:
        """Start a created container."""
        await self.call(lambda _: self._api.start(container), CallClass.MAKE)

    async def container_state(self, container: str) -> dict[str, Any] | None:
        """What the engine knows of how a container is; None when it has no such container."""

        def inspect(_: object) -> dict[str, Any] | None:
            try:
                return dict(self._api.inspect_container(container)["State"])
            except NotFound:
                return None

        return await self.call(inspect)

    async def container_memory(self, container: str) -> dict[str, Any]:
        """A running container's memory figures, as its kernel names them; see `Stats` of the API.

        Empty when it does not run.
        """
        stats: dict[str, Any] = await self.call(
            lambda _: self._api.stats(container, stream=False, one_shot=True)
        )
        return dict(stats.get("memory_stats") or {})

    async def update_cpus(self, container: str, *, period: int, quota: int) -> None:
        """Change a container's share of the cpu: so much of each period, both in microseconds."""
        await self.call(
            lambda _: self._api.update_container(container, cpu_period=period, cpu_quota=quota)
        )

    async def update_cpu_weight(self, container: str, shares: int) -> None:
        """Change a container's weight where the cpu does not suffice for all; usual: 1024."""
        await self.call(lambda _: self._api.update_container(container, cpu_shares=shares))

    async def remove_container(self, container: str) -> None:
        """Kill, reap and remove a container; one that is gone already is no error."""

        def remove(_: object) -> None:
            try:
                self._api.remove_container(container, force=True, v=True)
            except NotFound:
                return

        await self.call(remove, CallClass.REMOVE)

    async def containers(self, label: str) -> dict[str, dict[str, str]]:
        """Find all containers with a label, running or not: id to labels."""

        def find(_: object) -> dict[str, dict[str, str]]:
            answer: list[dict[str, Any]] = self._api.containers(all=True, filters={"label": label})
            return {str(each["Id"]): dict(each["Labels"]) for each in answer}

        return await self.call(find)

    def close(self) -> None:
        """Let the threads end; a call that hangs ends at its own timeout."""
        for threads in self._threads.values():
            threads.shutdown(wait=False, cancel_futures=True)
        self._api.close()


def connect() -> docker.APIClient:
    """Find the engine; blocking.

    Returns:
        A client whose calls end after CALL_SECONDS.

    Raises:
        EngineError: none answers.
    """
    try:
        client = ApiClient(**kwargs_from_env(), timeout=CALL_SECONDS, version="auto")
        # Else each call reads the whole environment for proxies, which are not for the engine.
        client.trust_env = False
        return client
    except (DockerException, requests.RequestException, OSError) as error:
        raise EngineError(explain(error)) from None


def explain(error: Exception) -> str:
    """Say in a few words what the SDK says in many."""
    text = str(error)
    if isinstance(error, APIError) and error.explanation:
        return str(error.explanation)[:500]  # without the address of the call
    if "Permission denied" in text or "PermissionError" in text:
        return "permission denied on Docker's socket"
    if "FileNotFoundError" in text or "No such file" in text:
        return "no Docker socket on this machine"
    if "ConnectionRefused" in text or "Connection refused" in text:
        return "nobody answers on Docker's socket"
    if isinstance(error, requests.Timeout) or "timed out" in text:
        return f"Docker did not answer within {CALL_SECONDS} s"
    if isinstance(error, asyncio.IncompleteReadError):
        return "Docker hung up"
    return text[:500] or type(error).__name__
