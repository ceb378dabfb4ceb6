"""Decides whether a hello and a proof lead to a room, or to a refusal with its reason."""

import asyncio
from typing import NamedTuple

from codesync_protocol import version
from codesync_protocol.errors import Code
from codesync_protocol.handshake import (
    KEY_BYTES,
    NONCE_BYTES,
    Transcript,
    are_equal,
    fingerprint,
    public_id,
)
from codesync_protocol.messages import Hello, Proof, Refused, Role
from codesync_protocol.names import is_room_name
from codesync_server.access.invites import Claim, InviteRejected, InviteSigner
from codesync_server.access.limit_reached import LimitReached
from codesync_server.access.payer import Payer
from codesync_server.access.token_buckets import Rate, TokenBuckets
from codesync_server.rooms.registry import Rooms, RoomUnavailable, TooManyRooms
from codesync_server.rooms.room import Room

WRONG_TOKENS_BURST = 10
WRONG_TOKENS_PER_SECOND = 0.2

WRONG_TOKEN = "the token is missing or wrong"


class ChallengedHello(NamedTuple):
    """A hello that is challenged.

    Attributes:
        claim: the identity that the client has to prove.
        version: the version of the protocol that both ends speak.
    """

    claim: Claim
    version: int


class Admitted(NamedTuple):
    """Somebody may enter.

    Attributes:
        room: where.
        role: as what.
        issued: when their invite was made, as far as the room trusts its date; None for the
            server's token.
        version: which version of the protocol they are spoken to in.
        payer: the identities that their use of the server is charged to.
    """

    room: Room
    role: Role
    issued: float | None
    version: int
    payer: Payer


class Admission:
    """Decides who may enter which room.

    Args:
        rooms: the rooms.
        invites: knows tokens.

    Attributes:
        draining: nobody may enter any more.
    """

    def __init__(self, rooms: Rooms, invites: InviteSigner) -> None:
        self.draining = False
        self._rooms = rooms
        self._invites = invites
        self._wrong_tokens = TokenBuckets(Rate(WRONG_TOKENS_BURST, WRONG_TOKENS_PER_SECOND))

    def claim(self, hello: Hello, address: str) -> "ChallengedHello | Refused":
        """Decide whether a hello is challenged. Nothing of the server is disclosed here.

        Args:
            hello: the client's hello.
            address: identity of its network address (`address_identity`).

        Returns:
            The claim that the client has to prove; or the refusal.
        """
        agreed = version.agree(hello.oldest, hello.newest)
        if agreed is None:
            return self._refuse_version(hello)
        if self.draining:
            return self._refuse(
                Code.DRAINING, "the server is shutting down", "try again in a minute"
            )
        if len(hello.nonce) != NONCE_BYTES:
            reason = f"a hello of version {agreed} has a nonce of {NONCE_BYTES} bytes"
            return self._refuse(Code.BAD_FRAME, reason)
        if not is_room_name(hello.room):
            return self._refuse(
                Code.ROOM_NAME,
                "a room's name is 3 to 64 of a-z, 0-9 and hyphen",
                "choose another name",
            )
        claim = self._invites.claim(hello.identity)
        if claim is None:
            return self._refuse_token(address)
        return ChallengedHello(claim, agreed)

    async def admit(
        self,
        hello: Hello,
        claimed: "ChallengedHello",
        transcript: Transcript,
        proof: Proof,
        address: str,
    ) -> "Admitted | Refused":
        """Decide whether a client that answered the challenge may enter.

        Args:
            hello: the client's hello.
            claimed: the identity that it claimed in it.
            transcript: what the proofs must cover.
            proof: the client's proof.
            address: identity of its network address (`address_identity`).

        Returns:
            What it may do where; or the refusal.
        """
        claim = claimed.claim
        right = transcript.client_proof(claim.secret, proof.masked_key, proof.enrolment)
        if not are_equal(proof.proof, right):
            return self._refuse_token(address)
        try:
            grant = self._invites.grant(claim, hello.room)
        except InviteRejected as error:
            return self._refuse_token(address, str(error))
        now = asyncio.get_running_loop().time()
        try:
            room = await self._rooms.open(hello.room, now, Payer(address, grant.invite))
        except TooManyRooms as error:
            return self._refuse(Code.BUSY, str(error), "Try again in a minute.")
        except LimitReached as error:
            return self._refuse(Code.BUSY, error.reason)
        except RoomUnavailable as error:
            return self._refuse(Code.BUSY, str(error), "try again in a minute")
        key = room.membership.key_by_public_id(hello.public_id)
        if key is None and not proof.enrolment:
            return self._refuse(
                Code.UNKNOWN_MEMBER, "the room does not know you any more", "enter it anew"
            )
        key = key or _enrolled(claim, transcript, proof)
        if not _is_proved(key, hello, transcript, proof):
            return self._refuse_token(address, "the client's key is wrong")
        issued = grant.issued
        if issued is not None and not grant.by_server:
            issued = room.membership.trusted_date(issued)
        if barred := room.membership.is_barred(key, issued):
            if issued != grant.issued:
                barred += ", or another machine's clock dated it"
            return self._refuse(Code.REMOVED, barred, "ask the host for a new link")
        payer = Payer(address, grant.invite, hello.room, key)
        return Admitted(room, grant.role, issued, claimed.version, payer)

    def _refuse_version(self, hello: Hello) -> Refused:
        remedy = "install CodeSync from the same checkout or wheel on both sides"
        if hello.newest < version.OLDEST:
            remedy = "upgrade CodeSync, then enter again by the same link"
        return self._refuse(
            Code.VERSION,
            f"this server speaks protocol versions {version.OLDEST} to {version.NEWEST},"
            f" you speak {hello.oldest} to {hello.newest}",
            remedy,
        )

    def _refuse_token(self, address: str, reason: str = WRONG_TOKEN) -> Refused:
        if not self._wrong_tokens.allow(address, asyncio.get_running_loop().time()):
            return self._refuse(
                Code.BUSY,
                "too many wrong tokens came from your address",
                "wait a minute, then try again with the right one",
            )
        return self._refuse(Code.TOKEN, reason, "ask the host for a new link")

    def _refuse(self, code: Code, reason: str, remedy: str = "") -> Refused:
        return Refused(code, reason, remedy, version.OLDEST, version.NEWEST)


def _enrolled(claim: Claim, transcript: Transcript, proof: Proof) -> str:
    """Read the fingerprint that a new member sends of its key."""
    masked = proof.enrolment.ljust(KEY_BYTES, b"\0")
    return transcript.mask_fingerprint(claim.secret, masked).hex()


def _is_proved(known: str, hello: Hello, transcript: Transcript, proof: Proof) -> bool:
    """Tell whether the client has the key that belongs to a fingerprint and to its public id."""
    key = transcript.mask_key(known, proof.masked_key).hex()
    is_the_key = are_equal(fingerprint(key).encode(), known.encode())
    return is_the_key and public_id(known) == hello.public_id
