"""Announces the carets of members: often enough to look live, at a bounded cost.

All carets of a room that moved within an interval are one frame, which is encoded once.
"""

import asyncio
from contextlib import suppress
from heapq import heappop, heappush

from codesync_protocol.messages import Caret, MemberCaret
from codesync_server.rooms.caret_frames import caret_frames
from codesync_server.rooms.member_channel import MemberChannel
from codesync_server.rooms.registry import Rooms
from codesync_server.rooms.room import Room

INTERVAL_SECONDS = 0.05
"""Interval between announcements in a room with few members."""

DELIVERIES_PER_SECOND = 2_000
"""Above this rate, the interval of a room grows: to 0.1 s if 200 members move."""


class Presence:
    """Announces the carets that moved, in an interval of its own for each room."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._moved: dict[str, set[int]] = {}
        self._due: list[tuple[float, str]] = []
        """Heap with one entry for each room in `_moved` or `_pausing`: (time of the event loop,
        name)."""
        self._pausing: set[str] = set()
        """Rooms whose interval since the last announcement is not over."""
        self._earlier = asyncio.Event()

    def move(self, room: Room, member: int, caret: Caret) -> None:
        """Set a member's caret.

        Args:
            room: where.
            member: whose.
            caret: as the client sent it; positions behind the end of the text mean the end.
        """
        end = room.document.size
        room.carets[member] = MemberCaret(
            member, min(caret.base, room.text_seq), min(caret.anchor, end), min(caret.head, end)
        )
        if room.name not in self._moved and room.name not in self._pausing:
            self._schedule(room.name, 0.0)
        self._moved.setdefault(room.name, set()).add(member)

    async def announce(self) -> None:
        """Announce carets that moved, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self._earlier.clear()
            delay = self._due[0][0] - loop.time() if self._due else None
            if delay is None or delay > 0:
                with suppress(TimeoutError):
                    async with asyncio.timeout(delay):
                        await self._earlier.wait()
                continue
            _, name = heappop(self._due)
            self._pausing.discard(name)
            if members := self._moved.pop(name, None):
                self._announce(name, members)
                await asyncio.sleep(0)  # other tasks run between two rooms

    def _announce(self, name: str, members: set[int]) -> None:
        room = self._rooms.get(name)
        if room is None:
            return
        cost = room.send_carets(members)
        self._pausing.add(name)
        self._schedule(name, max(INTERVAL_SECONDS, cost / DELIVERIES_PER_SECOND))

    def _schedule(self, name: str, delay: float) -> None:
        entry = (asyncio.get_running_loop().time() + delay, name)
        heappush(self._due, entry)
        if self._due[0] is entry:
            self._earlier.set()


def send_carets(room: Room, channel: MemberChannel) -> None:
    """Send all carets of the room to a newcomer."""
    if frames := caret_frames(room.carets.values()):
        channel.put_state("carets", *frames)
