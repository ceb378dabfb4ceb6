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

FAST_SECONDS = 10
SLOW_SECONDS = 180
"""CPU time that a history may take. All share the fast process; those that take longer in it are
loaded by the slow one, where they only delay each other."""

WALL_FACTOR = 6
"""A process that gets less than this part of a core is given up."""

END_SECONDS = 5.0


class LoadFailed(Exception):
    """A history takes too long, or no process can be started; says which."""


class LoadProcesses:
    """Two processes that load histories; each is started when it is needed."""

    def __init__(self) -> None:
        self._fast = _LoadProcess()
        self._slow = _LoadProcess()

    async def check(self, update: bytes) -> LoadedHistory:
        """Load the state of a document, without its texts.

        Raises:
            LoadFailed: it takes too long, or cannot be done now.
        """
        return await self._fast.load(LoadRequest([update], False, FAST_SECONDS))

    async def restore(self, updates: Sequence[bytes], *, is_urgent: bool = False) -> LoadedHistory:
        """Load a history with its texts.

        Args:
            updates: its updates, in order.
            is_urgent: give up early.

        Raises:
            LoadFailed: it takes too long, or cannot be done now.
        """
        request = LoadRequest(list(updates), True, FAST_SECONDS)
        try:
            return await self._fast.load(request)
        except LoadFailed:
            if is_urgent:
                raise
        return await self._slow.load(msgspec.structs.replace(request, cpu_seconds=SLOW_SECONDS))

    async def close(self) -> None:
        """End both processes."""
        await self._fast.end()
        await self._slow.end()


class _LoadProcess:
    """A process that loads one history at a time."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    async def load(self, request: LoadRequest) -> LoadedHistory:
        data = msgspec.msgpack.encode(request)
        async with self._turn:
            is_done = False
            try:
                async with asyncio.timeout(WALL_FACTOR * request.cpu_seconds):
                    answer = await self._exchange(data)
                is_done = True
                return answer
            except TimeoutError:
                seconds = WALL_FACTOR * request.cpu_seconds
                raise LoadFailed(f"it was not loaded within {seconds} s") from None
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
