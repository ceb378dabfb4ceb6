"""All rooms of a server: made when somebody enters, forgotten when nobody came for a while."""

from collections.abc import Iterator

from codesync_protocol.shared_text import SOURCE
from codesync_server.rooms.room import Room

ROOMS_MAX = 2_000
IDLE_SECONDS = 600.0


class TooManyRooms(Exception):
    """There is no place for another room."""


class Rooms:
    """All rooms of a server.

    Args:
        language: in which language the source of a new room is.
        starter: what stands in it.
    """

    def __init__(self, language: str = "", starter: str = "") -> None:
        self._rooms: dict[str, Room] = {}
        self._language = language
        self._starter = starter

    def __iter__(self) -> Iterator[Room]:
        """Give all rooms."""
        return iter(list(self._rooms.values()))

    def __len__(self) -> int:
        """How many there are."""
        return len(self._rooms)

    def get(self, name: str) -> Room | None:
        """Find a room."""
        return self._rooms.get(name)

    def open(self, name: str, now: float) -> Room:
        """Find a room, or make it.

        Args:
            name: a valid name.
            now: the loop's clock.

        Raises:
            TooManyRooms: there is no place for it.
        """
        if name not in self._rooms:
            self.forget_idle(now)
            if len(self._rooms) >= ROOMS_MAX:
                raise TooManyRooms
            self._rooms[name] = self._new(name, now)
        return self._rooms[name]

    def _new(self, name: str, now: float) -> Room:
        room = Room(name, now)
        room.language = self._language
        if self._starter:
            room.document.write(SOURCE, self._starter)
        return room

    def forget_idle(self, now: float) -> None:
        """Forget the rooms that nobody is in, in which nothing runs, for long enough."""
        for room in self:
            if (
                room.idle_since is not None
                and now - room.idle_since > IDLE_SECONDS
                and not any(room.unfinished())
            ):
                del self._rooms[room.name]
