"""Connects the editor with its language, its file and the room.

Files and grammars are loaded by workers. They post messages, whose handlers call this controller.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

from textual.screen import Screen

from codesync_client import Room
from codesync_client.files.source_file import FileError, SourceFile, read_source, write_source
from codesync_client.submission import is_starter
from codesync_protocol.messages import LanguageInfo
from codesync_tui.dialogs.notices import Notices
from codesync_tui.dialogs.path_prompt import PathPrompt
from codesync_tui.editor import CodeEditor
from codesync_tui.editor.syntax import Syntax, load_syntax
from codesync_tui.files.file_sync import FileSync
from codesync_tui.messages import FileFailed, FileOpened, FileSaved, SyntaxLoaded
from codesync_tui.panels.status import StatusLine
from codesync_tui.room.program import Program
from codesync_tui.terminal.textual_types import app_of

CONFIRM_SECONDS = 10.0
"""How long a repeated key confirms an action."""


class EditorController:
    """Manages the language and the file of the text in the editor.

    Args:
        screen: the room's screen, which owns the workers and gets their messages.
        editor: the editor.
        status: the status line.
        notices: shows notices.
        room: the room.
        owns_server: this app runs the server, which stops when the app exits.
        is_room_persistent: the text is still there when that server starts again.
        syncs_file: the first file is kept in sync with the room's text.

    Attributes:
        program: the program in the editor.
        languages: the languages of the room; empty until it is entered.
    """

    def __init__(
        self,
        screen: Screen[None],
        editor: CodeEditor,
        status: StatusLine,
        notices: Notices,
        room: Room,
        *,
        owns_server: bool,
        is_room_persistent: bool,
        syncs_file: bool,
    ) -> None:
        self.program = Program()
        self.languages: Sequence[LanguageInfo] = ()
        self._screen = screen
        self._editor = editor
        self._status = status
        self._notices = notices
        self._room = room
        self._owns_server = owns_server
        self._is_room_persistent = is_room_persistent
        self._syncs_file = syncs_file
        self._warned: tuple[str, float] = ("", 0.0)
        self._has_text = False

    @property
    def is_unsaved(self) -> bool:
        """Whether leaving would lose text."""
        return self.program.is_unsaved(self._editor.text)

    def may_leave(self, key: str) -> bool:
        """Return whether the app may exit; if text or members would be lost, ask first.

        Args:
            key: the key that leaves, for the notice.
        """
        if not self._owns_server:
            return True
        if self.is_unsaved and not self._is_text_safe():
            text = self.program.path.name if self.program.path else "Your text"
            loss = f"{text} is not saved. ctrl+s saves it; {key} once more leaves without."
        elif others := self._others():
            who = f"{others[0]} is" if len(others) == 1 else f"{len(others)} others are"
            loss = f"{who} here, and the room closes when you leave. {key} once more leaves."
        else:
            return True
        return self._confirm_by_repeat("leaves", loss)

    def _is_text_safe(self) -> bool:
        """Return whether the server keeps the text and it has no file of its own."""
        return (
            self._is_room_persistent
            and not self._status.status.is_not_persisted
            and self.program.path is None
        )

    def _others(self) -> list[str]:
        if not self._room.document.is_there:
            return []
        me = self._room.welcome.member
        return [each.name for each in self._room.members.members if each.member != me]

    def _confirm_by_repeat(self, what: str, sentence: str) -> bool:
        """Show a warning and return False; return True if called again soon."""
        now = monotonic()
        if self._warned[0] == what and now < self._warned[1]:
            return True
        self._warned = (what, now + CONFIRM_SECONDS)
        self._notices.show(sentence, "warning")
        return False

    def _may_replace_text(self) -> bool:
        """Ask before the room's text is replaced, if it is work or others are present."""
        others = self._others()
        is_our_own = self.program.path is not None and not self.is_unsaved
        if is_starter(self._editor.text, self.languages) or (is_our_own and not others):
            return True
        whose = "Others are here, and all have one text" if others else "There is a text already"
        return self._confirm_by_repeat(
            "replaces", f"{whose}: a file takes its place. ctrl+o once more opens one all the same."
        )

    def text_changed(self) -> None:
        """Update whether the text is unsaved."""
        self._status.update_status(is_unsaved=self.is_unsaved)

    def text_loaded(self, first_file: Path | None) -> None:
        """Open or synchronize the first file, since the room's text is loaded now.

        Args:
            first_file: the file to open if the room has only a starter text; None for none.
        """
        text = self._editor.text
        if first_file is not None and self._syncs_file and not self._has_text:
            self._has_text = True
            self._start_file_sync(first_file, is_starter=is_starter(text, self._room.languages))
            return
        if not self._has_text and self.program.path is None:
            self.program.saved_text = text
        self._has_text = True
        if first_file is not None and is_starter(text, self._room.languages):
            self.open_file(first_file)
        elif first_file is not None:
            self._notices.show(
                f"The room has a text already. ctrl+o opens {first_file.name} in its place."
            )

    def _start_file_sync(self, path: Path, *, is_starter: bool) -> None:
        """Keep a file and the room's text in sync from now on."""
        self.program.path = path
        self._status.update_status(file=path.name)
        by_ending = self.program.guess_language(self._room.languages)
        if is_starter and by_ending is not None:
            self.choose_language(by_ending)
        work = FileSync(self._room, path, self._notices).run(is_starter=is_starter)
        self._screen.run_worker(work, group="file sync", exclusive=True)

    # The language.

    def set_languages(self, languages: Sequence[LanguageInfo]) -> None:
        """Set the languages of the room, and choose one if none is chosen."""
        self.languages = languages
        shared = next((each for each in languages if each.name == self._room.language), None)
        if shared is not None:
            self._show_language(shared)
            return
        chosen = self.program.language
        if chosen is not None and any(each.name == chosen.name for each in languages):
            return
        available = [language for language in languages if language.available]
        by_ending = self.program.guess_language(languages)
        if by_ending is not None:
            self.choose_language(by_ending)
        elif available:
            self.choose_language(available[0])

    def choose_language(self, language: LanguageInfo) -> None:
        """Change the language for everybody; an unchanged starter text changes with it."""
        if language.name != self._room.language and not self._notices.try_request(
            lambda: self._room.choose_language(language.name)
        ):
            return
        starter = self.program.choose_language(language, self._editor.text, self.languages)
        if starter is not None and starter != self._editor.text:
            self._editor.load_text(starter)
        self._show_language(language)

    def _show_language(self, language: LanguageInfo) -> None:
        self.program.language = language
        self._status.update_status(language=language.title, is_unsaved=self.is_unsaved)
        name = language.syntax
        if name != self._editor.syntax_name:
            self._screen.run_worker(self._load_syntax(name), group="syntax", exclusive=True)

    async def _load_syntax(self, name: str) -> None:
        syntax = await asyncio.to_thread(load_syntax, name)
        self._screen.post_message(SyntaxLoaded(name, syntax))

    def syntax_loaded(self, name: str, syntax: Syntax | None) -> None:
        """Highlight with a grammar, if its language is still the current one."""
        language = self.program.language
        if language is not None and language.syntax == name:
            self._editor.set_syntax(syntax)

    # The file.

    def ask_open_file(self) -> None:
        """Ask which file to open."""
        if not self._may_replace_text():
            return
        folder = f"{self.program.path.parent}/" if self.program.path else ""

        def answered(path: str | None) -> None:
            if path:
                self.open_file(Path(path))

        app_of(self._screen).push_screen(PathPrompt("Open a file", folder), answered)

    def open_file(self, path: Path) -> None:
        """Open a file."""
        self._screen.run_worker(self._read(path), group="files", exclusive=True)

    async def _read(self, path: Path) -> None:
        try:
            file = await asyncio.to_thread(read_source, path)
        except FileError as trouble:
            self._screen.post_message(FileFailed(str(trouble)))
        else:
            self._screen.post_message(FileOpened(file))

    def show_file(self, file: SourceFile) -> None:
        """Show a file that was read."""
        self._adopt_file(file)
        self._editor.load_text(file.text)
        self._status.update_status(is_unsaved=False)
        by_ending = self.program.guess_language(self.languages)
        if by_ending is not None:
            self.choose_language(by_ending)
        elif self.languages:
            current = self.program.language.title if self.program.language else "none"
            self._notices.show(
                f"No language here has the ending of {file.path.name}; it stays {current}."
                " F2 chooses another.",
                "warning",
            )

    def save_file(self) -> None:
        """Save the text to its file; ask for a path if there is none."""
        if self.program.path is None:
            self.ask_save_as()
        else:
            self._write(self.program.path)

    def ask_save_as(self) -> None:
        """Ask where to save the text."""
        language = self.program.language
        proposed = str(self.program.path or (language.file_name if language else ""))

        def answered(path: str | None) -> None:
            if path:
                self._write(Path(path))

        app_of(self._screen).push_screen(PathPrompt("Save the text to", proposed), answered)

    def _write(self, path: Path) -> None:
        file = SourceFile(path, self._editor.text, self.program.newline)
        known = self.program.path
        replaces = f"replaces {path}"
        once_more = self._warned[0] == replaces and monotonic() < self._warned[1]
        work = self._save(file, overwrite=once_more or path == known)
        self._screen.run_worker(work, group="files")

    async def _save(self, file: SourceFile, *, overwrite: bool) -> None:
        try:
            await asyncio.to_thread(write_source, file, overwrite=overwrite)
        except FileExistsError:
            self._screen.post_message(FileFailed("", exists=file.path))
        except FileError as trouble:
            self._screen.post_message(FileFailed(str(trouble)))
        else:
            self._screen.post_message(FileSaved(file))

    def file_saved(self, file: SourceFile) -> None:
        """Note that the text was saved."""
        self._adopt_file(file)
        self._status.update_status(is_unsaved=self.is_unsaved)
        self._notices.show(f"Saved {file.path}")

    def file_failed(self, reason: str, exists: Path | None) -> None:
        """Show why a file could not be read or written."""
        if exists is None:
            self._notices.show(f"{reason[:1].upper()}{reason[1:]}", "error")
            return
        self._warned = (f"replaces {exists}", monotonic() + CONFIRM_SECONDS)
        self._notices.show(
            f"{exists} is there already. Save to it once more to replace it.", "warning"
        )

    def _adopt_file(self, file: SourceFile) -> None:
        self.program.path, self.program.newline = file.path, file.newline
        self.program.saved_text = file.text
        self._status.update_status(file=file.path.name)
