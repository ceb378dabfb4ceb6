"""Shows short notices over the screen, always as plain text."""

from time import monotonic
from typing import Literal, cast

from textual.app import App

from codesync_client import ClientError
from codesync_protocol.printable import show_block

Severity = Literal["information", "warning", "error"]

_SECONDS = {"information": 6.0, "warning": 10.0, "error": 15.0}


class Notices:
    """Shows short notices, and does not repeat a warning within a few seconds.

    Args:
        app: the app.
    """

    def __init__(self, app: App[int]) -> None:
        self._app = app
        self._shown_until: dict[str, float] = {}

    def show(self, text: str, severity: str = "information", *, title: str = "") -> None:
        """Show a notice.

        Args:
            text: one or two sentences; may hold foreign text.
            severity: "information", "warning" or "error".
            title: a heading.
        """
        self._app.notify(
            show_block(text),
            title=title,
            severity=cast("Severity", severity),
            timeout=_SECONDS[severity],
            markup=False,
        )

    def show_once(self, text: str) -> None:
        """Show a warning, unless the same warning was shown a few seconds ago."""
        now = monotonic()
        if now >= self._shown_until.get(text, 0.0):
            self._shown_until[text] = now + _SECONDS["warning"]
            self.show(text, "warning")

    def show_error(self, error: ClientError) -> None:
        """Show an error and its remedy."""
        self.show(f"{error.reason}\n{error.remedy}" if error.remedy else error.reason, "error")
