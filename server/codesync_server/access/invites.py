"""Invites: signed permissions to enter one room in one role until a certain time.

Format: base64url(payload) "." base64url(HMAC-SHA256(key, payload)), without padding; the payload is
`KIND|ROOM|ROLE|EXPIRES|ISSUED` with both times in milliseconds since the Unix epoch. The key is
derived from the server's token, so that changing the token ends all invites.

Kind 3 is dated by the server itself. Kind 2 is dated by another clock: that of a 0.1 server, or of
a machine where `codesync invite` could not reach the server.

The payload is readable and travels; the signature is the secret of the handshake and does not.
"""

import hashlib
import hmac
import time
from dataclasses import dataclass, field
from math import ceil

from codesync_protocol.handshake import decode_base64url, encode_base64url, token_secret
from codesync_protocol.messages import Role
from codesync_server.access.payer import SERVER_TOKEN

LIFETIME_SECONDS = 7 * 24 * 3600.0

CLOCK_SKEW_SECONDS = 120.0
"""How far ahead of the server's clock an invite of another clock may be dated. One that is dated
later would count as newer than what a host does to members until then."""

_BY_SERVER, _BY_ANOTHER_CLOCK = "3", "2"


class InviteRejected(Exception):
    """An invite does not permit what its holder wants; the message says why."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token permits.

    Attributes:
        role: the role.
        room: the only room it is good for, or None for all of them.
        issued: when it was made, in seconds since the Unix epoch; None for the server's token.
        by_server: that date is of the server's own clock.
        invite: identity of the invite for budgets, or SERVER_TOKEN.
    """

    role: Role
    room: str | None
    issued: float | None = None
    invite: str = SERVER_TOKEN
    by_server: bool = True


@dataclass(frozen=True, slots=True)
class Claim:
    """An identity that a client claims and has yet to prove.

    Attributes:
        secret: whoever knows it has the identity.
        payload: what the invite says; None for the server's token.
    """

    secret: bytes = field(repr=False)
    payload: bytes | None


class InviteSigner:
    """Signs invites and checks them.

    Args:
        token: the server's token.
    """

    def __init__(self, token: str) -> None:
        self._token_secret = token_secret(token)
        self._key = hmac.digest(token.encode(), b"codesync invite v1", "sha256")

    def invite(
        self,
        room: str,
        role: Role,
        *,
        lifetime: float = LIFETIME_SECONDS,
        after: float = 0.0,
        by_server: bool = True,
    ) -> str:
        """Make an invite.

        Args:
            room: the room's name.
            role: the role it gives.
            lifetime: seconds that it is good for.
            after: seconds since the Unix epoch; it is made later than that, whatever the clock
                says, which may have gone back.
            by_server: this process is the server, so the date is of its clock.
        """
        issued = max(time.time(), after + 0.001)
        expires = issued + lifetime
        # Rounded up: one that is made right after a removal must not seem to be made before it.
        times = f"{int(expires * 1000)}|{ceil(issued * 1000)}"
        kind = _BY_SERVER if by_server else _BY_ANOTHER_CLOCK
        payload = f"{kind}|{room}|{role}|{times}".encode()
        return f"{encode_base64url(payload)}.{self._signature(payload)}"

    def claim(self, identity: str) -> Claim | None:
        """Compute the secret that belongs to a claimed identity.

        This neither says that such an invite was ever made nor that the client has it: the secret
        is for checking the proof, and must not leave the server.

        Args:
            identity: the readable part of an invite; empty for the server's token.

        Returns:
            The claim; None when the text is not the readable part of any invite.
        """
        if not identity:
            return Claim(self._token_secret, None)
        try:
            payload = decode_base64url(identity)
        except ValueError:
            return None
        return Claim(self._signature(payload).encode(), payload)

    def grant(self, claim: Claim, room: str) -> Grant:
        """Tell what a proved claim permits.

        Args:
            claim: a claim whose secret the client has proved to know: so we made the invite.
            room: the room that the client wants to enter.

        Raises:
            InviteRejected: it does not permit to enter this room now.
        """
        if claim.payload is None:
            return Grant(Role.HOST, None)
        kind, *fields = claim.payload.decode().split("|")
        if kind not in (_BY_SERVER, _BY_ANOTHER_CLOCK):
            raise InviteRejected("the invite is of a kind that this server does not know")
        for_room, role, expires, issued_ms = fields
        now, issued = time.time(), int(issued_ms) / 1000
        if for_room != room:
            raise InviteRejected("the invite is for another room")
        if now > int(expires) / 1000:
            raise InviteRejected("the invite has expired")
        if kind == _BY_ANOTHER_CLOCK and issued > now + CLOCK_SKEW_SECONDS:
            ahead = (issued - now) / 60
            raise InviteRejected(
                f"the invite is dated {ahead:.0f} min in the future: the clock of the machine that"
                " made it is wrong"
            )
        identity = invite_identity(claim.secret.decode())
        return Grant(Role(role), for_room, issued, identity, kind == _BY_SERVER)

    def _signature(self, payload: bytes) -> str:
        return encode_base64url(hmac.digest(self._key, payload, "sha256"))


def invite_identity(signature: str) -> str:
    """Return a short hash of an invite's signature; it identifies the invite and reveals nothing.

    Args:
        signature: the part of the invite after the dot.
    """
    return hashlib.blake2b(
        signature.encode(errors="replace"), digest_size=8, person=b"codesync payer"
    ).hexdigest()
