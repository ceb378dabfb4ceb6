"""The common base of a file and a room is known as long as the room has this text."""

from pathlib import Path

import pytest

from codesync_client.files import merge_base
from codesync_protocol.links import Link

DEN = Link("ws://127.0.0.1:1", "den", "")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def test_each_pair_of_file_and_room_has_its_own(tmp_path: Path) -> None:
    merge_base.save_merge_base(DEN, tmp_path / "a.py", "first", "é\x1b\u2028\r\n")
    assert merge_base.load_merge_base(DEN, tmp_path / "a.py", "first") == "é\x1b\u2028\r\n"
    assert merge_base.load_merge_base(DEN, tmp_path / "b.py", "first") is None
    assert (
        merge_base.load_merge_base(Link(DEN.server, "pit", ""), tmp_path / "a.py", "first") is None
    )


def test_another_text_of_the_same_room_has_nothing_in_common(tmp_path: Path) -> None:
    merge_base.save_merge_base(DEN, tmp_path / "a.py", "first", "x")
    assert merge_base.load_merge_base(DEN, tmp_path / "a.py", "second") is None


def test_a_note_that_is_broken_is_no_note(state: Path) -> None:
    merge_base.save_merge_base(DEN, state / "a.py", "first", "x")
    (note,) = (state / "codesync" / "pulled").iterdir()
    assert note.stat().st_mode & 0o777 == 0o600
    note.write_bytes(b"x")
    assert merge_base.load_merge_base(DEN, state / "a.py", "first") is None
