"""The screen starts, fits its terminal, and its panes can be reached with the keyboard."""

import pytest
from textual.widgets import Static

from codesync_tui.dialogs.too_small import TooSmallScreen
from tests.tui.app_in_room import AppInRoom, app_in_room
from tests.tui.room_server import PYTHON


async def test_the_starter_text_stands_there_and_the_status_says_where_we_are() -> None:
    async with app_in_room() as on:
        await on.until(lambda: on.editor.text == PYTHON.starter)
        assert on.editor.has_focus
        for word in ("brave-otter-12", "online", "Python 3", "F5 run", "F1 help"):
            assert word in on.status()


async def test_a_terminal_that_is_too_small_is_told_and_recovers() -> None:
    async with app_in_room(columns=39, lines=24) as on:
        assert isinstance(on.app.screen, TooSmallScreen)
        await on.pilot.resize_terminal(80, 24)
        await on.until(lambda: not isinstance(on.app.screen, TooSmallScreen))
        assert on.editor.has_focus
        await on.pilot.resize_terminal(80, 11)
        await on.until(lambda: isinstance(on.app.screen, TooSmallScreen))


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (160, 48), (40, 12)])
async def test_every_pane_can_be_reached_with_the_keyboard(columns: int, lines: int) -> None:
    async with app_in_room(columns=columns, lines=lines) as on:
        seen: set[str] = set()
        for key in ("f4", "f3") if columns < 120 else ("f1", "escape"):
            await on.press(key)
            for _ in range(8):
                await on.press("f6")
                assert on.room.focused is not None
                seen.add(on.room.focused.id or "")
        assert seen >= {"editor", "output", "queue", "members"}


async def test_a_pane_that_is_hidden_gives_the_focus_back() -> None:
    async with app_in_room(columns=160, lines=48) as on:
        on.queue.focus()
        await on.until(lambda: on.queue.has_focus)
        await on.press("f3")
        await on.until(lambda: on.editor.has_focus)


def shown(on: AppInRoom) -> str:
    """What the dialog says."""
    return "\n".join(str(each.content) for each in on.app.screen.query(Static))


async def test_the_invitation_is_shown_and_copied() -> None:
    line = "codesync join ws://127.0.0.1:4000/brave-otter-12#TOKEN"
    async with app_in_room(join_line=line) as on:
        await on.until(lambda: any(line in notice for notice in on.notices()))
        assert on.editor.has_focus
        await on.press("f9")
        await on.until(lambda: "#editors-" in shown(on))
        await on.press("c")
        await on.until(lambda: any("Copied the line" in notice for notice in on.notices()))
        fresh = line.replace("TOKEN", f"editors-{on.server.room.token}")
        assert on.app.clipboard == fresh, "what a host did to members ends older ones"


async def test_a_host_invites_those_who_only_look_on() -> None:
    async with app_in_room() as on:
        await on.press("f9", "v")
        await on.until(lambda: "#viewers-" in shown(on))
        await on.press("c")
        await on.until(lambda: on.app.clipboard.startswith("codesync join ws://127.0.0.1:"))
        assert on.app.clipboard.endswith(f"#viewers-{on.server.room.token}")


async def test_without_a_connection_the_line_that_is_known_is_shown() -> None:
    line = "codesync join ws://127.0.0.1:4000/brave-otter-12#TOKEN"
    async with app_in_room(join_line=line) as on:
        await on.server.close()
        await on.until(lambda: not on.state.is_online)
        await on.press("f9")
        await on.until(lambda: line in shown(on))
        await on.press("v")
        await on.until(lambda: "not connected" in shown(on))
        assert line not in shown(on)
        await on.press("e")
        await on.until(lambda: line in shown(on))
