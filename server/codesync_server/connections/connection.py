"""A client's websocket, with limits on control frames, unread input and HTTP methods."""

import asyncio
import re
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.frames import CTRL_OPCODES, Frame
from websockets.protocol import Event

from codesync_server.access.budgets import Budget, Budgets
from codesync_server.access.exhausted import Exhausted
from codesync_server.access.token_buckets import Rate
from codesync_server.connections.client_limits import Client
from codesync_server.connections.http import method_not_allowed

CONTROLS = Budget("pings and pongs", "frames", member=Rate(100, 20.0))
"""A client that sends more is disconnected."""

CONTROLS_BEFORE_JOINING = 50
"""Control frames of a connection that is not a member's; a client needs none yet."""

SLICE_BYTES = 16 * 1024
"""Input is parsed in slices: a frame of 6 bytes takes 300 once it is parsed, so what is not read
yet must stay bytes."""

QUEUED_BYTES = 64 * 1024
"""Parsed messages that nobody has read; beyond this, a client is not read from."""

METHODS = (b"GET ", b"HEAD ")
_METHOD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40} ")


class Connection(ServerConnection):
    """A client's websocket. Set `budgets` and `clients` in a subclass.

    Attributes:
        budgets: what clients have spent.
        clients: the clients by their descriptors.
    """

    budgets: Budgets
    clients: dict[int, Client]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._client: Client | None = None
        self._controls = 0
        self._head: bytes | None = b""  # what was received before the method is known; then None
        self._unparsed = bytearray()

    @property
    def client(self) -> Client:
        """The TCP connection as the limits know it."""
        assert self._client is not None, "it is connected"
        return self._client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over a connection, after its TLS handshake."""
        descriptor = transport.get_extra_info("socket").fileno()
        self._client = self.clients.get(descriptor)
        if self._client is not None:
            assert isinstance(transport, asyncio.Transport)
            self._client.abort = transport.abort
        super().connection_made(transport)
        self.recv_messages.resume = self._resume

    def data_received(self, data: bytes) -> None:
        """Take what was received."""
        if self._head is not None:
            data = self._head + data
            if len(data) < len(b"HEAD "):
                self._head = data
                return
            self._head = None
            if not data.startswith(METHODS) and _METHOD.match(data):
                self.transport.write(method_not_allowed().serialize())
                self.transport.close()
                return
        self._unparsed += data
        self._parse()

    def _parse(self) -> None:
        while self._unparsed and not self.recv_messages.paused:
            if self.transport.is_closing():
                self._unparsed.clear()
                return
            part = bytes(self._unparsed[:SLICE_BYTES])
            del self._unparsed[:SLICE_BYTES]
            super().data_received(part)
            self._pause_if_full()

    def _pause_if_full(self) -> None:
        """Pause also for bytes: the library counts frames only."""
        queue = self.recv_messages
        if not queue.paused and sum(len(each.data) for each in queue.frames.queue) > QUEUED_BYTES:
            queue.paused = True
            self.transport.pause_reading()

    def _resume(self) -> None:
        self._parse()
        if not self.recv_messages.paused:
            self.transport.resume_reading()

    def process_event(self, event: Event) -> None:
        """Take a request or a frame."""
        if isinstance(event, Frame) and event.opcode in CTRL_OPCODES:
            if self.transport.is_closing():
                return
            if not self._may_control():
                self.logger.info("%s sends too many pings; disconnected", self.remote_address)
                self.transport.abort()
                return
        super().process_event(event)

    def _may_control(self) -> bool:
        if not self.client.is_joined:
            self._controls += 1
            return self._controls <= CONTROLS_BEFORE_JOINING
        try:
            self.budgets.charge(CONTROLS, self.client.payer, 1, self.loop.time())
        except Exhausted:
            return False
        return True
