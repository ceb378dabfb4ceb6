"""The connection of a room: opens it, serves it, and reconnects after a cut."""

import asyncio
import math
from collections.abc import Iterator
from contextlib import suppress
from typing import Protocol, TypeVar

from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from codesync_client.connection import backoff
from codesync_client.connection.client_handshake import ClientHandshake
from codesync_client.connection.dial import CountingConnection, DialOptions, dial
from codesync_client.connection.patience import patient_timeout
from codesync_client.errors import CannotConnect, CheckFailed, EntryRefused
from codesync_protocol.codec import encode
from codesync_protocol.ends import ClientEnd, State
from codesync_protocol.errors import Code, FrameError
from codesync_protocol.messages import (
    Challenge,
    ClientMessage,
    Fault,
    Refused,
    ServerMessage,
    Welcome,
    WelcomePart,
)
from codesync_protocol.paging import join_welcome

WELCOME_SECONDS = 10.0
"""Time limit of the whole handshake."""

LEAVE_SECONDS = 2.0
"""Time limit of the closing handshake."""

NONSENSE_MAX = 3
"""Connections in a row that the server ends with invalid messages, before the client gives up."""

SOUND_SECONDS = 60.0
"""A connection that was valid for this time does not count among them."""

_NONSENSE = frozenset(
    {
        CloseCode.PROTOCOL_ERROR,
        CloseCode.UNSUPPORTED_DATA,
        CloseCode.INVALID_DATA,
        CloseCode.MESSAGE_TOO_BIG,
    }
)

_PASSING = frozenset({Code.BUSY, Code.DRAINING, Code.UNKNOWN_MEMBER})

_BEFORE_PROOF = frozenset({Code.VERSION})
"""Refusals without a proof. They end reconnecting if TLS identifies the server."""

UNPROVED_WAIT_MAX = 15.0
"""Largest pause that a server can request if neither TLS nor a proof identifies it."""


_Answer = TypeVar("_Answer", Challenge, Welcome)


class ConnectionOwner(Protocol):
    """The object that uses a reconnecting connection."""

    def seen(self) -> tuple[str, int]:
        """Return the epoch and the last event that were seen; "" and 0 on the first visit."""
        ...

    def forgotten(self) -> None:
        """Prepare for entering as a new member, because the server does not know this one."""
        ...

    def parts(self) -> Iterator[ClientMessage]:
        """Yield the messages that may be sent now."""
        ...

    def receive(self, message: ServerMessage) -> None:
        """Receive a message."""
        ...

    async def settle(self) -> None:
        """Complete slow work before further messages are read.

        Raises:
            FrameError: the received frame is invalid.
            CheckFailed: this machine cannot do it now.
        """
        ...

    def restored(self, welcome: Welcome) -> None:
        """Continue with a new connection."""
        ...

    def cut(self, reason: str, retry_in: float | None) -> None:
        """Handle a cut; None means that there will be no reconnect."""
        ...


class ReconnectingConnection:
    """Keeps one connection at a time to one server.

    Attributes:
        connected: whether a connection is open.
    """

    def __init__(
        self, entry: ClientHandshake, options: DialOptions, owner: ConnectionOwner
    ) -> None:
        self.connected = False
        self._entry = entry
        self._server = entry.server
        self._has_tls = entry.server.startswith("wss://")
        self._options = options
        self._owner = owner
        self._wake = asyncio.Event()
        self._websocket: CountingConnection | None = None
        self._end = ClientEnd()
        self._is_proved = False  # the other end of the latest connection is our server
        self._nonsense = 0
        self._raved = False
        self._is_settling = False  # nothing is read now

    def wake(self) -> None:
        """Signal that there may be messages to send."""
        self._wake.set()

    async def open(self) -> Welcome:
        """Connect, verify the server, and enter.

        Returns:
            The server's welcome.

        Raises:
            CannotConnect: nobody answers, or not as a server should.
            ServerNotProved: whoever answers does not know the secret of our link.
            EntryRefused: the server refuses entry.
        """
        websocket = await dial(self._server, self._options)
        self._end = ClientEnd()
        self._is_proved = False
        try:
            async with patient_timeout(WELCOME_SECONDS):
                first = await self._handshake(websocket)
            welcome = await self._complete(first, websocket)
        except (TimeoutError, FrameError, ConnectionClosed, OSError) as error:
            websocket.transport.abort()
            why = "no answer" if isinstance(error, TimeoutError) else str(error)
            raise CannotConnect(
                f"{self._server} refused the connection: {why}",
                "check that the address is a CodeSync server's",
            ) from None
        except BaseException:
            websocket.transport.abort()
            raise
        self._websocket = websocket
        self.connected = True
        return welcome

    async def _complete(self, first: Welcome, websocket: CountingConnection) -> Welcome:
        """Receive the further parts of a welcome.

        Returns:
            The whole welcome: nothing of the room is shown before all of it is there.
        """
        parts: list[WelcomePart] = []
        while self._end.state is State.ENTERING:
            async with patient_timeout(WELCOME_SECONDS):
                part = self._end.receive(await websocket.recv())
            if not isinstance(part, WelcomePart):
                raise FrameError(Code.OUT_OF_TURN, getattr(part, "reason", "no welcome"))
            parts.append(part)
        return join_welcome(first, parts)

    async def _handshake(self, websocket: CountingConnection) -> Welcome:
        hello = encode(self._entry.hello(*self._owner.seen()))
        await websocket.send(hello)
        challenge = self._expected(self._end.receive(await websocket.recv()), Challenge)
        proof = self._entry.prove(hello, challenge)  # before anything more is sent
        self._end.prove()
        self._is_proved = True
        await websocket.send(encode(proof))
        return self._expected(self._end.receive(await websocket.recv()), Welcome)

    def _expected(self, answer: ServerMessage, kind: type[_Answer]) -> _Answer:
        match answer:
            case Refused():
                raise self._entry.refusal(answer)
            case Fault(reason=reason):
                raise CannotConnect(f"{self._server} refused the connection: {reason}")
            case _:
                assert isinstance(answer, kind)  # the end lets nothing else through
                return answer

    async def stay(self) -> None:
        """Serve connections, one after the other, until the client gives up.

        That is when it refuses entry for good, or repeatedly sends invalid data.
        """
        loop = asyncio.get_running_loop()
        try:
            while True:
                began, before = loop.time(), self._nonsense
                reason = await self._serve()
                self.connected = False
                if loop.time() - began > SOUND_SECONDS:
                    before = 0
                self._nonsense = before + 1 if self._raved else 0
                if self._nonsense == NONSENSE_MAX:
                    raise CannotConnect(f"{self._server} repeatedly sends invalid data: {reason}")
                await self._restore(reason)
        except (CannotConnect, EntryRefused) as error:
            self._owner.cut(error.reason, None)
        finally:
            self.connected = False

    async def leave(self) -> None:
        """Close the connection, with a closing handshake if possible."""
        self.connected = False
        if self._websocket is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(LEAVE_SECONDS):
                    await self._websocket.close()
            self._websocket.transport.abort()

    async def _restore(self, reason: str) -> None:
        least = 0.0
        for backed_off in backoff.delays():
            delay = max(backed_off, least)
            self._owner.cut(reason, delay)
            await asyncio.sleep(delay)
            try:
                self._owner.restored(await self.open())
            except CannotConnect as error:
                if error.is_final and self._has_tls:
                    raise
                wait_max = math.inf if self._has_tls else UNPROVED_WAIT_MAX
                reason, least = error.reason, min(error.retry_after, wait_max)
            except EntryRefused as error:
                if self._ends_a_return(error.code):
                    raise
                if self._is_proved and error.code is Code.UNKNOWN_MEMBER:
                    self._entry.replace_key()
                    self._owner.forgotten()
                reason, least = error.reason, 0.0
            else:
                return

    def _ends_a_return(self, code: Code) -> bool:
        """Tell whether a refusal is final.

        A process that took over the port may say anything; the real server may come back.
        """
        if not self._is_proved:
            return self._has_tls and code in _BEFORE_PROOF
        return code not in _PASSING

    async def _serve(self) -> str:
        """Read and write until the connection breaks.

        Returns:
            Why it broke, for people.
        """
        websocket = self._websocket
        assert websocket is not None
        self._raved = self._is_settling = False
        self._wake.set()
        loop = asyncio.get_running_loop()
        helpers = [
            loop.create_task(self._write(websocket)),
            loop.create_task(self._keep_alive(websocket)),
        ]
        try:
            while True:
                self._owner.receive(self._end.receive(await websocket.recv()))
                self._wake.set()
                self._is_settling = True
                await self._owner.settle()
                self._is_settling = False
        except ConnectionClosed as error:
            ours = None if error.rcvd_then_sent else error.sent
            self._raved = ours is not None and ours.code in _NONSENSE
            return (error.rcvd.reason if error.rcvd else "") or "the connection was cut"
        except FrameError as error:
            self._raved = True
            websocket.transport.abort()
            return error.reason
        except CheckFailed as error:
            websocket.transport.abort()
            return error.reason
        except asyncio.CancelledError:
            raise  # we leave, and leave() says goodbye
        except BaseException:
            websocket.transport.abort()
            raise
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.wait(helpers)

    async def _keep_alive(self, websocket: CountingConnection) -> None:
        """Abort the connection if nothing arrives any more.

        On a slow line the answer to a ping stands behind output, so output is a sign of life too.
        While we read nothing ourselves, silence says nothing.
        """
        seconds = self._options.ping_seconds
        with suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(seconds)
                received = websocket.received
                try:
                    async with asyncio.timeout(seconds):
                        await (await websocket.ping())
                except TimeoutError:
                    if websocket.received == received and not self._is_settling:
                        websocket.transport.abort()
                        return

    async def _write(self, websocket: CountingConnection) -> None:
        with suppress(ConnectionClosed):  # the reader sees it too, and says why
            while True:
                self._wake.clear()
                for message in self._owner.parts():
                    await websocket.send(encode(message))
                await self._wake.wait()
