"""Invites: signed permissions to enter one room in one role until a certain time.

Format: base64url(payload) "." base64url(HMAC-SHA256(key, payload)), without padding; the payload is
`2|ROOM|ROLE|EXPIRES|ISSUED` with both times in milliseconds since the Unix epoch. The key is
derived from the server's token, so that changing the token ends all invites.
"""

import base64
import binascii
import hashlib
import hmac
import time
from dataclasses import dataclass
from math import ceil

from codesync_protocol.messages import Role
from codesync_server.access.payer import SERVER_TOKEN

LIFETIME_SECONDS = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token permits.

    Attributes:
        role: the role.
        room: the only room it is good for, or None for all of them.
        issued: when it was made, in seconds since the Unix epoch; None for the server's token.
        invite: identity of the invite for budgets, or SERVER_TOKEN.
    """

    role: Role
    room: str | None
    issued: float | None = None
    invite: str = SERVER_TOKEN


class InviteDesk:
    """Signs invites and checks them.

    Args:
        token: the server's token.
    """

    def __init__(self, token: str) -> None:
        self._token = token.encode()
        self._key = hmac.digest(self._token, b"codesync invite v1", "sha256")

    def invite(
        self, room: str, role: Role, *, lifetime: float = LIFETIME_SECONDS, after: float = 0.0
    ) -> str:
        """Make an invite.

        Args:
            room: the room's name.
            role: the role it gives.
            lifetime: seconds that it is good for.
            after: seconds since the Unix epoch; it is made later than that, whatever the clock
                says, which may have gone back.
        """
        issued = max(time.time(), after + 0.001)
        expires = issued + lifetime
        # Rounded up: one that is made right after a removal must not seem to be made before it.
        payload = f"2|{room}|{role}|{int(expires * 1000)}|{ceil(issued * 1000)}".encode()
        return self._sealed(payload)

    def check(self, token: str, room: str) -> Grant | None:
        """Tell what a token permits.

        Args:
            token: what somebody showed.
            room: where they want to go.

        Returns:
            The grant; None when it permits nothing here.
        """
        if hmac.compare_digest(token.encode(errors="replace"), self._token):
            return Grant(Role.HOST, None)
        payload = self._verified(token)
        if payload is None:
            return None
        version, *fields = payload.decode().split("|")
        if version != "2":
            return None
        for_room, role, expires, issued = fields
        if for_room != room or time.time() > int(expires) / 1000:
            return None
        signature = token.partition(".")[2]
        return Grant(Role(role), for_room, int(issued) / 1000, invite_identity(signature))

    def _verified(self, token: str) -> bytes | None:
        try:
            payload = _decode(token.partition(".")[0])
        except (binascii.Error, ValueError):
            return None
        # Compared as it is spelled: base64 has several spellings of the same bytes.
        right = self._sealed(payload).encode()
        return payload if hmac.compare_digest(token.encode(errors="replace"), right) else None

    def _sealed(self, payload: bytes) -> str:
        return f"{_encode(payload)}.{_encode(self._sign(payload))}"

    def _sign(self, payload: bytes) -> bytes:
        return hmac.digest(self._key, payload, "sha256")


def invite_identity(signature: str) -> str:
    """Return a short hash of an invite's signature; it identifies the invite and reveals nothing.

    Args:
        signature: the part of the invite after the dot.
    """
    return hashlib.blake2b(
        signature.encode(errors="replace"), digest_size=8, person=b"codesync payer"
    ).hexdigest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
