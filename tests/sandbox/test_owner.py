"""Labels of a container tell its owner, and whether it is still needed."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from codesync_server.executors.docker.owner import (
    EXPIRES_LABEL,
    LABEL,
    OWNER_LABEL,
    Owner,
    is_orphan,
    labels,
    this_process,
)
from tests.sandbox.engine_view import owner_of

LATER = str(int(time.time()) + 3600)
EARLIER = str(int(time.time()) - 1)


@pytest.fixture
def living() -> Iterator[Owner]:
    """Another process that lives."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield owner_of(process.pid)
        process.kill()


@pytest.fixture
def dead() -> Owner:
    """Another process that lived."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        owner = owner_of(process.pid)
        process.kill()
    return owner


def test_this_process_is_itself() -> None:
    assert this_process() == owner_of(os.getpid())
    assert Owner.parse(str(this_process())) == this_process()


def test_labels_say_whose_and_until_when() -> None:
    made = labels(lifetime=60)
    assert made[LABEL] == "1"
    assert made[OWNER_LABEL] == str(this_process())
    assert 50 < int(made[EXPIRES_LABEL]) - time.time() <= 60
    assert not is_orphan(made)


def test_f31_a_clock_that_is_set_makes_no_orphans(monkeypatch: pytest.MonkeyPatch) -> None:
    made, now = labels(lifetime=60), time.time()
    for jump in (3600.0, -3600.0):
        monkeypatch.setattr(time, "time", lambda: now + jump)  # noqa: B023 # called within the turn
        assert not is_orphan(made)
        assert is_orphan(labels(lifetime=-1))


def test_what_a_living_server_owns_is_no_orphan_until_it_expires(living: Owner) -> None:
    assert not is_orphan({OWNER_LABEL: str(living), EXPIRES_LABEL: LATER})
    assert is_orphan({OWNER_LABEL: str(living), EXPIRES_LABEL: EARLIER})


def test_what_a_dead_server_owned_is_an_orphan(dead: Owner) -> None:
    assert is_orphan({OWNER_LABEL: str(dead), EXPIRES_LABEL: LATER})


def test_a_recycled_process_id_is_not_the_server_that_had_it(living: Owner) -> None:
    before = Owner(living.machine, living.pid, living.started - 1)
    assert is_orphan({OWNER_LABEL: str(before), EXPIRES_LABEL: LATER})


def test_of_another_machine_nothing_is_known_but_the_time(dead: Owner) -> None:
    elsewhere = str(Owner("another-boot.4026531836", dead.pid, dead.started))
    assert not is_orphan({OWNER_LABEL: elsewhere, EXPIRES_LABEL: LATER})
    assert is_orphan({OWNER_LABEL: elsewhere, EXPIRES_LABEL: EARLIER})


@pytest.mark.parametrize("text", ["", "/", "x", "x/1", "x/1/", "x//2", "x/a/b", "x/-1/2", "x/²/3"])
def test_a_label_that_names_nobody_is_no_reason_to_remove_anything(text: str) -> None:
    assert Owner.parse(text) is None
    assert not is_orphan({OWNER_LABEL: text, EXPIRES_LABEL: LATER})
    assert not is_orphan({OWNER_LABEL: text, EXPIRES_LABEL: "²"})
    assert not is_orphan({})


# What another user's server sees under hidepid=2, or under systemd's ProtectProc=invisible.
BEHIND_HIDEPID = """
import os, subprocess, sys
from codesync_server.executors.docker.owner import OWNER_LABEL, EXPIRES_LABEL, is_orphan
from codesync_server.store.mongo.lease import is_known_dead
subprocess.run(["mount", "-t", "proc", "-o", "hidepid=2", "proc", "/proc"], check=True)
os.setgroups([])
os.setgid(23456)
os.setuid(23456)
for owner in sys.argv[1:]:
    machine, pid, _ = owner.split("/")
    print(
        os.path.exists(f"/proc/{pid}"),
        is_orphan({OWNER_LABEL: owner, EXPIRES_LABEL: "9999999999"}),
        is_known_dead(f"here/{pid}", "here"),
    )
"""


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("unshare") is None,
    reason="only root may mount another /proc, for which it needs unshare(1)",
)
def test_h19_a_live_server_that_proc_hides_is_not_dead(living: Owner, dead: Owner) -> None:
    seen = subprocess.run(
        ["unshare", "-m", sys.executable, "-c", BEHIND_HIDEPID, str(living), str(dead)],
        check=True,
        capture_output=True,
        text=True,
    )
    assert seen.stdout.splitlines() == ["False False False", "False True True"]


def test_h19_what_proc_does_not_tell_is_not_death(living: Owner, dead: Owner) -> None:
    without_start = Owner(living.machine, living.pid, 0)
    assert not is_orphan({OWNER_LABEL: str(without_start), EXPIRES_LABEL: LATER})
    without_machine = Owner("unknown.unknown", dead.pid, dead.started)
    assert not is_orphan({OWNER_LABEL: str(without_machine), EXPIRES_LABEL: LATER})
    assert not without_machine.has_our_boot


def test_h19_a_machine_that_nobody_knows_is_no_machine_of_ours(
    monkeypatch: pytest.MonkeyPatch, dead: Owner
) -> None:
    unknown = Owner("unknown.unknown", dead.pid, dead.started)
    monkeypatch.setattr(
        "codesync_server.executors.docker.owner._machine", lambda: "unknown.unknown"
    )
    assert not unknown.is_known_dead
    assert not unknown.has_our_boot
