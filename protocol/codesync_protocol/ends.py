"""The two ends of a connection as sans-I/O machines: frames in, messages out, and whose turn it is.

state      a client's message             next state
HELLO      Hello                          ADMISSION
ADMISSION  (the server decides)           OPEN or CLOSED
OPEN       anything but Hello             OPEN
"""

from enum import Enum, auto
from typing import NoReturn

from codesync_protocol.codec import decode_from_client, decode_from_server
from codesync_protocol.errors import Code, FrameError
from codesync_protocol.limits import BAD_FRAMES_MAX, HELLO_FRAME_MAX, PAGES_MAX
from codesync_protocol.messages import (
    ClientMessage,
    Fault,
    Hello,
    Refused,
    ServerMessage,
    Welcome,
    WelcomePart,
)


class State(Enum):
    """How far a connection has come."""

    HELLO = auto()
    """Nobody has been introduced."""
    ADMISSION = auto()
    """The hello is there; the server has not answered."""
    ENTERING = auto()
    """The welcome is there, but not all of its parts; only the client's end has this state."""
    OPEN = auto()
    """The client is a member of its room."""
    CLOSED = auto()
    """Nothing more may come."""


class ServerEnd:
    """The server's end of one connection.

    Attributes:
        state: how far the connection has come.
    """

    def __init__(self) -> None:
        self.state = State.HELLO
        self._bad_frames = 0

    def receive_hello(self, frame: bytes | str) -> Hello:
        """Take the first frame.

        Args:
            frame: the payload of the first websocket message.

        Returns:
            The hello in it.

        Raises:
            FrameError: it is not a hello; always fatal.
        """
        if self.state is not State.HELLO:
            raise FrameError(Code.OUT_OF_TURN, "a hello comes once, and first", fatal=True)
        self.state = State.CLOSED
        if len(frame) > HELLO_FRAME_MAX:
            raise FrameError(
                Code.BAD_FRAME, f"a hello is at most {HELLO_FRAME_MAX} bytes", fatal=True
            )
        try:
            message = decode_from_client(frame)
        except FrameError as error:
            raise FrameError(error.code, error.reason, fatal=True) from None
        if not isinstance(message, Hello):
            raise FrameError(Code.OUT_OF_TURN, "the first message must be a hello", fatal=True)
        self.state = State.ADMISSION
        return message

    def admit(self) -> None:
        """Note that the hello was answered with a welcome."""
        self.state = State.OPEN

    def refuse(self) -> None:
        """Note that the hello was answered with a refusal."""
        self.state = State.CLOSED

    def receive(self, frame: bytes | str) -> ClientMessage:
        """Take a later frame.

        Args:
            frame: the payload of a websocket message.

        Returns:
            The message in it; never a hello.

        Raises:
            FrameError: it makes no sense or may not come now. After BAD_FRAMES_MAX of them the
                error is fatal, and the connection should be closed.
        """
        if self.state is not State.OPEN:
            raise FrameError(Code.OUT_OF_TURN, "the connection is not open", fatal=True)
        try:
            message = decode_from_client(frame)
            if isinstance(message, Hello):
                raise FrameError(Code.OUT_OF_TURN, "a hello comes once, and first")
        except FrameError as error:
            self._bad_frames += 1
            if self._bad_frames >= BAD_FRAMES_MAX:
                self.state = State.CLOSED
                raise FrameError(
                    error.code, f"{error.reason} (too many such frames)", fatal=True
                ) from None
            raise
        return message


class ClientEnd:
    """A client's end of one connection, whose hello has been sent.

    Attributes:
        state: how far the connection has come.
    """

    def __init__(self) -> None:
        self.state = State.ADMISSION
        self._parts = 0

    def receive(self, frame: bytes | str) -> ServerMessage:
        """Take a frame.

        Args:
            frame: the payload of a websocket message.

        Returns:
            The message in it: first a Welcome with its parts, or a Refused; then anything else.

        Raises:
            FrameError: the server does not speak as it should; always fatal.
        """
        if self.state is State.CLOSED:
            raise FrameError(Code.OUT_OF_TURN, "the connection is closed", fatal=True)
        try:
            message = decode_from_server(frame)
        except FrameError as error:
            self.state = State.CLOSED
            raise FrameError(error.code, error.reason, fatal=True) from None
        answer = isinstance(message, Welcome | Refused)
        early_fault = isinstance(message, Fault) and message.fatal
        if answer != (self.state is State.ADMISSION) and not early_fault:
            self._refuse_turn()
        if isinstance(message, Welcome | WelcomePart):
            self._enter(message)
        elif isinstance(message, Refused):
            self.state = State.CLOSED
        elif self.state is State.ENTERING and not early_fault:
            self._refuse_turn()
        return message

    def _enter(self, message: Welcome | WelcomePart) -> None:
        """Take a welcome or a part of it; the room is entered with the last part.

        Raises:
            FrameError: the welcome is complete already, or has too many parts.
        """
        if isinstance(message, WelcomePart):
            if self.state is not State.ENTERING or self._parts >= PAGES_MAX:
                self._refuse_turn()
            self._parts += 1
        self.state = State.ENTERING if message.more else State.OPEN

    def _refuse_turn(self) -> NoReturn:
        self.state = State.CLOSED
        raise FrameError(Code.OUT_OF_TURN, "the server spoke out of turn", fatal=True)
