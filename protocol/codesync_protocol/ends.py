"""Both ends of a connection as state machines without I/O: frames in, messages out.

The server's end:

state      a client's message             next state
HELLO      Hello                          CHALLENGE
CHALLENGE  (the server challenges)        PROOF or CLOSED
PROOF      Proof                          ADMISSION
ADMISSION  (the server decides)           OPEN or CLOSED
OPEN       anything but Hello and Proof   OPEN

The client's end, whose hello has been sent:

state      a server's message             next state
CHALLENGE  Challenge                      PROOF
           Refused                        CLOSED
PROOF      (the client checks and proves) ADMISSION
ADMISSION  Welcome                        ENTERING or OPEN
           Refused                        CLOSED
ENTERING   WelcomePart                    ENTERING or OPEN
OPEN       anything but these             OPEN

These machines do not check proofs: see handshake.py.
"""

from enum import Enum, auto
from typing import NoReturn

from codesync_protocol.codec import decode_from_client, decode_from_server
from codesync_protocol.errors import Code, FrameError
from codesync_protocol.limits import BAD_FRAMES_MAX, HELLO_FRAME_MAX, PAGES_MAX
from codesync_protocol.messages import (
    Challenge,
    ClientMessage,
    Fault,
    Hello,
    Proof,
    Refused,
    ServerMessage,
    Welcome,
    WelcomePart,
)


class State(Enum):
    """The state of a connection."""

    HELLO = auto()
    """No message has been received."""
    CHALLENGE = auto()
    """The hello was received; the server has not answered it."""
    PROOF = auto()
    """The challenge was sent; the client has not sent its proof."""
    ADMISSION = auto()
    """The proof was received; the server has not decided about it."""
    ENTERING = auto()
    """The welcome was received, but not all its parts; only the client's end has this state."""
    OPEN = auto()
    """The client is a member of its room."""
    CLOSED = auto()
    """No further message is allowed."""


class ServerEnd:
    """The server's end of one connection.

    Attributes:
        state: the state of the connection.
    """

    def __init__(self) -> None:
        self.state = State.HELLO
        self._bad_frames = 0

    def receive_hello(self, frame: bytes | str) -> Hello:
        """Receive the first frame.

        Args:
            frame: the payload of the first websocket message.

        Returns:
            The hello.

        Raises:
            FrameError: it is not a hello; always fatal.
        """
        if self.state is not State.HELLO:
            raise FrameError(Code.OUT_OF_TURN, "a hello comes once, and first", fatal=True)
        message = self._receive_early(frame, "hello")
        if not isinstance(message, Hello):
            raise FrameError(Code.OUT_OF_TURN, "the first message must be a hello", fatal=True)
        self.state = State.CHALLENGE
        return message

    def challenge(self) -> None:
        """Note that the hello was answered with a challenge."""
        self.state = State.PROOF

    def receive_proof(self, frame: bytes | str) -> Proof:
        """Receive the second frame.

        Args:
            frame: the payload of the second websocket message.

        Returns:
            The proof, unchecked.

        Raises:
            FrameError: it is not a proof; always fatal.
        """
        if self.state is not State.PROOF:
            raise FrameError(Code.OUT_OF_TURN, "a proof answers a challenge, once", fatal=True)
        message = self._receive_early(frame, "proof")
        if not isinstance(message, Proof):
            raise FrameError(Code.OUT_OF_TURN, "the second message must be a proof", fatal=True)
        self.state = State.ADMISSION
        return message

    def _receive_early(self, frame: bytes | str, kind: str) -> ClientMessage:
        self.state = State.CLOSED
        if len(frame) > HELLO_FRAME_MAX:
            reason = f"a {kind} is at most {HELLO_FRAME_MAX} bytes"
            raise FrameError(Code.BAD_FRAME, reason, fatal=True)
        try:
            return decode_from_client(frame)
        except FrameError as error:
            raise FrameError(error.code, error.reason, fatal=True) from None

    def admit(self) -> None:
        """Note that the proof was answered with a welcome."""
        self.state = State.OPEN

    def refuse(self) -> None:
        """Note that the hello or the proof was answered with a refusal."""
        self.state = State.CLOSED

    def receive(self, frame: bytes | str) -> ClientMessage:
        """Receive a later frame.

        Args:
            frame: the payload of a websocket message.

        Returns:
            The message; never a hello or a proof.

        Raises:
            FrameError: it is invalid or not allowed now. The BAD_FRAMES_MAX-th such error is fatal;
                then close the connection.
        """
        if self.state is not State.OPEN:
            raise FrameError(Code.OUT_OF_TURN, "the connection is not open", fatal=True)
        try:
            message = decode_from_client(frame)
            if isinstance(message, Hello | Proof):
                raise FrameError(Code.OUT_OF_TURN, "the handshake is over")
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
        state: the state of the connection.
    """

    def __init__(self) -> None:
        self.state = State.CHALLENGE
        self._parts = 0

    def receive(self, frame: bytes | str) -> ServerMessage:
        """Receive a frame.

        Args:
            frame: the payload of a websocket message.

        Returns:
            The message: a Challenge or a Refused; after the proof a Welcome with its parts or a
            Refused; then any other message.

        Raises:
            FrameError: the server violates the protocol; always fatal.
        """
        if self.state is State.CLOSED:
            raise FrameError(Code.OUT_OF_TURN, "the connection is closed", fatal=True)
        try:
            message = decode_from_server(frame)
        except FrameError as error:
            self.state = State.CLOSED
            raise FrameError(error.code, error.reason, fatal=True) from None
        if not self._may_come(message):
            self._refuse_turn()
        match message:
            case Challenge():
                self.state = State.PROOF
            case Welcome() | WelcomePart():
                self._enter(message)
            case Refused():
                self.state = State.CLOSED
            case _:
                pass
        return message

    def prove(self) -> None:
        """Note that the challenge is right and was answered with a proof."""
        self.state = State.ADMISSION

    def _may_come(self, message: ServerMessage) -> bool:
        match self.state:
            case State.CHALLENGE:
                is_due = isinstance(message, Challenge | Refused)
            case State.ADMISSION:
                is_due = isinstance(message, Welcome | Refused)
            case State.ENTERING:
                is_due = isinstance(message, WelcomePart) and self._parts < PAGES_MAX
            case State.OPEN:
                is_due = not isinstance(message, Challenge | Welcome | WelcomePart | Refused)
            case _:
                is_due = False
        return is_due or (isinstance(message, Fault) and message.fatal)

    def _enter(self, message: Welcome | WelcomePart) -> None:
        """Process a welcome or a part of it; the last part completes the entry."""
        self._parts += isinstance(message, WelcomePart)
        self.state = State.ENTERING if message.more else State.OPEN

    def _refuse_turn(self) -> NoReturn:
        self.state = State.CLOSED
        raise FrameError(Code.OUT_OF_TURN, "the server spoke out of turn", fatal=True)
