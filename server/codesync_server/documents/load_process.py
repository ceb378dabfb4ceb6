"""Processes that load histories, so that no history blocks the event loop."""

import asyncio
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import suppress

import msgspec

from codesync_server.documents.load_worker import LENGTH_BYTES
from codesync_server.documents.loading import LoadedHistory, LoadRequest

FAST_SECONDS = 1
SLOW_SECONDS = 180
"""CPU time that a history may take. All share the fast process; those that take longer in it are
loaded by the slow one, where they only delay each other. A typical history takes 30 ms at most."""

CHECK_SECONDS = 1
"""CPU time of a check, in whole seconds for the kernel. A history that takes longer than 0.3 s is
renewed anyhow: see `document_checks`."""

WALL_FACTOR = 6
WALL_SECONDS_MIN = 60
"""A process that gets less than this part of a core is given up, but not before this time: a
process needs time to start on a busy machine."""

HURRIED_WALL_SECONDS = 10
"""The same if somebody limits the time, because others wait meanwhile."""

END_SECONDS = 5.0


class LoadFailed(Exception):
    """A history takes too long, or no process can be started; says which."""


class LoadProcesses:
    """Processes that load histories; each is started when it is needed.

    Checks have one of their own: no room that is restored waits for them.
    """

    def __init__(self) -> None:
        self._fast = _LoadProcess()
        self._slow = _LoadProcess()
        self._checks = _LoadProcess()

    async def check(self, update: bytes) -> LoadedHistory:
        """Load the state of a document, without its texts.

        Raises:
            LoadFailed: it takes too long, or cannot be done now.
        """
        return await self._checks.load(LoadRequest([update], False, CHECK_SECONDS))

    async def restore(
        self, updates: Sequence[bytes], *, seconds: int | None = None
    ) -> LoadedHistory:
        """Load a history with its texts.

        Args:
            updates: its updates, in order.
            seconds: CPU time that it may take, at most FAST_SECONDS; 0: it is not loaded. None: all
                the time that a history may take.

        Raises:
            LoadFailed: it takes too long, or cannot be done now.
        """
        if seconds == 0:
            raise LoadFailed("there is no time to load it now")
        request = LoadRequest(list(updates), True, seconds or FAST_SECONDS)
        if seconds is not None:
            return await self._fast.load(request, HURRIED_WALL_SECONDS)
        with suppress(LoadFailed):
            return await self._fast.load(request)
        return await self._slow.load(msgspec.structs.replace(request, cpu_seconds=SLOW_SECONDS))

    async def close(self) -> None:
        """End all processes."""
        await self._fast.end()
        await self._slow.end()
        await self._checks.end()


class _LoadProcess:
    """A process that loads one history at a time."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    async def load(self, request: LoadRequest, wall_seconds: int = 0) -> LoadedHistory:
        data = msgspec.msgpack.encode(request)
        wall_seconds = wall_seconds or max(WALL_SECONDS_MIN, WALL_FACTOR * request.cpu_seconds)
        async with self._turn:
            is_done = False
            try:
                async with asyncio.timeout(wall_seconds):
                    answer = await self._exchange(data)
                is_done = True
                return answer
            except TimeoutError:
                raise LoadFailed(f"it was not loaded within {wall_seconds} s") from None
            except (OSError, EOFError, msgspec.MsgspecError) as error:
                if await self._has_used_up_its_time():
                    seconds = request.cpu_seconds
                    raise LoadFailed(
                        f"loading it takes more than {seconds} s of cpu time"
                    ) from None
                raise LoadFailed(f"the process that loads it failed: {error}") from None
            finally:
                if not is_done:  # it may be busy for hours
                    await self.end()

    async def _exchange(self, data: bytes) -> LoadedHistory:
        if self._process is None or self._process.returncode is not None:
            module = "codesync_server.documents.load_worker"
            command = [sys.executable, "-P", "-m", module]
            self._process = await asyncio.create_subprocess_exec(
                *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
            )
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(len(data).to_bytes(LENGTH_BYTES, "big") + data)
        await self._process.stdin.drain()
        length = int.from_bytes(await self._process.stdout.readexactly(LENGTH_BYTES), "big")
        answer = await self._process.stdout.readexactly(length)
        return msgspec.msgpack.decode(answer, type=LoadedHistory)

    async def _has_used_up_its_time(self) -> bool:
        if self._process is None:
            return False
        with suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                return await self._process.wait() == -signal.SIGXCPU
        return False

    async def end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        with suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                await process.wait()
