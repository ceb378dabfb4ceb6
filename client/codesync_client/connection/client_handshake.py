"""The client's side of the handshake: proves the client's identity, and verifies the server.

Neither our token nor our key is ever sent: see codesync_protocol.handshake.
"""

import secrets

from codesync_client.errors import EntryRefused, ServerNotProved
from codesync_protocol.errors import Code
from codesync_protocol.handshake import (
    KEY_BYTES,
    NONCE_BYTES,
    Credentials,
    Transcript,
    are_equal,
    fingerprint,
    public_id,
)
from codesync_protocol.links import Link
from codesync_protocol.messages import Challenge, Hello, Proof, Refused
from codesync_protocol.version import NEWEST, OLDEST


class ClientHandshake:
    """Enters one room, also after every cut.

    Args:
        link: the address of the room, and the token.
        name: the wanted name of the member.
        agent: the name and version of the calling program.
    """

    def __init__(self, link: Link, *, name: str, agent: str) -> None:
        self._link = link
        self._name = name
        self._agent = agent
        self._credentials = Credentials.of(link.token)
        self.replace_key()

    def replace_key(self) -> None:
        """Become a new client instance, which is a new member for the room."""
        self._key = secrets.token_bytes(KEY_BYTES)
        self._fingerprint = fingerprint(self._key.hex())
        self._has_enrolled = False

    @property
    def server(self) -> str:
        """The server's address."""
        return self._link.server

    def hello(self, epoch: str = "", seq: int = 0) -> Hello:
        """Return the hello for a new connection.

        Args:
            epoch: the epoch of the room at the last visit; empty on the first one.
            seq: the last event that the client has seen.
        """
        return Hello(
            oldest=OLDEST,
            newest=NEWEST,
            room=self._link.room,
            token="",
            name=self._name,
            public_id=public_id(self._fingerprint),
            epoch=epoch,
            seq=seq,
            agent=self._agent,
            nonce=secrets.token_bytes(NONCE_BYTES),
            identity=self._credentials.identity,
        )

    def prove(self, hello: bytes, challenge: Challenge) -> Proof:
        """Answer a challenge, if it is from the server of the token.

        The fingerprint of a key is sent once. A server that does not know us afterwards might be
        another holder of our link: it gets to know a new key (`replace_key`), not this one.

        Args:
            hello: the frame of the hello as it was sent.
            challenge: the server's challenge.

        Raises:
            ServerNotProved: the other end does not know our secret; nothing may be sent to it.
        """
        secret = self._credentials.secret
        transcript = Transcript(hello, challenge.version, challenge.nonce)
        is_version_ours = OLDEST <= challenge.version <= NEWEST
        if not is_version_ours or not are_equal(transcript.server_proof(secret), challenge.proof):
            raise self._not_proved()
        known = bytes.fromhex(self._fingerprint)
        enrolment = b"" if self._has_enrolled else transcript.mask_fingerprint(secret, known)
        self._has_enrolled = True
        masked = transcript.mask_key(self._fingerprint, self._key)
        return Proof(transcript.client_proof(secret, masked, enrolment), masked, enrolment)

    def refusal(self, refused: Refused) -> EntryRefused:
        """Return the error for a refusal."""
        if refused.code is Code.VERSION and refused.newest < OLDEST:
            return EntryRefused(
                Code.VERSION,
                f"the server is older than this client: it speaks protocol version"
                f" {refused.newest}, and we speak {NEWEST}",
                "upgrade CodeSync on the server; nothing secret was sent to it",
            )
        return EntryRefused(refused.code, refused.reason, refused.remedy)

    def _not_proved(self) -> ServerNotProved:
        server, token = self._link.server, self._link.token
        if not token:
            return ServerNotProved(
                f"{server} lets nobody in without a token, and you have none",
                "enter by a join link, or name a file with --token-file",
            )
        if self._credentials.identity:
            return ServerNotProved(
                f"{server} does not know the secret of your link: another server answers there,"
                " its token was changed, or the link is damaged",
                "ask the host for a new link; nothing secret was sent",
            )
        return ServerNotProved(
            f"{server} does not know your token: it is not the server that the token belongs to",
            "enter by a join link, or name the right file with --token-file; nothing secret was"
            " sent",
        )
