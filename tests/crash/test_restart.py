"""Accepted jobs continue after the end of the server, however it ended."""

import asyncio
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from codesync_client import Room, Submission, SubmissionRejected
from codesync_protocol.errors import Code
from codesync_protocol.messages import Finished, JobState, Role, Submitted
from codesync_protocol.shared_text import SOURCE
from codesync_protocol.verdict import Verdict
from tests.client.watching import Watcher
from tests.crash.mortal_server import MortalServer
from tests.programs import python
from tests.waiting import eventually

FOREVER = "import time; time.sleep(60)"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[MortalServer, None]:
    # A program goes on for longer than anybody needs to come back.
    wall = "--set=limits.run.wall=60"
    arguments = ("--executor=local", "--max-concurrent=1", "--drain-seconds=0.2", wall)
    server = MortalServer(tmp_path, str(tmp_path / "rooms.db"), *arguments)
    await server.start()
    yield server
    await server.kill()


@asynccontextmanager
async def watcher(server: MortalServer, name: str = "ana") -> AsyncGenerator[Watcher, None]:
    async with Room(server.link("den"), name=name, shares_text=True) as room:
        watching = Watcher(room)
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(watching.read())
            await room.text_settled()
            yield watching
            reading.cancel()


def order_of_ends(ana: Watcher) -> list[str]:
    return [event.job for event in ana.of(Finished)]


async def submit(ana: Watcher, source: str) -> Submission:
    submission = python(source)
    ana.room.follow(submission.job)
    await ana.room.submit(submission)
    await ana.until(lambda: submission.job in {each.job.job for each in ana.of(Submitted)})
    return submission


async def has_text(ana: Watcher, text: str) -> None:
    await ana.until(lambda: ana.room.document.text() == text)


async def wrote(ana: Watcher, job: Submission, output: str) -> None:
    await ana.until(lambda: ana.output(job.job) == output.encode())


async def is_running(ana: Watcher, job: str) -> None:
    await ana.until(lambda: ana.room.jobs[job].state is JobState.RUNNING)


async def test_the_same_link_tomorrow_shows_the_same_room(server: MortalServer) -> None:
    async with watcher(server) as ana:
        ana.room.document.replace(SOURCE, "int main() {}\n")
        ana.room.choose_language("cpp")
        await ana.until(lambda: ana.room.language == "cpp")
        await ana.room.text_settled()
        done = await submit(ana, "print('yesterday')")
        await ana.until(lambda: done.job in order_of_ends(ana))
    await server.stop()
    await server.start()
    async with watcher(server, "ben") as ben:
        assert ben.room.document.text() == "int main() {}\n"
        assert ben.room.language == "cpp"
        [kept] = ben.room.jobs.values()
        assert (kept.job, kept.name) == (done.job, "ana")
        assert kept.result is not None
        assert kept.result.verdict is Verdict.OK
        ben.room.follow(done.job)
        await ben.until(lambda: ben.output(done.job) == b"yesterday\n")


async def test_whoever_stays_goes_on_where_they_were(server: MortalServer) -> None:
    async with watcher(server) as ana, watcher(server, "ben") as ben:
        ana.room.document.replace(SOURCE, "one\ntwo\n")
        await ben.until(lambda: ben.room.document.text() == "one\ntwo\n")
        await server.kill()
        await ana.until(lambda: not ana.room.connected)
        ana.room.document.end_undo_group()
        ana.room.document.edit(SOURCE, 0, 0, "zero\n")  # while nobody is there to take it
        ben.room.document.edit(SOURCE, 8, 0, "three\n")
        await server.start()
        for each in (ana, ben):
            await has_text(each, "zero\none\ntwo\nthree\n")
            await each.room.text_settled()
        ana.room.document.undo()
        await ben.until(lambda: ben.room.document.text() == "one\ntwo\nthree\n")


async def test_f01_what_waited_when_the_server_was_killed_runs_in_its_order(
    server: MortalServer,
) -> None:
    async with watcher(server) as ana:
        first = await submit(ana, FOREVER)
        await is_running(ana, first.job)
        others = [await submit(ana, f"print({number})") for number in range(3)]
        await server.kill()
        await server.start()
        await ana.until(lambda: ana.room.connected)
        ana.room.cancel(first.job)
        await ana.until(lambda: len(order_of_ends(ana)) == 4)
        assert [job for job in order_of_ends(ana) if job != first.job] == [
            each.job for each in others
        ]
        for number, each in enumerate(others):
            assert ana.room.jobs[each.job].result
            await wrote(ana, each, f"{number}\n")


async def test_f02_a_program_of_which_nobody_saw_anything_runs_once_more(
    server: MortalServer,
) -> None:
    async with watcher(server) as ana:
        silent = await submit(ana, "import time; time.sleep(1.5); print('once')")
        await is_running(ana, silent.job)
        await server.kill()
        await server.start()
        await ana.until(lambda: silent.job in order_of_ends(ana))
        result = ana.of(Finished)[-1].result
        assert result.verdict is Verdict.OK
        await wrote(ana, silent, "once\n")


async def test_f02_a_program_of_which_somebody_saw_something_is_lost_and_says_so(
    server: MortalServer,
) -> None:
    async with watcher(server) as ana:
        seen = await submit(ana, f"print('seen', flush=True); {FOREVER}")
        await wrote(ana, seen, "seen\n")
        await server.kill()
        await server.start()
        await ana.until(lambda: seen.job in order_of_ends(ana))
        result = ana.of(Finished)[-1].result
        assert result.verdict is Verdict.LOST
        assert result.explanation == "the server stopped while it ran"


async def test_which_links_are_old_is_still_known(server: MortalServer) -> None:
    old = server.invite("den")
    async with watcher(server) as ana:
        async with Room(old, name="ben") as ben:
            assert ben.role is Role.EDITOR
            ana.room.set_role(ben.welcome.member, Role.VIEWER)
            await eventually(lambda: ben.role is Role.VIEWER)
    await server.stop()
    await server.start()
    async with Room(old, name="ben under another key") as ben:
        assert ben.role is Role.VIEWER
    async with Room(server.invite("den"), name="cy") as cy:
        assert cy.role is Role.EDITOR


async def test_f02_f35_a_program_that_brings_the_server_down_twice_is_not_tried_again(
    server: MortalServer,
) -> None:
    async with watcher(server) as ana:
        deadly = await submit(ana, FOREVER)
        for _ in range(2):
            await ana.until(lambda: ana.room.connected)
            await is_running(ana, deadly.job)
            await server.kill()
            await ana.until(lambda: not ana.room.connected)
            await server.start()
        await ana.until(lambda: deadly.job in order_of_ends(ana))
        assert ana.of(Finished)[-1].result.explanation == "the server stopped 2 times while it ran"


async def test_f04_sigterm_tells_everybody_and_hands_over_what_has_not_run(
    server: MortalServer,
) -> None:
    async with watcher(server) as ana:
        running = await submit(ana, "import time; time.sleep(2); print('run')")
        await is_running(ana, running.job)
        waiting = await submit(ana, "print('wait')")
        async with asyncio.timeout(25.0):
            assert await server.stop() == 0
        assert order_of_ends(ana) == [], "nothing is lost"
        await server.start()
        await ana.until(lambda: set(order_of_ends(ana)) == {running.job, waiting.job})
        await wrote(ana, running, "run\n")
        await wrote(ana, waiting, "wait\n")


async def test_f05_a_second_signal_ends_it_at_once_and_the_queue_is_intact(
    tmp_path: Path,
) -> None:
    arguments = ("--executor=local", "--max-concurrent=1", "--drain-seconds=3600")
    server = MortalServer(tmp_path, str(tmp_path / "rooms.db"), *arguments)
    await server.start()
    async with watcher(server) as ana:
        running = await submit(ana, f"print('seen', flush=True); {FOREVER}")
        await ana.until(lambda: ana.output(running.job))
        waiting = await submit(ana, "print('wait')")
        server.tell(signal.SIGTERM)
        await eventually(lambda: "shutting down" in str(ana.events))
        assert await server.stop(signal.SIGINT) != 0
        await server.start()
        await ana.until(lambda: waiting.job in order_of_ends(ana))
        await wrote(ana, waiting, "wait\n")
    await server.kill()


async def test_a55_a_submission_that_is_said_again_to_the_next_server_runs_once(
    server: MortalServer,
) -> None:
    async with watcher(server) as ana, watcher(server, "eve") as eve:
        done = await submit(ana, "print('once')")
        await ana.until(lambda: done.job in order_of_ends(ana))
        await server.kill()
        await server.start()
        await ana.until(lambda: ana.room.connected)
        await eve.until(lambda: eve.room.connected)
        assert (await ana.room.submit(done)).position == 0
        with pytest.raises(SubmissionRejected) as refusal:
            await eve.room.submit(done)
        assert refusal.value.code is Code.DUPLICATE_JOB
        page = await ana.room.past.page()
        assert [each.summary.job for each in page.jobs] == [done.job]


async def test_f39_a_second_server_on_the_same_store_is_refused(
    server: MortalServer, tmp_path: Path
) -> None:
    second = MortalServer(tmp_path, str(tmp_path / "rooms.db"), "--executor=local")
    with pytest.raises(AssertionError, match="another codesync server"):
        await second.start()
    async with watcher(server) as ana:
        done = await submit(ana, "print(1)")
        await wrote(ana, done, "1\n")
