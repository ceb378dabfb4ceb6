"""The runner's side of its connection to the server.

Frames go both ways over stdin and stdout: kind (1 byte), length (4 bytes, big-endian), payload.
To the runner:   R request (JSON)   F file bytes   I stdin   E end of stdin   S signal   K kill
                 Z size of the terminal (columns, rows: 2 bytes each, big-endian)
From the runner: H ready (JSON)   B stage began (JSON)   O stdout   X stderr   C compiler
                 A stdin taken (8 bytes, in all)   W waits for input (1 byte: 0 or 1)
                 U computes (1 byte: 0 or 1) and bytes of memory in use (8 bytes, big-endian)
                 V report (JSON)
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
OUTGOING_MAX = 256 * 1024  # not read by the server yet; past that, the program waits


class HostDisconnected(Exception):
    """The server closed the connection: there is nobody left to run for."""


class HostConnection:
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
            HostDisconnected: nobody will ever read it.
        """
        try:
            while self.outgoing:
                del self.outgoing[: os.write(1, self.outgoing)]
        except BlockingIOError:
            pass
        except OSError:
            raise HostDisconnected from None

    def finish(self, seconds: float) -> None:
        """Write everything that is queued, for so long at the most."""
        deadline = time.monotonic() + seconds
        while self.outgoing and time.monotonic() < deadline:
            select.select([], [1], [], 0.1)
            self.flush()

    def receive(self) -> None:
        """Read what is there; whole frames go to `frames`.

        Raises:
            HostDisconnected: nothing will ever come again.
        """
        try:
            data = os.read(0, FRAME_MAX)
        except BlockingIOError:
            return
        if not data:
            raise HostDisconnected
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
