"""Faults of the network between members and server (F27 to F30), without closed connections."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from time import monotonic

import pytest

from codesync_client import Connected, DialOptions, Disconnected, OutputSkipped, Room
from codesync_protocol.messages import Finished, StdinMode, Submitted
from codesync_protocol.shared_text import SOURCE
from tests.client.watching import Watcher, watching
from tests.programs import SECONDS, python
from tests.proxy import Proxy, proxy_to
from tests.servers import RunningServer, running_server
from tests.waiting import eventually

PING_SECONDS = 1.0
"""A silence of twice this long is a cut."""

NOTICED_SECONDS = 2 * PING_SECONDS + 15.0
"""Within this a cut is noticed, also on a busy machine; far below what the default would take."""

IN_FLIGHT_BYTES = 750_000
"""What kernel and network may hold of what was sent before something urgent."""

SLOW_IN_FLIGHT_BYTES = 200_000
"""The same where the proxy holds little itself: 20 s of the line; the flood is 50 times as much."""

ECHO = """\
import sys
for line in sys.stdin:
    print('got', line.strip(), flush=True)
"""


@pytest.fixture
async def server() -> AsyncGenerator[RunningServer]:
    async with running_server() as server:
        yield server


@pytest.fixture
async def proxy(server: RunningServer) -> AsyncGenerator[Proxy]:
    async with proxy_to(int(server.app.address.rpartition(":")[2])) as proxy:
        yield proxy


def near(server: RunningServer) -> Room:
    """A member beside the server."""
    return server.room("ben", shares_text=True)


def far(server: RunningServer, proxy: Proxy, ping_seconds: float = PING_SECONDS) -> Room:
    """A member behind the proxy, who soon notices a silence."""
    return Room(
        replace(server.link(), server=f"ws://127.0.0.1:{proxy.port}"),
        name="ana",
        options=DialOptions(open_timeout=20.0, ping_seconds=ping_seconds),
        shares_text=True,
    )


def write(room: Room, text: str) -> None:
    """Write at the end of the room's text."""
    room.document.edit(SOURCE, len(room.document.text().encode()), 0, text)


async def settled(*watchers: Watcher) -> str:
    """Wait until all have one text, and nothing of theirs is on the way; give it."""
    async with asyncio.timeout(SECONDS):
        for each in watchers:
            await each.room.text_settled()
    await eventually(lambda: len({each.room.document.text() for each in watchers}) == 1)
    return watchers[0].room.document.text()


def returns(member: Watcher) -> list[bool]:
    """Of each return, whether it was resumed."""
    return [event.welcome.resumed for event in member.of(Connected) if event.again]


async def test_f27_a_cut_without_fin_is_noticed_by_the_ping_and_exactly_what_was_missed_follows(
    server: RunningServer, proxy: Proxy
) -> None:
    assert 2 * DialOptions().ping_seconds <= 15.0, "the figure of the row, where nobody hurries"
    submission = python(ECHO, stdin=StdinMode.SHARED)
    async with watching(near(server)) as ben, watching(far(server, proxy)) as ana:
        await settled(ana, ben)
        await ben.room.submit(submission)
        await ben.room.send_stdin(submission.job, b"one\n")
        await ana.until(lambda: ana.output(submission.job) == b"got one\n")
        proxy.lose()
        lost_at = monotonic()
        write(ben.room, "written meanwhile\n")
        await ben.room.send_stdin(submission.job, b"two\n")
        ben.room.end_stdin(submission.job)
        await ben.until_finished(submission.job)
        assert ana.of(Finished) == [], "the line was cut before all this"
        await ana.until_any(Disconnected)
        assert monotonic() - lost_at < NOTICED_SECONDS
        await ana.until_finished(submission.job)
        assert returns(ana) == [True]
        assert ana.story() == ben.story(), "nothing is missing, and nothing came twice"
        assert (await settled(ana, ben)).count("written meanwhile") == 1


async def test_f28_what_is_sent_again_after_a_reconnect_counts_once(
    server: RunningServer, proxy: Proxy
) -> None:
    typed_into = python(ECHO, stdin=StdinMode.SHARED)
    submission = python("print('ran')")
    async with watching(near(server)) as ben, watching(far(server, proxy)) as ana:
        await settled(ana, ben)
        await ana.room.submit(typed_into)
        await ana.until(lambda: ben.room.jobs.keys() == ana.room.jobs.keys() == {typed_into.job})
        proxy.stall(up=False)  # all that ana says arrives; that it did, she is not told
        write(ana.room, "once\n")
        await ana.room.send_stdin(typed_into.job, b"once\n")
        async with asyncio.TaskGroup() as tasks:
            answer = tasks.create_task(ana.room.submit(submission))
            await ben.until_finished(submission.job)
            await ben.until(lambda: ben.output(typed_into.job) == b"got once\n")
            await eventually(lambda: "once" in ben.room.document.text())
            assert ana.room.document.unsent
            proxy.lose()
            proxy.flow()
        assert answer.result().job == submission.job
        ana.room.end_stdin(typed_into.job)
        await ana.until_finished(typed_into.job)
        await ben.until_finished(typed_into.job)
        assert (await settled(ana, ben)).count("once") == 1
        assert ana.output(typed_into.job) == b"got once\n"
        submitted = [event.job.job for event in ana.of(Submitted)]
        assert sorted(submitted) == sorted([typed_into.job, submission.job])
        assert ana.story() == ben.story()


async def test_f29_what_is_written_to_a_server_that_is_gone_is_kept_and_merged_later(
    server: RunningServer, proxy: Proxy
) -> None:
    async with watching(near(server)) as ben, watching(far(server, proxy)) as ana:
        await settled(ana, ben)
        before = ana.room.document.text()
        proxy.stall()  # for the old connection and for new ones: nobody is there, nobody says so
        write(ana.room, "to nobody\n")
        assert ana.of(Disconnected) == [], "she cannot know yet"
        write(ben.room, "by ben\n")
        await ana.until_any(Disconnected)
        for number in range(20):
            write(ana.room, f"alone {number}\n")
        assert not ana.room.connected
        assert ana.room.document.unsent
        alone = "".join(f"alone {number}\n" for number in range(20))
        assert ana.room.document.text() == f"{before}to nobody\n{alone}"
        proxy.lose()
        proxy.flow()
        await ana.until(lambda: returns(ana) == [True])
        text = await settled(ana, ben)
        assert text.replace("by ben\n", "") == f"{before}to nobody\n{alone}"
        assert text.count("by ben\n") == 1


async def test_f30_on_a_line_that_is_too_slow_for_the_output_edits_go_before_it(
    server: RunningServer, proxy: Proxy
) -> None:
    flood = python("while True: print('x' * 99)")
    proxy.narrow = True
    async with (
        watching(near(server)) as ben,
        watching(far(server, proxy, DialOptions().ping_seconds)) as ana,
    ):
        await settled(ana, ben)
        proxy.stall(up=False)  # a line of 10 kB/s, as whoever writes 5 MB/s sees it
        await ben.room.submit(flood)
        await ben.until_finished(flood.job)
        write(ben.room, "urgent\n")
        await ben.room.text_settled()
        proxy.flow()
        await ana.until(lambda: "urgent" in ana.room.document.text())
        assert len(ana.output(flood.job)) < IN_FLIGHT_BYTES
        assert ana.of(Disconnected) == [], "slow is not gone"
        await ana.until_finished(flood.job)
        assert ana.of(OutputSkipped), "and she knows that she missed something"


async def test_f30_at_10_kb_a_second_and_500_ms_an_edit_arrives_within_a_flood(
    server: RunningServer, proxy: Proxy
) -> None:
    flood = python("while True: print('x' * 99)")
    proxy.narrow, proxy.rate, proxy.latency = True, 10_000.0, 0.25
    async with (
        watching(near(server)) as ben,
        watching(far(server, proxy, DialOptions().ping_seconds)) as ana,
    ):
        await settled(ana, ben)
        await ben.room.submit(flood)
        await ben.until(lambda: len(ben.output(flood.job)) > 2 * IN_FLIGHT_BYTES)
        await ana.until(lambda: ana.output(flood.job) != b"")
        before = proxy.downstream
        write(ben.room, "urgent\n")
        await ana.until(lambda: "urgent" in ana.room.document.text())
        assert proxy.downstream - before < SLOW_IN_FLIGHT_BYTES, "the edit went before the output"
        assert ana.of(Disconnected) == [], "slow is not gone"
        ben.room.cancel(flood.job)
        write(ana.room, "and back\n")
        await ben.until(lambda: "and back" in ben.room.document.text())
