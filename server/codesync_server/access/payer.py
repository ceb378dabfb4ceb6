"""The identities that are charged for a client's use of the server."""

from dataclasses import dataclass, replace
from enum import StrEnum


class Level(StrEnum):
    """Kinds of identity, from the widest, which all clients share, to a single client instance.

    A client key costs nothing to create, so the member level only divides a share fairly between
    members. Addresses, invites and rooms are the levels that protect others. ORIGIN is one invite
    at one address: it protects those who share a link from one of them, however many keys that one
    creates.
    """

    SERVER = "server"
    ADDRESS = "address"
    ROOM = "room"
    INVITE = "invite"
    ORIGIN = "origin"
    MEMBER = "member"


SERVER_TOKEN = "token"
"""The invite identity of clients that hold the server's own token."""


@dataclass(frozen=True, slots=True)
class Payer:
    """The identities of one client. An empty field is unknown: nothing is charged at its level.

    Attributes:
        address: network address; an IPv6 /64 counts as one address.
        invite: short hash of the invite's signature, or SERVER_TOKEN.
        room: name of the room.
        member: fingerprint of the client key.
    """

    address: str = ""
    invite: str = ""
    room: str = ""
    member: str = ""

    def without_token(self) -> "Payer":
        """Return the same client without SERVER_TOKEN as its invite.

        For limits that hosts and their scripts, who share the token, must not have together.
        """
        return replace(self, invite="") if self.invite == SERVER_TOKEN else self

    def key(self, level: Level) -> str | None:
        """Return the identity at a level, or None if it is unknown."""
        match level:
            case Level.SERVER:
                return "server"
            case Level.ADDRESS:
                return self.address or None
            case Level.INVITE:
                return self.invite or None
            case Level.ORIGIN:
                return f"{self.invite} {self.address}" if self.invite and self.address else None
            case Level.ROOM:
                return self.room or None
            case Level.MEMBER:
                return self.member or None
