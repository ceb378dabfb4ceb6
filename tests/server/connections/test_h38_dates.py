"""A removed member cannot return with an invite that another clock dated (H38)."""

import time
from collections.abc import AsyncGenerator

import pytest

from codesync_protocol.errors import Code
from codesync_protocol.messages import RemoveMember, Role, SetRole
from codesync_server.access.invites import CLOCK_SKEW_SECONDS
from tests.server.connections.wire import ROOM, hello_to, member_of, wire_to
from tests.servers import RunningServer, running_server


@pytest.fixture
async def server() -> AsyncGenerator[RunningServer, None]:
    async with running_server() as running:
        yield running


def dated_elsewhere(server: RunningServer) -> str:
    """An invite that a fast clock made earlier, which is accepted all the same."""
    after = time.time() + CLOCK_SKEW_SECONDS / 2
    return server.app.invites.invite(ROOM, Role.EDITOR, after=after, by_server=False)


async def test_h38_after_a_removal_an_invite_of_another_clock_lets_nobody_new_in(
    server: RunningServer,
) -> None:
    kept_back = dated_elsewhere(server)
    bens = hello_to(server, name="ben")
    async with member_of(server, role=Role.HOST) as ana:
        async with wire_to(server) as ben:
            await ben.enter(bens)
            async with wire_to(server) as eve:
                welcome = await eve.enter(hello_to(server, name="eve"))
                await ana.say(RemoveMember(welcome.member))
                await eve.end()
        async with wire_to(server) as again:
            refusal = await again.refusal(hello_to(server, token=kept_back))
            assert refusal.code is Code.REMOVED
            assert "another machine's clock" in refusal.reason
        async with wire_to(server) as ben:
            assert (await ben.enter(bens)).member, "who was here may come back"
        async with wire_to(server) as cyd:
            assert (await cyd.enter(hello_to(server))).member, "the server dated this one"


async def test_h38_after_a_demotion_an_invite_of_another_clock_only_lets_watch(
    server: RunningServer,
) -> None:
    kept_back = dated_elsewhere(server)
    async with member_of(server, role=Role.HOST) as ana, wire_to(server) as eve:
        welcome = await eve.enter(hello_to(server, name="eve"))
        await ana.say(SetRole(welcome.member, Role.VIEWER))
        async with wire_to(server) as again:
            assert (await again.enter(hello_to(server, token=kept_back))).role is Role.VIEWER
        async with wire_to(server) as cyd:
            assert (await cyd.enter(hello_to(server))).role is Role.EDITOR
