"""F36: the rooms, members and invites of a server of 0.1 survive the upgrade."""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import msgpack
import pytest

from codesync_client import DialOptions, Room
from codesync_protocol import version
from codesync_protocol.errors import Code
from codesync_protocol.links import Link
from codesync_protocol.messages import FetchHistory, HistoryPage, Role, Welcome
from codesync_protocol.verdict import Result, Verdict
from codesync_server.configuration.settings import Settings
from tests.handshakes import Caller
from tests.server.connections.wire import wire_to
from tests.servers import RunningServer, running_server
from tests.waiting import POLL_SECONDS, SECONDS

FOLDER = Path(__file__).parent
FACTS: dict[str, Any] = json.loads((FOLDER / "facts_0_1.json").read_text())
ROOM = "old-room"

CODES_OF_0_1 = {"version", "token", "busy", "draining", "removed"}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A copy of the store that 0.1 left."""
    return Path(shutil.copyfile(FOLDER / "store_0_1.sqlite", tmp_path / "store.sqlite"))


@pytest.fixture
async def server(store: Path) -> AsyncGenerator[RunningServer]:
    """This version's server over the store that 0.1 left."""
    async with server_over(store) as server:
        yield server


@asynccontextmanager
async def server_over(store: Path) -> AsyncGenerator[RunningServer]:
    settings = Settings(
        port=0,
        executor="local",
        store=str(store),
        drain_seconds=1.0,
        keep_jobs_days=None,  # the fixture grows old
        keep_rooms_days=None,
    )
    async with running_server(settings, FACTS["token"]) as server:
        yield server


def member_of_0_1(name: str, token: str) -> Caller:
    """A client that 0.1 knew, with the key that it had there."""
    known = FACTS["members"][name]["key"]
    return Caller(version.OLDEST, version.NEWEST, ROOM, token, name, known, is_known=True)


def newcomer(token: str, key: str = "f" * 32) -> Caller:
    return Caller(version.OLDEST, version.NEWEST, ROOM, token, "dan", key)


async def welcomed(server: RunningServer, caller: Caller) -> Welcome:
    async with wire_to(server) as wire:
        return await wire.enter(caller)


async def test_f36_the_room_has_its_text_and_its_history(server: RunningServer) -> None:
    async with wire_to(server) as wire:
        welcome = await wire.enter(member_of_0_1("ana", FACTS["token"]))
        assert [job.job for job in welcome.jobs] == [FACTS["job"]]
        assert welcome.jobs[0].result is not None
        await wire.say(FetchHistory(1))
        page = await wire.hear(HistoryPage)
        assert [past.summary.job for past in page.jobs] == [FACTS["job"]]
    link = Link(server.app.address, ROOM, FACTS["after_removal"])
    async with Room(link, name="eva", options=DialOptions(), shares_text=True) as room:
        await room.text_settled()
        assert room.document.text() == FACTS["text"] == "# by ben\nprint('written with 0.1')\n"


async def test_f36_a_job_that_waited_in_0_1_runs(store: Path) -> None:
    waiting = "0" * 31 + "1"
    with closing(sqlite3.connect(store)) as db, db:
        db.execute("CREATE TEMP TABLE copy AS SELECT * FROM jobs")
        db.execute(
            "UPDATE copy SET ord = 2, id = ?, place = 2, attempts = 0, shown = 0,"
            " verdict = NULL, explanation = NULL, result = NULL",
            (waiting,),
        )
        db.execute("INSERT INTO jobs SELECT * FROM copy")
        db.execute("INSERT INTO sources SELECT 2, data FROM sources")
    async with server_over(store) as server:
        kept = server.app.store

        async def result() -> Result | None:
            job = await kept.job(waiting)
            assert job is not None
            assert job.invite == ""
            return job.result

        async with asyncio.timeout(SECONDS):
            while (ended := await result()) is None:  # noqa: ASYNC110 # it has no event
                await asyncio.sleep(POLL_SECONDS)
    assert ended.verdict is Verdict.OK


async def test_f36_members_are_who_they_were(server: RunningServer) -> None:
    invite = FACTS["invites"]["editor"]
    roles = {"ana": Role.HOST, "ben": Role.EDITOR, "cyd": Role.VIEWER}
    for name, role in roles.items():
        token = FACTS["token"] if name == "ana" else invite
        welcome = await welcomed(server, member_of_0_1(name, token))
        assert welcome.member == FACTS["members"][name]["member"]
        assert welcome.role is role
        assert [each.name for each in welcome.members.members] == [name]
    async with wire_to(server) as wire:
        assert (await wire.refusal(member_of_0_1("mal", invite))).code is Code.REMOVED


async def test_f36_invites_of_0_1_say_what_they_said(server: RunningServer) -> None:
    fresh = FACTS["after_removal"]
    assert (await welcomed(server, newcomer(fresh))).role is Role.EDITOR
    for token, code in (
        (FACTS["invites"]["editor"], Code.REMOVED),  # older than the removal of mal
        (FACTS["invites"]["expired"], Code.TOKEN),
        (fresh[:-1] + ("A" if fresh[-1] != "A" else "B"), Code.TOKEN),
    ):
        async with wire_to(server) as wire:
            assert (await wire.refusal(newcomer(token, "e" * 32))).code is code


@pytest.mark.parametrize("name", FACTS["hellos"])
async def test_f36_a_client_of_0_1_is_told_to_upgrade_in_a_way_that_it_can_read(
    server: RunningServer, name: str
) -> None:
    async with wire_to(server) as wire:
        await wire.send(bytes.fromhex(FACTS["hellos"][name]))
        frame = await wire.connection.recv()
        assert await wire.end() == 1008
    assert isinstance(frame, bytes)
    tag, code, reason, remedy, oldest, newest = msgpack.unpackb(frame)
    assert (tag, code) == ("refused", "version")
    assert code in CODES_OF_0_1
    assert "you speak 1 to 1" in reason
    assert "upgrade CodeSync" in remedy
    assert (oldest, newest) == (version.OLDEST, version.NEWEST)
    assert server.app.stats()["rooms"] == 0
