"""Repeated events for returning members are charged (H10, H13)."""

import asyncio

import pytest

from codesync_protocol import version
from codesync_protocol.messages import LanguageChosen, Role
from codesync_server.access.budgets import Budget
from codesync_server.access.token_buckets import Rate
from codesync_server.connections import peer
from codesync_server.rooms.room import Room
from tests.handshakes import Caller
from tests.server.connections.wire import ROOM, hello_to, member_of, wire_to
from tests.servers import RunningServer, running_server

EVENTS = 1000


async def room_with_events(server: RunningServer, room: Room, count: int) -> None:
    """Have many small events happen in a room."""
    for _ in range(count):
        room.publish(lambda seq: LanguageChosen(seq, 1, "ana", "python"))
        await asyncio.sleep(0)


async def opened(server: RunningServer) -> Room:
    """The room of the tests, in memory."""
    return await server.app._rooms.open(ROOM, asyncio.get_running_loop().time())  # pyright: ignore[reportPrivateUsage]  # the log has no other way in


async def test_h13_members_who_come_back_again_and_again_get_the_room_without_old_events(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few = Budget("missed events", "events", room=Rate(2.5 * EVENTS, 1e-6))
    monkeypatch.setattr(peer, "MISSED", few)
    async with running_server() as server, member_of(server, name="ana"):
        room = await opened(server)
        await room_with_events(server, room, EVENTS)
        resumed: list[bool] = []
        for _ in range(4):  # each with a new key
            link = server.app.invites.invite(ROOM, Role.EDITOR)
            known = (room.log.epoch, room.log.seq - EVENTS)
            caller = hello_to(server, token=link)
            async with wire_to(server) as wire:
                welcome = await wire.enter(_seen(caller, *known))
                resumed.append(welcome.resumed)
                if welcome.resumed:
                    await wire.hear(LanguageChosen)
        assert resumed == [True, True, False, False]


def _seen(caller: Caller, epoch: str, seq: int) -> Caller:
    """The same client, which has seen some events."""
    return Caller(
        version.OLDEST,
        version.NEWEST,
        caller.room,
        caller.token,
        caller.name,
        caller.key,
        epoch,
        seq,
    )


async def test_missed_events_come_in_order_and_completely() -> None:
    async with running_server() as server, member_of(server, name="ana"):
        room = await opened(server)
        await room_with_events(server, room, EVENTS)
        caller = _seen(hello_to(server), room.log.epoch, room.log.seq - EVENTS)
        seqs: list[int] = []
        async with wire_to(server) as wire:
            welcome = await wire.enter(caller)
            assert welcome.resumed
            while not seqs or seqs[-1] < room.log.seq:
                seqs.append((await wire.hear(LanguageChosen)).seq)
        assert seqs == list(range(caller.seq + 1, room.log.seq + 1))
