"""Where the members of rooms are in the shared text: told often enough to look live."""

import asyncio

from codesync_protocol.codec import encode
from codesync_protocol.messages import Caret, MemberCaret
from codesync_server.rooms.outlet import Outlet
from codesync_server.rooms.registry import Rooms
from codesync_server.rooms.room import Room

INTERVAL_SECONDS = 0.05
"""How often carets are told in a room with few members."""

FEW_MEMBERS = 20
"""With more than this the interval grows, so that the work of telling stays the same."""


class Presence:
    """Carets of all rooms.

    Args:
        rooms: the rooms.
    """

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._moved: dict[str, set[int]] = {}
        self._something_moved = asyncio.Event()

    def move(self, room: Room, member: int, caret: Caret) -> None:
        """Take a member's caret.

        Args:
            room: where.
            member: whose.
            caret: as they sent it; positions behind the end are taken for the end.
        """
        end = room.document.size
        room.carets[member] = MemberCaret(
            member, min(caret.base, room.text_seq), min(caret.anchor, end), min(caret.head, end)
        )
        self._moved.setdefault(room.name, set()).add(member)
        self._something_moved.set()

    async def announce(self) -> None:
        """Tell the rooms about the carets that moved, until cancelled."""
        while True:
            await self._something_moved.wait()
            self._something_moved.clear()
            moved, self._moved = self._moved, {}
            most = 0
            for name, members in moved.items():
                if room := self._rooms.get(name):
                    most = max(most, room.size)
                    for member in members:
                        room.tell_caret(member)
            await asyncio.sleep(INTERVAL_SECONDS * max(1.0, most / FEW_MEMBERS))


def tell_carets(room: Room, outlet: Outlet) -> None:
    """Tell a newcomer where everybody is."""
    for caret in room.carets.values():
        outlet.put_state(f"caret {caret.member}", encode(caret))
