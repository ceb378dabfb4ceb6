"""Copies output to the clipboard and saves it to files."""

import asyncio
from pathlib import Path

from textual.screen import Screen

from codesync_client.files.source_file import FileError, SourceFile, write_source
from codesync_tui.dialogs.notices import Notices
from codesync_tui.dialogs.path_prompt import PathPrompt
from codesync_tui.formatting.columns import shorten
from codesync_tui.messages import CopyRequested, FileFailed
from codesync_tui.panels.output import OutputPane
from codesync_tui.terminal.textual_types import app_of

NAME_COLUMNS = 20


class OutputExport:
    """Copies and saves the output of the chosen block, of the last block, or of all.

    Args:
        screen: the room's screen, which owns the workers and gets their messages.
        output: the output pane.
        notices: shows notices.
    """

    def __init__(self, screen: Screen[None], output: OutputPane, notices: Notices) -> None:
        self._screen = screen
        self._output = output
        self._notices = notices

    def copy(self) -> None:
        """Copy one block to the clipboard."""
        job = self._job()
        if job is not None:
            asked = CopyRequested(self._what(job), self._output.transcript.text(job))
            app_of(self._screen).post_message(asked)

    def ask_save(self) -> None:
        """Ask where to save one block."""
        job = self._job()
        if job is None:
            return
        transcript = self._output.transcript
        if dropped := transcript.dropped(job):
            self._notices.show(f"Its first {dropped:,} lines are gone; the rest is saved.")
        stem = Path(transcript.heading(job).title).stem
        proposed = f"{stem}.out" if stem.isprintable() else "output.txt"
        self._ask(self._what(job), proposed, transcript.text(job))

    def ask_save_all(self) -> None:
        """Ask where to save all output, with headings and endings."""
        if text := self._output.transcript.all_text():
            self._ask("all output", "output.txt", text)
        else:
            self._notices.show("No program has written anything yet.")

    def _job(self) -> str | None:
        """Return the chosen job or the last one; None, with a notice, if it wrote nothing."""
        transcript = self._output.transcript
        job = self._output.chosen_job or transcript.last_job()
        if job and transcript.text(job):
            return job
        nothing = "The chosen program wrote nothing." if self._output.chosen_job else ""
        self._notices.show(nothing or "No program has written anything yet.")
        return None

    def _what(self, job: str) -> str:
        """Name a block for a notice; with its owner if the block was chosen."""
        if job != self._output.chosen_job:
            return "the output"
        heading = self._output.transcript.heading(job)
        name, title = shorten(heading.name, NAME_COLUMNS), shorten(heading.title, NAME_COLUMNS)
        return f"the output of {name}'s {title}"

    def _ask(self, what: str, proposed: str, text: str) -> None:
        def answered(path: str | None) -> None:
            if path:
                work = self._save(what, SourceFile(Path(path), text))
                self._screen.run_worker(work, group="files")

        app_of(self._screen).push_screen(PathPrompt(f"Save {what} to", proposed), answered)

    async def _save(self, what: str, file: SourceFile) -> None:
        try:
            await asyncio.to_thread(write_source, file, overwrite=False)
        except FileExistsError:
            self._notices.show(f"{file.path} is there already; choose another name.", "warning")
        except FileError as trouble:
            self._screen.post_message(FileFailed(str(trouble)))
        else:
            self._notices.show(f"Saved {what} to {file.path}, as text without its colours.")
