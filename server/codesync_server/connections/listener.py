"""The port of the server: websockets and HTTP, with limits on unfinished handshakes."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Origin

from codesync_protocol.errors import Code
from codesync_protocol.limits import HELLO_FRAME_MAX
from codesync_server.access.budgets import Budget, Budgets
from codesync_server.access.limit_reached import LimitReached
from codesync_server.access.memory_by_owner import MemoryByOwner
from codesync_server.configuration.settings import Settings
from codesync_server.connections import descriptors
from codesync_server.connections.client_limits import ClientLimits, TrackedConnection
from codesync_server.connections.connection import Connection
from codesync_server.connections.http_endpoints import HttpEndpoints, head_response, limit_response
from codesync_server.connections.listening_socket import ListeningSocket, bound_sockets
from codesync_server.connections.peer import Peer
from codesync_server.connections.proxies import TrustedProxies
from codesync_server.connections.stranger_turns import StrangerTurns
from codesync_server.connections.tls_handshake import TlsHandshakes
from codesync_server.connections.tls_memory import bound_tls_buffers

OPEN_SECONDS = 5.0
PING_SECONDS = 10.0
PONG_SECONDS = 20.0
"""On a line of 10 kB/s a ping stands behind output for up to 10 s."""
CLOSE_SECONDS = 2.0
WRITE_BUFFER_BYTES = 4 * 1024
"""Above this, a client counts as one that has yet to take what it was sent."""

ACCEPTED_A_TURN = 2
"""New connections in one turn of the loop; then members have theirs."""

INPUT_BYTES_MAX = 64 * 1024 * 1024
"""Input of all clients that is received and not processed. Each connection is bounded, but there
are many: a client that sends most of a large frame, or some pieces of an edit, and then nothing
keeps its bytes here for as long as it likes."""

SWEEP_SECONDS = 1.0
"""How often late handshakes are looked for."""

SWEEPS_A_COUNT = 5
"""Descriptors are counted once in so many sweeps."""

CLOSING_TURNS = 100
"""Turns of the event loop in which the last connections are closed; few suffice."""

log = logging.getLogger(__name__)


class ListenFailed(Exception):
    """The address cannot be listened on; the message says why and what to do."""


class Listener:
    """Accepts clients and keeps track of them.

    Args:
        settings: where to listen.
        pages: answers plain HTTP.
        limits: how many clients there may be.
        budgets: what clients have spent.
        messages: the budget of messages.
        make_peer: makes what serves a websocket.

    Attributes:
        descriptors: the number of descriptors that were open at the last count.
    """

    def __init__(
        self,
        settings: Settings,
        pages: HttpEndpoints,
        limits: ClientLimits,
        budgets: Budgets,
        messages: Budget,
        make_peer: Callable[[Connection], Peer],
    ) -> None:
        self.descriptors = 0
        self._settings = settings
        self._pages = pages
        self._limits = limits
        self._proxies = TrustedProxies(settings.trusted_proxies)
        self._clients: dict[int, TrackedConnection] = {}
        self._make_peer = make_peer
        self._strangers = StrangerTurns()
        self._tls_tasks = set[asyncio.Task[None]]()
        self._connection_type: type[Connection] = type(
            "LimitedConnection",
            (Connection,),
            {
                "budgets": budgets,
                "messages": messages,
                "clients": self._clients,
                "input_memory": MemoryByOwner(INPUT_BYTES_MAX),
                "strangers": self._strangers,
                "tls": None,
                "tasks": self._tls_tasks,
            },
        )
        self._peers: set[Peer] = set()
        self._nobody = asyncio.Event()
        self._nobody.set()
        self._sockets: list[ListeningSocket] = []
        self._servers: list[Server] = []
        self._watching: asyncio.Task[None] | None = None
        self._port = 0

    @property
    def connections(self) -> int:
        """How many websockets are open."""
        return len(self._peers)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self._port

    async def open(self) -> None:
        """Begin to listen.

        Raises:
            ListenFailed: the address is taken, not ours, or the certificate cannot be used.
        """
        settings = self._settings
        self._connection_type.tls = self._tls_handshakes()
        try:
            for plain in await bound_sockets(settings.host, settings.port):
                sock = ListeningSocket(plain, self._limits, self._proxies, self._clients)
                self._port = int(sock.getsockname()[1])
                self._sockets.append(sock)
                self._servers.append(await self._serve(sock))
        except OSError as error:
            raise ListenFailed(
                f"cannot listen on {settings.host}:{settings.port}: {error.strerror or error};"
                " choose another port with --port (0 takes any free one)"
            ) from None
        self._watching = asyncio.get_running_loop().create_task(self._watch())

    def _tls_handshakes(self) -> TlsHandshakes | None:
        context = _tls(self._settings)
        if context is None:
            return None
        return TlsHandshakes(
            context,
            self._strangers,
            handshake_seconds=OPEN_SECONDS,
            shutdown_seconds=CLOSE_SECONDS,
        )

    async def _serve(self, sock: socket.socket) -> Server:
        return await serve(
            self._live,
            sock=sock,
            backlog=ACCEPTED_A_TURN,
            origins=[None, *map(Origin, self._settings.allow_origins)],
            process_request=self._process_request,
            create_connection=self._connection_type,
            compression=None,  # a bomb's fuse, and 44 KiB a member
            max_size=HELLO_FRAME_MAX,  # raised when the hello is accepted
            open_timeout=OPEN_SECONDS,
            ping_interval=PING_SECONDS,
            ping_timeout=PONG_SECONDS,
            close_timeout=CLOSE_SECONDS,
            write_limit=WRITE_BUFFER_BYTES,
            server_header=None,
            logger=logging.getLogger("codesync_server.websocket"),
        )

    def _process_request(self, connection: ServerConnection, request: Request) -> Response | None:
        assert isinstance(connection, Connection)
        client, now = connection.client, connection.loop.time()
        remote = connection.remote_address
        if remote:
            self._limits.identify(client, self._proxies.client_of(str(remote[0]), request.headers))
        try:
            path = request.path.partition("?")[0]
            if path == "/":
                self._limits.request_websocket(client, now)
            else:
                self._limits.request_page(client, path, now)
        except LimitReached as error:
            is_full = error.code is Code.BUSY
            status = HTTPStatus.SERVICE_UNAVAILABLE if is_full else HTTPStatus.TOO_MANY_REQUESTS
            response = limit_response(error, status)
            return head_response(response) if request.method == "HEAD" else response
        return self._pages.answer(request)

    async def _watch(self) -> None:
        """Abort late handshakes, and count descriptors."""
        loop = asyncio.get_running_loop()
        while True:
            self.descriptors = await asyncio.to_thread(descriptors.in_use)
            for _ in range(SWEEPS_A_COUNT):
                await asyncio.sleep(SWEEP_SECONDS)
                self._limits.abort_late(loop.time())

    async def _live(self, connection: ServerConnection) -> None:
        assert isinstance(connection, Connection)
        connection.forget_headers()
        peer = self._make_peer(connection)
        self._peers.add(peer)
        self._nobody.clear()
        try:
            await peer.live()
        except Exception:
            # One client's bug must not be everybody's end.
            log.exception("a connection from %s failed", peer.address)
        finally:
            peer.release()
            self._peers.discard(peer)
            if not self._peers:
                self._nobody.set()

    def dismiss(self, reason: str) -> None:
        """Take no more clients, and say goodbye to those that are here."""
        for sock in self._sockets:
            sock.stop_accepting()
        # asyncio loses a socket that it has accepted if its server is closed in the same turn.
        asyncio.get_running_loop().call_soon(self._close_servers)
        for peer in list(self._peers):
            peer.dismiss(reason)

    def _close_servers(self) -> None:
        for server in self._servers:
            server.close(close_connections=False)

    async def close(self) -> None:
        """End what is left, within CLOSE_SECONDS: a client that does not read is cut."""
        if not self._servers:
            return
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])
        for task in self._tls_tasks:
            task.cancel()
        connections = [each for server in self._servers for each in server.all_connections]
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._nobody.wait()
        for connection in connections:
            connection.transport.abort()
        for server in self._servers:
            await server.wait_closed()
        await self._close_accepted()

    async def _close_accepted(self) -> None:
        """Close the connections that were accepted last, which the library does not know yet."""
        for _ in range(CLOSING_TURNS):
            if not self._clients:
                return
            for client in list(self._clients.values()):
                client.abort()
            await asyncio.sleep(0)


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if settings.tls is None:
        return None
    bound_tls_buffers()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls.certificate, settings.tls.key)
    except (OSError, ssl.SSLError) as error:
        raise ListenFailed(
            f"cannot use the certificate {settings.tls.certificate}: {error};"
            " check --tls-cert and --tls-key (PEM files)"
        ) from None
    return context


def host_names(settings: Settings) -> frozenset[str]:
    """The names that a Host header may have."""
    return frozenset(
        name.lower() for name in (settings.host, socket.gethostname(), *settings.allow_hosts)
    )
