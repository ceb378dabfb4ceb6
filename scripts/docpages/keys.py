"""The page of keys, made from the key table of the screen."""

from codesync_tui.keymap import ACTIONS, LOOK, PANE_KEYS, ROOM, RUN, WRITE, key_labels

from .checkout import GENERATED

INTRODUCTION = """\
F1 in a room shows these keys. The command palette (ctrl+p) has all actions, also those without a
key.
"""


def page() -> str:
    """Give the page."""
    lines = ["# Keys\n", GENERATED, INTRODUCTION]
    for group in (RUN, WRITE, LOOK, ROOM):
        lines += [f"## {group}\n", "| key | action | effect |", "| --- | --- | --- |"]
        for action in ACTIONS:
            if action.group == group:
                keys = key_labels(action) or "palette"
                lines.append(f"| {keys} | {action.title} | {action.help} |")
        lines.append("")
    for title, rows in PANE_KEYS.values():
        lines += [f"## {title}\n", "| key | effect |", "| --- | --- |"]
        lines += [f"| {key} | {effect} |" for key, effect in rows]
        lines.append("")
    return "\n".join(lines)
