"""A proxy on the engine's socket that simulates a slow, broken or blocked engine.

It reads the head of each request, and then hands bytes on both ways. Each connection is made to
serve one request only, so that a fault can be chosen for every request.
"""

import asyncio
import json
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

HEAD_MAX = 256 * 1024
CHUNK = 64 * 1024

CREATE = r"^POST .*/containers/create"
START = r"^POST .*/containers/\w+/start"
ATTACH = r"^POST .*/containers/\w+/attach"
REMOVE = r"^DELETE .*/containers/"
INSPECT = r"^GET .*/containers/\w+/json"
ANYTHING = r"^"


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to requests of one kind.

    Attributes:
        pattern: of the request's first line.
        delay: seconds before it is handed on.
        status: it is answered with this and not handed on; 0: it is handed on.
        said: what that answer says.
        hangs: it is never answered.
    """

    pattern: str
    delay: float = 0.0
    status: int = 0
    said: str = ""
    hangs: bool = False


class EngineProxy:
    """Stands between a server and an engine.

    Attributes:
        faults: what happens to which requests; the first that fits.
        requests: the first lines of all requests so far.
    """

    def __init__(self, path: Path, target: Path) -> None:
        self.faults: list[Fault] = []
        self.requests: list[str] = []
        self._path = path
        self._target = target
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()

    @property
    def url(self) -> str:
        """What DOCKER_HOST is to be."""
        return f"unix://{self._path}"

    def slow(self, pattern: str, seconds: float) -> None:
        """Hand on requests of a kind later."""
        self.faults.insert(0, Fault(pattern, delay=seconds))

    def refuse(self, pattern: str, status: int, said: str) -> None:
        """Answer requests of a kind with an error."""
        self.faults.insert(0, Fault(pattern, status=status, said=said))

    def hang(self, pattern: str) -> None:
        """Never answer requests of a kind."""
        self.faults.insert(0, Fault(pattern, hangs=True))

    def heal(self) -> None:
        """No more faults; what hangs goes on hanging until it is cut."""
        self.faults.clear()

    def cut(self) -> None:
        """End all connections at once."""
        for writer in list(self._writers):
            writer.transport.abort()

    def count(self, pattern: str) -> int:
        """How many requests of a kind there were."""
        return sum(bool(re.search(pattern, each)) for each in self.requests)

    async def open(self) -> None:
        """Begin to listen."""
        self._server = await asyncio.start_unix_server(self._accept, self._path, limit=HEAD_MAX)

    async def close(self) -> None:
        """End everything."""
        assert self._server is not None
        self._server.close()
        self._closing.set()
        self.cut()
        await asyncio.gather(*self._tasks)
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._writers.add(writer)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                head = await reader.readuntil(b"\r\n\r\n")
                if await self._passes(head, writer):
                    await self._join(head, reader, writer)
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _passes(self, head: bytes, writer: asyncio.StreamWriter) -> bool:
        line = head.split(b"\r\n", 1)[0].decode(errors="replace")
        self.requests.append(line)
        fault = next((each for each in self.faults if re.search(each.pattern, line)), Fault(""))
        with suppress(TimeoutError):
            async with asyncio.timeout(None if fault.hangs else fault.delay):
                await self._closing.wait()
                return False
        if fault.status:
            body = json.dumps({"message": fault.said}).encode()
            writer.write(
                b"HTTP/1.1 %d Fault\r\nContent-Type: application/json\r\nConnection: close\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (fault.status, len(body), body)
            )
            await writer.drain()
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            return False
        return True

    async def _join(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(self._target, limit=CHUNK)
        self._writers.add(far_writer)
        far_writer.write(re.sub(rb"(?i)connection: keep-alive", b"Connection: close", head))
        try:
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._pump(reader, far_writer))
                pumps.create_task(self._pump(far_reader, writer))
        finally:
            self._writers.discard(far_writer)
            far_writer.transport.abort()

    @staticmethod
    async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                writer.write(data)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
            return
        writer.transport.abort()


@asynccontextmanager
async def engine_proxy(path: Path, target: Path) -> AsyncGenerator[EngineProxy, None]:
    """Run a proxy while the block lasts.

    Args:
        path: the socket that it listens on; short.
        target: the engine's socket.
    """
    proxy = EngineProxy(path, target)
    await proxy.open()
    try:
        yield proxy
    finally:
        await proxy.close()
