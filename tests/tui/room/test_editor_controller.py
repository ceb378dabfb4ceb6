"""Language and file of the text in the editor, and what leaving asks."""

from pathlib import Path

from textual.widgets import Input

from codesync_protocol.messages import (
    Member,
    Saving,
)
from codesync_tui.dialogs.language import LanguagePicker
from tests.tui.app_in_room import app_in_room
from tests.tui.room.running import run
from tests.tui.room_server import CPP, PYTHON


async def test_the_language_is_picked_and_untouched_text_changes_with_it() -> None:
    async with app_in_room() as on:
        await on.press("f2")
        await on.until(lambda: isinstance(on.app.screen, LanguagePicker))
        await on.press("down", "down", "enter")
        await on.until(lambda: on.editor.text == CPP.starter)
        await on.until(lambda: on.editor.syntax_name == "cpp")
        assert on.state.language == "C++"


async def test_what_somebody_typed_stays_when_the_language_changes() -> None:
    async with app_in_room() as on:
        await on.write("mine")
        await on.press("f2", "end", "enter")
        await on.until(lambda: on.state.language == "Java")
        assert on.editor.text == "mine"


async def test_a_file_is_opened_at_the_start_in_its_language(tmp_path: Path) -> None:
    path = tmp_path / "solve.cpp"
    path.write_text("int main() { return 3; }\n")
    async with app_in_room(file=path) as on:
        await on.until(lambda: on.state.language == "C++" and on.state.file == "solve.cpp")
        assert on.editor.text == "int main() { return 3; }\n"
        submit = await run(on)
        assert submit.files[0].name == "solve.cpp"


async def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    async with app_in_room(file=tmp_path / "none.py") as on:
        await on.until(lambda: any("Cannot open" in notice for notice in on.notices()))
        await on.until(lambda: on.editor.text == PYTHON.starter)


async def test_text_is_saved_and_opened_again(tmp_path: Path) -> None:
    async with app_in_room() as on:
        await on.write("print('é')\n")
        await on.press("ctrl+s")
        line = on.app.screen.query_one(Input)
        assert line.value == "main.py"
        line.value = str(tmp_path / "a.py")
        await on.press("enter")
        await on.until(lambda: (tmp_path / "a.py").exists() and on.state.file == "a.py")
        assert (tmp_path / "a.py").read_text() == "print('é')\n"
        await on.write("changed")
        assert "a.py *" in on.status()
        await on.press("ctrl+s")
        await on.until(lambda: (tmp_path / "a.py").read_text() == "changed")


async def test_leaving_asks_once_when_the_room_and_its_text_end_with_us() -> None:
    async with app_in_room(join_line="codesync join ws://127.0.0.1/a#b") as on:
        await on.write("mine")
        await on.press("ctrl+q")
        await on.until(lambda: any("not saved" in notice for notice in on.notices()))
        await on.press("ctrl+q")
        await on.until(lambda: on.app.return_value == 0)


OURS = "codesync join ws://127.0.0.1/a#b"


async def test_leaving_a_room_of_ours_that_is_kept_does_not_ask() -> None:
    async with app_in_room(join_line=OURS, is_room_persistent=True) as on:
        await on.write("mine")
        await on.press("ctrl+q")
        await on.until(lambda: on.app.return_value == 0)


async def test_leaving_asks_when_the_file_has_not_what_the_room_has(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("then")
    async with app_in_room(join_line=OURS, is_room_persistent=True, file=tmp_path / "a.py") as on:
        await on.until(lambda: on.editor.text == "then")
        await on.write("now")
        await on.press("ctrl+q")
        await on.until(lambda: any("a.py is not saved" in notice for notice in on.notices()))
        await on.press("ctrl+s")
        await on.until(lambda: (tmp_path / "a.py").read_text() == "now")
        await on.press("ctrl+q")
        await on.until(lambda: on.app.return_value == 0)


async def test_leaving_asks_while_the_room_is_not_kept_although_it_should() -> None:
    async with app_in_room(join_line=OURS, is_room_persistent=True) as on:
        await on.server.say(Saving("the disk is full"))
        await on.until(lambda: on.state.is_not_persisted)
        await on.write("mine")
        await on.press("ctrl+q")
        await on.until(lambda: any("not saved" in notice for notice in on.notices()))


async def test_leaving_asks_when_others_would_be_put_out_of_a_room_of_ours() -> None:
    async with app_in_room(columns=160, lines=48, join_line=OURS, is_room_persistent=True) as on:
        await on.server.members_are(Member(1, "ana", "host"), Member(2, "ben", "editor", 1))
        await on.until(lambda: "ben" in on.members())
        await on.press("ctrl+q")
        await on.until(lambda: any("ben is here, and the room closes" in n for n in on.notices()))
        await on.press("ctrl+q")
        await on.until(lambda: on.app.return_value == 0)


async def test_leaving_somebody_elses_room_does_not_ask() -> None:
    async with app_in_room() as on:
        await on.write("mine")
        await on.press("ctrl+q")
        await on.until(lambda: on.app.return_value == 0)


async def test_leaving_does_not_ask_when_nothing_would_be_lost() -> None:
    async with app_in_room() as on:
        await on.press("ctrl+q")
        await on.until(lambda: on.app.return_value == 0)
