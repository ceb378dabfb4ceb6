"""Parts that may not be installed: a missing one ends in one line that says what to install."""

from importlib.util import find_spec

EXTRAS = {
    "tui": ("textual", "tree_sitter"),
    "server": ("docker",),
}
"""Each extra of the distribution, and the packages that only it brings."""


class MissingExtra(Exception):
    """A part is not installed; the message says what to install."""


def require(extra: str) -> None:
    """Check that a part is installed.

    Args:
        extra: "tui" or "server".

    Raises:
        MissingExtra: it is not.
    """
    if any(find_spec(package) is None for package in EXTRAS[extra]):
        what = {"tui": "the screen", "server": "the server"}[extra]
        raise MissingExtra(
            f"{what} is not installed; install it with: pip install 'codesync-rooms[{extra}]'"
        )
