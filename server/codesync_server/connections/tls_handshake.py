"""Performs the TLS handshakes of clients, and decrypts what strangers send, in their turns.

A handshake costs about a millisecond, and so do 4 KB of records without content. asyncio would
handle those of a thousand connections in one turn of the loop if they arrive together.
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import cast

from codesync_server.connections.stranger_turns import StrangerTurns, WaitingInput

PIECE_BYTES = 2 * 1024
"""Encrypted input of a stranger in one turn: 27 bytes can cost 7 microseconds."""

BYTES_BEFORE_JOINING = 64 * 1024
"""Encrypted input of a client before it is a member: a handshake, a head, a hello and a proof."""


class TlsGate(asyncio.BufferedProtocol):
    """Stands between the TCP transport and asyncio's TLS protocol.

    Args:
        transport: the TCP transport.
        strangers: decides when the input is handled.
        address: identity of the client's network address.
        is_joined: tells whether the client is a member: its input is handled at once.
        is_held: tells whether decrypted input cannot be taken now; then call `resume` later.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        strangers: StrangerTurns,
        address: str,
        *,
        is_joined: Callable[[], bool],
        is_held: Callable[[], bool],
    ) -> None:
        self._transport = transport
        self._strangers = strangers
        self._address = address
        self._is_joined = is_joined
        self._is_held = is_held
        self._tls: asyncio.BufferedProtocol | None = None
        self._turn: WaitingInput | None = None
        self._waiting = 0  # bytes in the buffer that the TLS protocol does not have yet
        self._bytes = 0  # from a stranger

    def interpose(self) -> None:
        """Take the place of the TLS protocol."""
        self._tls = cast("asyncio.BufferedProtocol", self._transport.get_protocol())
        self._transport.set_protocol(self)

    def resume(self) -> None:
        """Handle input that was held."""
        if self._waiting and self._turn is None:
            self._turn = self._strangers.put(self._address, self._take_turn)

    @property
    def _following(self) -> asyncio.BufferedProtocol:
        assert self._tls is not None, "it was interposed"
        return self._tls

    def get_buffer(self, sizehint: int) -> "memoryview[int]":
        """Return the buffer of the TLS protocol; for strangers, a part of it."""
        buffer = cast("memoryview[int]", self._following.get_buffer(sizehint))
        return buffer if self._is_joined() else buffer[:PIECE_BYTES]

    def buffer_updated(self, nbytes: int) -> None:
        """Have the TLS protocol handle a stranger's input when it is its turn."""
        if self._is_joined():
            self._following.buffer_updated(nbytes)
            return
        self._bytes += nbytes
        if self._bytes > BYTES_BEFORE_JOINING:
            self._transport.abort()
            return
        self._transport.pause_reading()
        self._waiting = nbytes
        self.resume()

    def _take_turn(self) -> None:
        self._turn = None
        if self._is_held():
            return
        received, self._waiting = self._waiting, 0
        self._following.buffer_updated(received)
        self._transport.resume_reading()

    def eof_received(self) -> bool | None:
        """Pass the end of the input on."""
        return self._following.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass the end of the connection on."""
        self._waiting = 0
        if self._turn is not None:
            self._turn.cancel()
        self._is_joined = self._is_held = _never  # no reference cycles
        self._following.connection_lost(exc)

    def pause_writing(self) -> None:
        """Pass backpressure on."""
        self._following.pause_writing()

    def resume_writing(self) -> None:
        """Pass the end of backpressure on."""
        self._following.resume_writing()


def _never() -> bool:
    return False


class TlsHandshakes:
    """The TLS side of all clients.

    Args:
        context: with the server's certificate.
        strangers: decides when input is handled.
        handshake_seconds: limit on the time of one handshake.
        shutdown_seconds: limit on the time of the end of a TLS connection.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        strangers: StrangerTurns,
        *,
        handshake_seconds: float,
        shutdown_seconds: float,
    ) -> None:
        self._context = context
        self._strangers = strangers
        self._handshake_seconds = handshake_seconds
        self._shutdown_seconds = shutdown_seconds

    def gate(
        self,
        transport: asyncio.Transport,
        address: str,
        *,
        is_joined: Callable[[], bool],
        is_held: Callable[[], bool],
    ) -> TlsGate:
        """Make the gate of a connection; see `TlsGate`."""
        return TlsGate(transport, self._strangers, address, is_joined=is_joined, is_held=is_held)

    async def perform(
        self, transport: asyncio.Transport, protocol: asyncio.Protocol, gate: TlsGate
    ) -> asyncio.Transport | None:
        """Perform one handshake.

        Args:
            transport: the TCP transport.
            protocol: gets the decrypted input.
            gate: the connection's.

        Returns:
            The encrypted transport; None if the connection has ended.
        """
        loop = asyncio.get_running_loop()
        loop.call_soon(gate.interpose)  # before start_tls lets the transport read
        try:
            encrypted = await loop.start_tls(
                transport,
                protocol,
                self._context,
                server_side=True,
                ssl_handshake_timeout=self._handshake_seconds,
                ssl_shutdown_timeout=self._shutdown_seconds,
            )
        except OSError as error:  # an error of TLS, a timeout, or the end of the connection
            error.__traceback__ = None  # it refers to frames that refer to the error
            return None
        return None if encrypted is None or encrypted.is_closing() else encrypted
