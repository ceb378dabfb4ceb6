"""H16: unsent edits are found by their text, also if the server has another port."""

import hashlib
from pathlib import Path

import msgspec
import pytest

from codesync_client.files import merge_base
from codesync_protocol.links import Link
from codesync_tui.recovery.journal import Journal, UnsentTexts
from tests.tui.recovery.abandoned_entries import leave_note

BEFORE = Link("ws://127.0.0.1:1", "den", "")
NOW = Link("ws://127.0.0.1:2", "den", "")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def unsent(text_id: str) -> UnsentTexts:
    return UnsentTexts(1.0, {"source": "mine"}, {"source": ""}, text_id)


def offered(link: Link, text_id: str) -> list[UnsentTexts]:
    taken = Journal(link).acquire_abandoned(text_id)
    for note, _ in taken:
        note.close()
    return [each for _, each in taken]


def test_h16_a_note_is_found_after_a_change_of_port() -> None:
    leave_note(BEFORE, unsent("first"))
    assert offered(NOW, "first") == [unsent("first")]
    assert offered(NOW, "second") == []
    assert offered(Link(NOW.server, "pit", ""), "first") == []


def test_h16_a_note_of_another_text_is_found_at_the_same_address() -> None:
    leave_note(BEFORE, unsent("first"))
    assert offered(BEFORE, "second") == [unsent("first")]


def test_h16_a_note_of_version_0_1_is_found(state: Path) -> None:
    folder = state / "codesync" / "unsent"
    folder.mkdir(parents=True)
    address = hashlib.blake2b(f"{BEFORE.server}|den".encode(), digest_size=16).hexdigest()
    (folder / f"{address}-0123456789abcdef.json").write_bytes(msgspec.json.encode(unsent("first")))
    (folder / f"{address}.json").write_bytes(b"broken")
    assert offered(BEFORE, "") == [unsent("first")]
    assert offered(NOW, "first") == [unsent("first")]
    assert offered(NOW, "second") == []


def test_h16_a_note_follows_the_text_of_its_room(state: Path) -> None:
    note = Journal(BEFORE).new_entry()
    for text_id in ("first", "second"):
        note.unsent = unsent(text_id)
        note.save()
    assert len(list((state / "codesync" / "unsent").iterdir())) == 1
    note.close()
    assert offered(NOW, "first") == []
    assert offered(NOW, "second") == [unsent("second")]


def test_h16_what_a_file_and_a_text_had_in_common_is_found_after_a_change_of_port(
    tmp_path: Path,
) -> None:
    merge_base.save_merge_base(BEFORE, tmp_path / "a.py", "first", "x")
    assert merge_base.load_merge_base(NOW, tmp_path / "a.py", "first") == "x"
