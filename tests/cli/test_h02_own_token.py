"""The user's own token is used for servers on this machine only, unless it is named (H02)."""

import argparse
import socket
from pathlib import Path

import pytest

from codesync_cli.target_room import target


@pytest.fixture(autouse=True)
def own_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A server's token in the state directory of the user."""
    token = "t" * 43
    path = tmp_path / "codesync" / "token"
    path.parent.mkdir()
    path.write_text(token)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("CODESYNC_TOKEN", raising=False)
    return token


def meant(*arguments: str) -> str:
    """The token that a command line leads to."""
    parser = argparse.ArgumentParser()
    target.add_arguments(parser, required=True)
    return target.link(parser.parse_args(arguments)).token


@pytest.mark.parametrize("server", ["ws://127.0.0.1:4000", "ws://localhost:4000", "wss://[::1]:1"])
def test_h02_a_server_on_this_machine_is_proved_the_own_token(server: str, own_token: str) -> None:
    assert meant("--server", server) == own_token


@pytest.mark.parametrize(
    "server", ["wss://192.0.2.1:4000", "wss://[2001:db8::1]:4000", "wss://host.invalid:4000"]
)
def test_h02_another_server_is_proved_nothing(server: str) -> None:
    """It could relay the proofs to the user's own server, and be host there."""
    assert meant("--server", server) == ""


def test_h02_a_name_that_others_give_a_meaning_is_not_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It can mean this machine now, and the machine of a relay when we connect."""

    def look_up(*_: object, **__: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        return [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", ("127.0.0.1", 9))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "gethostname", lambda: "Lab7")
    assert meant("--server", "wss://rebinding.example:4000") == ""
    assert meant("--server", "wss://lab7:4000") != ""


@pytest.mark.parametrize("host", ["224.0.0.1", "255.255.255.255", "a" * 64 + ".com", "a..b"])
def test_h02_strange_hosts_are_not_this_machine(host: str) -> None:
    assert not target.is_this_machine(f"wss://{host}:4000")


def test_h02_an_address_of_this_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def bind(*_: object) -> None:
        """With ip_nonlocal_bind, any address can be bound."""

    monkeypatch.setattr(socket.socket, "bind", bind)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no address but loopback")
        own = probe.getsockname()[0]
    assert target.is_this_machine(f"wss://{own}:4000")
    assert not target.is_this_machine("wss://192.0.2.1:4000")


def test_h02_a_token_file_that_is_named_is_used_for_any_server(
    tmp_path: Path, own_token: str
) -> None:
    file = str(tmp_path / "codesync" / "token")
    assert meant("--server", "wss://192.0.2.1:4000", "--token-file", file) == own_token
