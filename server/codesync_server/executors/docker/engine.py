"""The Docker engine without blocking the loop: the SDK in threads of its own, each call bounded."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self, TypeVar

import docker
import requests
from docker.errors import DockerException, NotFound
from docker.utils import kwargs_from_env

CALL_SECONDS = 20
"""How long one call may take. A wedged container (moby #41827) hangs calls for minutes."""

_THREADS = 4

_Answer = TypeVar("_Answer")


class EngineError(Exception):
    """The engine did not do what it was asked; the message says why, for people."""


class Engine:
    """Calls to one Docker engine. Each raises EngineError when it fails or takes too long.

    Args:
        api: the SDK's low-level client.
    """

    def __init__(self, api: docker.APIClient) -> None:
        # What types-docker knows of the client's answers is "unknown"; the types stand here.
        self._api: Any = api
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="docker")

    @classmethod
    async def connect(cls) -> Self:
        """Find the engine that DOCKER_HOST and its friends name, by default the local one.

        Raises:
            EngineError: none answers.
        """
        return cls(await asyncio.to_thread(connect))

    async def call(self, function: Callable[[docker.APIClient], _Answer]) -> _Answer:
        """Call the SDK in a thread.

        Args:
            function: takes the client; may block.
        """
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._threads, function, self._api)
        try:
            async with asyncio.timeout(CALL_SECONDS + 1):
                return await future
        except TimeoutError:
            raise EngineError(f"Docker did not answer within {CALL_SECONDS} s") from None
        except Exception as error:  # an engine that misbehaves makes the SDK raise anything
            raise EngineError(explain(error)) from error

    async def long_call(self, function: Callable[[docker.APIClient], _Answer]) -> _Answer:
        """Call the SDK in a thread, as long as it takes; the function bounds itself."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, self._api)

    @property
    def api_version(self) -> str:
        """The version of the API that we speak with it, e.g. "1.41"."""
        return str(self._api.api_version)

    async def version(self) -> str:
        """The engine's version."""
        answer: dict[str, Any] = await self.call(lambda _: self._api.version())
        return str(answer["Version"])

    async def info(self) -> dict[str, Any]:
        """What `docker info` tells."""
        answer: dict[str, Any] = await self.call(lambda _: self._api.info())
        return answer

    async def create_container(self, image: str, **config: object) -> str:
        """Create a container with the SDK's arguments; give its id."""
        answer: dict[str, Any] = await self.call(
            lambda _: self._api.create_container(image, **config)
        )
        return str(answer["Id"])

    async def start_container(self, container: str) -> None:
        """Start a created container."""
        await self.call(lambda _: self._api.start(container))

    async def inspect_container(self, container: str) -> dict[str, Any]:
        """Everything that the engine knows of a container."""
        answer: dict[str, Any] = await self.call(lambda _: self._api.inspect_container(container))
        return answer

    async def remove_container(self, container: str) -> None:
        """Kill, reap and remove a container; one that is gone already is no error."""

        def remove(_: object) -> None:
            try:
                self._api.remove_container(container, force=True, v=True)
            except NotFound:
                return

        await self.call(remove)

    async def containers(self, label: str) -> dict[str, dict[str, str]]:
        """Find all containers with a label, running or not: id to labels."""
        answer: list[dict[str, Any]] = await self.call(
            lambda _: self._api.containers(all=True, filters={"label": label})
        )
        return {str(each["Id"]): dict(each["Labels"]) for each in answer}

    def close(self) -> None:
        """Let the threads end; a call that hangs ends at its own timeout."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._api.close()


def connect() -> docker.APIClient:
    """Find the engine; blocking.

    Returns:
        A client whose calls end after CALL_SECONDS.

    Raises:
        EngineError: none answers.
    """
    try:
        client = docker.APIClient(**kwargs_from_env(), timeout=CALL_SECONDS, version="auto")
        # Else each call reads the whole environment for proxies, which are not for the engine.
        client.trust_env = False
        return client
    except (DockerException, requests.RequestException, OSError) as error:
        raise EngineError(explain(error)) from None


def explain(error: Exception) -> str:
    """Say in a few words what the SDK says in many."""
    text = str(error)
    if "Permission denied" in text or "PermissionError" in text:
        return "permission denied on Docker's socket"
    if "FileNotFoundError" in text or "No such file" in text:
        return "no Docker socket on this machine"
    if "ConnectionRefused" in text or "Connection refused" in text:
        return "nobody answers on Docker's socket"
    return text[:500] or type(error).__name__
