"""The proofs of the handshake: both ends prove that they know a secret, and neither sends it.

    hello      client -> server   client nonce, claimed identity, public id
    challenge  server -> client   server nonce, server's proof
    proof      client -> server   client's proof, masked key, for new members an enrolment
    welcome    server -> client

Every proof is an HMAC-SHA256 over a label of its own and the transcript: the hello as it was sent,
the agreed version and the server's nonce. Both nonces are fresh, so recorded messages are useless
for other connections. The labels differ, so no proof can be reflected to its sender.

The secret of a connection is the signature of the invite, or derived from the server's token. A
client instance also has a key. The server stores only the key's fingerprint. The key is sent masked
with a value that only the holder of the fingerprint can compute (as in SCRAM, RFC 5802): the server
recovers and checks it, a listener learns nothing, and the fingerprint alone is not sufficient to
act as the client. A new member sends the fingerprint once, masked with the shared secret.
"""

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Final

NONCE_BYTES: Final = 32
KEY_BYTES: Final = 16

_INVITE_PAYLOAD: Final = re.compile(rb"\d{1,3}\|")
_TOKEN_LABEL: Final = b"codesync handshake token v2"
_TRANSCRIPT_LABEL: Final = b"codesync handshake v2"


@dataclass(frozen=True, slots=True)
class Credentials:
    """The identity and the secret of a token, for a handshake.

    Attributes:
        identity: the readable part of an invite; empty for the server's own token.
        secret: the shared secret; it is never sent.
    """

    identity: str
    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, token: str) -> "Credentials":
        """Split a token into the claimed identity and the secret.

        Args:
            token: an invite or the server's token.
        """
        identity, dot, signature = token.partition(".")
        if dot and is_invite_payload(identity):
            return cls(identity, signature.encode(errors="surrogatepass"))
        return cls("", token_secret(token))


def is_invite_payload(text: str) -> bool:
    """Tell whether a text is the readable part of an invite, valid or not."""
    try:
        payload = decode_base64url(text)
    except ValueError:
        return False
    return _INVITE_PAYLOAD.match(payload) is not None


def token_secret(token: str) -> bytes:
    """Derive the secret of a handshake from the server's own token."""
    return hmac.digest(token.encode(errors="surrogatepass"), _TOKEN_LABEL, "sha256")


def fingerprint(key: str) -> str:
    """Derive the fingerprint of a client's key, which the server stores.

    Args:
        key: 128 random bits, in hexadecimal.

    Returns:
        128 bits of their BLAKE2b, in hexadecimal.
    """
    return hashlib.blake2b(key.encode(), digest_size=16, person=b"codesync key").hexdigest()


def public_id(known: str) -> str:
    """Derive the public id of a client instance.

    Args:
        known: the fingerprint of its key.

    Returns:
        128 bits, in hexadecimal; neither key nor fingerprint can be computed from them.
    """
    return hashlib.blake2b(known.encode(), digest_size=16, person=b"codesync public").hexdigest()


def encode_base64url(data: bytes) -> str:
    """Encode bytes as base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode_base64url(text: str) -> bytes:
    """Decode base64url without padding.

    Raises:
        ValueError: the text is not the canonical encoding of bytes.
    """
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        data = base64.b64decode(padded, altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise ValueError("not base64url") from None
    if encode_base64url(data) != text:
        raise ValueError("not the canonical spelling")
    return data


class Transcript:
    """The data that both ends of a connection exchanged before the proofs.

    Args:
        hello: the frame of the hello as it was sent.
        version: the agreed protocol version.
        nonce: the server's nonce.
    """

    def __init__(self, hello: bytes, version: int, nonce: bytes) -> None:
        digest = hashlib.sha256(_TRANSCRIPT_LABEL)
        for part in (hello, version.to_bytes(4, "big"), nonce):
            digest.update(len(part).to_bytes(4, "big") + part)
        self._digest = digest.digest()

    def server_proof(self, secret: bytes) -> bytes:
        """Compute the proof that the server knows the secret."""
        return self._mac(secret, b"server")

    def client_proof(self, secret: bytes, masked_key: bytes, enrolment: bytes) -> bytes:
        """Compute the proof that the client knows the secret; it covers the rest of its message."""
        rest = len(masked_key).to_bytes(4, "big") + masked_key + enrolment
        return self._mac(secret, b"client", rest)

    def mask_key(self, known: str, key: bytes) -> bytes:
        """Mask a client's key so that only the holder of its fingerprint can read it.

        Args:
            known: the fingerprint.
            key: the key, or the masked key: the operation is its own inverse.
        """
        return _xor(key, self._mac(bytes.fromhex(known), b"member"))

    def mask_fingerprint(self, secret: bytes, known: bytes) -> bytes:
        """Mask a fingerprint so that only the holder of the secret can read it.

        Args:
            secret: the shared secret.
            known: the fingerprint, or the masked one: the operation is its own inverse.
        """
        return _xor(known, self._mac(secret, b"enrol"))

    def _mac(self, key: bytes, label: bytes, rest: bytes = b"") -> bytes:
        return hmac.digest(key, label + b"\0" + self._digest + rest, "sha256")


def are_equal(one: bytes, other: bytes) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(one, other)


def _xor(data: bytes, stream: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(data, stream[: len(data)], strict=True))
