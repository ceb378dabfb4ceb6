"""A path is completed with Tab, as far as it is certain."""

from pathlib import Path

import pytest
from textual.widgets import Input, Static

from codesync_tui.dialogs.path_completion import complete_path
from codesync_tui.dialogs.path_prompt import PathPrompt
from tests.tui.app_in_room import AppInRoom, app_in_room


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with something in it."""
    (tmp_path / "solve.py").touch()
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "main.c").touch()
    (tmp_path / ".hidden").touch()
    (tmp_path / "owned\x1b[31m").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "path", "names"),
    [
        ("", "so", ["solve.py", "sources/"]),
        ("s", "so", ["solve.py", "sources/"]),
        ("sol", "solve.py", ["solve.py"]),
        ("sou", "sources/", ["sources/"]),
        ("sources/", "sources/main.c", ["main.c"]),
        (".h", ".hidden", [".hidden"]),
        ("none", "none", []),
        ("none/at/all", "none/at/all", []),
        ("ow", "ow", []),
        ("nul\0", "nul\0", []),
    ],
)
def test_a_path_is_completed_as_far_as_it_is_certain(
    folder: Path, monkeypatch: pytest.MonkeyPatch, typed: str, path: str, names: list[str]
) -> None:
    assert complete_path(f"{folder}/{typed}") == (f"{folder}/{path}", names)
    monkeypatch.chdir(folder)
    assert complete_path(typed) == (path, names)


def test_ones_home_is_known(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    assert complete_path("~") == ("~/", ["~/"])
    assert complete_path("~/sol") == ("~/solve.py", ["solve.py"])


async def opened(on: AppInRoom) -> Input:
    await on.press("ctrl+o")
    await on.until(lambda: isinstance(on.app.screen, PathPrompt))
    return on.app.screen.query_one(Input)


async def test_tab_completes_and_shows_how_it_could_go_on(folder: Path) -> None:
    async with app_in_room() as on:
        line = await opened(on)
        hint = on.app.screen.query_one("#path-hint", Static)
        line.value = f"{folder}/s"
        await on.press("end", "tab")
        await on.until(lambda: line.value == f"{folder}/so")
        await on.until(lambda: str(hint.content) == "solve.py  sources/")
        await on.press("l")
        await on.until(lambda: "Tab completes" in str(hint.content))
        await on.press("tab")
        await on.until(lambda: line.value == f"{folder}/solve.py")
        assert line.has_focus
        await on.press("x", "tab")
        await on.until(lambda: "Nothing there is called so." in str(hint.content))
