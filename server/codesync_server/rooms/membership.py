"""The members of a room, its known identities, and the roles of new members. Pure."""

import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator

import msgspec

from codesync_protocol.handshake import public_id
from codesync_protocol.messages import Member, Role
from codesync_protocol.names import clean_name, distinct_name
from codesync_server.access.payer import Payer
from codesync_server.rooms.identity import Identity
from codesync_server.rooms.member_places import MemberPlaces
from codesync_server.store.records import MemberRecord, RoomRecord

IDENTITIES_KEPT = (1000, 5000, 10_000)
"""Limits on remembered identities, by weight: above the first, a room forgets identities that
are only a name; above the second, those that only made edits; above the third, any. Client
keys are free to create, so new keys must not displace a host's decisions."""

NOBODY = Payer()
"""The payer of a client without a known invite and address."""


class Membership:
    """The members of one room.

    Many people may have the same link, and client keys are free to create. Therefore a host's
    decision about a member also applies to the links that existed at that moment: to every new
    client that enters with one of them.

    Attributes:
        invites_after: seconds since the Unix epoch. Older invites admit only clients that were
            members at that moment.
        places: the occupied places.
        editors_after: seconds since the Unix epoch. New clients with an older invite are viewers.
        server_dates_from: seconds since the Unix epoch, when a server that dates invites itself
            first set one of the two; 0 if neither is set.
    """

    def __init__(self) -> None:
        self.invites_after = 0.0
        self.editors_after = 0.0
        self.server_dates_from = 0.0
        self.places = MemberPlaces()
        self._members: dict[str, Member] = {}  # by client key, in order of arrival
        self._identities: OrderedDict[str, Identity] = OrderedDict()
        self._keys_by_public_id: dict[str, str] = {}
        self._latest_invite = 0.0
        self._last_member = 0

    def restore(self, room: RoomRecord, records: Iterable[MemberRecord]) -> list[str]:
        """Restore the dates of links, and the remembered identities, from the store.

        Args:
            room: has the dates.
            records: in the order in which the members were last connected.

        Returns:
            The client keys of those who were connected when a server ended without saving that
            they left. They were there at the last decision about links, or came after it.
        """
        self.invites_after = room.invites_after
        self.editors_after = room.editors_after
        self.server_dates_from = room.server_dates_from
        cut_off: list[str] = []
        for record in records:
            seen_at = record.seen_at
            if record.is_present:
                seen_at = max(seen_at, self.links_after)
                cut_off.append(record.key)
            self._identities[record.key] = Identity(
                record.member,
                record.name,
                record.crdt,
                record.edits_taken,
                record.edits_taken,
                Role(record.role) if record.role else None,
                record.removed,
                seen_at,
                is_capped=record.is_capped,
            )
            self._keys_by_public_id[public_id(record.key)] = record.key
            self._last_member = max(self._last_member, record.member)
        return cut_off

    @property
    def links_after(self) -> float:
        """Time of the last decision about links; it never decreases, whatever the clock does."""
        return max(self.invites_after, self.editors_after)

    def __iter__(self) -> Iterator[Member]:
        """Iterate over the connected members in order of arrival."""
        return iter(self._members.values())

    def __len__(self) -> int:
        """Return the number of connected members."""
        return len(self._members)

    def __contains__(self, key: str) -> bool:
        """Return whether a client instance is connected."""
        return key in self._members

    @property
    def known(self) -> Iterable[tuple[str, Identity]]:
        """All remembered identities by client key; the last one connected is at the end."""
        return self._identities.items()

    @property
    def keys(self) -> list[str]:
        """The client keys of the connected members."""
        return list(self._members)

    def identity(self, key: str) -> Identity:
        """Return the identity of a client instance that the room knows."""
        return self._identities[key]

    def identity_of(self, key: str) -> Identity | None:
        """Return the identity of a client instance; None if the room does not know it."""
        return self._identities.get(key)

    def key_by_public_id(self, public: str) -> str | None:
        """Return the fingerprint that a public id is derived from; None if it is unknown."""
        return self._keys_by_public_id.get(public)

    def member_of(self, key: str) -> Member:
        """Return the member of a connected client instance."""
        return self._members[key]

    def key_of(self, member: int) -> str | None:
        """Return the client key of a member that was connected since the server started."""
        return next(
            (
                key
                for key, known in self._identities.items()
                if known.member == member and known.entered_as and not known.removed
            ),
            None,
        )

    def forget_crdt_ids(self) -> list[str]:
        """Take the CRDT ids away, for a new history of the texts; return whose they were."""
        had = [key for key, identity in self._identities.items() if identity.crdt]
        for key in had:
            self._identities[key].crdt = 0
        return had

    # Entering and leaving.

    def trusted_date(self, issued: float) -> float:
        """Limit the date of an invite that was not dated by this server's clock.

        Such an invite never counts as newer than the decisions of hosts since the server dates
        links itself.

        Args:
            issued: the date of the invite, in seconds since the Unix epoch.
        """
        return min(issued, self.server_dates_from) if self.server_dates_from else issued

    def is_barred(self, key: str, issued: float | None) -> str:
        """Return why a client may not enter; empty if it may.

        Args:
            key: the client instance.
            issued: the date of its invite; None for the server's token.
        """
        known = self._identities.get(key)
        if known is not None and known.removed:
            return known.removed
        if self._is_new_by_old_link(key, issued, self.invites_after):
            return "this invite was made before somebody was removed from the room"
        return ""

    def join(
        self, key: str, name: str, role: Role, issued: float | None, payer: Payer = NOBODY
    ) -> Member:
        """Admit a client as a member.

        Args:
            key: the client instance.
            name: the name that it asks for.
            role: the role of its token.
            issued: the date of its invite; None for the server's token.
            payer: its invite and address.

        Raises:
            RoomFull: there is no place.
        """
        known = self._identities.get(key)
        known_role = known.role if known else None
        is_old = self._is_new_by_old_link(key, issued, self.editors_after)
        is_capped = is_old and known_role is None and role is Role.EDITOR
        if key not in self._members:
            entering = Role.VIEWER if is_capped else known_role or role
            if role is Role.HOST:
                entering = role  # a host's token has places, whatever its role here
            self.places.acquire(key, payer, entering, is_known=known is not None)
        try:
            self.note_invite(issued or 0.0)
            identity = self._identify(key, name)
            if is_capped:
                identity.role, identity.is_capped = Role.VIEWER, True
            member = Member(identity.member, identity.name, identity.role or role, identity.member)
            self._members[key] = member
            identity.entered_as = Role(member.role)
        except BaseException:
            self._undo_join(key)
            raise
        return member

    def _undo_join(self, key: str) -> None:
        """Free the place of a client that has one, but is not a member."""
        if key not in self._members:
            self.places.release(key)
            if known := self._identities.get(key):
                known.is_present = False

    def note_invite(self, issued: float) -> None:
        """Record the date of an existing invite, so that later decisions get a later date.

        Args:
            issued: seconds since the Unix epoch, possibly of a wrong clock.
        """
        self._latest_invite = max(self._latest_invite, issued)

    def leave(self, key: str) -> Member:
        """Remove a connected member, and return it."""
        identity = self._identities[key]
        identity.seen_at, identity.is_present = max(identity.seen_at, time.time()), False
        self.places.release(key)
        return self._members.pop(key)

    def _is_new_by_old_link(self, key: str, issued: float | None, moment: float) -> bool:
        known = self._identities.get(key)
        was_here = known is not None and known.seen_at >= moment
        return issued is not None and issued <= moment and not was_here

    def _identify(self, key: str, wanted: str) -> Identity:
        known = self._identities.pop(key, None)
        taken = {member.name for other, member in self._members.items() if other != key}
        if known is None:
            self._last_member += 1
            name = clean_name(wanted) or f"guest-{self._last_member}"
            known = Identity(self._last_member, distinct_name(name, taken))
            self._keys_by_public_id[public_id(key)] = key
        elif known.name in taken:
            known.name = distinct_name(known.name, taken)
        self._identities[key] = known
        known.is_present = True
        self._forget_oldest()
        return known

    def _forget_oldest(self) -> None:
        for weight, limit in enumerate(IDENTITIES_KEPT):
            if len(self._identities) <= limit:
                return
            absent = [key for key, known in self._identities.items() if not known.is_present]
            for key in absent:
                if len(self._identities) <= limit:
                    return
                if self._identities[key].weight <= weight:
                    del self._identities[key]
                    del self._keys_by_public_id[public_id(key)]

    # Decisions of hosts.

    def set_role(self, key: str, role: Role, *, caps_links: bool = True) -> None:
        """Change the role of a member, connected or not, now and for its return.

        Args:
            key: its client instance.
            role: what it may do.
            caps_links: when a member becomes a viewer, whether new clients with an existing link
                become viewers too: keys are free, so the member could return with its link.
        """
        self._identities[key].role, self._identities[key].is_capped = role, False
        if key in self._members:
            self._members[key] = msgspec.structs.replace(self._members[key], role=role)
        watching = any(each.role is Role.VIEWER for each in self._identities.values())
        if role is Role.VIEWER:
            if caps_links:
                self.editors_after = self._moment()
        elif not watching:
            self.editors_after = 0.0

    def remove(self, key: str, reason: str) -> None:
        """Remove a member, connected or not; new keys with existing links are refused too.

        Args:
            key: its client instance.
            reason: shown to the member when it tries to return.
        """
        self._identities[key].removed, self._identities[key].is_present = reason, False
        self.invites_after = self._moment()
        if self._members.pop(key, None) is not None:
            self.places.release(key)

    def _moment(self) -> float:
        """Return the current time, but at least the date of the newest known invite."""
        now = max(time.time(), self.links_after, self._latest_invite)
        for key in self._members:
            self._identities[key].seen_at = now
        self.server_dates_from = self.server_dates_from or now
        return now
