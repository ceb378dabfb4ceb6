"""The server's token is created once, stored, and not read from a file of others."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest

from codesync_server.access.token import (
    TOKEN_LENGTH_MIN,
    TokenFileError,
    default_path,
    load,
    load_or_create,
)

START = """\
import sys
from pathlib import Path
from codesync_server.access.token import load_or_create
print("ready", flush=True)
sys.stdin.read()
print(load_or_create(Path(sys.argv[1])), end="")
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "codesync" / "token"


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def written(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    path.chmod(mode)
    return path


# Made once.


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_a76_the_file_is_made_for_its_owner_only(path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        load_or_create(path)
    finally:
        os.umask(before)
    assert mode_of(path) == 0o600
    assert mode_of(path.parent) == 0o700


def test_the_token_is_256_random_bits_that_can_stand_in_a_link(path: Path, tmp_path: Path) -> None:
    token = load_or_create(path)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", token)
    assert load_or_create(tmp_path / "another") != token


def test_a_server_that_is_started_again_has_the_same_token(path: Path) -> None:
    token = load_or_create(path)
    assert load_or_create(path) == token
    assert load(path) == token
    assert mode_of(path) == 0o600


def test_a_token_of_the_operators_own_is_taken_as_it_is(path: Path) -> None:
    own = "an-own-token-of-enough-characters-0123456789"
    assert load_or_create(written(path, f"  {own}\n\n".encode())) == own


def test_where_it_is_kept_follows_the_xdg_state_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/somewhere/state")
    assert default_path() == Path("/somewhere/state/codesync/token")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/home/ana")
    assert default_path() == Path("/home/ana/.local/state/codesync/token")


# Not used, with a sentence that says why.


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o666])
def test_a76_a_file_that_others_can_read_or_write_is_refused_with_how_to_mend_it(
    path: Path, mode: int
) -> None:
    written(path, b"x" * 43, mode)
    for use in (load_or_create, load):
        with pytest.raises(TokenFileError) as caught:
            use(path)
        assert f"chmod 600 {path}" in str(caught.value)
    path.chmod(0o600)
    assert load_or_create(path) == "x" * 43


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b" " * 100, b"x" * (TOKEN_LENGTH_MIN - 1)],
    ids=["empty", "a line end", "spaces", "too short"],
)
def test_a_file_without_a_token_of_enough_length_is_refused(path: Path, content: bytes) -> None:
    written(path, content)
    with pytest.raises(TokenFileError) as caught:
        load_or_create(path)
    assert "remove it to have a new one made" in str(caught.value)
    assert path.read_bytes() == content, "it is the operator who removes it"


@pytest.mark.parametrize(
    "content", [b"\xff" * 43, b"x" * 43 + b"\x80", bytes(64)], ids=["binary", "latin", "zeros"]
)
def test_a_file_that_holds_something_else_is_refused(path: Path, content: bytes) -> None:
    written(path, content)
    for use in (load_or_create, load):
        with pytest.raises(TokenFileError) as caught:
            use(path)
        assert str(path) in str(caught.value)


def test_an_error_never_shows_what_is_in_the_file(path: Path) -> None:
    written(path, b"almost-a-token", 0o644)
    with pytest.raises(TokenFileError) as caught:
        load(path)
    path.chmod(0o600)
    with pytest.raises(TokenFileError) as caught_again:
        load(path)
    assert "almost-a-token" not in f"{caught.value} {caught_again.value}"


def test_a_folder_where_the_file_should_be_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(TokenFileError) as caught:
        load_or_create(tmp_path)
    assert f"cannot read the token file {tmp_path}" in str(caught.value)


def test_a_place_where_no_file_can_be_made_is_an_error_that_names_the_flag(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TokenFileError) as caught:
        load_or_create(tmp_path / "file" / "token")
    assert "--token-file" in str(caught.value)


def test_to_read_the_token_of_a_server_that_was_never_started_is_an_error(path: Path) -> None:
    with pytest.raises(TokenFileError) as caught:
        load(path)
    assert "codesync serve" in str(caught.value)
    assert not path.exists()


def test_a_link_that_leads_nowhere_is_not_followed_to_make_a_file_there(path: Path) -> None:
    path.parent.mkdir(parents=True)
    elsewhere = path.parent / "elsewhere"
    path.symlink_to(elsewhere)
    with pytest.raises(TokenFileError):
        load_or_create(path)
    assert not elsewhere.exists()


def test_of_many_servers_that_start_for_the_first_time_all_have_the_same_token(
    path: Path,
) -> None:
    servers = [
        subprocess.Popen([sys.executable, "-c", START, str(path)], stdin=PIPE, stdout=PIPE)
        for _ in range(6)
    ]
    for server in servers:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
    for server in servers:
        assert server.stdin is not None
        server.stdin.close()  # now all at once
    tokens: set[bytes] = set()
    for server in servers:
        assert server.stdout is not None
        tokens.add(server.stdout.read())
        server.stdout.close()
        assert server.wait() == 0
    assert tokens == {load(path).encode()}
    assert [each.name for each in path.parent.iterdir()] == ["token"]
