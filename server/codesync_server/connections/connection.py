"""A client's websocket, with limits on control frames, unread input and HTTP methods."""

import asyncio
import re
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.frames import CTRL_OPCODES, Frame
from websockets.http11 import Response
from websockets.protocol import Event

from codesync_server.access.budgets import Budget, Budgets
from codesync_server.access.limit_reached import LimitReached
from codesync_server.access.token_buckets import Rate
from codesync_server.connections.client_limits import Client
from codesync_server.connections.http_endpoints import head_too_large, method_not_allowed
from codesync_server.connections.input_memory import InputMemory

CONTROLS = Budget("pings and pongs", "frames", member=Rate(100, 20.0))
"""A client that sends more is disconnected."""

FRAMES_BEFORE_JOINING = 50
"""Frames of any kind of a connection that is not a member's; a client needs two."""

HEAD_BYTES = 16 * 1024
"""The largest head of an HTTP request. The library takes 1 MiB, and costs milliseconds for it."""

SLICE_BYTES = 16 * 1024
"""Input is parsed in slices: a frame of 6 bytes takes 300 once it is parsed, so what is not read
yet must stay bytes."""

SLICE_BEFORE_JOINING_BYTES = 1024
"""The same before a client is a member: a slice of empty fragments costs 7 µs for each 6 bytes, and
frames are counted after their slice is parsed."""

QUEUED_BYTES = 64 * 1024
"""Parsed messages that nobody has read; beyond this, a client is not read from."""

METHODS = (b"GET ", b"HEAD ")
_METHOD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40} ")


class Connection(ServerConnection):
    """A client's websocket. Set `budgets`, `clients` and `input_memory` in a subclass.

    Attributes:
        budgets: what clients have spent.
        clients: the clients by their descriptors.
        input_memory: the unprocessed input of all clients.
    """

    budgets: Budgets
    clients: dict[int, Client]
    input_memory: InputMemory

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._client: Client | None = None
        self._frames = 0  # before it joined
        self._head: bytes | None = b""  # what was received before the method is known; then None
        self._head_bytes = 0
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
                self._end_with(method_not_allowed())
                return
        self._unparsed += data
        self._parse()
        if not self.transport.is_closing():
            self.input_memory.update(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the input of a client that is gone."""
        self._unparsed.clear()
        self.input_memory.remove(self)
        super().connection_lost(exc)

    @property
    def held_bytes(self) -> int:
        """Bytes that were received from the client and are not processed yet."""
        queued = sum(len(each.data) for each in self.recv_messages.frames.queue)
        fragments = self.protocol.current_size or 0
        return len(self._unparsed) + len(self.protocol.reader.buffer) + queued + fragments

    def drop_input(self) -> None:
        """Disconnect the client at once: the memory for input is full."""
        self.logger.info("%s has too much unprocessed input; disconnected", self.remote_address)
        self.transport.abort()

    def _parse(self) -> None:
        while self._unparsed and not self.recv_messages.paused:
            if self.transport.is_closing():
                self._unparsed.clear()
                return
            size = SLICE_BYTES if self.client.is_joined else SLICE_BEFORE_JOINING_BYTES
            part = bytes(self._unparsed[:size])
            del self._unparsed[:size]
            super().data_received(part)
            if self.request is None and not self._is_head_small(len(part)):
                self._unparsed.clear()
                if self.protocol.handshake_exc is None:
                    self._end_with(head_too_large())
                else:  # the library has answered, or has nothing to answer
                    self.transport.abort()
                return
            self._pause_if_full()

    def _is_head_small(self, received: int) -> bool:
        """Count bytes of a head that is not complete yet."""
        self._head_bytes += received
        return self._head_bytes < HEAD_BYTES

    def _end_with(self, response: Response) -> None:
        self.transport.write(response.serialize())
        self.transport.close()

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
        if isinstance(event, Frame):
            if self.transport.is_closing():
                return
            if not self._may_send(event):
                self.logger.info("%s sends too many frames; disconnected", self.remote_address)
                self.transport.abort()
                return
        super().process_event(event)

    def _may_send(self, frame: Frame) -> bool:
        """Count a frame; those of a member that are not control frames are charged later."""
        if not self.client.is_joined:
            self._frames += 1
            return self._frames <= FRAMES_BEFORE_JOINING
        if frame.opcode not in CTRL_OPCODES:
            return True
        try:
            self.budgets.charge(CONTROLS, self.client.payer, 1, self.loop.time())
        except LimitReached:
            return False
        return True
