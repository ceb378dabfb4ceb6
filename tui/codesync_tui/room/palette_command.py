"""The commands that the palette offers, and how well they match a search. Pure."""

from collections.abc import Callable
from typing import NamedTuple

_BY_TITLE, _BY_NAME, _BY_HELP = 1.0, 0.9, 0.5


class PaletteCommand(NamedTuple):
    """A command of the palette.

    Attributes:
        title: the title; may be foreign text.
        help: what the command does.
        callback: runs the command.
        aliases: other words by which it is found.
    """

    title: str
    help: str
    callback: Callable[[], object]
    aliases: str = ""


def match_score(query: str, command: PaletteCommand) -> float:
    """Return how well a command matches: each word of the query must begin one of its words.

    Returns:
        The highest score for the title, less for aliases, least for the help text; 0 for no match.
    """
    wanted, known = query.casefold().split(), ""
    for score, words in (
        (_BY_TITLE, command.title),
        (_BY_NAME, command.aliases),
        (_BY_HELP, command.help),
    ):
        known += f" {words.casefold()}"
        if _match_all_prefixes(wanted, known.split()):
            return score
    return 0.0


def _match_all_prefixes(wanted: list[str], words: list[str]) -> bool:
    return bool(wanted) and all(any(word.startswith(each) for word in words) for each in wanted)
