"""Keys are done one after the other, however quickly they come.

Textual's app does the screen's keys at once, and hands the others to the widget with the focus,
which gets to them later: of an "x" and an F5 that arrive together, as they do on a slow line, F5
would be done first, and without the x. So a key waits until those before it are done, unless all of
them are letters for the same text.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from textual.events import Key, Paste
from textual.message import Message

ROUNDS = 2
"""The first comes behind what a key does itself, the second behind what the widget says of it."""

PATIENCE_SECONDS = 1.0
"""The widget that was asked may be gone; no key waits for longer."""


class KeyDone(Message):
    """Goes the way of a key, behind it: when it arrives at the app, the key has arrived.

    Args:
        number: counts up with every question.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class KeyOrder:
    """Keys and pastes on their way into the app. All of it runs in the app's own turn.

    Args:
        do: does one, or hands it to a widget.
        ask: sends a question the way that keys go; tells whether it could.
        wake: brings a question to `done` at once.
        takes_text: whether letters go into a text now.
    """

    def __init__(
        self,
        do: Callable[[Key | Paste], Awaitable[None]],
        ask: Callable[[KeyDone], bool],
        wake: Callable[[KeyDone], bool],
        takes_text: Callable[[], bool],
    ) -> None:
        self._do = do
        self._send = ask
        self._wake = wake
        self._takes_text = takes_text
        self._waiting: deque[Key | Paste] = deque()
        self._is_open = False
        self._is_idle = True  # all that came before is done
        self._only_text = True  # or it is letters for one text
        self._number = 0
        self._rounds = 0  # of the question that is on its way
        self._patience: asyncio.TimerHandle | None = None

    @property
    def is_behind(self) -> bool:
        """Whether keys wait."""
        return bool(self._waiting)

    async def take(self, event: Key | Paste) -> None:
        """Do a key now, or when those before it are done."""
        self._waiting.append(event)
        if self._is_open and not self._rounds:
            await self._go_on()

    async def open(self) -> None:
        """Begin: there is a screen now that knows what keys mean."""
        self._is_open = True
        await self._go_on()

    async def done(self, message: KeyDone) -> None:
        """A question has come back."""
        if message.number != self._number:
            return
        self._rounds -= 1
        if self._rounds and self._ask():
            return
        self._settle()
        await self._go_on()

    def close(self) -> None:
        """Wait for nothing any more."""
        if self._patience is not None:
            self._patience.cancel()

    async def _go_on(self) -> None:
        while self._waiting:
            is_text = self._takes_text() and _is_text(self._waiting[0])
            if not (self._is_idle or (is_text and self._only_text)):
                self._rounds = ROUNDS
                if self._ask():
                    loop = asyncio.get_running_loop()
                    self._patience = loop.call_later(PATIENCE_SECONDS, self._give_up)
                    return
                self._settle()
            self._only_text = is_text and (self._is_idle or self._only_text)
            self._is_idle = False
            await self._do(self._waiting.popleft())

    def _ask(self) -> bool:
        self._number += 1
        return self._send(KeyDone(self._number))

    def _settle(self) -> None:
        self._rounds, self._is_idle = 0, True
        self.close()

    def _give_up(self) -> None:
        self._rounds = 1
        self._wake(KeyDone(self._number))


def _is_text(event: Key | Paste) -> bool:
    return isinstance(event, Paste) or event.is_printable
