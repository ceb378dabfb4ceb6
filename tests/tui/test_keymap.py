"""The key table is consistent."""

import re

from codesync_tui.dialogs.help import help_text
from codesync_tui.keymap import ACTIONS, PANE_KEYS, bindings, key_label
from tests.tui.app_in_room import app_in_room

SURVIVES_TMUX = re.compile(
    r"ctrl\+(@|space|[a-z]|backslash|right_square_bracket|underscore)|f[1-9]"
)


async def test_every_action_can_be_done() -> None:
    async with app_in_room() as on:
        assert on.room.actions.names == {action.name for action in ACTIONS}


def test_every_key_survives_tmux_and_stands_for_one_thing() -> None:
    keys = [key for action in ACTIONS for key in action.keys]
    assert len(keys) == len(set(keys))
    for key in keys:
        assert SURVIVES_TMUX.fullmatch(key)
        # The terminal sends these as backspace, tab and enter.
        assert key not in ("ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m")


def test_running_has_two_keys() -> None:
    assert next(a for a in ACTIONS if a.name == "run_program").keys == ("f5", "ctrl+r")
    assert {binding.action for binding in bindings()} >= {
        "perform('run_program')",
        "perform('help')",
        "perform('palette')",
    }


def test_the_help_names_every_action_and_fits_80_columns() -> None:
    text = help_text(["this \x1b room"]).plain
    for action in ACTIONS:
        assert action.help in text
        assert all(key_label(key) in text for key in action.keys)
    assert max(map(len, text.splitlines())) <= 70
    assert "\x1b" not in text


def test_the_keys_of_the_focused_pane_come_first() -> None:
    for pane, (title, keys) in PANE_KEYS.items():
        text = help_text([], pane).plain
        assert text.startswith(title)
        assert text.count(title) == 1
        assert all(what in text for _, what in keys)


def test_in_few_columns_the_help_says_below_each_key_what_it_does() -> None:
    text = help_text(["a note that is longer than a line of so few columns"], "editor", 32).plain
    assert "  ctrl+x, ctrl+c\n    cut, copy; your terminal's\n    paste pastes\n" in text
    assert max(map(len, text.splitlines())) <= 32
    assert all(line.startswith("  ") for line in text.splitlines() if "of so few" in line)
