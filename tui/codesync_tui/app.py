"""Runs one room on one terminal, from entering to leaving."""

import asyncio
import os
import signal
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import constants
from textual.app import App
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.events import CursorPosition, Event, InputEvent, Key, Paste, Resize
from textual.filter import LineFilter, Monochrome, NoColor
from textual.widgets import Input, TextArea
from textual.worker import WorkerCancelled, WorkerFailed

from codesync_client import ClientError, DialOptions, Room
from codesync_protocol.links import Link
from codesync_protocol.names import clean_name
from codesync_protocol.printable import show_block
from codesync_tui.dialogs.notices import Notices
from codesync_tui.dialogs.too_small import TooSmallScreen, is_too_small
from codesync_tui.messages import Copied, CopyRequested, EntryFailed, RoomScreenReady
from codesync_tui.palette import RoomCommands
from codesync_tui.room.controllers import RoomOptions
from codesync_tui.room.pane_layout import BREAKPOINTS, ROW_BREAKPOINTS
from codesync_tui.room.screen import RoomScreen
from codesync_tui.terminal.clipboard import copy_to_file, copy_to_tmux
from codesync_tui.terminal.control_filter import ControlFilter
from codesync_tui.terminal.driver import ResilientDriver
from codesync_tui.terminal.gc_schedule import GcSchedule
from codesync_tui.terminal.key_order import KeyMarker, KeyOrder
from codesync_tui.terminal.reliable_timers import ReliableTimers
from codesync_tui.terminal.slow_link import SlowLinkHint, may_be_slow
from codesync_tui.theme import ANSI_DARK, ANSI_LIGHT, DARK, SIXTEEN, THEMES

ENTRY_FAILED = 125
"""What the app returns when the room could not be entered."""


class CodeSyncApp(ReliableTimers, App[int]):
    """Shows one room on one terminal.

    `run()` returns 0 after leaving, ENTRY_FAILED when the room could not be entered (`failure` says
    why), and 128 plus the signal's number when a signal ended it.

    Args:
        link: the room and the token for it.
        name: our name in the room.
        options: how to connect.
        agent: our program and version, for the server's logs.
        join_line: the command line that lets others join; empty if there is none.
        file: a local file to open at the start.
        syncs_file: keep that file and the room's text in sync.
        is_room_persistent: the room's text is still there when the room is opened again.

    Attributes:
        failure: why the room could not be entered; the caller prints it.
        gc_schedule: schedules garbage collections.
        key_order: dispatches keys in their order.
    """

    TITLE = "CodeSync"
    CSS_PATH = "app.tcss"
    ALLOW_SELECT = False
    HORIZONTAL_BREAKPOINTS = BREAKPOINTS
    VERTICAL_BREAKPOINTS = ROW_BREAKPOINTS
    COMMANDS: ClassVar[set[type[RoomCommands]]] = {RoomCommands}  # type: ignore[assignment]  # narrower on purpose
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave", "Leave", show=False, priority=True),
    ]

    def __init__(
        self,
        link: Link,
        *,
        name: str,
        options: DialOptions | None = None,
        agent: str = "codesync",
        join_line: str = "",
        file: Path | None = None,
        syncs_file: bool = False,
        is_room_persistent: bool = False,
    ) -> None:
        super().__init__()
        self.failure: ClientError | None = None
        self.gc_schedule = GcSchedule()
        self._filter = ControlFilter()
        self._colourless = NoColor()
        self._notices = Notices(self)
        self._room = Room(
            link,
            name=clean_name(name) or "guest",
            options=options,
            agent=agent,
            shares_text=True,
        )
        self._screen = RoomScreen(
            self._room,
            self._notices,
            RoomOptions(join_line, file, syncs_file, is_room_persistent),
            on_activity=self.gc_schedule.note_activity,
        )
        self._slow_link = SlowLinkHint(self._write_to_terminal, self._notices.show, self.set_timer)
        self.key_order = KeyOrder(
            self._dispatch_key, self._send_marker, self.post_message, self._is_text_focused
        )
        self._signals: list[signal.Signals] = []
        self.ansi_theme_dark, self.ansi_theme_light = ANSI_DARK, ANSI_LIGHT
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = SIXTEEN.name if self._has_few_colours() else DARK.name

    def get_default_screen(self) -> RoomScreen:
        """Return the room's screen, which lies below all others."""
        return self._screen

    def get_driver_class(self) -> type[Driver]:
        """Return the stock driver, extended to survive a terminal that is closed."""
        stock = super().get_driver_class()
        return ResilientDriver if issubclass(ResilientDriver, stock) else stock

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return Textual's line filters, followed by the filter for control characters."""
        stock = super().get_line_filters()
        if self.no_color and self.native_ansi_color:
            # The stock filter for NO_COLOR was chosen before the theme; it paints the colours of
            # the terminal black on black.
            stock = [self._colourless if isinstance(f, Monochrome) else f for f in stock]
        return [*stock, self._filter]

    def _has_few_colours(self) -> bool:
        return self.no_color or self.console.color_system in (None, "standard", "windows")

    # Lifecycle.

    def on_load(self) -> None:
        """Install signal handlers before the terminal is touched."""
        if self.is_headless:
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            with suppress(
                RuntimeError, ValueError
            ):  # not the main thread: the caller handles signals
                loop.add_signal_handler(number, self.exit, 128 + number, 128 + number)
                self._signals.append(number)

    def on_ready(self) -> None:
        """Start timing the garbage collector, and measure the terminal's delay."""
        if not self.is_headless:
            self.gc_schedule.start()
            self.set_interval(1.0, self.gc_schedule.collect_if_due)
        if may_be_slow(os.environ, constants.MAX_FPS):
            self._slow_link.start()

    def on_cursor_position(self, _: CursorPosition) -> None:
        """Pass on that the terminal reported its cursor."""
        self._slow_link.cursor_reported()

    def _write_to_terminal(self, question: str) -> None:
        if self._driver is not None:
            self._driver.write(question)
            self._driver.flush()

    async def on_event(self, event: Event) -> None:
        """Dispatch keys in the order in which they were pressed; see App."""
        if isinstance(event, InputEvent):
            self.gc_schedule.note_activity()
        if isinstance(event, (Key, Paste)) and not event.is_forwarded:
            await self.key_order.receive(event)
        else:
            await super().on_event(event)

    async def on_room_screen_ready(self, _: RoomScreenReady) -> None:
        """Dispatch the keys that were pressed before the screen was ready."""
        await self.key_order.start()

    async def on_key_marker(self, message: KeyMarker) -> None:
        """Dispatch the next key, since the one before it has been processed."""
        if self.screen_stack:  # else we are leaving
            await self.key_order.marker_returned(message)

    async def _dispatch_key(self, event: Key | Paste) -> None:
        await super().on_event(event)

    def _send_marker(self, question: KeyMarker) -> bool:
        target = self.focused or self.screen
        question.set_sender(target)  # Textual does not bubble a message to its own sender
        return target.post_message(question)

    def _is_text_focused(self) -> bool:
        return isinstance(self.focused, (TextArea, Input))

    async def on_unmount(self) -> None:
        """Leave the room; the terminal is restored already, so this may take time."""
        self.key_order.stop()
        self._screen.save_unsent()
        if self._screen.room_worker is not None:
            with suppress(WorkerCancelled, WorkerFailed):
                await self._screen.room_worker.wait()
        for number in self._signals:
            asyncio.get_running_loop().remove_signal_handler(number)

    def on_entry_failed(self, message: EntryFailed) -> None:
        """Exit, since there is no room to show."""
        self.failure = message.error
        self.exit(ENTRY_FAILED, ENTRY_FAILED)

    def action_leave(self) -> None:
        """Leave the room; if text would be lost, only when the key is pressed twice."""
        if self._screen.controllers.editor.may_leave("ctrl+q"):
            self.exit(0)

    async def action_quit(self) -> None:
        """Leave the room; this is Textual's name for the action."""
        self.action_leave()

    def _fatal_error(self) -> None:
        # The stock method shows local variables, which include the room's token and foreign text
        # with control characters.
        self.bell()
        self._exit_renderables.append(Text(show_block(traceback.format_exc())))
        self._close_messages_no_wait()

    # Size and clipboard.

    def on_resize(self, event: Resize) -> None:
        """Show a notice instead of the room while the terminal is too small."""
        shown = isinstance(self.screen, TooSmallScreen)
        if is_too_small(event.size) and not shown:
            self.push_screen(TooSmallScreen())
        elif shown and not is_too_small(event.size):
            self.pop_screen()

    def copy_to_clipboard(self, text: str) -> None:
        """Copy text to the clipboard; see App."""
        self.post_message(CopyRequested("", text))

    def on_copy_requested(self, message: CopyRequested) -> None:
        """Offer the text to tmux first, since tmux ignores OSC 52 from programs."""
        self._clipboard = message.text
        self.run_worker(self._copy(message), group="copy", exclusive=True)

    async def _copy(self, asked: CopyRequested) -> None:
        file = await asyncio.to_thread(copy_to_file, asked.text)
        self.post_message(Copied(asked, by_tmux=await copy_to_tmux(asked.text), file=file))

    def on_copied(self, message: Copied) -> None:
        """Show a notice that says where the text was copied to."""
        asked = message.asked
        if not message.by_tmux:
            super().copy_to_clipboard(asked.text)
        if asked.what:
            where = "tmux's buffer" if message.by_tmux else "the clipboard, if the terminal allows"
            also = f", and to {message.file}" if message.file else ""
            self._notices.show(f"Copied {asked.what} to {where}{also}.")
