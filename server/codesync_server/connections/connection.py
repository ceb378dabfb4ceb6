"""A client's websocket, with limits on control frames, unread input and HTTP methods."""

import asyncio
import logging
import re
from collections.abc import Callable
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.frames import CTRL_OPCODES, Frame
from websockets.http11 import Request, Response
from websockets.protocol import CONNECTING, Event

from codesync_protocol.limits import FRAME_MAX, HELLO_FRAME_MAX
from codesync_server.access.budgets import Budget, Budgets
from codesync_server.access.limit_reached import LimitReached
from codesync_server.access.memory_by_owner import MemoryByOwner
from codesync_server.access.token_buckets import Rate
from codesync_server.connections.client_limits import TrackedConnection
from codesync_server.connections.frame_slices import FrameSlices
from codesync_server.connections.http_endpoints import head_too_large, method_not_allowed
from codesync_server.connections.reference_cycles import do_nothing, forget_reader
from codesync_server.connections.stranger_turns import StrangerTurns, WaitingInput
from codesync_server.connections.tls_handshake import TlsGate, TlsHandshakes

CONTROLS = Budget("pings and pongs", "frames", member=Rate(100, 20.0))
"""A client that sends more is disconnected."""

FRAMES_BEFORE_JOINING = 50
"""Frames of any kind of a connection that is not a member's; a client needs two."""

HEAD_BYTES = 16 * 1024
"""The largest head of an HTTP request. The library takes 1 MiB, and costs milliseconds for it."""

HEAD_SLICE_BYTES = 1024
"""A head is parsed in slices, because the library has no limit of HEAD_BYTES."""

BYTES_BEFORE_JOINING = 2 * HELLO_FRAME_MAX
"""Input behind the head of a connection that is not a member's: a hello and a proof."""

FRAGMENTS_MAX = 16
"""Frames of one message. Our clients send one; a proxy may divide it."""

FRAME_OVERHEAD_BYTES = 300
"""The memory of a parsed frame beyond its data."""

BYTES_AFTER_THE_END = 2 * FRAME_MAX
"""Input that is dropped when a member's websocket has failed, until the member reads that."""

QUEUED_BYTES = 64 * 1024
"""Parsed messages that nobody has read; beyond this, a client is not read from."""

_HANDLED_REQUEST = Request("/", Headers())

METHODS = (b"GET ", b"HEAD ")
_METHOD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40} ")


def _no_bytes() -> int:
    return 0


class Connection(ServerConnection):
    """A client's websocket. Set the class attributes in a subclass.

    Attributes:
        budgets: what clients have spent.
        messages: the budget that members pay fragments from.
        clients: the clients by their descriptors.
        input_memory: the unprocessed input of all clients.
        strangers: decides when input of clients that are not members is handled.
        tls: performs TLS handshakes; None without TLS.
        tasks: the running TLS handshakes.
        waiting_bytes: returns the bytes of messages that were read and are not processed yet.
        on_lost: is called when the connection has ended.
    """

    budgets: Budgets
    messages: Budget
    clients: dict[int, TrackedConnection]
    input_memory: MemoryByOwner
    strangers: StrangerTurns
    tls: TlsHandshakes | None
    tasks: set[asyncio.Task[None]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(self.logger, logging.LoggerAdapter):  # it refers to this connection
            self.logger = self.protocol.logger = self.logger.logger
        self._client: TrackedConnection | None = None
        self._tcp: asyncio.Transport | None = None
        self._gate: TlsGate | None = None
        self._has_begun = False
        self._frames = 0  # before it joined
        self._is_method_known = False
        self._head_bytes = 0
        self._head_end = b""  # its last bytes so far
        self._unparsed = bytearray()
        self._turn: WaitingInput | None = None  # in which it is parsed
        self._slices = FrameSlices()
        self._fragments = 0  # parsed frames of a message that is not complete
        self._bytes_before_joining = 0
        self._bytes_after_the_end = 0
        self._input = self.input_memory.account(self._free_input)
        self.waiting_bytes: Callable[[], int] = _no_bytes
        self.on_lost: Callable[[], None] = do_nothing

    @property
    def client(self) -> TrackedConnection:
        """The TCP connection as the limits know it."""
        assert self._client is not None, "it is connected"
        return self._client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over a connection; with TLS, the websocket begins after the TLS handshake."""
        assert isinstance(transport, asyncio.Transport)
        self._tcp = transport
        self._client = self.clients.get(transport.get_extra_info("socket").fileno())
        if self._client is not None:
            self._client.abort = transport.abort
        if self.tls is None or self._client is None:
            self._begin(transport)
            return
        task = self.loop.create_task(self._begin_encrypted(transport, self.tls))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _begin_encrypted(self, transport: asyncio.Transport, tls: TlsHandshakes) -> None:
        client = self.client
        self._gate = tls.gate(
            transport,
            client.payer.address,
            is_joined=lambda: client.is_joined,
            is_held=lambda: self._is_held,
        )
        encrypted = await tls.perform(transport, self, self._gate)
        if encrypted is not None:
            self._begin(encrypted)
            self._parse_in_turn()
        else:
            self._break_cycles()

    def _begin(self, transport: asyncio.Transport) -> None:
        self._has_begun = True
        super().connection_made(transport)
        self.recv_messages.resume = self._resume

    @property
    def _is_held(self) -> bool:
        """Whether decrypted input cannot be taken now."""
        return self._turn is not None or (self._has_begun and self.recv_messages.paused)

    def eof_received(self) -> None:
        """Take the end of the input."""
        if self._has_begun:
            super().eof_received()

    def data_received(self, data: bytes) -> None:
        """Take what was received."""
        if not self._has_begun:  # it came with the last part of the TLS handshake
            self._unparsed += data
            return
        if self._is_excess(len(data)):
            self.transport.abort()
            return
        if self._is_over:
            return
        self._unparsed += data
        if self._gate is None:
            self._parse_in_turn()
        else:
            self._parse()  # it is its turn
        self.count_input()

    def _parse_in_turn(self) -> None:
        """Parse the input of a member at once, and that of others when it is their turn."""
        if self._turn is not None:
            return
        if self.client.is_joined:
            self._parse()
        elif self._unparsed:
            self.transport.pause_reading()
            self._turn = self.strangers.put(self.client.payer.address, self._take_turn)

    def _take_turn(self) -> None:
        self._turn = None
        self._parse()
        self.count_input()
        self._resume_reading()

    def _resume_reading(self) -> None:
        if self._is_held or self.transport.is_closing():  # closed TLS raises AttributeError
            return
        self.transport.resume_reading()
        if self._gate is not None:
            self._gate.resume()

    def forget_headers(self) -> None:
        """Free the request and the response of the handshake, some 3 KB for each member."""
        self.request = _HANDLED_REQUEST
        self.response = None

    @property
    def _is_over(self) -> bool:
        """Whether nothing that arrives counts any more: the websocket has failed, or ended."""
        return self.protocol.eof_sent

    def _is_excess(self, size: int) -> bool:
        """Count input that a client has no reason to send."""
        if self.request is not None and not self.client.is_joined:
            self._bytes_before_joining += size
            return self._bytes_before_joining > BYTES_BEFORE_JOINING
        if self._is_over:
            self._bytes_after_the_end += size
        return self._bytes_after_the_end > BYTES_AFTER_THE_END

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the input of a client that is gone."""
        self._unparsed.clear()
        if self._turn is not None:
            self._turn.cancel()
        self._input.close()
        if self._has_begun:
            super().connection_lost(exc)
        self.on_lost()
        self._break_cycles()

    def _break_cycles(self) -> None:
        """Give up the references through which the objects of this connection refer to themselves.

        Otherwise only the garbage collector frees them. A full collection stops the event loop
        for 100 ms and more when thousands of connections have ended.
        """
        self.waiting_bytes, self.on_lost = _no_bytes, do_nothing
        self._input.free = do_nothing
        for error in (self.protocol.parser_exc, self.protocol.handshake_exc, self.connection_exc):
            if error is not None:
                error.__traceback__ = None
        if self._has_begun:
            self.recv_messages.pause = self.recv_messages.resume = do_nothing
        if self._client is not None:
            self._client.abort = do_nothing
        if self._tcp is not None:
            forget_reader(self._tcp)
            self._tcp = self._gate = None

    def count_input(self) -> None:
        """Count what is unprocessed now; a connection that ends holds nothing."""
        if not self.transport.is_closing():
            self._input.assign(self.client.payer)
            self._input.adjust(self._unprocessed_bytes - self._input.size)
            self._input.make_room()

    @property
    def _unprocessed_bytes(self) -> int:
        """Bytes that were received from the client and are not processed yet."""
        queue = self.recv_messages.frames.queue
        data = sum(len(each.data) for each in queue) + (self.protocol.current_size or 0)
        frames = FRAME_OVERHEAD_BYTES * (len(queue) + self._fragments)
        unread = len(self._unparsed) + len(self.protocol.reader.buffer)
        return unread + data + frames + self.waiting_bytes()

    def _free_input(self) -> None:
        """Report what was processed since the last count; if nothing was, disconnect the client."""
        processed = self._input.size - self._unprocessed_bytes
        if processed > 0:
            self._input.adjust(-processed)
            return
        self._input.close()
        self.logger.info("%s has too much unprocessed input; disconnected", self.remote_address)
        self.transport.abort()

    def _parse(self) -> None:
        while self._unparsed and not self.recv_messages.paused:
            if self.transport.is_closing() or self._is_over:
                self._unparsed.clear()
                return
            if self.request is None:
                if not (self._is_method_known or self._parse_method()) or not self._parse_head():
                    return
            elif self.protocol.state is CONNECTING:
                self._unparsed.clear()  # a client waits for the response (RFC 6455, 4.1)
            elif size := self._slices.next_size(self._unparsed):
                self._feed(size)
                self._pause_if_full()
            else:
                return  # the next frame has no complete length yet
        if self._is_over and not self.client.is_joined and self.protocol.parser_exc:
            self.transport.close()  # what is read from a stranger costs more than what it learns

    def _parse_method(self) -> bool:
        """Look at the method of the request; return whether it is known now, and right."""
        if len(self._unparsed) < len(b"HEAD "):
            return False
        self._is_method_known = True
        if self._unparsed.startswith(METHODS) or not _METHOD.match(self._unparsed):
            return True
        self._unparsed.clear()
        self._end_with(method_not_allowed())
        return False

    def _parse_head(self) -> bool:
        """Have the next slice of the head parsed; return whether that can go on."""
        known = self._head_end
        recent = known + self._unparsed[:HEAD_SLICE_BYTES]
        end = recent.find(b"\r\n\r\n")
        size = len(recent) - len(known) if end < 0 else end + 4 - len(known)
        self._head_end = bytes(recent[-3:])
        self._feed(size)
        if self.request is not None or self._is_head_small(size):
            return True
        self._unparsed.clear()
        if self.protocol.handshake_exc is None:
            self._end_with(head_too_large())
        else:  # the library has answered, or has nothing to answer
            self.transport.abort()
        return False

    def _feed(self, size: int) -> None:
        """Have the library parse the first bytes of the input."""
        part = bytes(self._unparsed[:size])
        del self._unparsed[:size]
        super().data_received(part)

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
        self._parse_in_turn()
        self._resume_reading()

    async def handshake(self, *args: Any, **kwargs: Any) -> None:
        """Answer the request, at the expense of strangers."""
        await self.strangers.metered(super().handshake(*args, **kwargs))

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
        """Count and charge a frame; the last one of a message is charged when it is read."""
        if frame.opcode not in CTRL_OPCODES:
            self._fragments = 0 if frame.fin else self._fragments + 1
            if self._fragments >= FRAGMENTS_MAX:
                return False
        if not self.client.is_joined:
            self._frames += 1
            return self._frames <= FRAMES_BEFORE_JOINING
        now = self.loop.time()
        if frame.opcode in CTRL_OPCODES:
            try:
                self.budgets.charge(CONTROLS, self.client.payer, 1, now)
            except LimitReached:
                return False
        elif not frame.fin:
            self.budgets.delay(self.messages, self.client.payer, 1, now)
        return True
