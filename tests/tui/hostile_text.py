"""Texts that try to control the terminal, each with a mark to find it."""

import re

MARKS = {
    name: f"M{number:02}K"
    for number, name in enumerate(
        [
            "editor", "prepared", "stdout", "stderr", "compiler", "echo", "member",
            "submitter", "file_name", "language", "extension", "banner", "notice", "fault",
            "rejection", "explanation", "signal", "canceller",
            "answer", "path", "join_line", "opened", "static", "title", "input",
            "option", "text_area", "notify", "role", "find", "replace", "output_find", "line",
            "unsent", "mine", "theirs", "reason", "trouble", "holder", "saved",
            "unsaved", "past_name", "past_file", "past_source", "past_output", "past_trouble",
        ]
    )
}  # fmt: skip
"""A mark for each place where foreign text is shown."""


def hostile(name: str) -> str:
    """A text that asks a terminal for everything that it should not do.

    Args:
        name: where it will be shown; its mark stands at both ends.
    """
    return (
        MARKS[name] + "\x1b]52;c;UFdORUQ=\x07"  # write the clipboard
        "\x1b]0;PWNED\x07"  # set the title
        "\x1b[6n"  # make the terminal type
        "\x9b31m\x9d0;PWNED\x9c"  # C1
        "\x1bPtmux;\x1b\x1b]52;c;UFdORUQ=\x07\x1b\\"  # through tmux
        "\x1b_APC\x1b\\\x1b[?1049l\x1b[2J\x1bc\x07\x08\x0e\x00"
        "\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\"
        "\u202e\u2066\u200b\ufeff[@click=app.quit]x[/]" + MARKS[name]
    )


_OURS = re.compile(
    rb"\x1b\[[0-9;:]*m"  # colours
    rb"|\x1b\[[0-9;]*H"  # where to paint
    rb"|\x1b\[\?(?:1049|100[0346]|1015|1016|25|2004|2026|2048|7)[hl]"  # the screen's modes
    rb"|\x1b\[\?(?:2026|2048)\$p"  # what the terminal can do
    rb"|\x1b\]22;[a-z-]*\x07"  # the shape of the mouse's pointer
    rb"|\x1b\[>[0-9]+u|\x1b\[<u"  # keys as events
)
"""All that Textual's own driver and compositor write."""

_ACTS = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae\x8b\x8e\x8f]"
)


def painted(written: bytes) -> str:
    """What a reader of the terminal sees, one piece behind the other."""
    return _OURS.sub(b"", written).decode("utf-8", "replace")


def what_acts(written: bytes) -> list[bytes]:
    """Find in a terminal's input what may act on it and is not ours.

    Returns:
        Each with what surrounds it; empty when all is well.
    """
    rest = _OURS.sub(b"", written)
    return [rest[max(0, m.start() - 20) : m.end() + 30] for m in _ACTS.finditer(rest)]
