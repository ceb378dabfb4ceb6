"""Keys that arrive together are processed in their order."""

from pathlib import Path

import pytest
from textual import events
from textual.widgets import Input

from codesync_tui.app import CodeSyncApp
from codesync_tui.room.screen import RoomScreen
from codesync_tui.terminal.key_order import KeyMarker, KeyOrder
from tests.tui.app_in_room import AppInRoom, app_in_room
from tests.tui.room_server import RoomServer
from tests.waiting import eventually


def burst(on: AppInRoom, *keys: str) -> None:
    """Hand keys over as a terminal behind a slow line does: all at once."""
    for key in keys:
        named = {" ": "space", "#": "number_sign"}.get(key, key)
        on.app.post_message(events.Key(named, key if len(key) == 1 else None))


async def ready(on: AppInRoom) -> None:
    """Have the focus in an empty editor."""
    await on.until(lambda: not on.editor.read_only)
    await on.write("")


def submitted(on: AppInRoom) -> bytes:
    """What was submitted."""
    return b"".join(on.server.bodies.values())


async def test_a_program_runs_with_the_letters_that_were_typed_before_f5() -> None:
    async with app_in_room() as on:
        await ready(on)
        burst(on, *"print", "f5", *"er")
        await on.until(lambda: submitted(on))
        assert submitted(on) == b"print"
        await on.until(lambda: on.editor.text == "printer")


async def test_a_file_is_saved_with_the_letters_that_were_typed_before(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("1")
    async with app_in_room(file=tmp_path / "a.py") as on:
        await on.until(lambda: on.editor.text == "1" and not on.editor.read_only)
        on.editor.focus()
        burst(on, "end", "enter", *"#2", "ctrl+s")
        await on.until(lambda: (tmp_path / "a.py").read_text() != "1")
        assert (tmp_path / "a.py").read_text() == "1\n#2"


async def test_a_comment_is_made_of_the_lines_that_were_selected_before() -> None:
    async with app_in_room() as on:
        await ready(on)
        await on.write("a\nb\nc")
        on.editor.move_cursor((0, 0))
        burst(on, "shift+down", "shift+down", "ctrl+underscore")
        await on.until(lambda: "#" in on.editor.text)
        assert on.editor.text == "# a\n# b\nc"


async def test_tab_moves_on_between_the_words_that_were_typed_around_it() -> None:
    async with app_in_room() as on:
        await ready(on)
        burst(on, "ctrl+f", *"first", "tab", *"second")
        await on.until(lambda: "second" in {each.value for each in on.room.query(Input)})
        assert [each.value for each in on.room.query("FindLine Input").results(Input)] == [
            "first",
            "second",
        ]


async def test_what_comes_after_a_dialogs_answer_goes_to_the_editor() -> None:
    async with app_in_room() as on:
        await ready(on)
        await on.write("a\nb\nc")
        burst(on, "ctrl+backslash", "2", "enter", *"x!")
        await on.until(lambda: "!" in on.editor.text)
        assert on.editor.text == "a\nx!b\nc"
        assert isinstance(on.app.screen, RoomScreen)


async def test_a_paste_stays_between_its_keys() -> None:
    async with app_in_room() as on:
        await ready(on)
        burst(on, *"ab", "left")
        on.app.post_message(events.Paste("<pasted>"))
        burst(on, "z", "f5")
        await on.until(lambda: submitted(on))
        assert submitted(on) == b"a<pasted>zb"


@pytest.mark.parametrize("keys", [("f5",), ("ctrl+q",), ("f8", "f3", "ctrl+f")])
async def test_keys_that_are_pressed_before_there_is_a_screen_wait_for_it(
    keys: tuple[str, ...],
) -> None:
    async with RoomServer() as server:
        app = CodeSyncApp(server.link, name="ana")
        for key in keys:
            app.post_message(events.Key(key, None))
        async with app.run_test():
            await eventually(lambda: not app.key_order.has_pending_keys)
        assert app.return_value == (0 if keys == ("ctrl+q",) else None)


class Doing:
    """Remembers what is done; questions come back when the test says so."""

    def __init__(self, *, takes_text: bool) -> None:
        self.done: list[str] = []
        self.asked: list[KeyMarker] = []
        self.woken: list[KeyMarker] = []
        self.is_there = True
        self.order = KeyOrder(self._do, self._ask, self._wake, lambda: takes_text)

    async def _do(self, event: events.Key | events.Paste) -> None:
        assert isinstance(event, events.Key)
        self.done.append(event.key)

    def _ask(self, question: KeyMarker) -> bool:
        self.asked.append(question)
        return self.is_there

    def _wake(self, question: KeyMarker) -> bool:
        self.woken.append(question)
        return True

    async def take(self, *keys: str) -> None:
        await self.order.start()
        for key in keys:
            await self.order.receive(events.Key(key, key if len(key) == 1 else None))

    async def answer(self) -> None:
        await self.order.marker_returned(self.asked[-1])


async def test_letters_for_a_text_wait_for_nothing() -> None:
    doing = Doing(takes_text=True)
    await doing.take("a", "b", "c")
    assert (doing.done, doing.asked) == (["a", "b", "c"], [])


async def test_letters_that_are_commands_wait_for_each_other() -> None:
    doing = Doing(takes_text=False)
    await doing.take("n", "c", "n")
    assert doing.done == ["n"]
    await doing.answer()
    assert doing.done == ["n"], "what the widget says of it comes first"
    await doing.answer()
    assert doing.done == ["n", "c"]
    await doing.answer()
    await doing.answer()
    assert doing.done == ["n", "c", "n"]
    doing.order.stop()


async def test_an_answer_to_an_older_question_counts_for_nothing() -> None:
    doing = Doing(takes_text=False)
    await doing.take("n", "c")
    old = doing.asked[-1]
    await doing.answer()
    await doing.order.marker_returned(old)
    assert doing.done == ["n"]
    doing.order.stop()


async def test_no_key_waits_for_a_widget_that_is_gone() -> None:
    doing = Doing(takes_text=False)
    doing.is_there = False
    await doing.take("n", "c", "n")
    assert doing.done == ["n", "c", "n"]


async def test_no_key_waits_for_ever() -> None:
    doing = Doing(takes_text=False)
    await doing.take("n", "c")
    await eventually(lambda: doing.woken)
    await doing.order.marker_returned(doing.woken[0])
    assert doing.done == ["n", "c"]
