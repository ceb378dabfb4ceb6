"""Invites that a host gets from a real server admit members with the right role."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import msgspec
import pytest

from codesync_client import ClientError, EntryRefused, Offline, Room, invite_requests
from codesync_client.invite_requests import InviteRequests
from codesync_protocol.messages import ClientMessage, Invite, Role
from tests.client.other_servers import Visit, server_that
from tests.client.rooms import welcome
from tests.servers import RunningServer, running_server
from tests.waiting import eventually


@pytest.fixture
async def server() -> AsyncGenerator[RunningServer, None]:
    async with running_server() as server:
        yield server


@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
async def test_whoever_comes_by_it_is_what_it_says(server: RunningServer, role: Role) -> None:
    async with Room(server.link(role=Role.HOST), name="ana") as ana:
        link = await ana.invite(role)
        async with Room(link, name="ben") as ben:
            assert ben.role is role
        with pytest.raises(EntryRefused):
            async with Room(replace(link, room="another-room"), name="ben"):
                pass


async def test_it_lets_in_also_when_older_ones_do_not_any_more(server: RunningServer) -> None:
    async with Room(server.link(role=Role.HOST), name="ana") as ana:
        old = await ana.invite(Role.EDITOR)
        async with Room(old, name="eve") as eve:
            ana.remove_member(eve.welcome.member)
            fresh = await ana.invite(Role.EDITOR)
        with pytest.raises(EntryRefused, match="before somebody was removed"):
            async with Room(old, name="ben"):
                pass
        async with Room(fresh, name="ben") as ben:
            assert ben.role is Role.EDITOR


async def test_many_who_ask_at_once_get_one_answer(server: RunningServer) -> None:
    async with Room(server.link(role=Role.HOST), name="ana") as ana:
        links = await asyncio.gather(*(ana.invite(Role.EDITOR) for _ in range(20)))
        assert len(set(links)) == 1


async def test_others_are_told_that_only_hosts_do(server: RunningServer) -> None:
    async with Room(server.link(), name="ana") as ana:
        with pytest.raises(ClientError, match="only hosts"):
            await ana.invite(Role.VIEWER)


async def test_who_waits_since_later_is_not_put_off_with_whoever_waited_before() -> None:
    asked: list[ClientMessage] = []
    desk = InviteRequests(asked.append)
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        early = tasks.create_task(desk.token(Role.EDITOR))
        late = tasks.create_task(desk.token(Role.EDITOR))
        await eventually(lambda: asked)
        early.cancel()
        await asyncio.wait([early])
        desk.receive(Invite(Role.EDITOR, "key"))
    assert late.result() == "key"
    assert len(asked) == 1


async def test_who_gives_no_answer_to_several_at_once_puts_off_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(invite_requests, "ANSWER_SECONDS", 0.05)
    asked: list[ClientMessage] = []
    nobody = InviteRequests(asked.append)
    results = await asyncio.gather(
        *(nobody.token(Role.EDITOR) for _ in range(3)), return_exceptions=True
    )
    assert [type(each) for each in results] == [Offline] * 3
    with pytest.raises(Offline):
        await nobody.token(Role.EDITOR)
    assert len(asked) == 2, "it is asked anew"


async def test_who_gives_no_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invite_requests, "ANSWER_SECONDS", 0.05)

    async def behave(visit: Visit) -> None:
        await visit.say(msgspec.structs.replace(welcome(), role=Role.HOST))
        await visit.stay()

    async with server_that(behave) as room, room:
        for _ in range(2):
            with pytest.raises(Offline, match="gave no invite"):
                await room.invite(Role.EDITOR)
