"""The one port: websockets and the few pages, with caps on who may wait at the door."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.frames import CTRL_OPCODES, Frame
from websockets.http11 import Request, Response
from websockets.protocol import Event
from websockets.typing import Origin

from codesync_protocol.limits import HELLO_FRAME_MAX
from codesync_server.access.throttle import Throttle
from codesync_server.connections.http import Pages, page
from codesync_server.connections.peer import Peer
from codesync_server.settings import Settings

OPEN_SECONDS = 5.0
PING_SECONDS = 10.0
CLOSE_SECONDS = 2.0
WRITE_BUFFER_BYTES = 4 * 1024
"""Above this, a client counts as one that has yet to take what it was sent."""

CONTROLS_BURST = 100
CONTROLS_PER_SECOND = 20
"""Pings and pongs of one client; one that sends more is let go."""

log = logging.getLogger(__name__)


class Connection(ServerConnection):
    """A websocket whose pings are counted: each is answered, also when nobody reads the answers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._controls = Throttle(CONTROLS_BURST, CONTROLS_PER_SECOND)

    def process_event(self, event: Event) -> None:
        """Take a request or a frame that came."""
        if isinstance(event, Frame) and event.opcode in CTRL_OPCODES:
            if self.transport.is_closing():
                return
            if not self._controls.allow("", self.loop.time()):
                log.info("%s sends too many pings; let go", self.remote_address)
                self.transport.abort()
                return
        super().process_event(event)


class CannotListen(Exception):
    """The address cannot be listened on; the message says why and what to do."""


class Listener:
    """Accepts clients and keeps track of them.

    Args:
        settings: where and how many.
        pages: answers plain HTTP.
        make_peer: gives a connection its life.
    """

    def __init__(
        self, settings: Settings, pages: Pages, make_peer: Callable[[ServerConnection], Peer]
    ) -> None:
        self._settings = settings
        self._pages = pages
        self._make_peer = make_peer
        self._peers: set[Peer] = set()
        self._nobody = asyncio.Event()
        self._nobody.set()
        self._server: Server | None = None

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._peers)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        assert self._server is not None
        return int(next(iter(self._server.sockets)).getsockname()[1])

    async def open(self) -> None:
        """Begin to listen.

        Raises:
            CannotListen: the address is taken, not ours, or the certificate cannot be used.
        """
        settings = self._settings
        try:
            self._server = await serve(
                self._live,
                settings.host,
                settings.port,
                ssl=_tls(settings),
                origins=[None, *map(Origin, settings.allow_origins)],
                process_request=self._process_request,
                create_connection=Connection,
                compression=None,  # a bomb's fuse, and 44 KiB a member
                max_size=HELLO_FRAME_MAX,  # raised when the hello is accepted
                open_timeout=OPEN_SECONDS,
                ping_interval=PING_SECONDS,
                ping_timeout=PING_SECONDS,
                close_timeout=CLOSE_SECONDS,
                write_limit=WRITE_BUFFER_BYTES,
                server_header=None,
                logger=logging.getLogger("codesync_server.websocket"),
            )
        except OSError as error:
            raise CannotListen(
                f"cannot listen on {settings.host}:{settings.port}: {error.strerror or error};"
                " choose another port with --port (0 takes any free one)"
            ) from None

    def _process_request(self, _: ServerConnection, request: Request) -> Response | None:
        if len(self._peers) >= self._settings.connections_max:
            return page(HTTPStatus.SERVICE_UNAVAILABLE, {"error": "too many connections"})
        return self._pages.answer(request)

    async def _live(self, connection: ServerConnection) -> None:
        peer = self._make_peer(connection)
        self._peers.add(peer)
        self._nobody.clear()
        try:
            await peer.live()
        except Exception:
            # One client's bug must not be everybody's end.
            log.exception("a connection from %s failed", peer.address)
        finally:
            self._peers.discard(peer)
            if not self._peers:
                self._nobody.set()

    def dismiss(self, reason: str) -> None:
        """Take no more clients, and say goodbye to those that are here."""
        if self._server is not None:
            self._server.close(close_connections=False)
        for peer in list(self._peers):
            peer.dismiss(reason)

    async def close(self) -> None:
        """End what is left, within CLOSE_SECONDS: a client that does not read is cut."""
        if self._server is None:
            return
        connections = list(self._server.all_connections)
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._nobody.wait()
        for connection in connections:
            connection.transport.abort()
        await self._server.wait_closed()


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if settings.tls is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls.certificate, settings.tls.key)
    except (OSError, ssl.SSLError) as error:
        raise CannotListen(
            f"cannot use the certificate {settings.tls.certificate}: {error};"
            " check --tls-cert and --tls-key (PEM files)"
        ) from None
    return context


def own_names(settings: Settings) -> frozenset[str]:
    """The names that a Host header may have."""
    return frozenset(
        name.lower() for name in (settings.host, socket.gethostname(), *settings.allow_hosts)
    )
