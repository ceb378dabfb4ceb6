"""Finds, shows, reruns and copies past jobs."""

from collections.abc import AsyncGenerator, Callable, Iterable

from textual.screen import Screen

from codesync_client import (
    ClientError,
    FinishedJobSource,
    JobHistoryRequests,
    JobOutput,
    NotFound,
    OutputSkipped,
    Room,
    Submission,
)
from codesync_client.output_assembler import Piece
from codesync_protocol.messages import (
    HistoryPage,
    LanguageInfo,
    PastJob,
    Role,
    StdinEcho,
    StdinMode,
)
from codesync_protocol.printable import show_line
from codesync_protocol.shared_text import SOURCE
from codesync_tui.dialogs.history import HistoryAction, HistoryScreen
from codesync_tui.dialogs.notices import Notices
from codesync_tui.dialogs.past_job import PastJobAction, PastJobScreen
from codesync_tui.formatting.labels import skipped_output
from codesync_tui.messages import CopyRequested
from codesync_tui.room.history_filter import parse_filter
from codesync_tui.terminal.textual_types import app_of
from codesync_tui.transcript.captions import Heading
from codesync_tui.transcript.transcript import OutputTranscript

REQUESTS_MAX = 10
"""Requests of one search, so that a search without results does not use all that a member may."""


class HistoryController:
    """Finds, shows, reruns and copies the room's past jobs.

    Args:
        screen: the room's screen, which owns the workers.
        room: the room.
        submit: runs a program and shows its output.
        choose: changes the language.
        notices: shows notices.
    """

    def __init__(
        self,
        screen: Screen[None],
        room: Room,
        submit: Callable[[Submission], None],
        choose: Callable[[LanguageInfo], None],
        notices: Notices,
    ) -> None:
        self._screen = screen
        self._room = room
        self._submit = submit
        self._choose = choose
        self._notices = notices
        self._query_text = ""
        self._history: HistoryScreen | None = None

    @property
    def _past(self) -> JobHistoryRequests:
        return self._room.past

    def open(self) -> None:
        """Show the past jobs with the last search."""
        history = self._history = HistoryScreen(self._find, self._query_text)

        def answered(answer: tuple[PastJob, HistoryAction] | None) -> None:
            self._history = None
            self._query_text = history.query_text
            if answer is not None:
                self._screen.run_worker(self._perform(*answer), group="history", exclusive=True)

        app_of(self._screen).push_screen(history, answered)

    def refresh(self) -> None:
        """Update the list of past jobs if it is open."""
        if self._history is not None:
            self._history.refresh_jobs()

    def _find(self, typed: str, before: int) -> AsyncGenerator[HistoryPage]:
        wanted = parse_filter(typed, self._room.languages)
        return self._past.search(
            before=before,
            requests=REQUESTS_MAX,
            text=wanted.text,
            name=wanted.name,
            language=wanted.language,
            verdict=wanted.verdict,
        )

    async def _perform(self, past: PastJob, action: HistoryAction) -> None:
        try:
            match action:
                case HistoryAction.RUN:
                    self._run(past, await self._past.source(past.summary.job))
                case HistoryAction.COPY:
                    await self._copy(past)
                case HistoryAction.SHOW:
                    await self._show(past)
        except ClientError as error:
            self._notices.show_error(error)

    async def _show(self, past: PastJob) -> None:
        source = await self._past.source(past.summary.job)
        text = source.files[0][1].decode("utf-8", "replace") if source.files else ""
        output = (await self._output(past)).split("\n")
        shown = PastJobScreen(past, text, self._room.document.text(SOURCE), output[:-1])

        def answered(action: PastJobAction | None) -> None:
            if action is None:
                self.open()  # escape returns to the list
            else:
                work = self._perform_on_shown(past, source, text, action)
                self._screen.run_worker(work, group="history", exclusive=True)

        app_of(self._screen).push_screen(shown, answered)

    async def _perform_on_shown(
        self, past: PastJob, source: FinishedJobSource, text: str, action: PastJobAction
    ) -> None:
        try:
            match action:
                case PastJobAction.RUN:
                    self._run(past, source)
                case PastJobAction.COPY:
                    await self._copy(past)
                case PastJobAction.USE:
                    self._restore_source(text, past.summary.language)
        except ClientError as error:
            self._notices.show_error(error)

    def _run(self, past: PastJob, source: FinishedJobSource) -> None:
        if self._is_viewer():
            return
        typed = not source.stdin
        submission = Submission(
            past.summary.language,
            [(past.summary.file_name, source.files[0][1]), *source.files[1:]],
            args=source.args,
            prepared_stdin=source.stdin,
            stdin=StdinMode.SHARED if typed else StdinMode.CLOSED,
            tty=typed,
        )
        self._submit(submission)

    async def _copy(self, past: PastJob) -> None:
        text = await self._output(past)
        if not text:
            raise NotFound("That program wrote nothing.")
        app_of(self._screen).post_message(CopyRequested("its output", text))

    def _restore_source(self, text: str, language: str) -> None:
        if self._is_viewer():
            return
        self._room.document.replace_in_own_step(SOURCE, text)
        known = {each.name: each for each in self._room.languages}
        if language in known and language != self._room.language:
            self._choose(known[language])

    def _is_viewer(self) -> bool:
        if self._room.role is Role.VIEWER:
            self._notices.show("Viewers can only watch. Ask the host for an editor's link.")
        return self._room.role is Role.VIEWER

    async def _output(self, past: PastJob) -> str:
        """Return the output of a job as text without colours."""
        if not past.summary.output_bytes:
            return ""
        return render_output(past.summary.job, await self._past.output(past.summary.job))


def render_output(job: str, pieces: Iterable[Piece]) -> str:
    """Return output as the output pane shows it, without colours and control characters."""
    transcript = OutputTranscript()
    transcript.begin(job, Heading("", 0, "", "", ""))
    for piece in pieces:
        match piece:
            case JobOutput():
                transcript.write(job, piece.stream, piece.data)
            case OutputSkipped():
                transcript.skip(job, skipped_output(piece.count))
            case StdinEcho():
                transcript.write_stdin(job, show_line(piece.name), piece.data, end=piece.end)
    return transcript.text(job)
