"""Performs the TLS handshakes of clients in the turns of strangers: each costs about a millisecond.

asyncio would perform a thousand in one turn of the loop if their data arrives together.
"""

import asyncio
import ssl
from typing import cast

from codesync_server.connections.stranger_turns import StrangerTurns, WaitingInput


class HandshakeGate(asyncio.BufferedProtocol):
    """Stands between the TCP transport and asyncio's TLS protocol until the handshake ends.

    Args:
        transport: the TCP transport.
        strangers: decides when the input is handled.
        address: identity of the client's network address.
    """

    def __init__(self, transport: asyncio.Transport, strangers: StrangerTurns, address: str):
        self._transport = transport
        self._strangers = strangers
        self._address = address
        self._tls: asyncio.BufferedProtocol | None = None
        self._turn: WaitingInput | None = None
        self._is_open = False

    def interpose(self) -> None:
        """Take the place of the TLS protocol."""
        self._tls = cast("asyncio.BufferedProtocol", self._transport.get_protocol())
        self._transport.set_protocol(self)

    def open(self) -> None:
        """Give the place back, because the handshake has ended."""
        self._is_open = True
        if self._turn is None:
            self._transport.set_protocol(self._following)

    @property
    def _following(self) -> asyncio.BufferedProtocol:
        assert self._tls is not None, "it was interposed"
        return self._tls

    def get_buffer(self, sizehint: int) -> "memoryview[int]":
        """Return the buffer of the TLS protocol."""
        return cast("memoryview[int]", self._following.get_buffer(sizehint))

    def buffer_updated(self, nbytes: int) -> None:
        """Have the TLS protocol handle the input when it is the client's turn."""
        self._transport.pause_reading()

        def handle() -> None:
            self._turn = None
            self._following.buffer_updated(nbytes)
            if self._is_open:
                self._transport.set_protocol(self._following)
            self._transport.resume_reading()

        self._turn = self._strangers.put(self._address, handle)

    def eof_received(self) -> bool | None:
        """Pass the end of the input on."""
        return self._following.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass the end of the connection on."""
        if self._turn is not None:
            self._turn.cancel()
        self._following.connection_lost(exc)

    def pause_writing(self) -> None:
        """Pass backpressure on."""
        self._following.pause_writing()

    def resume_writing(self) -> None:
        """Pass the end of backpressure on."""
        self._following.resume_writing()


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

    async def perform(
        self, transport: asyncio.Transport, protocol: asyncio.Protocol, address: str
    ) -> asyncio.Transport | None:
        """Perform one handshake.

        Args:
            transport: the TCP transport.
            protocol: gets the decrypted input.
            address: identity of the client's network address.

        Returns:
            The encrypted transport; None if the connection has ended.
        """
        loop = asyncio.get_running_loop()
        gate = HandshakeGate(transport, self._strangers, address)
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
        gate.open()
        return None if encrypted is None or encrypted.is_closing() else encrypted
