"""Members whose connection ends while they are in debt."""

import pytest

from codesync_protocol.messages import Cancel, Members
from codesync_server import app
from codesync_server.access.budgets import Budget, member_budget
from codesync_server.access.token_buckets import Rate
from codesync_server.configuration.settings import Settings
from codesync_server.connections import peer
from tests.server.connections.wire import member_of
from tests.servers import running_server

SETTINGS = Settings(port=0, executor="local", drain_seconds=1.0)


def one_message_an_hour(_: float) -> Budget:
    """A budget whose debt outlasts every test."""
    rate = Rate(1, 1 / 3600)
    return member_budget("messages", "messages", member=rate, origin=rate)


async def test_h11_a_member_in_debt_leaves_the_room_when_its_connection_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(app, "message_budget", one_message_an_hour)
    monkeypatch.setattr(peer, "LEAVING_SECONDS", 0.1)
    async with running_server(SETTINGS) as server, member_of(server, name="ana") as ana:
        async with member_of(server, name="eve") as eve:
            await eve.say(*[Cancel("0" * 32)] * 3)
        members = [each.name for each in (await ana.hear(Members)).members]
        while "eve" in members:
            members = [each.name for each in (await ana.hear(Members)).members]
        assert members == ["ana"]
