"""Limits the speed at which output is read. Pure: the caller supplies the time.

A program that writes as fast as it can costs the engine, the server and every reader far more cpu
than its own share of it. So what a program writes beyond its own allowance is read at a rate that
all programs of its room share (benchmarks/output_flood.py, benchmarks/abuse.py). The program waits
in its write.
"""

from collections.abc import Generator
from contextlib import contextmanager

BURST_BYTES = 2_000_000
"""The allowance of a program that wrote little before."""

ALLOWANCE_PER_SECOND = 1_000_000
"""How fast a program's allowance grows again."""

BYTES_PER_SECOND = 20_000_000
"""The rate of a room: of what its programs write beyond their allowances, together."""


class RoomOutputRate:
    """The rate that the programs of one room share.

    Args:
        now: seconds, by any clock.

    Attributes:
        programs: number of running programs.
    """

    def __init__(self, now: float) -> None:
        self.programs = 0
        self._free_at = now  # when everything that was read so far is paid for

    def pause(self, size: int, now: float) -> float:
        """Return how long to wait before the next bytes of the same program are read.

        Args:
            size: how many bytes were just read.
            now: seconds, by the same clock.
        """
        self._free_at = max(self._free_at, now) + size / BYTES_PER_SECOND
        return self._free_at - now


class OutputPacer:
    """Paces the output of one program.

    Args:
        room: the rate that it shares.
        now: seconds, by any clock.
    """

    def __init__(self, room: RoomOutputRate, now: float) -> None:
        self._room = room
        self._allowance = float(BURST_BYTES)
        self._at = now

    def pause(self, size: int, now: float) -> float:
        """Return how long to wait before the program's next bytes are read.

        Args:
            size: how many bytes were just read.
            now: seconds, by the same clock.
        """
        grown = self._allowance + (now - self._at) * ALLOWANCE_PER_SECOND
        self._allowance, self._at = min(BURST_BYTES, grown), now
        covered = min(size, int(self._allowance))
        self._allowance -= covered
        return self._room.pause(size - covered, now) if covered < size else 0.0


class OutputPacers:
    """The output rates of all rooms that have running programs."""

    def __init__(self) -> None:
        self._rooms: dict[str, RoomOutputRate] = {}

    def __len__(self) -> int:
        """Number of rooms."""
        return len(self._rooms)

    @contextmanager
    def program(self, room: str, now: float) -> Generator[OutputPacer]:
        """Provide the pacer of a program while it runs.

        Args:
            room: the room's name.
            now: seconds, by the clock that the pacer is given.
        """
        shared = self._rooms.setdefault(room, RoomOutputRate(now))
        shared.programs += 1
        try:
            yield OutputPacer(shared, now)
        finally:
            shared.programs -= 1
            if not shared.programs:
                del self._rooms[room]
