"""What the command palette offers, and how well it is what somebody looks for. Pure."""

from collections.abc import Callable
from typing import NamedTuple

_BY_TITLE, _BY_NAME, _BY_HELP = 1.0, 0.9, 0.5


class Command(NamedTuple):
    """Something that can be done.

    Attributes:
        title: what it is called; may be foreign.
        help: what it does.
        call: does it.
        words: what else people call it.
    """

    title: str
    help: str
    call: Callable[[], object]
    words: str = ""


def word_score(query: str, command: Command) -> float:
    """Tell how well a command fits, by words: each of the query has to begin one of its words.

    Returns:
        Most for its title, less for what else it is called, least for its help; 0 for none.
    """
    wanted, known = query.casefold().split(), ""
    for score, words in (
        (_BY_TITLE, command.title),
        (_BY_NAME, command.words),
        (_BY_HELP, command.help),
    ):
        known += f" {words.casefold()}"
        if _begin(wanted, known.split()):
            return score
    return 0.0


def _begin(wanted: list[str], words: list[str]) -> bool:
    return bool(wanted) and all(any(word.startswith(each) for word in words) for each in wanted)
