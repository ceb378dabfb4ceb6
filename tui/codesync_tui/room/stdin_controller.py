"""Sends input to running programs, and shows which program gets it."""

from codesync_client import Room, Submission
from codesync_protocol.messages import JobSummary
from codesync_tui.dialogs.notices import Notices
from codesync_tui.formatting.columns import shorten
from codesync_tui.room.panes import RoomPanes
from codesync_tui.room.permissions import Permissions
from codesync_tui.room.session import RoomSession
from codesync_tui.room.stdin_targets import StdinTargets


class StdinController:
    """Sends input to running programs.

    Args:
        room: the room.
        session: sends input.
        permissions: what this member may do.
        targets: the programs that can be typed to.
        panes: the answer line.
        notices: shows notices.
    """

    def __init__(
        self,
        room: Room,
        session: RoomSession,
        permissions: Permissions,
        targets: StdinTargets,
        panes: RoomPanes,
        notices: Notices,
    ) -> None:
        self._room = room
        self._session = session
        self._permissions = permissions
        self._targets = targets
        self._panes = panes
        self._notices = notices
        self._awaiting_start: tuple[str, object] | None = None  # the job, and the focus at its run
        self._shown_target: str | None = None

    def submitted(self, submission: Submission) -> None:
        """Focus the answer line once a program that was just submitted can be typed to."""
        is_interactive = submission.tty
        self._awaiting_start = (submission.job, self._focus_snapshot()) if is_interactive else None

    def rejected(self, job: str) -> None:
        """Note that a submission was rejected: its program will never ask for input."""
        if self._awaiting_start and self._awaiting_start[0] == job:
            self._awaiting_start = None

    def send_lines(self, text: str) -> None:
        """Send lines to the program that is typed to."""
        job = self._targets.current
        if job is None or job != self._shown_target:
            self._notices.show("The program has ended; the line was not sent.", "warning")
            self.show_target()
        elif self._permissions.refuse_viewer():
            return
        elif (holder := self._holder(job)) is not None:
            self._panes.stdin.answer.value = text.rstrip("\n")
            self._notices.show(
                f"{holder} types into this program; ctrl+t takes its input over.", "warning"
            )
        else:
            self._session.send_stdin(job, text.encode("utf-8", "surrogatepass"))

    def end_input(self) -> None:
        """Close the stdin of the program that is typed to."""
        job = self._targets.current
        if job is None:
            self._notices.show("No program takes input now.", "warning")
        elif self._permissions.refuse_viewer():
            return
        elif (holder := self._holder(job)) is not None:
            self._notices.show(f"{holder} has its input; ctrl+t takes it over.", "warning")
        else:
            self._room.end_stdin(job)

    def take_input(self) -> None:
        """Take over the stdin of the program that can be typed to."""
        job = self._targets.current
        if job is None:
            self._notices.show("No program takes input now.", "warning")
            return
        if self._holder(job) is not None and not self._permissions.refuse_viewer():
            self._notices.try_request(lambda: self._room.take_stdin(job))
        self._panes.stdin.answer.focus()

    def _holder(self, job: str) -> str | None:
        """Return the name of another member who holds a program's stdin; None if nobody does."""
        summary = self._room.jobs.get(job)
        if summary is None or summary.holder in (0, self._room.welcome.member):
            return None
        here = {member.member: member.name for member in self._room.members.members}
        return here.get(summary.holder, "somebody who left")

    def next_target(self) -> None:
        """Type into the next program from now on."""
        if self._targets.choose_next() is None:
            self._notices.show("No program takes input now.", "warning")
        self.show_target(chosen=True)

    def show_target(self, *, chosen: bool = False) -> None:
        """Show which program is typed to, and focus the answer line after a run of our own.

        The focus moves only if no key was pressed since the run. It moves back when the program
        has ended, unless the answer line contains an unfinished line.

        Args:
            chosen: the user chose another program.
        """
        job = self._targets.current
        line = self._panes.stdin.answer
        has_changed, had_focus = job != self._shown_target, line.has_focus
        if has_changed and had_focus and line.value and not chosen:
            # The rest of an unfinished line must go neither to the editor nor to another program.
            self._panes.stdin.show_target("it has ended")
            return
        self._shown_target = job
        self._panes.stdin.show_target(self._target_label(job))
        if self._awaiting_start and self._awaiting_start[0] == job:
            if self._awaiting_start[1] == self._focus_snapshot():
                line.focus()
            self._awaiting_start = None
        elif has_changed and had_focus and not chosen:
            editor = self._panes.editor
            (editor if editor.is_on_screen else self._panes.output).focus()

    def _target_label(self, job: str | None) -> str:
        summary = self._room.jobs.get(job) if job else None
        if summary is None:
            return ""
        if (holder := self._holder(summary.job)) is not None:
            return f"{shorten(holder, 12)} types into {shorten(summary.file_name, 12)}"
        return self._program_label(summary)

    def _program_label(self, summary: JobSummary) -> str:
        if summary.member == self._room.welcome.member:
            return shorten(summary.file_name, 20)
        return shorten(f"{summary.name}: {summary.file_name}", 26)

    def _focus_snapshot(self) -> object:
        """Return a value that changes with every key that is pressed."""
        editor = self._panes.editor
        return editor.screen.focused, editor.selection, editor.text
