"""Processes keys strictly in the order in which they were pressed.

Textual runs the screen's bindings immediately, and queues other keys for the focused widget. If an
"x" and an F5 arrive together, as they do over a slow connection, F5 would run first, without the x.
So a key waits until those before it have been processed, unless all of them are letters for the
same text.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from textual.events import Key, Paste
from textual.message import Message

MARKER_ROUNDS = 2
"""The first round waits for the key itself, the second for the messages that the widget posted."""

MARKER_TIMEOUT_SECONDS = 1.0
"""The widget may be removed before it returns the marker; no key waits longer than this."""


class KeyMarker(Message):
    """A message that follows a key: when it returns to the app, the key has been processed.

    Args:
        number: the number of the marker.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class KeyOrder:
    """A queue of keys and pastes on their way into the app. Runs in the app's own task.

    Args:
        dispatch: runs a key, or passes it to a widget.
        send: sends a marker on the path of keys; returns whether this was possible.
        return_marker: delivers a marker to `marker_returned` directly.
        accepts_text: returns whether letters go into a text field now.
    """

    def __init__(
        self,
        dispatch: Callable[[Key | Paste], Awaitable[None]],
        send: Callable[[KeyMarker], bool],
        return_marker: Callable[[KeyMarker], bool],
        accepts_text: Callable[[], bool],
    ) -> None:
        self._dispatch = dispatch
        self._send = send
        self._return_marker = return_marker
        self._accepts_text = accepts_text
        self._pending: deque[Key | Paste] = deque()
        self._is_started = False
        self._is_idle = True  # all keys so far have been processed
        self._only_text = True  # or they were letters for one text
        self._number = 0
        self._rounds = 0  # remaining rounds of the current marker
        self._timeout: asyncio.TimerHandle | None = None

    @property
    def has_pending_keys(self) -> bool:
        """Whether keys wait."""
        return bool(self._pending)

    async def receive(self, event: Key | Paste) -> None:
        """Dispatch a key now, or when those before it have been processed."""
        self._pending.append(event)
        if self._is_started and not self._rounds:
            await self._dispatch_pending()

    async def start(self) -> None:
        """Start dispatching, since the screen is ready for keys."""
        self._is_started = True
        await self._dispatch_pending()

    async def marker_returned(self, message: KeyMarker) -> None:
        """Dispatch the next keys after a marker has returned."""
        if message.number != self._number:
            return
        self._rounds -= 1
        if self._rounds and self._send_marker():
            return
        self._mark_idle()
        await self._dispatch_pending()

    def stop(self) -> None:
        """Cancel the timeout."""
        if self._timeout is not None:
            self._timeout.cancel()

    async def _dispatch_pending(self) -> None:
        while self._pending:
            is_text = self._accepts_text() and _is_text(self._pending[0])
            if not (self._is_idle or (is_text and self._only_text)):
                self._rounds = MARKER_ROUNDS
                if self._send_marker():
                    loop = asyncio.get_running_loop()
                    self._timeout = loop.call_later(MARKER_TIMEOUT_SECONDS, self._return_marker_now)
                    return
                self._mark_idle()
            self._only_text = is_text and (self._is_idle or self._only_text)
            self._is_idle = False
            await self._dispatch(self._pending.popleft())

    def _send_marker(self) -> bool:
        self._number += 1
        return self._send(KeyMarker(self._number))

    def _mark_idle(self) -> None:
        self._rounds, self._is_idle = 0, True
        self.stop()

    def _return_marker_now(self) -> None:
        self._rounds = 1
        self._return_marker(KeyMarker(self._number))


def _is_text(event: Key | Paste) -> bool:
    return isinstance(event, Paste) or event.is_printable
