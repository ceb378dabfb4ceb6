"""Both sides of the handshake for tests: clients and servers that speak frame by frame."""

import secrets

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import ServerConnection

from codesync_protocol import version
from codesync_protocol.codec import decode_from_server, encode
from codesync_protocol.ends import ServerEnd
from codesync_protocol.handshake import (
    NONCE_BYTES,
    Credentials,
    Transcript,
    are_equal,
    fingerprint,
    public_id,
)
from codesync_protocol.messages import Challenge, Hello, Proof, Refused
from codesync_server.access.invites import Grant, InviteRejected, InviteSigner


class Caller(msgspec.Struct, frozen=True):
    """A client that may do anything wrong.

    Attributes:
        oldest, newest: the protocol versions that it speaks.
        room: where it wants to go.
        token: the secret that it uses; never sent.
        name: what it wants to be called.
        key: its key, 32 hexadecimal digits; never sent.
        epoch, seq: what it has seen.
        is_known: it enrolled before, and does not do so again.
    """

    oldest: int
    newest: int
    room: str
    token: str
    name: str
    key: str
    epoch: str = ""
    seq: int = 0
    is_known: bool = False

    @property
    def fingerprint(self) -> str:
        """What the server stores of the key."""
        return fingerprint(self.key)

    def hello(self) -> Hello:
        """A hello, with a fresh nonce."""
        return Hello(
            self.oldest,
            self.newest,
            self.room,
            "",
            self.name,
            public_id(self.fingerprint),
            self.epoch,
            self.seq,
            "test",
            secrets.token_bytes(NONCE_BYTES),
            Credentials.of(self.token).identity,
        )

    def prove(self, hello: bytes, challenge: Challenge) -> Proof:
        """Answer a challenge, whoever asks.

        Args:
            hello: the frame of the hello.
            challenge: the challenge.
        """
        secret = Credentials.of(self.token).secret
        transcript = Transcript(hello, challenge.version, challenge.nonce)
        masked = transcript.mask_key(self.fingerprint, bytes.fromhex(self.key))
        known = bytes.fromhex(self.fingerprint)
        enrolment = b"" if self.is_known else transcript.mask_fingerprint(secret, known)
        return Proof(transcript.client_proof(secret, masked, enrolment), masked, enrolment)


async def refused(connection: ClientConnection, caller: Caller) -> Refused:
    """Go through a handshake that ends in a refusal, without looking at the server's proof."""
    hello = encode(caller.hello())
    await connection.send(hello)
    challenge = decode_from_server(await connection.recv())
    assert isinstance(challenge, Challenge)
    await connection.send(encode(caller.prove(hello, challenge)))
    answer = decode_from_server(await connection.recv())
    assert isinstance(answer, Refused)
    return answer


async def challenged(connection: ServerConnection, end: ServerEnd, token: str) -> Hello:
    """Be the server's side of a handshake, up to the proof.

    Args:
        connection: the client's websocket.
        end: the server's end of it.
        token: what the client has to know.

    Returns:
        The client's hello; the client has proved that it knows the token.
    """
    frame = await connection.recv()
    hello = end.receive_hello(frame)
    assert isinstance(frame, bytes)
    secret = Credentials.of(token).secret
    nonce = secrets.token_bytes(NONCE_BYTES)
    transcript = Transcript(frame, version.NEWEST, nonce)
    end.challenge()
    await connection.send(encode(Challenge(version.NEWEST, nonce, transcript.server_proof(secret))))
    proof = end.receive_proof(await connection.recv())
    right = transcript.client_proof(secret, proof.masked_key, proof.enrolment)
    assert are_equal(proof.proof, right)
    return hello


def granted(desk: InviteSigner, token: str, room: str) -> Grant | None:
    """What a server grants to the holder of a token; None when one end cannot prove itself."""
    held = Credentials.of(token)
    claim = desk.claim(held.identity)
    if claim is None or claim.secret != held.secret:
        return None
    try:
        return desk.grant(claim, room)
    except InviteRejected:
        return None
