"""The command palette finds actions by synonyms, and runs them."""

import pytest
from textual.command import CommandPalette
from textual.widgets import OptionList

from codesync_tui.dialogs.help import HelpScreen
from codesync_tui.keymap import ACTIONS, EDITOR_ACTIONS
from codesync_tui.room.palette_command import PaletteCommand, match_score
from tests.tui.app_in_room import AppInRoom, app_in_room


def offered(on: AppInRoom) -> list[str]:
    """The titles that the palette shows, the best first."""
    lists = on.app.screen.query(OptionList)
    prompts = [str(option.prompt) for each in lists for option in each.options]
    return [prompt.split("  (")[0].split("\n")[0] for prompt in prompts]


async def look_for(on: AppInRoom, words: str) -> None:
    await on.press("ctrl+p")
    await on.until(lambda: isinstance(on.app.screen, CommandPalette))
    await on.press(*("space" if character == " " else character for character in words))


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("hist", "Past programs"),
        ("search", "Find"),
        ("stop", "Cancel"),
        ("quit", "Leave"),
        ("exit", "Leave"),
        ("zoom", "Full screen"),
        ("go error", "Go to error"),
        ("colours", "Dark or light"),
        ("undo", "Undo"),
        ("redo", "Redo"),
        ("clipboard", "Cut"),
    ],
)
def test_what_people_call_things_is_understood(words: str, title: str) -> None:
    commands = [
        PaletteCommand(each.title, each.help, lambda: None, each.aliases)
        for each in (*ACTIONS, *EDITOR_ACTIONS)
    ]
    best = max(match_score(words, command) for command in commands)
    assert best > 0
    found = [command.title for command in commands if match_score(words, command) == best]
    assert title in found


def test_what_is_called_so_goes_before_what_is_described_so() -> None:
    leave = PaletteCommand("Leave", "leave the room", lambda: None, "quit exit")
    scores = [match_score(word, leave) for word in ("leave", "quit", "room", "stay", "")]
    assert scores[0] > scores[1] > scores[2] > scores[3] == scores[4] == 0


async def test_what_a_word_means_comes_first() -> None:
    async with app_in_room() as on:
        await look_for(on, "stop")
        await on.until(lambda: offered(on)[:1] == ["Cancel"])


async def test_what_has_the_letters_by_chance_is_found_only_if_nothing_is_called_so() -> None:
    async with app_in_room() as on:
        await look_for(on, "theme")
        await on.until(lambda: offered(on) == ["Dark or light"])
        await on.press("ctrl+u", *"gtl")
        await on.until(lambda: offered(on)[:1] == ["Go to line"])


async def test_edits_are_done_in_the_editor() -> None:
    async with app_in_room() as on:
        await on.write("one")
        await look_for(on, "undo")
        await on.until(lambda: offered(on)[:1] == ["Undo"])
        await on.press("enter")
        await on.until(lambda: on.editor.text != "one")
        assert on.editor.has_focus
        on.room.run_editor_action("redo")
        await on.until(lambda: on.editor.text == "one")


async def test_over_a_dialog_all_can_be_found_and_is_done_to_the_room() -> None:
    async with app_in_room() as on:
        await on.press("f1")
        await on.until(lambda: isinstance(on.app.screen, HelpScreen))
        await look_for(on, "people")
        await on.until(lambda: offered(on)[:1] == ["People"])
        await on.press("enter")
        await on.until(lambda: on.queue.is_on_screen)
        assert on.app.screen is on.room, "the dialog is closed"
