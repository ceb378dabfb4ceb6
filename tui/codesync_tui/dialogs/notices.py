"""Shows short notices over the screen, always as plain text."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Literal, cast

from textual.app import App
from textual.notifications import Notification, Notifications

from codesync_client import ClientError, Offline
from codesync_protocol.printable import show_block

Severity = Literal["information", "warning", "error"]

_SECONDS = {"information": 6.0, "warning": 10.0, "error": 15.0}

NOTICES_MAX = 4
"""How many notices are shown at the same time, at most."""


@dataclass
class _Notice(Notification):
    topic: str = ""


class Notices:
    """Shows a bounded number of short notices.

    A newer notice replaces an older one of the same topic. What others do causes notices of a few
    fixed topics only, so that nobody can cover the screen of another member.

    Args:
        app: the app.
    """

    def __init__(self, app: App[int]) -> None:
        self._app = app
        self._shown_until: dict[str, float] = {}

    def show(
        self, text: str, severity: str = "information", *, title: str = "", topic: str = ""
    ) -> None:
        """Show a notice. Above NOTICES_MAX it replaces the oldest one of the lowest severity.

        Args:
            text: one or two sentences; may hold foreign text.
            severity: "information", "warning" or "error".
            title: a heading.
            topic: the notice replaces an older one of this topic; by default the topic is the
                text. Texts that depend on other members need a topic.
        """
        notice = _Notice(
            show_block(text),
            title,
            cast("Severity", severity),
            _SECONDS[severity],
            topic=topic or text,
        )
        others: list[Notification] = []
        for each in list(self._notifications):
            if isinstance(each, _Notice) and each.topic == notice.topic:
                del self._notifications[each]
            else:
                others.append(each)
        others.sort(key=lambda each: _SECONDS[each.severity])
        for each in others[: max(0, len(others) - NOTICES_MAX + 1)]:
            del self._notifications[each]
        self._notifications.add(notice)
        self._app._refresh_notifications()  # pyright: ignore[reportPrivateUsage]

    @property
    def _notifications(self) -> Notifications:
        # `App.notify` cannot replace a notification, and does not limit their number.
        return self._app._notifications  # pyright: ignore[reportPrivateUsage]

    def show_once(self, text: str) -> None:
        """Show a warning, unless the same warning was shown a few seconds ago."""
        now = monotonic()
        if now >= self._shown_until.get(text, 0.0):
            self._shown_until[text] = now + _SECONDS["warning"]
            self.show(text, "warning")

    def show_error(self, error: ClientError) -> None:
        """Show an error and its remedy."""
        self.show(f"{error.reason}\n{error.remedy}" if error.remedy else error.reason, "error")

    def try_request(self, request: Callable[[], None]) -> bool:
        """Make a request to the room; show an error and return False if we are offline."""
        try:
            request()
        except Offline as error:
            self.show_error(error)
            return False
        return True
