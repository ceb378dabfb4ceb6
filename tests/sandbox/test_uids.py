"""Sandboxes run as users that belong to nobody else (H16)."""

import pwd
from pathlib import Path
from typing import Any

import pytest

from codesync_server.configuration import load
from codesync_server.configuration.setting_types import InvalidValue
from codesync_server.configuration.setting_types.uid_range import UidRange
from codesync_server.executors.docker import uids as uids_module
from codesync_server.executors.docker.leases import Leases, UidsExhausted
from codesync_server.executors.docker.uids import MAPPED, UNUSED, UidsInUse, choose_uids

ROOTFUL: dict[str, Any] = {"SecurityOptions": ["name=seccomp,profile=default"]}

# What a machine gives out by default: login.defs(5), https://systemd.io/UIDS-GIDS/, SSSD's
# ldap_idmap_range and FreeIPA's ranges.
GIVEN_OUT = {
    "system and regular users": range(60_001),
    "systemd-homed": range(60_001, 60_514),
    "DynamicUser": range(61_184, 65_520),
    "nobody": range(65_534, 65_536),
    "subuids": range(100_000, 600_100_001),
    "systemd-nspawn": range(524_288, 1_879_048_192),
    "directory services": range(200_000, 2_000_200_001),
    "foreign users of systemd": range(0x7FFE_0000, 0x7FFF_0000),
}


def test_h16_the_default_users_of_sandboxes_are_given_out_to_nobody() -> None:
    for name, given in GIVEN_OUT.items():
        assert given.stop <= UNUSED.start or UNUSED.stop <= given.start, name
    assert choose_uids(None, ROOTFUL) == UNUSED


def test_h16_a_range_with_a_user_of_the_machine_is_refused() -> None:
    someone = max(pwd.getpwall(), key=lambda user: user.pw_uid)
    around = range(someone.pw_uid, someone.pw_uid + 1000)
    with pytest.raises(UidsInUse, match=rf"{someone.pw_name} is {someone.pw_uid}.*sandbox_uids"):
        choose_uids(around, ROOTFUL)


def test_h16_a_range_with_subordinate_users_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "subuid"
    file.write_text("ana:700000:65536\nno line of it\nbob:x:1\n")
    monkeypatch.setattr(uids_module, "SUBORDINATE", (str(file), "/nowhere"))
    with pytest.raises(UidsInUse, match="gives 700000-765535 to ana"):
        choose_uids(range(765_535, 780_000), ROOTFUL)
    assert choose_uids(range(765_536, 780_000), ROOTFUL) == range(765_536, 780_000)


@pytest.mark.parametrize("option", ["name=rootless", "name=userns"])
def test_h16_an_engine_that_maps_users_has_only_few(option: str) -> None:
    assert choose_uids(None, {"SecurityOptions": [option]}) == MAPPED
    assert MAPPED.stop <= 65_536


def test_h16_the_range_is_a_setting() -> None:
    assert load(environment={}, default_file=False).settings.sandbox_uids is None
    sets = ["sandbox_uids=3000000-3009999"]
    settings = load(environment={}, sets=sets, default_file=False).settings
    assert settings.sandbox_uids == range(3_000_000, 3_010_000)


@pytest.mark.parametrize("text", ["", "5", "0-2000", "5-4", "10-20", "1-2147483648", "a-b", "1-²"])
def test_h16_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="FIRST-LAST"):
        UidRange("").parse(text)


def test_a26_no_two_leases_have_the_same_user() -> None:
    leases = Leases(range(5000, 5010))
    held = [leases.acquire() for _ in range(10)]
    assert {lease.uid for lease in held} == set(range(5000, 5010))
    with pytest.raises(UidsExhausted):
        leases.acquire()
    leases.end(held[3])
    assert leases.acquire().uid == held[3].uid
