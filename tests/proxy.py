"""A TCP proxy between a client and a server, with the faults of a real network."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from tests.waiting import eventually

CHUNK = 16 * 1024

SLOW_CHUNK = 1024
"""What is read at once where there is a rate: 0.1 s of a line of 10 kB/s."""


class Proxy:
    """Hands bytes on between whoever connects and one server, until told otherwise.

    Attributes:
        target: the server's port on this machine.
        accepted: how many connections were made so far.
        upstream: bytes that went to the server so far.
        downstream: bytes that came from the server so far.
        delay: seconds that each chunk waits before it is handed on.
        rate: bytes a second that a connection carries in each direction; None: all that come.
        latency: seconds that each byte is on its way, where there is a rate.
        narrow: new connections hold little themselves, as a slow line does: what waits to come
            down waits in the server.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.accepted = 0
        self.upstream = 0
        self.downstream = 0
        self.delay = 0.0
        self.rate: float | None = None
        self.latency = 0.0
        self.narrow = False
        self._reachable = True
        self._up, self._down = asyncio.Event(), asyncio.Event()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._lost: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.flow()

    @property
    def port(self) -> int:
        """Where clients connect."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    def cut(self, *, reachable: bool = True) -> None:
        """Reset all connections; when not reachable, also those that come, until `restore`."""
        self._reachable = reachable
        for writer in list(self._writers):
            writer.transport.abort()

    def restore(self) -> None:
        """Be reachable again."""
        self._reachable = True

    def stall(self, *, up: bool = True, down: bool = True) -> None:
        """Hand nothing on, and close nothing: a cable that was pulled."""
        if up:
            self._up.clear()
        if down:
            self._down.clear()

    def flow(self) -> None:
        """Hand on again what comes, and what came meanwhile."""
        self._up.set()
        self._down.set()

    def lose(self) -> None:
        """Hand nothing on any more of the connections there are, and close none: no FIN, no RST.

        Those that come work: the network is back, and has forgotten the old ones.
        """
        self._lost |= self._writers

    async def sent(self, count: int) -> None:
        """Wait until so many more bytes have gone to the server."""
        enough = self.upstream + count
        await eventually(lambda: self.upstream >= enough)

    async def received(self, count: int) -> None:
        """Wait until so many more bytes have come from the server."""
        enough = self.downstream + count
        await eventually(lambda: self.downstream >= enough)

    async def open(self) -> None:
        """Begin to listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=CHUNK)

    async def close(self) -> None:
        """End everything."""
        assert self._server is not None
        self._server.close()
        self.cut(reachable=False)
        self.flow()
        await asyncio.gather(*self._tasks)
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.accepted += 1
        self._writers.add(writer)
        try:
            if self._reachable:
                with suppress(OSError):  # nobody is there
                    await self._join(reader, writer)
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await self._to_server()
        self._writers.add(far_writer)
        try:
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._pump(reader, far_writer, self._up))
                pumps.create_task(self._pump(far_reader, writer, self._down))
        finally:
            self._writers.discard(far_writer)
            far_writer.transport.abort()

    async def _to_server(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        far = socket.socket()
        if self.narrow:
            far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, CHUNK)
        far.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(far, ("127.0.0.1", self.target))
            return await asyncio.open_connection(sock=far, limit=CHUNK)
        except BaseException:
            far.close()
            raise

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flowing: asyncio.Event
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(CHUNK if self.rate is None else SLOW_CHUNK):
                await flowing.wait()
                if writer in self._lost:
                    continue
                if self.delay:
                    await asyncio.sleep(self.delay)
                if flowing is self._up:
                    self.upstream += len(data)
                else:
                    self.downstream += len(data)
                await self._hand_on(writer, data)
            if self.rate is not None:
                await asyncio.sleep(2 * self.latency)  # what is on its way arrives first
            if writer not in self._lost:
                with suppress(OSError):  # the other side has just gone
                    writer.write_eof()
            return
        if writer not in self._lost:
            writer.transport.abort()

    async def _hand_on(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        """Write what came, with the line's rate and latency."""
        if self.rate is None:
            writer.write(data)
        else:
            await asyncio.sleep(len(data) / self.rate)
            asyncio.get_running_loop().call_later(self.latency, writer.write, data)
        await writer.drain()


@asynccontextmanager
async def proxy_to(target: int) -> AsyncGenerator[Proxy, None]:
    """Run a proxy while the block lasts.

    Args:
        target: the server's port on this machine.
    """
    proxy = Proxy(target)
    await proxy.open()
    try:
        yield proxy
    finally:
        await proxy.close()
