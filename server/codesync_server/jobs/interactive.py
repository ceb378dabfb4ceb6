"""The interactive share: limits on programs with a terminal, and on their memory. Pure.

Each such program has a place here from its start to its end. A program that computes also needs a
slot, see `slots`; when it becomes idle, it gives up the slot and keeps its place.
"""

import os
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from codesync_protocol.limits import MIB
from codesync_server.configuration.settings import Settings
from codesync_server.jobs.queue_shares import INVITE_FACTOR, ORIGIN_FACTOR

Key = TypeVar("Key")

CONTAINER_BYTES = 16 * MIB
"""Memory of a container besides its program: the engine's process for it, and the runner. Measured:
12 to 16 MiB."""


PROGRAMS_MIN = 4
"""The memory limit allows at least this number of programs, however small the machine is."""


class InteractiveFull(StrEnum):
    """The limit that leaves no place for a program."""

    SERVER = "server"
    ROOM = "room"
    MEMBER = "member"
    MEMORY = "memory"
    ROOM_MEMORY = "room memory"


@dataclass(frozen=True, slots=True)
class InteractiveLimits:
    """The limits on programs with a terminal.

    Attributes:
        server, room, member: programs.
        memory: bytes of all of them together. One room has half of it at the most.
    """

    server: int
    room: int
    member: int
    memory: int


def interactive_limits(settings: Settings) -> InteractiveLimits:
    """Return the configured limits. The default for memory is half of this machine's memory."""
    memory = settings.interactive_memory
    if memory is None:
        machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        memory = max(machine // 2, PROGRAMS_MIN * settings.limits.tty.memory)
    return InteractiveLimits(
        settings.interactive_max,
        settings.interactive_per_room,
        settings.interactive_per_member,
        memory,
    )


@dataclass(slots=True)
class _Terminal:
    room: str
    invite: str
    address: str
    member: str
    limit: int
    reserved: int


class InteractiveShare:
    """The places of all programs with a terminal.

    An active program has its memory limit reserved, an idle program the memory that it uses. So
    memory can be overcommitted only when idle programs wake, by their limits at most.

    Args:
        limits: the limits on number and memory.

    Attributes:
        limits: the same.
    """

    def __init__(self, limits: InteractiveLimits) -> None:
        self.limits = limits
        self._places: dict[str, _Terminal] = {}
        self._rooms: Counter[str] = Counter()
        self._invites: Counter[tuple[str, str]] = Counter()
        self._origins: Counter[tuple[str, str, str]] = Counter()
        self._members: Counter[tuple[str, str]] = Counter()
        self._reserved = 0
        self._room_reserved: Counter[str] = Counter()

    def __len__(self) -> int:
        """Number of places in use."""
        return len(self._places)

    @property
    def reserved(self) -> int:
        """Reserved bytes of memory."""
        return self._reserved

    def reserved_by(self, room: str) -> int:
        """Reserved bytes of memory of one room."""
        return self._room_reserved[room]

    def full(
        self, room: str, member: str, memory: int, invite: str = "", address: str = ""
    ) -> InteractiveFull | None:
        """Return the limit that leaves no place for a program; None if there is a place.

        The first program of a room needs no more than room for it in the whole; the first one of
        the server always has a place. So has the first one of an invite in a full room, up to twice
        the room's limits, and the first one of an address with the invite, up to one and a half
        the room's limits: keys are free, so one link alone could fill a room.

        Args:
            member: client key of its submitter.
            memory: its memory limit in bytes.
            invite: hash of its submitter's invite.
            address: identity of its submitter's network address.
        """
        limits, wanted = self.limits, self._reservation(memory)
        factor = 1.0
        if not self._invites[room, invite]:
            factor = INVITE_FACTOR
        elif not self._origins[room, invite, address]:
            factor = ORIGIN_FACTOR
        if len(self._places) >= limits.server:
            return InteractiveFull.SERVER
        if self._rooms[room] >= factor * limits.room:
            return InteractiveFull.ROOM
        if self._members[room, member] >= limits.member:
            return InteractiveFull.MEMBER
        if self._rooms[room] and self._room_reserved[room] + wanted > factor * limits.memory / 2:
            return InteractiveFull.ROOM_MEMORY
        if self._places and self._reserved + wanted > limits.memory:
            return InteractiveFull.MEMORY
        return None

    def acquire(
        self, job: str, room: str, member: str, memory: int, invite: str = "", address: str = ""
    ) -> None:
        """Reserve a place for a program that is about to start; see `full`."""
        place = _Terminal(room, invite, address, member, self._reservation(memory), 0)
        self._places[job] = place
        self._rooms[room] += 1
        self._invites[room, invite] += 1
        self._origins[room, invite, address] += 1
        self._members[room, member] += 1
        self._reserve(place, place.limit)

    def computes(self, job: str) -> None:
        """Reserve the memory limit of a program that has become active."""
        place = self._places[job]
        self._reserve(place, place.limit)

    def is_idle(self, job: str, memory: int) -> None:
        """Reserve the memory that an idle program uses.

        Args:
            memory: bytes in use.
        """
        place = self._places[job]
        self._reserve(place, min(memory + CONTAINER_BYTES, place.limit))

    def release(self, job: str) -> None:
        """Release the place of a program that has ended."""
        place = self._places.pop(job)
        self._reserve(place, 0)
        _decrease(self._rooms, place.room)
        _decrease(self._invites, (place.room, place.invite))
        _decrease(self._origins, (place.room, place.invite, place.address))
        _decrease(self._members, (place.room, place.member))
        if not self._rooms[place.room]:
            del self._room_reserved[place.room]

    def reason(self, full: InteractiveFull) -> str:
        """Describe the limit that a program waits for, in at most 100 characters."""
        limits = self.limits
        match full:
            case InteractiveFull.SERVER:
                return f"programs with a terminal: {limits.server} on this server, the limit"
            case InteractiveFull.ROOM:
                return f"programs with a terminal: {limits.room} in this room, the limit"
            case InteractiveFull.MEMBER:
                return f"programs with a terminal: {limits.member} of this member, the limit"
            case InteractiveFull.MEMORY:
                return "the memory for programs with a terminal is in use"
            case InteractiveFull.ROOM_MEMORY:
                return "this room's share of memory for programs with a terminal is in use"

    def _reservation(self, memory: int) -> int:
        """Return the memory to reserve for a limit: at most half of the memory of all programs."""
        return min(memory + CONTAINER_BYTES, self.limits.memory // 2)

    def _reserve(self, place: _Terminal, size: int) -> None:
        difference = size - place.reserved
        place.reserved = size
        self._reserved += difference
        self._room_reserved[place.room] += difference


def _decrease(counter: Counter[Key], key: Key) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]
