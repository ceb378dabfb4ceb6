"""The key table: all actions with their keys, titles, help texts and aliases.

Bindings, help and command palette are generated from it. All keys work in tmux 3.3a and over SSH:
ctrl+letter and F1 to F9 do; ctrl+enter, shift+enter and ctrl+shift+letter do not. F10 to F12 are
used by terminal windows.
"""

from dataclasses import dataclass
from typing import Final

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class Action:
    """An action that the user can take.

    Attributes:
        name: the name under which RoomActions runs it.
        keys: the keys, the one to show first; empty if only the palette offers the action.
        title: the title in palette and help.
        help: what the action does.
        group: its heading in the help.
        aliases: other words by which the palette finds it.
    """

    name: str
    keys: tuple[str, ...]
    title: str
    help: str
    group: str
    aliases: str = ""


RUN: Final = "Run"
WRITE: Final = "Write"
LOOK: Final = "Look"
ROOM: Final = "Room"

ACTIONS: Final = (
    Action(
        "run_program",
        ("f5", "ctrl+r"),
        "Run",
        "run the program; everybody sees it",
        RUN,
        "start execute go",
    ),
    Action("stdin", ("f7",), "Input", "prepare input, or type into the program", RUN, "answer"),
    Action(
        "cancel_job",
        ("f8",),
        "Cancel",
        "end your run, or the one selected in the queue",
        RUN,
        "stop kill abort terminate",
    ),
    Action(
        "take_input",
        ("ctrl+t",),
        "Take input",
        "type into the program from now on",
        RUN,
        "answer hold stdin",
    ),
    Action("interrupt", (), "Interrupt", "send the program SIGINT", RUN, "stop break signal"),
    Action("end_input", (), "End of input", "close the program's stdin", RUN, "eof"),
    Action("next_target", (), "Other program", "type into another running program", RUN, "switch"),
    Action("language", ("f2",), "Language", "choose the language", WRITE),
    Action("open_file", ("ctrl+o",), "Open", "open a file of this machine", WRITE, "load read"),
    Action("save_file", ("ctrl+s",), "Save", "save the text to its file", WRITE, "write download"),
    Action("save_file_as", (), "Save as", "save the text to another file", WRITE, "write"),
    Action(
        "find",
        ("ctrl+f",),
        "Find",
        "find and replace; in the output, find",
        WRITE,
        "search grep substitute",
    ),
    Action(
        "go_to_line",
        ("ctrl+backslash",),
        "Go to line",
        "go to a line by its number",
        WRITE,
        "jump",
    ),
    Action(
        "go_to_error",
        ("ctrl+right_square_bracket",),
        "Go to error",
        "go to the next error in the last output",
        WRITE,
        "jump traceback",
    ),
    Action(
        "toggle_comment",
        ("ctrl+underscore",),
        "Comment",
        "make lines comments, or comments lines",
        WRITE,
        "uncomment",
    ),
    Action("select_all", ("ctrl+g",), "Select all", "select the whole text", WRITE, "mark"),
    Action("people", ("f3",), "People", "show or hide members and queue", LOOK, "users who"),
    Action(
        "output",
        ("f4",),
        "Output",
        "half of the screen, all of it, none of it",
        LOOK,
        "result console terminal show hide",
    ),
    Action("next_pane", ("f6",), "Next pane", "move the focus to the next pane", LOOK, "window"),
    Action(
        "full_screen",
        ("ctrl+@", "ctrl+space"),
        "Full screen",
        "show this pane alone, F6 the next; again: all",
        LOOK,
        "zoom maximize",
    ),
    Action("wrap", (), "Wrap", "break long lines of output, or do not", LOOK),
    Action(
        "find_output",
        (),
        "Find in output",
        "find text in what programs wrote",
        LOOK,
        "search grep",
    ),
    Action("block_before", (), "Block before", "choose a program's output, going up", LOOK),
    Action("next_block", (), "Next block", "choose a program's output, going down", LOOK),
    Action("copy_output", (), "Copy output", "copy the chosen block, or the last", LOOK),
    Action("save_output", (), "Save output", "save the chosen block, or the last", LOOK, "write"),
    Action("save_all_output", (), "Save all output", "save what all programs wrote", LOOK, "write"),
    Action(
        "history",
        (),
        "Past programs",
        "find what was run before, run it again",
        LOOK,
        "history runs earlier search",
    ),
    Action(
        "clear_output",
        (),
        "Clear output",
        "forget what finished programs wrote",
        LOOK,
        "empty delete",
    ),
    Action(
        "theme",
        (),
        "Dark or light",
        "change the colours of the screen",
        LOOK,
        "theme colors light",
    ),
    Action(
        "follow",
        ("ctrl+l",),
        "Follow",
        "look on with the next member, until a key",
        ROOM,
        "watch",
    ),
    Action("jump", ("ctrl+n",), "Go to member", "go to where the next member is", ROOM, "jump"),
    Action(
        "invite",
        ("f9",),
        "Invite",
        "show and copy the line that lets others join",
        ROOM,
        "share link url join",
    ),
    Action("help", ("f1",), "Help", "show the keys", ROOM, "shortcuts bindings about"),
    Action("palette", ("ctrl+p",), "Commands", "find any of these by its name", ROOM),
    Action("leave", ("ctrl+q",), "Leave", "leave the room", ROOM, "quit exit close"),
)

EDITOR_ACTIONS: Final = (
    Action("undo", ("ctrl+z",), "Undo", "take back what you did last", WRITE, "back"),
    Action("redo", ("ctrl+y",), "Redo", "do again what you took back", WRITE, "again"),
    Action("cut", ("ctrl+x",), "Cut", "copy what is selected, and delete it", WRITE, "clipboard"),
    Action("copy", ("ctrl+c",), "Copy", "copy what is selected", WRITE, "clipboard yank"),
    Action(
        "paste",
        ("ctrl+v",),
        "Paste",
        "insert what was copied here; your terminal pastes the rest",
        WRITE,
        "clipboard insert",
    ),
    Action("delete_line", (), "Delete line", "delete the line with the caret", WRITE, "remove"),
    Action("document_start", ("ctrl+home",), "To the beginning", "go to the first line", WRITE),
    Action("document_end", ("ctrl+end",), "To the end", "go to the last line", WRITE),
)
"""Editing actions that have keys in the editor, for the command palette; see EDITOR_KEYS."""

EDITOR_KEYS: Final = (
    ("ctrl+z, ctrl+y", "undo, redo"),
    ("ctrl+x, ctrl+c", "cut, copy; your terminal's paste pastes"),
    ("shift+arrows", "select"),
    ("ctrl+left, right", "move by words"),
    ("ctrl+a, ctrl+e", "to the beginning, to the end of the line"),
    ("ctrl+home, ctrl+end", "to the beginning, to the end of the text"),
    ("ctrl+k, ctrl+u", "delete to the end, to the beginning of the line"),
    ("tab, shift+tab", "indent, unindent"),
)
"""Keys of the editor that the help shows."""

ANSWER_LINE_KEYS: Final = (
    ("enter", "send the line to the program"),
    ("ctrl+d", "end of input, when the line is empty"),
    ("ctrl+c", "interrupt the program (SIGINT)"),
    ("up, down", "lines that you sent before"),
)
"""Keys of the answer line that the help shows."""

OUTPUT_KEYS: Final = (
    ("arrows, page up/down", "scroll; at the end it follows the program"),
    ("home, end", "to the beginning, to the end"),
    ("ctrl+f", "find; enter goes up, the arrows up and down"),
    ("p, n", "choose the block before, the next; escape: none"),
    ("c, s", "copy, save the chosen block, or the last"),
)
"""Keys of the output that the help shows."""

QUEUE_KEYS: Final = (
    ("up, down", "select a program"),
    ("enter", "show what it wrote"),
    ("F8", "end it"),
    ("h", "past programs"),
)
"""Keys of the queue that the help shows."""

PANE_KEYS: Final = {
    "editor": ("In the editor", EDITOR_KEYS),
    "answer": ("On the answer line", ANSWER_LINE_KEYS),
    "output": ("In the output", OUTPUT_KEYS),
    "queue": ("In the queue", QUEUE_KEYS),
}
"""Keys that work in one pane only, by the pane's id."""


def bindings() -> list[Binding]:
    """Create the bindings of the room's screen.

    They take precedence over bindings of the focused widget: a text area uses some of the keys.
    """
    return [
        Binding(
            ",".join(action.keys),
            f"perform('{action.name}')",
            action.title,
            show=False,
            priority=True,
        )
        for action in ACTIONS
        if action.keys
    ]


_LABELS: Final = {
    "ctrl+@": "ctrl+space",
    "ctrl+underscore": "ctrl+/",
    "ctrl+backslash": "ctrl+\\",
    "ctrl+right_square_bracket": "ctrl+]",
}
"""Keys whose usual names differ from those of Textual.

Most terminals send ctrl+space as ctrl+@, and ctrl+/ as ctrl+_.
"""


def key_label(key: str) -> str:
    """Return the usual name of a key: "F5", "ctrl+r"."""
    if key[0] == "f" and key[1:].isdigit():
        return key.upper()
    return _LABELS.get(key, key)


def key_labels(action: Action) -> str:
    """Return the usual names of an action's keys: "F5, ctrl+r"; empty if it has none."""
    return ", ".join(dict.fromkeys(map(key_label, action.keys)))
