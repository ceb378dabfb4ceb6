"""Admission: accepted and refused clients, and the reasons that they get."""

import asyncio
import secrets
from collections.abc import AsyncGenerator

import pytest
from msgspec.structs import replace
from websockets.exceptions import ConnectionClosed

from codesync_protocol import version
from codesync_protocol.codec import encode
from codesync_protocol.errors import Code
from codesync_protocol.limits import HELLO_FRAME_MAX
from codesync_protocol.messages import (
    Cancel,
    Fault,
    FetchHistory,
    Members,
    Notice,
    RemoveMember,
    Role,
    Started,
    StdinMode,
    Welcome,
)
from codesync_server.access.invites import InviteSigner
from codesync_server.configuration.settings import Settings
from codesync_server.connections import admission, handshake
from codesync_server.connections.admission import WRONG_TOKENS_BURST
from tests.handshakes import Caller
from tests.server.connections.wire import (
    ROOM,
    SECONDS,
    Wire,
    hello_to,
    member_of,
    python_job,
    wire_to,
)
from tests.servers import RunningServer, running_server
from tests.waiting import eventually


@pytest.fixture
async def server() -> AsyncGenerator[RunningServer, None]:
    async with running_server() as server:
        yield server


@pytest.fixture
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is waited for as long as in life."""
    monkeypatch.setattr(handshake, "HELLO_SECONDS", 0.3)


async def refused(server: RunningServer, hello: Caller) -> Code:
    """Why a hello is refused."""
    async with wire_to(server) as wire:
        return (await wire.refusal(hello)).code


async def fault_after(wire: Wire) -> Fault:
    """Why a connection ends."""
    assert await wire.end() == 1008
    assert wire.fault.fatal
    return wire.fault


# Let in.


@pytest.mark.parametrize("role", Role)
async def test_an_invite_lets_one_in_in_its_role(server: RunningServer, role: Role) -> None:
    async with wire_to(server) as wire:
        welcome = await wire.enter(hello_to(server, role=role))
        assert (welcome.room, welcome.role, welcome.version) == (ROOM, role, version.NEWEST)
        assert [member.role for member in welcome.members.members] == [role]


async def test_the_servers_token_makes_a_host_in_any_room(server: RunningServer) -> None:
    for name in (ROOM, "another-room"):
        async with wire_to(server) as wire:
            welcome = await wire.enter(hello_to(server, room=name, token=server.app.token))
            assert (welcome.room, welcome.role) == (name, Role.HOST)


async def test_one_invite_lets_many_in(server: RunningServer) -> None:
    token = server.app.invites.invite(ROOM, Role.EDITOR)
    async with wire_to(server) as one, wire_to(server) as two:
        await one.enter(hello_to(server, token=token))
        welcome = await two.enter(hello_to(server, token=token))
        assert len(welcome.members.members) == 2


async def test_the_same_client_again_takes_its_own_place_and_the_older_connection_ends(
    server: RunningServer,
) -> None:
    hello = hello_to(server)
    async with wire_to(server) as old, wire_to(server) as new:
        first = await old.enter(hello)
        second = await new.enter(hello)
        assert await old.end() == 1001
        assert second.member == first.member
        assert len(second.members.members) == 1
        assert await new.is_alive()


# No hello, or none that makes sense.


@pytest.mark.usefixtures("impatience")
async def test_a41_who_says_nothing_is_sent_away(server: RunningServer) -> None:
    async with wire_to(server) as wire:
        fault = await fault_after(wire)
        assert (fault.code, fault.reason) == (Code.OUT_OF_TURN, "no hello came")
    await eventually(lambda: server.app.stats()["connections"] == 0)


@pytest.mark.usefixtures("impatience")
async def test_a41_pings_and_half_a_message_are_no_hello(server: RunningServer) -> None:
    async def ping(wire: Wire) -> None:
        while True:
            await wire.connection.ping()
            await asyncio.sleep(0.02)

    async def trickle() -> "AsyncGenerator[bytes]":
        for byte in encode(hello_to(server).hello()):
            yield bytes([byte])
            await asyncio.sleep(0.02)

    async with wire_to(server) as wire, asyncio.TaskGroup() as tasks:
        pings = tasks.create_task(ping(wire))
        assert (await fault_after(wire)).reason == "no hello came"
        pings.cancel()
    async with wire_to(server) as wire:
        with pytest.raises(ConnectionClosed):
            await wire.connection.send(trickle())
        assert (await fault_after(wire)).reason == "no hello came"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"", Code.BAD_FRAME),
        (b"\x00", Code.BAD_FRAME),
        (b"\xc1", Code.BAD_FRAME),
        (b"\x91\xa5hello", Code.BAD_FRAME),
        (b"\x91\xa7welcome", Code.BAD_FRAME),
        ("hello", Code.BAD_FRAME),
        (b"GET / HTTP/1.1\r\n\r\n", Code.BAD_FRAME),
        (b"\x91" * HELLO_FRAME_MAX, Code.BAD_FRAME),
        (encode(FetchHistory(1)), Code.OUT_OF_TURN),
        (encode(python_job("print()")), Code.OUT_OF_TURN),
    ],
    ids=["empty", "number", "reserved", "bare", "welcome", "text", "http", "deep", "fetch", "job"],
)
async def test_a41_whatever_comes_first_and_is_not_a_hello_ends_the_connection(
    server: RunningServer, frame: bytes | str, code: Code
) -> None:
    async with wire_to(server) as wire:
        await wire.send(frame)
        assert (await fault_after(wire)).code is code
    assert server.app.stats()["rooms"] == 0


async def test_a41_a_hello_with_a_field_out_of_bounds_is_none(server: RunningServer) -> None:
    right = hello_to(server).hello()
    for hello in (
        replace(right, public_id="not hexadecimal"),
        replace(right, room="x" * 65),
        replace(right, token="x" * 1025),
        replace(right, name="x" * 257),
        replace(right, oldest=-1),
        replace(right, newest=1 << 17),
        replace(right, nonce=bytes(33)),
        replace(right, identity="x" * 401),
    ):
        async with wire_to(server) as wire:
            await wire.say(hello)
            assert (await fault_after(wire)).code is Code.BAD_FRAME


async def test_a41_what_follows_a_refusal_is_not_looked_at(server: RunningServer) -> None:
    async with wire_to(server) as wire:
        await wire.say(hello_to(server, token="wrong"), hello_to(server), python_job("print()"))
        assert await wire.end() == 1008
        assert wire.of(Welcome) == []


async def test_a_hello_comes_once(server: RunningServer) -> None:
    async with member_of(server) as wire:
        await wire.say(hello_to(server, role=Role.HOST))
        fault = await wire.hear(Fault)
        assert (fault.code, fault.fatal) == (Code.OUT_OF_TURN, False)
        assert await wire.is_alive()


async def test_what_comes_right_behind_the_proof_is_done(server: RunningServer) -> None:
    async with wire_to(server) as wire:
        await wire.say(hello_to(server), python_job("print()"))
        await wire.hear(Started)


# Versions.


@pytest.mark.parametrize(
    ("oldest", "newest"), [(0, 0), (1, 1), (999, 999), (3, 999), (1 << 16, 1 << 16), (3, 2), (1, 0)]
)
async def test_a57_who_speaks_no_common_version_is_told_which_ones_there_are(
    server: RunningServer, oldest: int, newest: int
) -> None:
    async with wire_to(server) as wire:
        refusal = await wire.refusal(hello_to(server, oldest=oldest, newest=newest))
    assert refusal.code is Code.VERSION
    assert (refusal.oldest, refusal.newest) == (version.OLDEST, version.NEWEST)
    assert f"{version.OLDEST} to {version.NEWEST}" in refusal.reason
    assert f"{oldest} to {newest}" in refusal.reason


async def test_a57_who_speaks_more_versions_than_we_is_let_in_with_the_newest_common_one(
    server: RunningServer,
) -> None:
    async with wire_to(server) as wire:
        assert (await wire.enter(hello_to(server, oldest=0, newest=999))).version == 2


async def test_a57_fields_of_a_later_hello_are_ignored(server: RunningServer) -> None:
    caller = hello_to(server)
    hello = encode(caller.hello())
    later = bytes([hello[0] + 2]) + hello[1:] + b"\xa6future\x81\xa1a\x01"
    async with wire_to(server) as wire:
        await wire.shake_hands(caller, later)
        assert (await wire.hear(Welcome)).version == 2


# Tokens.


async def test_a41_a_token_that_permits_nothing_here_is_refused(server: RunningServer) -> None:
    invites = server.app.invites
    strangers = InviteSigner(secrets.token_urlsafe(32))
    for token in (
        "",
        "wrong",
        "é\x00",
        server.app.token[:-1],
        strangers.invite(ROOM, Role.HOST),
        invites.invite("another-room", Role.HOST),
        invites.invite(ROOM, Role.HOST, lifetime=-1.0),
    ):
        assert await refused(server, hello_to(server, token=token)) is Code.TOKEN
    assert server.app.stats()["rooms"] == 0, "nobody opens a room without a token"


async def test_a41_why_a_token_is_wrong_is_not_told(server: RunningServer) -> None:
    expired = server.app.invites.invite(ROOM, Role.HOST, lifetime=-1.0)
    tokens = ("wrong", expired[:-1], server.app.invites.invite("vault", Role.HOST)[:-1])
    reasons: set[str] = set()
    for token in tokens:
        async with wire_to(server) as wire:
            reasons.add((await wire.refusal(hello_to(server, token=token))).reason)
    assert len(reasons) == 1


async def test_a41_after_many_wrong_tokens_an_address_is_not_listened_to_for_a_while(
    server: RunningServer,
) -> None:
    wrong = hello_to(server, token="wrong")
    codes = [await refused(server, wrong) for _ in range(WRONG_TOKENS_BURST + 3)]
    assert codes == [Code.TOKEN] * WRONG_TOKENS_BURST + [Code.BUSY] * 3


async def test_a41_a_neighbour_with_wrong_tokens_keeps_nobody_with_a_right_one_out(
    server: RunningServer,
) -> None:
    wrong = hello_to(server, token="wrong")
    while await refused(server, wrong) is not Code.BUSY:
        pass
    async with member_of(server):
        pass
    assert await refused(server, wrong) is Code.BUSY


async def test_a41_after_a_while_it_is_listened_to_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(admission, "WRONG_TOKENS_PER_SECOND", 50.0)
    async with running_server() as server:
        wrong = hello_to(server, token="wrong")
        async with asyncio.timeout(SECONDS):
            while await refused(server, wrong) is not Code.BUSY:
                pass
            while await refused(server, wrong) is not Code.TOKEN:
                pass


async def test_a41_right_tokens_are_never_counted(server: RunningServer) -> None:
    for _ in range(3 * WRONG_TOKENS_BURST):
        async with member_of(server):
            pass
    assert await refused(server, hello_to(server, token="wrong")) is Code.TOKEN


async def test_a41_one_address_with_wrong_tokens_keeps_no_other_out(
    server: RunningServer,
) -> None:
    wrong = hello_to(server, token="wrong")
    while await refused(server, wrong) is not Code.BUSY:
        pass
    async with wire_to(server, source="127.0.0.2") as wire:
        await wire.enter(hello_to(server))


async def test_a41_those_who_are_in_stay_in_whoever_else_has_wrong_tokens(
    server: RunningServer,
) -> None:
    async with member_of(server) as ana:
        for _ in range(2 * WRONG_TOKENS_BURST):
            await refused(server, hello_to(server, token="wrong"))
        await ana.say(python_job("print()"))
        await ana.hear(Started)


# Rooms.


@pytest.mark.parametrize(
    "name", ["", "ab", "Lab", "a b", "../lab", "läb", "lab\n", "lab|host", "a" * 63 + "!"]
)
async def test_a67_a_room_that_cannot_be_called_so_is_refused(
    server: RunningServer, name: str
) -> None:
    hello = hello_to(server, room=name, token=server.app.token)
    assert await refused(server, hello) is Code.ROOM_NAME


async def test_a56_only_so_many_rooms_are_opened_and_those_that_are_stay_open() -> None:
    async with (
        running_server(Settings(port=0, executor="local", rooms_max=2)) as server,
        member_of(server, room="room-1"),
        member_of(server, room="room-2"),
    ):
        for number in range(3, 10):
            assert await refused(server, hello_to(server, room=f"room-{number}")) is Code.BUSY
        async with member_of(server, room="room-1", name="ben") as ben:
            assert len(ben.of(Welcome)[0].members.members) == 2


async def test_h11_a_full_room_says_so_and_lets_its_members_and_its_host_in() -> None:
    async with running_server(Settings(port=0, executor="local", members_per_room=1)) as server:
        hello = hello_to(server)
        async with wire_to(server) as ana:
            await ana.enter(hello)
            assert await refused(server, hello_to(server)) is Code.BUSY
            async with wire_to(server) as again:
                await again.enter(hello)
                async with member_of(server, name="teacher", role=Role.HOST):
                    pass


# Removed.


async def test_who_was_removed_is_kept_out_with_the_same_key_and_with_an_old_invite(
    server: RunningServer,
) -> None:
    eves = hello_to(server, name="eve")
    bens = hello_to(server, name="ben")
    async with member_of(server, role=Role.HOST) as ana, wire_to(server) as ben:
        await ben.enter(bens)
        async with wire_to(server) as eve:
            welcome = await eve.enter(eves)
            await ana.say(RemoveMember(welcome.member))
            assert await eve.end() == 1001
            assert (eve.fault.code, eve.fault.fatal) == (Code.REMOVED, True)
        old_invite = hello_to(server, token=eves.token)
        new_invite = hello_to(server, key=eves.key)
        servers_token = hello_to(server, key=eves.key, token=server.app.token)
        for hello in (eves, old_invite, new_invite, servers_token):
            assert await refused(server, hello) is Code.REMOVED
        async with wire_to(server) as ben_again:
            assert (await ben_again.enter(bens)).member, "those who were here may come back"
        async with wire_to(server) as cyd:
            assert (await cyd.enter(hello_to(server))).member, "a new invite lets new ones in"


async def test_who_was_removed_from_one_room_may_enter_another(server: RunningServer) -> None:
    hello = hello_to(server, name="eve", token=server.app.token)
    async with member_of(server, role=Role.HOST) as ana, member_of(server, name="eve") as eve:
        await ana.say(RemoveMember(eve.of(Welcome)[0].member))
        await eve.end()
    async with wire_to(server) as eve:
        welcome = await eve.enter(replace(hello, room="another-room"))
        assert welcome.room == "another-room"


# Shutting down.


async def test_a_server_that_shuts_down_lets_nobody_new_in_and_says_goodbye() -> None:
    settings = Settings(port=0, executor="local", drain_seconds=30.0)
    async with running_server(settings) as server, member_of(server) as ana:
        job = python_job("input()", stdin=StdinMode.SHARED)
        await ana.say(job)
        await ana.hear(Started)
        server.stop.set()
        await ana.hear(Notice)
        assert await refused(server, hello_to(server)) is Code.DRAINING
        await ana.say(Cancel(job.job))
        assert await ana.end() == 1001
        assert ana.connection.close_reason == "the server is shutting down"


async def test_the_room_is_told_who_comes_and_who_goes(server: RunningServer) -> None:
    async with member_of(server, name="ana") as ana:
        async with member_of(server, name="ben"):
            members: tuple[str, ...] = ()
            while members != ("ana", "ben"):
                members = tuple(each.name for each in (await ana.hear(Members)).members)
        while members != ("ana",):
            members = tuple(each.name for each in (await ana.hear(Members)).members)
