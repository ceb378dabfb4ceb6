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
from codesync_server.store.records import MemberRecord

IDENTITIES_KEPT = (1000, 5000, 10_000)
"""Identities that a room remembers, by weight: above the first number it forgets those that are
only a name, above the second those that only made edits, above the third any. Client keys are free
to create, so new ones must not displace what a host decided."""

NOBODY = Payer()
"""Who comes without an invite and an address that are known."""


class Membership:
    """The members of one room.

    An invite is a link that many may have, and a client instance is a key that anybody can make
    anew. So what a host does to a member is done to the links that were about then, as far as they
    bring somebody who was not here at that moment.

    Attributes:
        invites_after: seconds since the Unix epoch; invites that are older let nobody in any more
            who was not here then.
        places: who has which place.
        editors_after: likewise; whoever comes by one that is older only watches.
        server_dates_from: seconds since the Unix epoch; neither of the two was set before by a
            server that dates invites itself. 0 if none of them was.
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

    def restore(self, records: Iterable[MemberRecord]) -> None:
        """Know those whom the store knows.

        Args:
            records: the one who was here last comes last.
        """
        for record in records:
            self._identities[record.key] = Identity(
                record.member,
                record.name,
                record.crdt,
                record.edits_taken,
                record.edits_taken,
                Role(record.role) if record.role else None,
                record.removed,
                record.seen_at,
            )
            self._keys_by_public_id[public_id(record.key)] = record.key
            self._last_member = max(self._last_member, record.member)

    @property
    def links_after(self) -> float:
        """When links were last made old, whatever the clock has done since."""
        return max(self.invites_after, self.editors_after)

    def __iter__(self) -> Iterator[Member]:
        """Those who are here, in order of arrival."""
        return iter(self._members.values())

    def __len__(self) -> int:
        """How many are here."""
        return len(self._members)

    def __contains__(self, key: str) -> bool:
        """Whether a client instance is here."""
        return key in self._members

    @property
    def known(self) -> Iterable[tuple[str, Identity]]:
        """All that are known, by client key, whoever was here last at the end."""
        return self._identities.items()

    @property
    def keys(self) -> list[str]:
        """The client keys of those who are here."""
        return list(self._members)

    def identity(self, key: str) -> Identity:
        """What is known of somebody who is, or was, here."""
        return self._identities[key]

    def identity_of(self, key: str) -> Identity | None:
        """The same, of somebody who may never have been."""
        return self._identities.get(key)

    def key_by_public_id(self, public: str) -> str | None:
        """Find the fingerprint that a client's public id is derived from, if it is known here."""
        return self._keys_by_public_id.get(public)

    def member_of(self, key: str) -> Member:
        """Whoever is here as this client instance."""
        return self._members[key]

    def key_of(self, member: int) -> str | None:
        """The client instance of a member; None when it is not here."""
        return next((key for key, each in self._members.items() if each.member == member), None)

    # Coming and going.

    def trusted_date(self, issued: float) -> float:
        """Limit the date of an invite that another clock than the server's dated.

        Whoever may come by it, it does not count as newer than what a host has done to members
        since links are dated by the server: new links are dated by it.

        Args:
            issued: the date of the invite, in seconds since the Unix epoch.
        """
        return min(issued, self.server_dates_from) if self.server_dates_from else issued

    def bars(self, key: str, issued: float | None) -> str:
        """Tell whether somebody may not enter.

        Args:
            key: the client instance.
            issued: when the invite that they show was made; None for the server's token.

        Returns:
            Why not; empty if they may.
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
        """Let somebody in.

        Args:
            key: the client instance.
            name: what it wants to be called.
            role: what its token says.
            issued: when its invite was made; None for the server's token.
            payer: its invite and address.

        Raises:
            RoomFull: there is no place.
        """
        known = self._identities.get(key)
        kept = known.role if known else None
        is_old = self._is_new_by_old_link(key, issued, self.editors_after)
        is_capped = is_old and kept is None and role is Role.EDITOR
        if key not in self._members:
            entering = Role.VIEWER if is_capped else kept or role
            if role is Role.HOST:
                entering = role  # a host's token has places, whatever it may do here
            self.places.take(key, payer, entering, is_known=known is not None)
        self.note_invite(issued or 0.0)
        identity = self._identify(key, name)
        if is_capped:
            identity.role, identity.is_capped = Role.VIEWER, True
        member = Member(identity.member, identity.name, identity.role or role, identity.member)
        self._members[key] = member
        return member

    def note_invite(self, issued: float) -> None:
        """Remember the date of an invite that exists, lest a removal be dated before it.

        Args:
            issued: in seconds since the Unix epoch; the clock that it is of may be wrong.
        """
        self._latest_invite = max(self._latest_invite, issued)

    def leave(self, key: str) -> Member:
        """Let somebody go."""
        identity = self._identities[key]
        identity.seen_at = max(identity.seen_at, time.time())
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
        self._forget_oldest()
        return known

    def _forget_oldest(self) -> None:
        for weight, kept in enumerate(IDENTITIES_KEPT):
            if len(self._identities) <= kept:
                return
            absent = [key for key in self._identities if key not in self._members]
            for key in absent:
                if len(self._identities) <= kept:
                    return
                if self._identities[key].weight <= weight:
                    del self._identities[key]
                    del self._keys_by_public_id[public_id(key)]

    # What hosts do.

    def set_role(self, key: str, role: Role, *, caps_links: bool = True) -> None:
        """Let a member do more or less, now and when it comes back.

        Args:
            key: its client instance.
            role: what it may do.
            caps_links: who comes anew by a link that was made before may do no more than a member
                that becomes a viewer: its link is its own, and keys are free.
        """
        self._identities[key].role, self._identities[key].is_capped = role, False
        self._members[key] = msgspec.structs.replace(self._members[key], role=role)
        watching = any(each.role is Role.VIEWER for each in self._identities.values())
        if role is Role.VIEWER:
            if caps_links:
                self.editors_after = self._moment()
        elif not watching:
            self.editors_after = 0.0

    def remove(self, key: str, reason: str) -> Member:
        """Send a member away for good, under whatever key they come back.

        Args:
            key: its client instance.
            reason: what it is told when it does.
        """
        self._identities[key].removed = reason
        self.invites_after = self._moment()
        self.places.release(key)
        return self._members.pop(key)

    def _moment(self) -> float:
        """Now, and not before any known invite; whoever is here has been here at this moment."""
        now = max(time.time(), self.links_after, self._latest_invite)
        for key in self._members:
            self._identities[key].seen_at = now
        self.server_dates_from = self.server_dates_from or now
        return now
