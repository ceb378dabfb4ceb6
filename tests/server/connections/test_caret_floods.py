"""Floods of carets, valid or not, do not disturb other members."""

import asyncio
import secrets
from collections.abc import AsyncGenerator

import msgspec
import pytest
from pycrdt import Doc, Text

from codesync_protocol.errors import Code
from codesync_protocol.messages import (
    Caret,
    DocumentPart,
    Fault,
    FetchDocument,
    FetchHistory,
    HistoryPage,
    MemberCaret,
    MemberCarets,
    Role,
    Welcome,
)
from codesync_protocol.shared_text import TEXTS
from codesync_server.rooms.presence import INTERVAL_SECONDS
from tests.server.connections.wire import SECONDS, Wire, member_of
from tests.servers import RunningServer, running_server

FAR = (1 << 53) - 1
"""The largest number that a message may have."""


@pytest.fixture
async def server() -> AsyncGenerator[RunningServer, None]:
    async with running_server() as server:
        yield server


def member(wire: Wire) -> int:
    """Which member somebody is."""
    return wire.of(Welcome)[0].member


async def answered(wire: Wire) -> None:
    """Ask, and be answered: everything that was said before has been taken."""
    number = secrets.randbelow(1 << 50)
    await wire.say(FetchHistory(number))
    while (await wire.hear(HistoryPage)).request != number:
        pass


async def told_at(wire: Wire, head: int) -> MemberCaret:
    """Wait until somebody is told to be at a place."""
    async with asyncio.timeout(SECONDS):
        while True:
            for caret in (await wire.hear(MemberCarets)).carets:
                if caret.head == head:
                    return caret


def carets_of(wire: Wire) -> list[MemberCaret]:
    """All carets that a member was told of so far."""
    return [caret for each in wire.of(MemberCarets) for caret in each.carets]


async def text_of(wire: Wire) -> tuple[int, int]:
    """Fetch the texts of a new room: the last edit in them, and how many bytes they have."""
    await wire.say(FetchDocument(1))
    part = await wire.hear(DocumentPart)
    assert part.total == len(part.data), "it is short"
    doc: Doc[Text] = Doc()
    doc.apply_update(part.data)
    return part.seq, sum(len(str(doc.get(name, type=Text)).encode()) for name in TEXTS)


@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
async def test_a64_of_a_flood_of_carets_the_others_are_told_now_and_then_and_the_last_one(
    server: RunningServer, role: Role
) -> None:
    clock = asyncio.get_running_loop().time
    async with (
        member_of(server, name="ana") as ana,
        member_of(server, name="eve", role=role) as eve,
    ):
        _, size = await text_of(ana)
        began = clock()
        await eve.say(*(Caret(0, at % size, at % size) for at in range(2_500)), Caret(0, 0, size))
        await answered(ana)
        last = await told_at(ana, size)
        told = carets_of(ana)
        assert (last.member, last.anchor) == (member(eve), 0)
        assert {each.member for each in told} == {member(eve)}
        assert len(told) <= (clock() - began) / INTERVAL_SECONDS + 2, "20 a second, and no more"
        await answered(eve)
        assert not eve.of(Fault)


@pytest.mark.parametrize(
    ("anchor", "head"), [(FAR, FAR), (0, FAR), (FAR, 0), (1 << 31, 1 << 32), (1 << 52, 7)]
)
async def test_a64_a_caret_beyond_the_text_stands_at_its_end(
    server: RunningServer, anchor: int, head: int
) -> None:
    async with member_of(server, name="ana") as ana, member_of(server, name="eve") as eve:
        seq, size = await text_of(ana)
        await eve.say(Caret(FAR, anchor, head))
        (caret,) = (await ana.hear(MemberCarets)).carets
        assert (caret.anchor, caret.head) == (min(anchor, size), min(head, size))
        assert caret.base <= seq, "or the others would wait for a text that never comes"


@pytest.mark.parametrize(
    "fields",
    [
        (0, 2**63 - 1, 2**63 - 1),
        (0, 2**53, 0),
        (2**64 - 1, 0, 0),
        (0, -1, 0),
        (0, 0, -(2**63)),
        (0, 0.5, 0),
        (0, float("inf"), 0),
        (0, "0", 0),
        (0, None, None),
        (0, 0),
        (0, 1, 1, 1),
    ],
    ids=str,
)
async def test_a64_what_is_no_place_is_no_caret_and_nobody_speaks_for_another(
    server: RunningServer, fields: tuple[object, ...]
) -> None:
    async with member_of(server, name="ana") as ana, member_of(server, name="eve") as eve:
        await eve.send(msgspec.msgpack.encode(["caret", *fields]))
        fault = await eve.hear(Fault)
        assert (fault.code, fault.fatal) == (Code.BAD_FRAME, False)
        await eve.say(Caret(0, 1, 2))
        told = MemberCarets((MemberCaret(member(eve), 0, 1, 2),))
        assert await ana.hear(MemberCarets) == told
        assert len(ana.of(MemberCarets)) == 1


async def test_a64_however_many_places_somebody_told_a_newcomer_is_told_of_one(
    server: RunningServer,
) -> None:
    async with member_of(server, name="ana") as ana:
        async with member_of(server, name="eve") as eve:
            _, size = await text_of(ana)
            await eve.say(*(Caret(0, at % size, at % size) for at in range(500)), Caret(0, 3, size))
            await told_at(ana, size)
            async with member_of(server, name="ben") as ben:
                await text_of(ben)
                await answered(ben)
                assert carets_of(ben) == [MemberCaret(member(eve), 0, 3, size)]
        async with member_of(server, name="cyd") as cyd:
            await text_of(cyd)
            await answered(cyd)
            assert not carets_of(cyd), "whoever has left is nowhere"


async def test_a64_many_sessions_that_flood_are_one_place_each(server: RunningServer) -> None:
    async with member_of(server, name="ana") as ana, asyncio.TaskGroup() as tasks:
        _, size = await text_of(ana)
        told = asyncio.Event()

        async def flood(number: int) -> None:
            async with member_of(server, name="eve") as eve:
                await eve.say(*(Caret(0, at % size, at % size) for at in range(100)))
                await eve.say(Caret(0, number, size))
                await answered(eve)
                await told.wait()

        for number in range(30):
            tasks.create_task(flood(number))
        places: dict[int, MemberCaret] = {}
        while {each.anchor for each in places.values() if each.head == size} != {*range(30)}:
            for caret in (await ana.hear(MemberCarets)).carets:
                places[caret.member] = caret
        async with member_of(server, name="ben") as ben:
            await text_of(ben)
            await answered(ben)
            assert {each.member: each for each in carets_of(ben)} == places
            assert len(carets_of(ben)) == len(places) == 30
        told.set()
