"""The proofs of the handshake: the data that each covers, and the secrets that none reveals."""

import secrets

from hypothesis import given
from hypothesis import strategies as st

from codesync_protocol.handshake import (
    Credentials,
    Transcript,
    decode_base64url,
    encode_base64url,
    fingerprint,
    public_id,
    token_secret,
)
from codesync_protocol.messages import Role
from codesync_server.access.invites import InviteSigner

TOKEN = secrets.token_urlsafe(32)
SECRET = token_secret(TOKEN)
HELLO, NONCE = b"a hello", bytes(range(32))
KEY = secrets.token_bytes(16)
KNOWN = fingerprint(KEY.hex())


def test_an_invite_is_split_into_its_readable_part_and_its_signature() -> None:
    invite = InviteSigner(TOKEN).invite("lab", Role.EDITOR)
    payload, _, signature = invite.partition(".")
    held = Credentials.of(invite)
    assert (held.identity, held.secret) == (payload, signature.encode())
    assert signature not in repr(held)


@given(st.text())
def test_whatever_is_no_invite_counts_as_a_servers_token_and_is_not_claimed(token: str) -> None:
    held = Credentials.of(token)
    if "." not in token:
        assert held == Credentials("", token_secret(token))
    assert token_secret(token) not in (b"", token.encode(errors="surrogatepass"))


def test_a_proof_covers_the_hello_the_version_and_the_servers_nonce() -> None:
    transcripts = [
        Transcript(HELLO, 2, NONCE),
        Transcript(HELLO + b"\0", 2, NONCE),
        Transcript(HELLO, 3, NONCE),
        Transcript(HELLO, 2, NONCE[::-1]),
        Transcript(NONCE, 2, HELLO),
    ]
    assert len({each.server_proof(SECRET) for each in transcripts}) == len(transcripts)
    assert len({each.client_proof(SECRET, b"", b"") for each in transcripts}) == len(transcripts)
    assert len({each.mask_key(KNOWN, KEY) for each in transcripts}) == len(transcripts)


def test_no_proof_of_one_kind_is_one_of_another_kind() -> None:
    transcript = Transcript(HELLO, 2, NONCE)
    zeros = bytes(32)
    secret = bytes.fromhex(KNOWN)
    streams = [
        transcript.server_proof(secret)[:16],
        transcript.client_proof(secret, b"", b"")[:16],
        transcript.mask_key(KNOWN, zeros[:16]),
        transcript.mask_fingerprint(secret, zeros[:16]),
    ]
    assert len(set(streams)) == len(streams)


@given(masked=st.binary(min_size=16, max_size=16), enrolment=st.binary(max_size=16))
def test_a_clients_proof_covers_the_rest_of_its_message(masked: bytes, enrolment: bytes) -> None:
    transcript = Transcript(HELLO, 2, NONCE)
    right = transcript.client_proof(SECRET, masked, enrolment)
    moved = masked + enrolment
    for other in ((masked, enrolment + b"\0"), (moved, b""), (masked[::-1] + b"\0", enrolment)):
        if other != (masked, enrolment):
            assert transcript.client_proof(SECRET, *other) != right


def test_a_masked_key_is_read_by_the_holder_of_its_fingerprint_alone() -> None:
    transcript = Transcript(HELLO, 2, NONCE)
    masked = transcript.mask_key(KNOWN, KEY)
    assert transcript.mask_key(KNOWN, masked) == KEY
    assert transcript.mask_key(fingerprint("another"), masked) != KEY


def test_a_public_id_is_neither_key_nor_fingerprint_and_always_the_same() -> None:
    shown = public_id(KNOWN)
    assert len({shown, KNOWN, KEY.hex(), fingerprint(KNOWN)}) == 4
    assert shown == public_id(KNOWN)


@given(st.binary())
def test_base64url_comes_out_as_it_went_in(data: bytes) -> None:
    assert decode_base64url(encode_base64url(data)) == data


@given(st.text())
def test_base64url_has_one_spelling(text: str) -> None:
    try:
        data = decode_base64url(text)
    except ValueError:
        return
    assert encode_base64url(data) == text
