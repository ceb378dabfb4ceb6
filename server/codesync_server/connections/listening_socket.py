"""A listening socket that resets connections above the limits when it accepts them.

asyncio calls `accept` of the socket that it is given; at this point a connection has cost nothing
yet: no TLS, no buffers, no task.
"""

import asyncio
import errno
import logging
import os
import socket
import struct
from collections.abc import Callable
from time import monotonic
from typing import Any

from codesync_server.connections.client_limits import ClientLimits, TrackedConnection
from codesync_server.connections.proxies import TrustedProxies

BACKLOG = 1024
"""Connections that the kernel completes while the server is busy; a class may arrive at once."""

RESET_A_TURN = 16
"""Then members have their turn."""

_RESET = struct.pack("ii", 1, 0)  # linger on, for 0 s: close sends RST
_NO_DESCRIPTORS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

log = logging.getLogger(__name__)


class AcceptedSocket(socket.socket):
    """A client's socket, which reports when it is closed."""

    def __init__(self, plain: socket.socket) -> None:
        super().__init__(plain.family, plain.type, plain.proto, fileno=plain.detach())
        self.on_close: Callable[[], None] | None = None

    def close(self) -> None:
        """Close the socket."""
        super().close()
        if self.on_close is not None:
            on_close, self.on_close = self.on_close, None
            on_close()


class ListeningSocket(socket.socket):
    """A bound socket whose clients are limited.

    Args:
        plain: a bound socket; it is taken over.
        limits: decides who may stay.
        proxies: whose addresses are not limited themselves.
        clients: filled with the clients by their descriptors while these are open.
    """

    def __init__(
        self,
        plain: socket.socket,
        limits: ClientLimits,
        proxies: TrustedProxies,
        clients: dict[int, TrackedConnection],
    ) -> None:
        super().__init__(plain.family, plain.type, plain.proto, fileno=plain.detach())
        self._limits = limits
        self._proxies = proxies
        self._clients = clients
        self._spare: int | None = _open_spare()
        self._is_stopped = False

    def listen(self, _: int = 0, /) -> None:
        """Listen with BACKLOG: asyncio's number is how many it accepts in a turn."""
        super().listen(BACKLOG)

    def stop_accepting(self) -> None:
        """Leave further connections to the kernel, which resets them when the socket is closed."""
        self._is_stopped = True

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept the next client that may stay.

        Raises:
            BlockingIOError: there is none now, or `stop_accepting` was called.
            OSError: the system has no descriptors, and the client cannot be reset.
        """
        for _ in range(0 if self._is_stopped else RESET_A_TURN):
            try:
                plain, address = super().accept()
            except OSError as error:
                if error.errno not in _NO_DESCRIPTORS or self._spare is None:
                    raise
                self._reset_without_descriptors()
                continue
            accepted = AcceptedSocket(plain)
            if self._admit(accepted, str(address[0])):
                return accepted, address
            _reset(accepted)
        raise BlockingIOError

    def close(self) -> None:
        """Stop listening."""
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None
        super().close()

    def _admit(self, accepted: AcceptedSocket, host: str) -> bool:
        client = self._limits.accept(
            host,
            monotonic(),  # the loop's clock
            lambda: _shut_down(accepted),
            is_proxy=self._proxies.trusts(host),
        )
        if client is None:
            return False
        descriptor = accepted.fileno()

        def on_close() -> None:
            if self._clients.get(descriptor) is client:
                del self._clients[descriptor]
            self._limits.release(client)

        accepted.on_close = on_close
        self._clients[descriptor] = client
        return True

    def _reset_without_descriptors(self) -> None:
        """Accept a connection with the spare descriptor, and reset it.

        Otherwise it stays in the backlog, and the loop tries to accept it again at once.
        """
        assert self._spare is not None
        os.close(self._spare)
        self._spare = None
        self._limits.aborted["no descriptors"] += 1
        log.error("no file descriptors are left: a new connection is reset")
        try:
            plain, _ = super().accept()
            _reset(plain)
        finally:
            self._spare = _open_spare()


def _open_spare() -> int | None:
    try:
        return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None


def _reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    sock.close()


def _shut_down(sock: socket.socket) -> None:
    """End a connection during its TLS handshake: its transport reads the end, and closes it."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # closed in the meantime


async def bound_sockets(host: str, port: int) -> list[socket.socket]:
    """Bind sockets to all addresses of a host, with the same port.

    Args:
        host: an address or a name.
        port: 0 takes any free one.

    Raises:
        OSError: the host has no address, or one cannot be bound.
    """
    loop = asyncio.get_running_loop()
    infos = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(infos):
            try:
                sock = socket.socket(family, kind, protocol)
            except OSError:
                continue  # the kernel has no such family
            sockets.append(sock)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind((address[0], port, *address[2:]))
            port = sock.getsockname()[1]
        if not sockets:
            raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
    except BaseException:
        for sock in sockets:
            sock.close()
        raise
    return sockets
