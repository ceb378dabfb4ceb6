"""The address of the engine, and connections to it that only CodeSync uses."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

DEFAULT_SOCKET = "/var/run/docker.sock"
READ_BYTES = 64 * 1024


class EngineStreamReader(asyncio.StreamReader):
    """A stream that says at once when its other end is gone, whether or not anybody reads.

    Attributes:
        ended: the other end is gone; what it sent before may still be there to be read.
        end_callback: called once when the other end closes.
    """

    ended = False
    end_callback: Callable[[], None] = staticmethod(lambda: None)

    def feed_eof(self) -> None:
        """The other end has closed."""
        super().feed_eof()
        self._end()

    def set_exception(self, exc: Exception) -> None:
        """The connection broke."""
        super().set_exception(exc)
        self._end()

    def _end(self) -> None:
        if not self.ended:
            self.ended = True
            self.end_callback()


@dataclass(frozen=True, slots=True)
class EngineAddress:
    """Where an engine listens.

    Attributes:
        path: of its unix socket; empty when it is reached over TCP.
        host: name or address, for TCP.
        port: for TCP.
        unsupported: why no connection can be made to it; empty when one can.
    """

    path: str = DEFAULT_SOCKET
    host: str = ""
    port: int = 2375
    unsupported: str = ""

    @classmethod
    def from_environment(cls) -> Self:
        """What DOCKER_HOST names; by default the local socket."""
        url = urlsplit(os.environ.get("DOCKER_HOST", ""))
        if url.scheme == "tcp" and not os.environ.get("DOCKER_TLS_VERIFY"):
            return cls("", url.hostname or "127.0.0.1", url.port or 2375)
        if url.scheme in ("", "unix"):
            return cls(url.path or DEFAULT_SOCKET)
        return cls(unsupported=f"DOCKER_HOST={url.geturl()} is not supported: use a unix:// socket")

    async def connect(self) -> tuple[EngineStreamReader, asyncio.StreamWriter]:
        """Open a connection.

        Raises:
            OSError: nobody is there, or the address is not supported.
        """
        if self.unsupported:
            raise OSError(self.unsupported)
        loop = asyncio.get_running_loop()
        reader = EngineStreamReader(limit=READ_BYTES, loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        if self.path:
            transport, _ = await loop.create_unix_connection(lambda: protocol, self.path)
        else:
            transport, _ = await loop.create_connection(lambda: protocol, self.host, self.port)
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)
