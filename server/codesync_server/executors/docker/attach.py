"""A container's stdin and stdout over one socket that asyncio reads.

The SDK's `attach_socket` leaves the descriptor open after close until it is collected, and a
stalled attach reader wedges kill, inspect and rm of its container. So the few lines of the protocol
that matter are spoken here, and the socket is ours alone (docs/decisions/0002).

Source of the formats: Docker Engine API v1.41, "Attach to a container": HTTP/1.1 upgrade to `tcp`,
then frames of 8 bytes header (stream number, three zeros, length big-endian) and payload.
"""

import asyncio
import struct
from collections.abc import Callable

from codesync_server.executors.docker.engine import Engine, EngineError
from codesync_server.executors.docker.engine_address import READ_BYTES, EngineStreamReader

ATTACH_SECONDS = 10.0
STDERR_KEPT = 2000

_HEADER = struct.Struct(">BxxxI")
_STDERR = 2


class Demultiplexer:
    """Cuts an attach stream into its two streams. Pure."""

    def __init__(self) -> None:
        self._header = bytearray()
        self._stream = 0
        self._left = 0

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Take bytes, give (stream number, payload) pieces, in order; pieces may be partial."""
        pieces: list[tuple[int, bytes]] = []
        view = memoryview(data)
        while view:
            if self._left == 0:
                need = _HEADER.size - len(self._header)
                self._header += view[:need]
                view = view[need:]
                if len(self._header) == _HEADER.size:
                    self._stream, self._left = _HEADER.unpack(self._header)
                    self._header.clear()
                continue
            piece = bytes(view[: self._left])
            view = view[len(piece) :]
            self._left -= len(piece)
            pieces.append((self._stream, piece))
        return pieces


class Attachment:
    """An open attach stream.

    Attributes:
        stderr: the beginning of what came on the container's stderr, which only a failing runner
            writes to.
    """

    def __init__(self, reader: EngineStreamReader, writer: asyncio.StreamWriter) -> None:
        self.stderr = b""
        self._reader = reader
        self._writer = writer
        self._demultiplexer = Demultiplexer()

    @property
    def ended(self) -> bool:
        """Whether the other end is gone; what it said before may not be read yet."""
        return self._reader.ended

    def set_end_callback(self, callback: Callable[[], None]) -> None:
        """Set the callback for the moment when the other end closes."""
        self._reader.end_callback = callback

    async def read(self) -> bytes:
        """Wait for bytes on the container's stdout; empty at the end of the stream."""
        while data := await self._receive():
            out = b""
            for stream, piece in self._demultiplexer.feed(data):
                if stream == _STDERR:
                    self.stderr = (self.stderr + piece)[:STDERR_KEPT]
                else:
                    out += piece
            if out:
                return out
        return b""

    async def _receive(self) -> bytes:
        try:
            return await self._reader.read(READ_BYTES)
        except OSError:
            return b""

    async def write(self, data: bytes) -> None:
        """Send bytes to the container's stdin.

        Raises:
            ConnectionError: the other end is gone.
        """
        try:
            self._writer.write(data)
            await self._writer.drain()
        except ConnectionError:
            raise
        except OSError as error:
            raise ConnectionError(str(error)) from None

    def close(self) -> None:
        """Drop the stream at once, both ways, so that the engine can let go of the container."""
        self.set_end_callback(lambda: None)
        self._writer.transport.abort()


async def attach(engine: Engine, container: str) -> Attachment:
    """Attach to a container that was created and not started: nothing of its output is missed.

    Args:
        engine: whose.
        container: its id.

    Raises:
        EngineError: the engine refused, or does not answer.
    """
    try:
        async with asyncio.timeout(ATTACH_SECONDS):
            reader, writer = await engine.address.connect()
            try:
                return await _upgrade(reader, writer, container, engine.api_version)
            except BaseException:
                writer.transport.abort()
                raise
    except TimeoutError:
        raise EngineError("Docker did not attach in time") from None
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise EngineError(f"cannot attach to the container: {error}") from None


async def _upgrade(
    reader: EngineStreamReader, writer: asyncio.StreamWriter, container: str, version: str
) -> Attachment:
    writer.write(
        f"POST /v{version}/containers/{container}/attach?stream=1&stdin=1&stdout=1&stderr=1"
        " HTTP/1.1\r\nHost: docker\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n"
        "Content-Length: 0\r\n\r\n".encode()
    )
    await writer.drain()
    status = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1:2]
    if status not in ([b"101"], [b"200"]):
        said = b"".join(status).decode(errors="replace") or "no status"
        raise EngineError(f"Docker refused to attach (HTTP {said})")
    return Attachment(reader, writer)
