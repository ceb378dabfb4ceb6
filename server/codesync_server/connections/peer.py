"""Serves one client: handshake, welcome, then frames in both directions until the end."""

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count

from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from codesync_protocol.codec import encode
from codesync_protocol.ends import ServerEnd
from codesync_protocol.errors import Code, FrameError
from codesync_protocol.limits import FRAME_MAX
from codesync_protocol.messages import Fault, Hello, Member, Refused, Role, Welcome
from codesync_server.access.budgets import Budget, Budgets, member_budget
from codesync_server.access.limit_reached import LimitReached
from codesync_server.access.memory_by_owner import MemoryByOwner
from codesync_server.access.payer import Payer
from codesync_server.access.token_buckets import Rate
from codesync_server.connections.admission import Admission
from codesync_server.connections.client_limits import ClientLimits
from codesync_server.connections.connection import Connection
from codesync_server.connections.handshake import Handshake
from codesync_server.connections.outbox import Outbox
from codesync_server.connections.websocket_frames import FrameCache
from codesync_server.rooms.commands.dispatch import CommandDispatcher
from codesync_server.rooms.member_places import RoomFull
from codesync_server.rooms.room import Room
from codesync_server.rooms.seat import Seat

PROGRESS_SECONDS = 10.0
"""How long one frame may take to leave; a client that takes longer is let go, and may return."""

LEAVING_SECONDS = 5.0
"""Seconds that the remaining messages of an ended connection may take. Delays of a member in debt
must not keep the member in the room for longer; a client sends unconfirmed edits again."""

UNSENT_BYTES = 32 * 1024
"""What the kernel holds of what is not on the way yet. Its own choice is megabytes, which a slow
line takes minutes for; what comes later, however urgent, would stand behind them."""

MESSAGES_A_TURN = 16
"""Of those that are here already; then others have their turn."""

MESSAGE_BYTES = 16 * 1024
"""So many bytes of a frame cost as much as another message."""

log = logging.getLogger(__name__)


def message_budget(per_second: float) -> Budget:
    """Make the budget of messages; members beyond it are read more slowly.

    Args:
        per_second: messages of one member; a class with one invite may send eight times as many.
    """
    member = Rate(4 * per_second, per_second)
    return member_budget("messages", "messages", member=member, origin=member.times(8))


MISSED = Budget(
    "missed events",
    "events",
    invite=Rate(100_000, 2000.0),
    room=Rate(100_000, 2000.0),
    member=Rate(20_000, 200.0),
)
"""Events that are sent again to members who come back: up to KEPT_EVENTS at each return."""

FRAMES_A_TURN = 16
"""Frames that one client is sent in a row; then others have their turn."""


_FRAMES = FrameCache()

MakeWelcome = Callable[[Room, Member, Role, int, bool, int], Welcome]
MakeActions = Callable[[Seat], CommandDispatcher]


class Peer:
    """One client.

    Args:
        connection: its websocket.
        admission: decides whether it may enter.
        limits: how many members there may be.
        budgets: what clients have spent.
        messages: the budget of messages.
        memory: of all outboxes.
        make_welcome: describes a room to a new member.
        make_actions: gives a member a hand.
    """

    def __init__(
        self,
        connection: Connection,
        admission: Admission,
        limits: ClientLimits,
        budgets: Budgets,
        messages: Budget,
        memory: MemoryByOwner,
        make_welcome: MakeWelcome,
        make_actions: MakeActions,
    ) -> None:
        self._connection = connection
        self._admission = admission
        self._limits = limits
        self._budgets = budgets
        self._messages = messages
        self._make_welcome = make_welcome
        self._make_actions = make_actions
        self._end = ServerEnd()
        self._outbox = Outbox(send_now=self._send_now, memory=memory, abort=self._abort)

    @property
    def address(self) -> str:
        """The identity of its network address."""
        return self._connection.client.payer.address

    def dismiss(self, reason: str) -> None:
        """End the connection when what waits now has been sent."""
        self._outbox.close(reason)

    def release(self) -> None:
        """Give the memory of the outbox back: the connection has ended."""
        self._outbox.release()

    async def live(self) -> None:
        """Serve it until it goes."""
        handshake = Handshake(self._connection, self._end, self._admission, self.address)
        entry = await self._connection.strangers.metered(handshake.run())
        if entry is None:
            return
        hello, (room, role, issued, version, payer) = entry
        key = payer.member
        try:
            self._limits.join(self._connection.client, payer, asyncio.get_running_loop().time())
            self._outbox.assign(payer)
            member = room.enter(key, hello.name, role, self._outbox, issued, payer)
        except LimitReached as error:
            await handshake.refuse(Refused(Code.BUSY, error.reason, ""))
            return
        except RoomFull as error:
            await handshake.refuse(Refused(Code.BUSY, str(error), "Try again in a minute."))
            return
        try:
            self._end.admit()
            _limit_socket_buffer(self._connection.transport)
            self._connection.protocol.max_message_size = FRAME_MAX
            seat = Seat(room, key, self._outbox, payer)
            self._welcome(seat, member, version, hello)
            await self._serve(seat)
        finally:
            room.leave(key, self._outbox, asyncio.get_running_loop().time())

    def _welcome(self, seat: Seat, member: Member, version: int, hello: Hello) -> None:
        missed = self._missed(seat, hello)
        edits_taken = seat.room.identity(seat.key).edits_published
        resumed = missed is not None
        role = Role(member.role)
        welcome = self._make_welcome(seat.room, member, role, version, resumed, edits_taken)
        # The member is in the room already, so what happens from now on waits behind this.
        self._outbox.put_first(*seat.room.welcome.frames(welcome))
        for frame in missed or ():
            self._outbox.put_event(frame, may_skip=False)

    def _missed(self, seat: Seat, hello: Hello) -> Sequence[bytes] | None:
        """Find the events that a member missed; None: it gets the room as it is now.

        A member that comes back again and again gets the room as it is now, too: that costs less
        than thousands of events.
        """
        missed = seat.room.log.since(hello.epoch, hello.seq) if hello.epoch else None
        if missed:
            now = asyncio.get_running_loop().time()
            try:
                self._budgets.charge(MISSED, seat.payer, len(missed), now)
            except LimitReached:
                return None
        return missed

    async def _serve(self, seat: Seat) -> None:
        actions = self._make_actions(seat)
        loop = asyncio.get_running_loop()
        writer = loop.create_task(self._write())
        writer.add_done_callback(self._writer_ended)
        self._connection.waiting_bytes = lambda: actions.unprocessed_bytes
        command_queue = loop.create_task(actions.command_queue.run())
        try:
            await self._read_until_lost(actions, seat.payer)
        except ConnectionClosed:
            pass
        finally:
            await actions.command_queue.end()
            await asyncio.wait([command_queue])  # each of them is bounded
            actions.leave()
            if self._outbox.closing:
                await asyncio.wait([writer], timeout=PROGRESS_SECONDS)
            writer.cancel()
            await asyncio.wait([writer])

    def _writer_ended(self, writer: "asyncio.Task[None]") -> None:
        """Let a client go to whom we cannot speak any more; it comes back, and all is well."""
        if not writer.cancelled() and (error := writer.exception()):
            log.error("cannot write to %s", self.address, exc_info=error)
            self._connection.transport.abort()

    async def _read_until_lost(self, actions: CommandDispatcher, payer: Payer) -> None:
        clock = asyncio.get_running_loop().time
        leaving = asyncio.timeout(None)
        try:
            async with leaving:
                self._connection.on_lost = lambda: leaving.reschedule(clock() + LEAVING_SECONDS)
                await self._read(actions, payer)
        except TimeoutError:
            if not leaving.expired():
                raise
        finally:
            self._connection.on_lost = lambda: None

    async def _read(self, actions: CommandDispatcher, payer: Payer) -> None:
        clock = asyncio.get_running_loop().time
        for turn in count(1):
            frame = await self._connection.recv()
            if not turn % MESSAGES_A_TURN:
                await asyncio.sleep(0)
            cost = 1 + len(frame) / MESSAGE_BYTES
            if delay := self._budgets.delay(self._messages, payer, cost, clock()):
                await asyncio.sleep(delay)
            try:
                message = self._end.receive(frame)
            except FrameError as error:
                fault = Fault(error.code, error.reason, fatal=error.fatal)
                self._outbox.put_reply(encode(fault))
                if error.fatal:
                    self._outbox.close(error.reason)
                    return
                continue
            await actions.dispatch(message)
            if actions.unprocessed_bytes:
                self._connection.count_input()

    async def _write(self) -> None:
        with suppress(ConnectionClosed):
            try:
                for turn in count(1):
                    if (frame := await self._next_frame()) is None:
                        break
                    self._send(frame)
                    if not turn % FRAMES_A_TURN:
                        await asyncio.sleep(0)
            except TimeoutError:
                log.info("%s takes nothing; let go", self.address)
                self._connection.transport.abort()
                return
            if self._outbox.overflowed:
                log.info("%s does not keep up; let go", self.address)
                self._connection.transport.abort()
            else:
                await self._connection.close(1001, self._outbox.closing[:100])

    def _send(self, frame: bytes) -> None:
        """Send without waiting, like `broadcast` of the library, which has no API for one frame."""
        if self._connection.protocol.state is not State.OPEN:
            return
        transport = self._connection.transport
        transport.write(_FRAMES.binary(frame))
        waiting = transport.get_write_buffer_size()
        if waiting or self._outbox.in_flight:
            self._outbox.set_in_flight(waiting)

    def _abort(self) -> None:
        log.info("%s does not keep up, and the memory for outboxes is full; let go", self.address)
        self._connection.transport.abort()

    def _send_now(self, frame: bytes) -> bool:
        if self._connection.transport.get_write_buffer_size():
            return False
        self._send(frame)
        return True

    async def _next_frame(self) -> bytes | None:
        """Choose what to send as late as possible: something urgent may still come.

        Raises:
            TimeoutError: it takes nothing.
        """
        if self._connection.transport.get_write_buffer_size():
            async with asyncio.timeout(PROGRESS_SECONDS):
                await self._connection.drain()
            self._outbox.set_in_flight(self._connection.transport.get_write_buffer_size())
        return await self._outbox.next_frame()


def _limit_socket_buffer(transport: asyncio.BaseTransport) -> None:
    """Keep the kernel from taking more than it can soon send."""
    sock = transport.get_extra_info("socket")
    if sock is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
        with suppress(OSError):  # the connection was reset meanwhile
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
