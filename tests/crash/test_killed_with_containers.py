"""A server is killed while programs run in Docker, and restarted on its store (F02)."""

from collections.abc import AsyncGenerator
from pathlib import Path

import docker
import pytest

from codesync_client import Room
from codesync_protocol.messages import Finished, JobState
from codesync_protocol.verdict import Verdict
from tests.client.watching import watching
from tests.crash.mortal_server import MortalServer
from tests.programs import python
from tests.sandbox.engine_view import EngineView, owner_of
from tests.waiting import eventually

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300, func_only=True)]

SEEN = "print('seen', flush=True)\nimport time; time.sleep(100)"
SILENT = "import time; time.sleep(4); print('once')"


@pytest.fixture
async def server(executor_image: str, tmp_path: Path) -> AsyncGenerator[MortalServer, None]:
    arguments = ("--executor=docker", "--max-concurrent=2", "--pool-size=2", "--drain-seconds=0.2")
    wall = "--set=limits.run.wall=60"
    server = MortalServer(tmp_path, str(tmp_path / "rooms.db"), *arguments, wall)
    await server.start()
    yield server
    await server.stop()


async def test_f02_containers_of_a_killed_server_are_removed_and_each_job_has_one_end(
    server: MortalServer, docker_client: docker.APIClient
) -> None:
    async with watching(Room(server.link("den"), name="ana")) as ana:
        seen, silent = python(SEEN), python(SILENT)
        for each in (seen, silent):
            ana.room.follow(each.job)
            await ana.room.submit(each)
        await ana.until(lambda: ana.output(seen.job) == b"seen\n")
        await ana.until(lambda: ana.room.jobs[silent.job].state is JobState.RUNNING)
        before = EngineView(docker_client, owner_of(server.pid))
        assert len(before.containers()) >= 2
        await server.kill()
        await ana.until(lambda: not ana.room.connected)
        await server.start()
        after = EngineView(docker_client, owner_of(server.pid))
        await ana.until_finished(seen.job)
        await ana.until_finished(silent.job)
        ends = {each.job: each.result.verdict for each in ana.of(Finished)}
        assert ends == {seen.job: Verdict.LOST, silent.job: Verdict.OK}
        assert len(ana.of(Finished)) == 2, "each job ends once"
        assert ana.output(seen.job) == b"seen\n"
        assert ana.output(silent.job) == b"once\n"
        await eventually(lambda: not before.containers())
        assert after.containers(), "those of the new server stay"
