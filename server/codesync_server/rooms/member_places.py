"""Divides the places of a room between hosts, invites, and addresses with them. Pure.

Most places are for whoever comes first. A tenth is reserved: for members whom the room knows, and
for the first members of each invite, and of each address with it. Client keys are free to create,
and a room knows each key that was in it once. So the reserve is divided between invites, and the
part of an invite between the addresses that use it: the keys of one link, or of one address with a
link that many have, cannot take all of it. Invites are not free: only hosts make them.
"""

from collections import Counter
from dataclasses import dataclass
from math import ceil

from codesync_protocol.messages import Role
from codesync_server.access.payer import Payer

MEMBERS_MAX = 500
PLACES_FOR_HOSTS = 16
"""Places for hosts beyond the limit: guests cannot keep them out of their own room."""

OPEN_PART = 0.9
"""Part of the places that is open; the other places are the reserve."""

VIEWERS_PART = 0.8
"""The open part for viewers. It is smaller, because links for viewers are given to many people."""

FEW_MEMBERS = 3
"""Number of members of an invite, or of an address with it, that always find places in the
reserve."""

ORIGINS_PART = 0.75
"""Part of the reserve for the first members of all addresses with one invite."""

SHARED_BY = 2
"""Minimum number of invites, and of addresses with one invite, that shares are computed for, so
that the next invite or address finds its share free."""


class RoomFull(Exception):
    """The room has no place for another member. The message states the limit."""


@dataclass(frozen=True, slots=True)
class _Place:
    invite: str
    address: str
    is_reserved: bool


class MemberPlaces:
    """The occupied places of one room.

    Attributes:
        members_max: number of places, besides those for hosts.
    """

    def __init__(self) -> None:
        self.members_max = MEMBERS_MAX
        self._places: dict[str, _Place | None] = {}  # by client key; None: a host
        self._held: Counter[tuple[str, ...]] = Counter()  # by invite, and by invite and address
        self._reserved: Counter[tuple[str, ...]] = Counter()  # the same, and by () all together

    def acquire(self, key: str, payer: Payer, role: Role, *, is_known: bool) -> None:
        """Reserve a place for a client instance that has none.

        Args:
            key: the client instance.
            payer: its invite and address.
            role: its role in the room.
            is_known: whether the room knows the client instance.

        Raises:
            RoomFull: there is no place for it.
        """
        if role is Role.HOST:
            if len(self._places) >= self.members_max + PLACES_FOR_HOSTS:
                raise RoomFull(f"This room is full ({self.members_max} members).")
            self._places[key] = None
            return
        most = ceil(self.members_max * (VIEWERS_PART if role is Role.VIEWER else OPEN_PART))
        is_reserved = len(self._places) - self._reserved[()] >= most
        if is_reserved and not self._may_reserve(payer, role, is_known=is_known):
            for_whom = " for viewers" if role is Role.VIEWER else ""
            raise RoomFull(f"This room is full{for_whom} ({self.members_max} members).")
        self._places[key] = place = _Place(payer.invite, payer.address, is_reserved)
        self._count(place, 1)

    def release(self, key: str) -> None:
        """Free the place of a member that has left."""
        place = self._places.pop(key)
        if place is not None:
            self._count(place, -1)

    def _may_reserve(self, payer: Payer, role: Role, *, is_known: bool) -> bool:
        reserve = self.members_max - ceil(self.members_max * OPEN_PART)
        used = self._reserved[()]
        most = ceil(reserve / SHARED_BY) if role is Role.VIEWER else reserve
        if used >= most or len(self._places) >= self.members_max:
            return False
        invite, origin = (payer.invite,), (payer.invite, payer.address)
        share = ceil(reserve / max(SHARED_BY, self._invites_with(payer)))
        part = ceil(share / max(SHARED_BY, self._addresses_with(payer)))
        if self._held[invite] < max(FEW_MEMBERS, share):
            return True
        taken = self._reserved[invite]
        if self._held[origin] < max(FEW_MEMBERS, part) and taken < ceil(ORIGINS_PART * reserve):
            return True
        return is_known and taken < share and self._reserved[origin] < part

    def _invites_with(self, payer: Payer) -> int:
        return len({payer.invite, *(path[0] for path in self._held)})

    def _addresses_with(self, payer: Payer) -> int:
        origins = {path for path in self._held if path[0] == payer.invite and path[1:]}
        return len(origins | {(payer.invite, payer.address)})

    def _count(self, place: _Place, change: int) -> None:
        invite, origin = (place.invite,), (place.invite, place.address)
        for counter, paths in (
            (self._held, (invite, origin)),
            (self._reserved, ((), invite, origin) if place.is_reserved else ()),
        ):
            for path in paths:
                counter[path] += change
                if not counter[path]:
                    del counter[path]
