"""The handshake of a real server with faulty and hostile clients."""

import secrets
import time
from collections.abc import AsyncGenerator

import pytest
from msgspec.structs import replace

from codesync_protocol.codec import encode
from codesync_protocol.errors import Code
from codesync_protocol.handshake import (
    Credentials,
    Transcript,
    public_id,
)
from codesync_protocol.messages import (
    Challenge,
    Fault,
    Invite,
    MakeInvite,
    Notice,
    Proof,
    Refused,
    RemoveMember,
    Role,
    Welcome,
)
from tests.handshakes import Caller
from tests.server.connections.wire import ROOM, Wire, hello_to, member_of, python_job, wire_to
from tests.servers import RunningServer, running_server


@pytest.fixture
async def server() -> AsyncGenerator[RunningServer]:
    async with running_server() as server:
        yield server


async def challenge_to(wire: Wire, caller: Caller) -> tuple[bytes, Challenge]:
    """Say hello; gives the frame and the challenge."""
    frame = encode(caller.hello())
    await wire.send(frame)
    return frame, await wire.hear(Challenge)


async def answer_to(wire: Wire, *frames: bytes) -> Code:
    """Send frames after the hello; gives the reason why the connection ends."""
    for frame in frames:
        await wire.send(frame)
    assert await wire.end() == 1008
    assert not wire.of(Welcome)
    last = wire.heard[-1]
    assert isinstance(last, Fault | Refused)
    return last.code


def proofs_that_are_wrong(caller: Caller, frame: bytes, challenge: Challenge) -> list[Proof]:
    """Answers of somebody who does not know the secret, or not the key."""
    right = caller.prove(frame, challenge)
    stranger = replace(caller, token=secrets.token_urlsafe(32))
    other_nonce = replace(challenge, nonce=challenge.nonce[::-1])
    other_version = replace(challenge, version=challenge.version + 1)
    other_key = replace(caller, key=secrets.token_hex(16))
    secret = Credentials.of(caller.token).secret
    transcript = Transcript(frame, challenge.version, challenge.nonce)
    as_server = transcript.server_proof(secret)
    return [
        stranger.prove(frame, challenge),
        replace(right, proof=challenge.proof),  # reflected
        replace(right, proof=as_server),
        replace(right, proof=bytes(32)),
        replace(right, masked_key=bytes(16)),
        replace(right, enrolment=bytes(16)),
        replace(right, enrolment=b""),
        replace(right, enrolment=right.enrolment[:8]),
        caller.prove(frame, other_nonce),
        caller.prove(frame, other_version),
        caller.prove(encode(caller.hello()), challenge),  # another hello of the same client
        other_key.prove(frame, challenge),  # the public id belongs to another key
    ]


@pytest.mark.parametrize("by", ["invite", "token"])
async def test_h03_a_proof_that_is_not_exactly_right_is_refused(
    server: RunningServer, by: str
) -> None:
    token = server.app.token if by == "token" else None
    count = len(proofs_that_are_wrong(hello_to(server), b"", Challenge(2, bytes(32), bytes(32))))
    for number in range(count):
        caller = hello_to(server, token=token)
        async with wire_to(server) as wire:
            frame, challenge = await challenge_to(wire, caller)
            wrong = proofs_that_are_wrong(caller, frame, challenge)[number]
            assert await answer_to(wire, encode(wrong)) in (Code.TOKEN, Code.BUSY), number
    assert server.app.stats()["members"] == 0


async def test_h03_a_recorded_client_cannot_be_replayed(server: RunningServer) -> None:
    caller = hello_to(server)
    async with wire_to(server) as wire:
        hello, challenge = await challenge_to(wire, caller)
        proof = encode(caller.prove(hello, challenge))
        await wire.send(proof)
        await wire.hear(Welcome)
    async with wire_to(server) as wire:
        await wire.send(hello)
        second = await wire.hear(Challenge)
        assert second.nonce != challenge.nonce
        assert second.proof != challenge.proof
        assert await answer_to(wire, proof) is Code.TOKEN


async def test_h03_frames_out_of_order_end_the_connection(server: RunningServer) -> None:
    caller = hello_to(server)
    hello = encode(caller.hello())
    proof = encode(caller.prove(hello, Challenge(2, bytes(32), bytes(32))))
    job = encode(python_job("print()"))
    for first, code in ((proof, Code.OUT_OF_TURN), (proof[:-1], Code.BAD_FRAME)):
        async with wire_to(server) as wire:
            assert await answer_to(wire, first) is code
    for second, code in (
        (hello, Code.OUT_OF_TURN),
        (job, Code.OUT_OF_TURN),
        (proof[:-1], Code.BAD_FRAME),
        (proof + b"\0", Code.BAD_FRAME),
        (b"", Code.BAD_FRAME),
    ):
        async with wire_to(server) as wire:
            await wire.send(hello)
            await wire.hear(Challenge)
            assert await answer_to(wire, second) is code
    async with wire_to(server) as wire:
        await wire.enter(caller)
        await wire.send(proof)
        assert (await wire.hear(Fault)).code is Code.OUT_OF_TURN
        assert await wire.is_alive()


async def test_h03_a_stranger_learns_nothing_from_challenges(server: RunningServer) -> None:
    """An invite that was never made is challenged like a real one, and opens no room."""
    real = hello_to(server)
    forged = replace(real, token=real.token.partition(".")[0] + "." + "A" * 43)
    invented = server.app.invites.invite("never-opened", Role.HOST)
    for caller in (real, forged, replace(real, token=invented, room="never-opened")):
        async with wire_to(server) as wire:
            _, challenge = await challenge_to(wire, caller)
            for token in (server.app.token, real.token):
                assert Credentials.of(token).secret not in encode(challenge)
    assert server.app.stats()["rooms"] == 0
    assert [line.name for line in await server.app.store.rooms(limit=9)] == []


async def test_h03_a_nonce_is_asked_of_every_client(server: RunningServer) -> None:
    for nonce in (b"", bytes(31)):
        async with wire_to(server) as wire:
            hello = replace(hello_to(server).hello(), nonce=nonce)
            assert await answer_to(wire, encode(hello)) is Code.BAD_FRAME


async def test_h03_a_hello_without_a_readable_invite_is_refused(server: RunningServer) -> None:
    for identity in ("no base64!", "AAA=", "é"):
        async with wire_to(server) as wire:
            hello = replace(hello_to(server).hello(), identity=identity)
            assert await answer_to(wire, encode(hello)) is Code.TOKEN


# Who comes back.


async def test_h03_a_member_that_returns_proves_its_key_and_enrols_once(
    server: RunningServer,
) -> None:
    caller = hello_to(server)
    async with wire_to(server) as wire:
        first = await wire.enter(caller)
    async with wire_to(server) as wire:
        assert (await wire.enter(replace(caller, is_known=True))).member == first.member


async def test_h03_a_member_that_the_room_does_not_know_is_told_so(server: RunningServer) -> None:
    async with wire_to(server) as wire:
        refused = await wire.refusal(replace(hello_to(server), is_known=True))
    assert refused.code is Code.UNKNOWN_MEMBER


async def test_h03_neither_public_id_nor_fingerprint_lets_one_take_a_members_place(
    server: RunningServer,
) -> None:
    ana = hello_to(server, name="ana")
    async with wire_to(server) as wire:
        welcome = await wire.enter(ana)
        for key in (secrets.token_hex(16), ana.fingerprint, public_id(ana.fingerprint)):
            thief = replace(ana, key=key, is_known=True)
            async with wire_to(server) as other:
                frame = encode(replace(thief.hello(), public_id=public_id(ana.fingerprint)))
                await other.send(frame)
                challenge = await other.hear(Challenge)
                # The thief has read the store: it knows the fingerprint, but not the key.
                secret = Credentials.of(ana.token).secret
                transcript = Transcript(frame, challenge.version, challenge.nonce)
                masked = transcript.mask_key(ana.fingerprint, bytes.fromhex(key))
                proof = Proof(transcript.client_proof(secret, masked, b""), masked)
                assert await answer_to(other, encode(proof)) is Code.TOKEN
        assert await wire.is_alive()
        assert len(welcome.members.members) == 1


async def test_h03_a_removed_member_stays_removed_under_its_key(server: RunningServer) -> None:
    eve = hello_to(server, name="eve")
    async with member_of(server, role=Role.HOST) as ana, wire_to(server) as wire:
        member = (await wire.enter(eve)).member
        await ana.say(RemoveMember(member))
        await wire.end()
        for again in (eve, replace(eve, is_known=True)):
            async with wire_to(server) as other:
                assert (await other.refusal(again)).code is Code.REMOVED


# H38: an invite of a fast clock.


async def test_h38_an_invite_of_a_fast_clock_lets_no_removed_member_back_in(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time
    with monkeypatch.context() as ahead:
        ahead.setattr(time, "time", lambda: now() + 3600.0)
        fast = server.app.invites.invite(ROOM, Role.EDITOR, by_server=False)
    async with member_of(server, role=Role.HOST) as ana, member_of(server, name="eve") as eve:
        await ana.say(RemoveMember(eve.of(Welcome)[0].member))
        await eve.end()
        await ana.hear(Notice)
        async with wire_to(server) as wire:
            refused = await wire.refusal(hello_to(server, token=fast))
        assert refused.code is Code.TOKEN
        assert "60 min in the future" in refused.reason


async def test_h38_a_removal_is_newer_than_every_invite_that_was_shown_before_it(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if the server's own clock was fast when it made the invite, and then went back."""
    now = time.time
    with monkeypatch.context() as ahead:
        ahead.setattr(time, "time", lambda: now() + 3600.0)
        fast = server.app.invites.invite(ROOM, Role.EDITOR)
    async with member_of(server, role=Role.HOST) as ana, wire_to(server) as eve:
        member = (await eve.enter(hello_to(server, token=fast))).member
        await ana.say(RemoveMember(member))
        await eve.end()
        async with wire_to(server) as wire:
            refused = await wire.refusal(hello_to(server, token=fast))
        assert refused.code is Code.REMOVED
        await ana.say(MakeInvite(Role.EDITOR))
        fresh = (await ana.hear(Invite)).token
        async with wire_to(server) as wire:
            await wire.enter(hello_to(server, token=fresh))
