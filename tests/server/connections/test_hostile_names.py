"""Hostile names are made harmless before the room sees them."""

import unicodedata
from collections.abc import AsyncGenerator

import msgspec
import pytest

from codesync_protocol.codec import encode
from codesync_protocol.errors import Code
from codesync_protocol.limits import NAME_COLUMNS_MAX
from codesync_protocol.messages import Finished, Member, Members, Role, Submitted, Welcome
from codesync_protocol.names import columns
from tests.server.connections.wire import (
    Wire,
    hello_to,
    member_of,
    python_job,
    wire_to,
)
from tests.servers import RunningServer, running_server

TOO_BIG, SENT_AWAY = (1006, 1009), (1008,)
"""Close codes; a stranger that sends more than 8 KiB is aborted without one (1006)."""


@pytest.fixture
async def server() -> AsyncGenerator[RunningServer, None]:
    async with running_server() as server:
        yield server


# A66: what members call themselves.

NAMES = {
    "escape sequences": ("\x1b[31meve\x1b]0;PWNED\x07\x9b2J", "[31meve]0;PWNED2J"),
    "bidi": ("\u202eeve\u2066\u2069\u200f", "eve"),
    "zero width": ("e\u200bv\u200d\u2060e\ufeff", "eve"),
    "newlines": ("eve\n\r\u2028host", "eve host"),
    "NUL": ("eve\x00", "eve"),
    "emoji sequences": ("👩\u200d👩\u200d👧\ufe0f 🏳\ufe0f\u200d🌈", "👩👩👧 🏳🌈"),
    "markup": ("[@click=app.quit]eve[/]", "[@click=app.quit]eve[/]"),
    "marks that pile up": ("e" + "\u0301\u0316" * 100, "\u00e9\u0316\u0316"),
    "long": ("e" * 256, "e" * NAME_COLUMNS_MAX),
    "long and wide": ("李" * 256, "李" * (NAME_COLUMNS_MAX // 2)),
    "a homoglyph of somebody who is here": ("\u0430na", "\u0430na"),
    "somebody who is here": ("ana", "ana-2"),
    "somebody who is here, and what nobody sees": ("a\u200bna\u3164 \u2800", "ana-2"),
    "somebody who is here, in another spelling": ("Zoe\u0308", "Zo\u00eb-2"),
    "nothing": ("", "guest-3"),
    "nothing that one sees": ("\u3164\u2800\u200b\x1b\n\t ", "guest-3"),
}


@pytest.mark.parametrize(("name", "told"), NAMES.values(), ids=NAMES.keys())
async def test_a66_whatever_somebody_calls_themself_the_room_is_told_a_harmless_name(
    server: RunningServer, name: str, told: str
) -> None:
    async with member_of(server, name="ana") as ana, member_of(server, name="Zo\u00eb"):
        async with member_of(server, name=name) as eve:
            [welcome] = eve.of(Welcome)
            members = await company(ana, 3)
            assert members == list(welcome.members.members)
            assert [each.name for each in members] == ["ana", "Zo\u00eb", told]
            are_told_apart(members)
            await eve.say(python_job("print()"))
            assert (await ana.hear(Submitted)).job.name == told, "what it does bears its name"


async def company(wire: Wire, count: int) -> list[Member]:
    """Wait until so many are told to be here."""
    while True:
        members = (await wire.hear(Members)).members
        if len(members) == count:
            return list(members)


def are_told_apart(members: list[Member]) -> None:
    """What a screen needs: names that can be shown, and no two members who could be one."""
    for each in members:
        assert each.name.isprintable()
        assert unicodedata.is_normalized("NFC", each.name)
        assert 0 < columns(each.name) <= NAME_COLUMNS_MAX
    for attribute in ("name", "member", "colour"):
        assert len({getattr(each, attribute) for each in members}) == len(members), attribute


async def test_a66_twins_of_a_host_are_told_from_it_however_many_come(
    server: RunningServer,
) -> None:
    async with member_of(server, name="ana", role=Role.HOST) as ana:
        for number in range(2, 12):
            async with member_of(server, name="a\u200bna\ufeff") as eve:
                [welcome] = eve.of(Welcome)
                assert welcome.members.members[-1].name == "ana-2", number
                are_told_apart(list(welcome.members.members))
                assert [each.role for each in await company(ana, 2)] == [Role.HOST, Role.EDITOR]


@pytest.mark.parametrize(
    ("name", "close"),
    [("e" * 10_000, TOO_BIG), ("e" * 257, SENT_AWAY), ("李" * 1_300, SENT_AWAY)],
    ids=["10 kB", "257 letters", "1,300 letters of 3 bytes"],
)
async def test_a66_a_name_of_10_kb_is_not_even_cut(
    server: RunningServer, name: str, close: tuple[int, ...]
) -> None:
    async with member_of(server, name="ana") as ana:
        async with wire_to(server) as eve:
            await eve.say(hello_to(server, name=name))
            assert await eve.end() in close
            assert not eve.of(Welcome)
        await ana.say(python_job("print()"))
        await ana.hear(Finished)
        assert all(len(told.members) == 1 for told in ana.of(Members)), "nobody came"


@pytest.mark.parametrize("name", [b"\xff\xfe!", b"\xed\xa0\x80", b"\x1b[\xc3", b"\xc0\x80x"])
async def test_a66_a_name_that_is_no_unicode_is_none(server: RunningServer, name: bytes) -> None:
    async with wire_to(server) as eve:
        await eve.send(
            encode(hello_to(server, name="ana").hello()).replace(b"\xa3ana", b"\xa3" + name)
        )
        assert await eve.end() in SENT_AWAY
        assert eve.fault.code is Code.BAD_FRAME


# A67: what rooms are asked for.

ROOMS = {
    "a path": "../x",
    "an absolute path": "/etc/passwd",
    "a query": "$where",
    "a query in JSON": '{"$gt":""}',
    "a field": "rooms.name",
    "NUL": "lab\x00",
    "NUL in front": "\x00lab",
    "a newline": "lab\n",
    "an escape sequence": "\x1b[2Jlab",
    "a case twin": "Test-Room",
    "all capitals": "TEST-ROOM",
    "a homoglyph": "test-r\u043eom",
    "wide letters": "\uff54est-room",
    "the Kelvin sign": "\u212aelvin",
    "zero width": "test-room\u200b",
    "spaces": " test-room ",
    "a container's name": "codesync/executor:1",
    "an option": "--room=x",
    "too short": "ab",
    "empty": "",
    "a grant": "test-room|host",
}


async def rooms_there(server: RunningServer) -> tuple[object, list[str]]:
    """The rooms that are open, and those that are kept."""
    return server.app.stats()["rooms"], [
        line.name for line in await server.app.store.rooms(limit=9)
    ]


@pytest.mark.parametrize("room", ROOMS.values(), ids=ROOMS.keys())
async def test_a67_a_room_is_not_made_of_a_hostile_name(server: RunningServer, room: str) -> None:
    async with member_of(server) as ana:
        before = await rooms_there(server)
        assert before[0] == 1
        for token in (server.app.token, server.app.invites.invite(room, Role.HOST)):
            async with wire_to(server) as eve:
                refused = await eve.refusal(hello_to(server, room=room, token=token))
            assert refused.code is Code.ROOM_NAME
            assert refused.reason == "a room's name is 3 to 64 of a-z, 0-9 and hyphen"
            assert refused.remedy == "choose another name"
        assert await rooms_there(server) == before
        await ana.say(python_job("print()"))
        await ana.hear(Finished)
        assert all(len(told.members) == 1 for told in ana.of(Members)), "nor is it another's name"


@pytest.mark.parametrize(
    ("size", "close"), [(65, SENT_AWAY), (3_500, SENT_AWAY), (10_000, TOO_BIG), (1 << 20, TOO_BIG)]
)
async def test_a67_a_name_of_1_mb_is_not_even_read(
    server: RunningServer, size: int, close: tuple[int, ...]
) -> None:
    async with wire_to(server) as eve:
        await eve.say(hello_to(server, room="x" * size, token=server.app.token))
        assert await eve.end() in close
        if close == SENT_AWAY:
            assert (eve.fault.code, eve.fault.fatal) == (Code.BAD_FRAME, True)
            assert "<= 64" in eve.fault.reason
    assert await rooms_there(server) == (0, [])


@pytest.mark.parametrize(
    "room",
    [{"$gt": ""}, {"$where": "sleep(1000)"}, ["test-room"], 7, None, True, b"test-room"],
    ids=["operator", "code", "list", "number", "nothing", "truth", "bytes"],
)
async def test_a67_what_is_no_text_is_no_name(server: RunningServer, room: object) -> None:
    hello = hello_to(server, token=server.app.token).hello()
    fields = ["hello", hello.oldest, hello.newest, room, "", hello.name, hello.public_id]
    async with wire_to(server) as eve:
        await eve.send(msgspec.msgpack.encode(fields))
        assert await eve.end() in SENT_AWAY
        assert (eve.fault.code, eve.fault.fatal) == (Code.BAD_FRAME, True)
        assert "str" in eve.fault.reason
    assert await rooms_there(server) == (0, [])
