"""F15: unneeded containers of this server are removed; similar or needed ones are not."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from codesync_server.executors.docker import engine as engine_module
from codesync_server.executors.docker import executor as executor_module
from codesync_server.executors.docker.image import image_tag
from codesync_server.executors.docker.leases import LEASE_LABEL, Leases
from codesync_server.executors.docker.owner import (
    EXPIRES_LABEL,
    LABEL,
    OWNER_LABEL,
    Owner,
    this_process,
)
from codesync_server.executors.docker.uids import UNUSED
from tests.faults.engine_proxy import CREATE, EngineProxy
from tests.faults.house import HELLO, SECONDS, SETTINGS, house
from tests.faults.private_engine import PrivateEngine
from tests.sandbox.engine_view import owner_of
from tests.waiting import eventually

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300, func_only=True)]

LATER, EARLIER = str(int(time.time()) + 3600), str(int(time.time()) - 3600)


@pytest.fixture
def other_server() -> Iterator[Owner]:
    """A process that lives, and could be a server."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield owner_of(process.pid)
        process.kill()


@pytest.fixture
def tending(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that looks for strays all the time."""
    monkeypatch.setattr(executor_module, "MAINTENANCE_SECONDS", 0.2)


def _make(engine: PrivateEngine, **labels: str) -> str:
    client = engine.client()
    try:
        named = {name.replace("_", "."): value for name, value in labels.items()}
        return str(client.create_container(image_tag(), ["true"], labels=named)["Id"])
    finally:
        client.close()


@pytest.mark.usefixtures("tending")
async def test_f15_only_what_is_ours_and_of_no_use_is_removed(
    private_engine: PrivateEngine, other_server: Owner
) -> None:
    dead = replace(other_server, started=other_server.started - 1)
    other_executor = Leases(UNUSED).acquire()

    def make(owner: object, expires: str, **more: str) -> str:
        labels = {LABEL: "1", OWNER_LABEL: str(owner), EXPIRES_LABEL: expires}
        return _make(private_engine, **{**labels, **more})

    stay = {
        make(other_server, LATER),
        make(this_process(), LATER, **{LEASE_LABEL: other_executor.name}),
        make(this_process(), LATER),
        make("somebody's own idea of an owner", EARLIER),
        make(dead, EARLIER, **{LABEL: "mine"}),
        _make(private_engine, **{LABEL: "1"}),
        _make(private_engine, **{LABEL: "1", EXPIRES_LABEL: EARLIER}),
        _make(private_engine, **{OWNER_LABEL: str(dead), EXPIRES_LABEL: EARLIER}),
        _make(private_engine, codesync="1"),
        _make(private_engine),
    }
    async with house() as here:
        await here.until_parked(2)
        go = {make(dead, LATER), make(other_server, EARLIER)}
        await eventually(lambda: not go & private_engine.containers(), SECONDS)
        await here.all_ok(await here.submit(HELLO))
        await here.until_parked(2)
        await eventually(lambda: len(private_engine.containers() - stay) == 2, SECONDS)
        assert stay <= private_engine.containers()
    assert private_engine.containers() == stay


@pytest.mark.usefixtures("tending")
async def test_f15_a_container_that_docker_made_when_we_had_given_it_up_is_removed(
    private_engine: PrivateEngine, proxy: EngineProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "CALL_SECONDS", 1)
    async with house(replace(SETTINGS, pool_size=0)) as here:
        proxy.slow(CREATE, 2.0)
        job = await here.submit(HELLO)
        await eventually(private_engine.containers, SECONDS)
        await eventually(lambda: not private_engine.containers(), SECONDS)
        assert job not in here.results
        proxy.heal()
        await here.all_ok(job)
        await eventually(lambda: not private_engine.containers(), SECONDS)


async def test_f15_two_servers_on_one_engine_leave_each_other_alone(
    private_engine: PrivateEngine,
) -> None:
    async with house() as here, house() as there:
        await here.until_parked(2)
        await there.until_parked(2)
        assert len(private_engine.containers()) == 4
        jobs = [await each.submit(HELLO) for each in (here, there)]
        await asyncio.gather(here.all_ok(jobs[0]), there.all_ok(jobs[1]))
    assert not private_engine.containers()
