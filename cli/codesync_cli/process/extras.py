"""Optional parts of CodeSync; a missing one is reported with the command that installs it."""

from importlib.util import find_spec

from codesync_cli.process import installation

EXTRAS = {
    "tui": ("textual", "tree_sitter", "pycrdt"),
    "text": ("pycrdt",),
    "server": ("docker", "pycrdt"),
}
"""Each optional part, and the packages that it needs."""

_PARTS = {
    "tui": ("the screen", "tui"),
    "text": ("what shares a room's text", "tui"),
    "server": ("the server", "server"),
}


class MissingExtra(Exception):
    """A part is not installed; the message says what to install."""


def require_extra(extra: str) -> None:
    """Check that a part is installed.

    Args:
        extra: "tui", "text" or "server".

    Raises:
        MissingExtra: it is not installed.
    """
    if any(find_spec(package) is None for package in EXTRAS[extra]):
        what, brings = _PARTS[extra]
        raise MissingExtra(
            f"{what} is not installed; install it with: {installation.command(brings)}"
        )
