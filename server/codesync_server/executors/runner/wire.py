"""The runner's side of its connection to the server.

Frames go in both directions over stdin and stdout: kind (1 byte), length (4 bytes, big-endian),
payload. `ToRunner` and `FromRunner` list the kinds and their payloads.
"""

import json
import os
import select
import struct
import time
from collections import deque

HEADER = struct.Struct(">cI")
WINDOW = struct.Struct(">HH")
ACTIVITY = struct.Struct(">?Q")
FRAME_MAX = 64 * 1024
OUTGOING_MAX = 256 * 1024
"""Unread bytes for the server; beyond this limit, the program's output is not read."""


class ToRunner:
    """Kinds of frames from the server to the runner."""

    REQUEST = b"R"  # JSON
    FILE = b"F"  # bytes of the request's files, in their order
    STDIN = b"I"  # bytes for the program
    STDIN_END = b"E"  # no payload
    SIGNAL = b"S"  # signal number (1 byte)
    KILL = b"K"  # no payload
    RESIZE = b"Z"  # the terminal's columns and rows; see WINDOW


class FromRunner:
    """Kinds of frames from the runner to the server."""

    READY = b"H"  # JSON
    STAGE_BEGAN = b"B"  # JSON
    STDOUT = b"O"
    STDERR = b"X"
    COMPILER = b"C"  # output of the compiler
    STDIN_TAKEN = b"A"  # bytes of stdin that the program has read so far (8 bytes, big-endian)
    AWAITS_INPUT = b"W"  # whether the program waits for input (1 byte: 0 or 1)
    ACTIVITY = b"U"  # whether the program computes, and its memory in bytes; see ACTIVITY
    REPORT = b"V"  # JSON


class ServerDisconnected(Exception):
    """The server closed the connection."""


class ServerConnection:
    """Frames from and to the server. Sending never blocks; what is not read yet is held back.

    Attributes:
        frames: whole frames that were received and not looked at yet.
        outgoing: bytes that the server has not read yet.
    """

    def __init__(self) -> None:
        os.set_blocking(0, False)
        os.set_blocking(1, False)
        self.frames: deque[tuple[bytes, bytes]] = deque()
        self.outgoing = bytearray()
        self._incoming = bytearray()

    def send(self, kind: bytes, payload: bytes) -> None:
        """Queue a payload as frames, and write what can be written."""
        for start in range(0, len(payload) or 1, FRAME_MAX):
            piece = payload[start : start + FRAME_MAX]
            self.outgoing += HEADER.pack(kind, len(piece)) + piece
        self.flush()

    def send_json(self, kind: bytes, value: object) -> None:
        """Queue a JSON value as a frame."""
        self.send(kind, json.dumps(value).encode())

    def flush(self) -> None:
        """Write what can be written now.

        Raises:
            ServerDisconnected: nobody will ever read it.
        """
        try:
            while self.outgoing:
                del self.outgoing[: os.write(1, self.outgoing)]
        except BlockingIOError:
            pass
        except OSError:
            raise ServerDisconnected from None

    def finish(self, seconds: float) -> None:
        """Write everything that is queued, for so long at the most."""
        deadline = time.monotonic() + seconds
        while self.outgoing and time.monotonic() < deadline:
            select.select([], [1], [], 0.1)
            self.flush()

    def receive(self) -> None:
        """Read what is there; whole frames go to `frames`.

        Raises:
            ServerDisconnected: nothing will ever come again.
        """
        try:
            data = os.read(0, FRAME_MAX)
        except BlockingIOError:
            return
        if not data:
            raise ServerDisconnected
        self._incoming += data
        while len(self._incoming) >= HEADER.size:
            kind, length = HEADER.unpack_from(self._incoming)
            end = HEADER.size + length
            if len(self._incoming) < end:
                break
            self.frames.append((kind, bytes(self._incoming[HEADER.size : end])))
            del self._incoming[:end]

    def next_frame(self) -> tuple[bytes, bytes]:
        """Wait for a frame, without a deadline: a parked runner waits as long as it is parked."""
        while not self.frames:
            select.select([0], [], [])
            self.receive()
        return self.frames.popleft()
