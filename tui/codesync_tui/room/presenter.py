"""Shows the events of the room in the panes.

Only the screen's message handlers call it: it changes widgets.
"""

from time import monotonic, strftime

from codesync_client import Connected, Disconnected, JobOutput, OutputSkipped, Room, RoomEvent
from codesync_protocol.messages import (
    Fault,
    Finished,
    JobState,
    JobSummary,
    LanguageChosen,
    Members,
    Notice,
    Queue,
    Role,
    Saving,
    Started,
    StdinEcho,
    StdinHeld,
    StdinMode,
    Submitted,
    Welcome,
)
from codesync_protocol.printable import show_line
from codesync_tui.dialogs.notices import Notices
from codesync_tui.formatting import labels
from codesync_tui.room.panes import RoomPanes
from codesync_tui.room.permissions import Permissions
from codesync_tui.room.stdin_targets import StdinTargets
from codesync_tui.transcript.captions import Heading

HISTORY_SHOWN = 64 * 1024
"""How many bytes at the end of a finished program's output a new member sees."""

_SHUTS_DOWN = "the server is shutting down"
"""The notice of a server that shuts down."""

_RUNS = (JobState.CLAIMED, JobState.COMPILING, JobState.RUNNING)


class RoomPresenter:
    """Shows the events of the room in the panes.

    Args:
        room: the room.
        panes: the panes of the room's screen.
        permissions: notified when the room is entered.
        targets: the programs that can be typed to.
        notices: shows notices.

    Attributes:
        retry_at: the time of the next attempt to connect, by the monotonic clock; None while the
            connection is up, or if there will be no attempt.
    """

    def __init__(
        self,
        room: Room,
        panes: RoomPanes,
        permissions: Permissions,
        targets: StdinTargets,
        notices: Notices,
    ) -> None:
        self.retry_at: float | None = None
        self._permissions = permissions
        self._targets = targets
        self._offline_since = ""  # the local time of the cut, for people
        self._room = room
        self._panes = panes
        self._notices = notices
        self._colours: dict[int, int] = {}
        self._prepared_bytes: dict[str, int] = {}  # the size of the prepared input of our jobs
        self._expected: dict[str, int] = {}  # the next offset of followed jobs
        self._typists: dict[str, int] = {}  # the members who took over the stdin of running jobs
        self._gaps: dict[str, tuple[int, int]] = {}  # missing ranges that are not shown yet
        self._fetched_tails: set[str] = set()  # jobs whose last lines were fetched

    def show_event(self, event: RoomEvent) -> None:
        """Show an event."""
        match event:
            case Connected(welcome=welcome):
                self._connected(welcome)
            case Disconnected(reason=reason, retry_in=retry_in):
                self._disconnected(reason, retry_in)
            case Members() | Queue():
                self._show_room()
            case Notice(level=level, text=text):
                level = level if level in ("warning", "error") else "information"
                text = self._shutdown_text() if text == _SHUTS_DOWN else text
                self._notices.show(text, level, topic="server")
            case Fault(reason=reason):
                self._notices.show(reason, "warning", topic="refusal")
            case Saving(trouble=trouble):
                self._saving(trouble)
            case StdinHeld():
                self._stdin_held(event)
            case LanguageChosen():
                pass  # handled by EditorController
            case Submitted(job=job):
                self._panes.queue.note_submission(job, just_now=True)
                self._show_room()
            case Started(job=job):
                self._begin(job)
                self._show_room()
            case JobOutput():
                self._output(event)
            case OutputSkipped():
                self._skipped(event)
            case StdinEcho(job=job):
                self._begin(job)
                self._panes.output.write_stdin(
                    job, show_line(event.name), event.data, end=event.end
                )
                if event.end:
                    self._targets.remove(job)
            case Finished():
                self._finished(event)

    def note_prepared_input(self, job: str, size: int) -> None:
        """Note the size of a job's prepared input, for its heading."""
        if size:
            self._prepared_bytes[job] = size

    def show_past_job(self, job: str) -> bool:
        """Show the end of a finished job's output below all others.

        Returns:
            Whether the job is known and was not shown before.
        """
        summary = self._room.jobs.get(job)
        if summary is None or summary.result is None or job in self._panes.output.transcript:
            return False
        self._begin(job)
        start = max(0, summary.output_bytes - HISTORY_SHOWN)
        if start:
            self._panes.output.skip(job, f"… {labels.size(start)} before this are not shown …")
        self._follow(job, start)
        self._panes.output.end(job, labels.ending(summary.result))
        return True

    def connection_text(self) -> str:
        """Return the state of the connection for the status line."""
        if self.retry_at is None:
            return "online" if self._room.connected else "closed"
        left = max(0, round(self.retry_at - monotonic()))
        since = f"offline since {self._offline_since}"
        return f"{since}, retry in {left} s" if left else f"{since}, trying …"

    # Connection.

    def _connected(self, welcome: Welcome) -> None:
        self.retry_at, self._offline_since = None, ""
        self._permissions.room_entered()
        self._panes.status.update_status(
            connection="online",
            is_online=True,
            role=welcome.role.value,
            unsandboxed=not welcome.executor.sandboxed,
            is_not_persisted=bool(welcome.unsaved),
        )
        if welcome.unsaved:
            self._saving(welcome.unsaved)
        self._panes.banner.show_executor(welcome.executor)
        self._typists = {job.job: job.holder for job in welcome.jobs if job.holder}
        for job in welcome.jobs:
            self._panes.queue.note_submission(job, just_now=False)
        finished = [job for job in welcome.jobs if job.state is JobState.FINISHED]
        if finished and not self._panes.output.transcript.rows:
            self.show_past_job(finished[-1].job)
        for job in welcome.jobs:
            if job.state is not JobState.FINISHED and job.job not in self._panes.output.transcript:
                self._follow(job.job, 0)
                if job.state in _RUNS:
                    self._begin(job.job)
        self._show_room()

    def _shutdown_text(self) -> str:
        """Explain a shutdown: a room whose host ran the server ends with the host's session."""
        if any(member.role == Role.HOST for member in self._room.members.members):
            return _SHUTS_DOWN
        return (
            "The host has left, and the room closed with them. Your text stays here; it goes back"
            " into the room when it is opened again."
        )

    def _disconnected(self, reason: str, retry_in: float | None) -> None:
        self.retry_at = None if retry_in is None else monotonic() + retry_in
        self._offline_since = self._offline_since or strftime("%H:%M:%S")
        self._panes.status.update_status(connection=self.connection_text(), is_online=False)
        if retry_in is None:
            self._notices.show(
                f"The room is closed to us: {reason}. Your text is still here.",
                "error",
                topic="closed",
            )

    def _saving(self, trouble: str) -> None:
        self._panes.status.update_status(is_not_persisted=bool(trouble))
        if trouble:
            text = f"Changes in this room are not stored: {trouble}"
            self._notices.show(text, "warning", topic="storage")
        else:
            self._notices.show("Changes are stored again.", topic="storage")

    def _follow(self, job: str, start: int) -> None:
        self._expected[job] = start
        self._room.follow(job, start)

    # Jobs.

    def _begin(self, job: str) -> None:
        summary = self._room.jobs.get(job)
        if summary is None or job in self._panes.output.transcript:
            return
        self._panes.output.begin(job, self._heading(summary))
        if summary.stdin is StdinMode.SHARED and summary.state is not JobState.FINISHED:
            self._targets.add(job, mine=summary.member == self._room.welcome.member)

    def _heading(self, job: JobSummary) -> Heading:
        titles = {each.name: each.title for each in self._room.languages}
        fed = self._prepared_bytes.pop(job.job, 0)
        return Heading(
            name=show_line(job.name),
            colour=self._colours.get(job.member, 0),
            title=show_line(job.file_name),
            language=show_line(titles.get(job.language, job.language)),
            short_id=job.job[:8],
            input=f"{labels.size(fed)} of prepared input" if fed else "",
        )

    def _output(self, output: JobOutput) -> None:
        self._begin(output.job)
        data = output.data
        if (expected := self._expected.get(output.job)) is not None:
            # A live piece may have been in flight when the job was followed: it comes again, in
            # its place.
            if output.offset > expected:
                return
            data = data[expected - output.offset :]
            self._expected[output.job] = expected + len(data)
        if data and output.job in self._panes.output.transcript:
            self._show_gap(output.job)
            self._panes.output.write(output.job, output.stream, data)

    def _skipped(self, hole: OutputSkipped) -> None:
        self._begin(hole.job)
        start, end = hole.offset, hole.offset + hole.count
        if (expected := self._expected.get(hole.job)) is not None:
            if start > expected:
                return
            start, self._expected[hole.job] = expected, max(expected, end)
        if hole.job in self._gaps:
            start = self._gaps[hole.job][0]
        if end > start:
            self._gaps[hole.job] = start, end
        if self._panes.output.transcript.has_ended(hole.job):
            self._show_gap(hole.job)

    def _show_gap(self, job: str) -> None:
        start, end = self._gaps.pop(job, (0, 0))
        if end > start and job in self._panes.output.transcript:
            self._panes.output.skip(job, labels.skipped_output(end - start))

    def _stdin_held(self, held: StdinHeld) -> None:
        """Tell the submitter and the previous typist of a program who types into it."""
        summary, me = self._room.jobs.get(held.job), self._room.welcome.member
        if summary is None:
            return
        previous = self._typists.get(held.job, summary.member)
        self._typists[held.job] = held.member
        if held.member != me and me in (summary.member, previous):
            name, program = show_line(held.name), show_line(summary.file_name)
            self._notices.show(f"{name} types into {program} now", topic="stdin")

    def _finished(self, finished: Finished) -> None:
        job = finished.job
        self._typists.pop(job, None)
        self._begin(job)
        self._targets.remove(job)
        if job in self._panes.output.transcript:
            self._fetch_tail(job)
            self._panes.output.end(job, labels.ending(finished.result, finished.by))
        self._show_room()

    def _fetch_tail(self, job: str) -> None:
        """Fetch the last lines of a finished job if they were skipped."""
        if job not in self._gaps or job in self._fetched_tails:
            self._show_gap(job)
            return
        self._fetched_tails.add(job)
        start, end = self._gaps[job]
        tail = max(start, end - HISTORY_SHOWN)
        self._gaps[job] = start, tail
        self._show_gap(job)
        self._follow(job, tail)

    def _show_room(self) -> None:
        members = self._room.members.members
        self._colours |= {member.member: member.colour for member in members}
        self._panes.members.show_members(members, self._room.welcome.member)
        self._panes.queue.show_jobs(self._room.jobs, self._room.queue, self._colours)
        self._panes.status.update_status(role=self._room.role.value)
        self._panes.banner.show_trouble(self._room.queue.trouble)
