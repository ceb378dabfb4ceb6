"""Visits everything that a screen can show in a room in which every text is hostile."""

import asyncio
import fcntl
import struct
import tempfile
import termios
import time
from collections.abc import Coroutine
from pathlib import Path

import msgspec
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from codesync_protocol.errors import Code
from codesync_protocol.messages import (
    EditRefused,
    ExecutorInfo,
    Fault,
    JobState,
    LanguageInfo,
    Member,
    MemberCaret,
    MemberCarets,
    PastJob,
    Rejected,
    Saving,
    Stream,
    Submit,
)
from codesync_protocol.shared_text import SOURCE
from codesync_protocol.verdict import MemorySource, Result, Verdict
from codesync_server.documents.document import Document
from codesync_tui.app import CodeSyncApp
from codesync_tui.dialogs.conflict import ConflictScreen
from codesync_tui.dialogs.history import HistoryScreen
from codesync_tui.dialogs.past_job import PastJobScreen
from codesync_tui.dialogs.path_prompt import PathPrompt
from codesync_tui.dialogs.too_small import TooSmallScreen
from codesync_tui.recovery.journal import UnsentTexts
from tests.tui.app_in_room import AppInRoom
from tests.tui.hostile_text import MARKS, hostile
from tests.tui.recovery.abandoned_entries import leave_note
from tests.tui.room_server import PYTHON, RoomServer, job_id, job_summary
from tests.waiting import eventually

ENDED, RUNNING, PAST = job_id(1), job_id(2), job_id(3)


def make_hostile(server: RoomServer) -> None:
    """Fill a room with hostile texts; messages bound their lengths."""
    server.room.members = (
        Member(1, hostile("member")[:200], hostile("role")),
        Member(2, hostile("submitter")[:200], "editor", 1),
    )
    server.room.executor = ExecutorInfo("\x1b[31mlocal", False, hostile("banner"))
    server.room.languages = (
        PYTHON,
        LanguageInfo(
            "evil", hostile("language")[:200], (hostile("extension"),), "main.py", "python", ""
        ),
    )
    long_ago = job_summary(PAST, name=hostile("past_name")[:200], file_name=hostile("past_file"))
    result = Result(Verdict.OK, "exit code 0", exit_code=0)
    size = len(hostile("past_output").encode())
    server.past = (PastJob(1, msgspec.structs.replace(long_ago, result=result, output_bytes=size)),)
    server.past_source = hostile("past_source").encode()
    server.past_trouble = hostile("past_trouble")
    server.jobs[PAST] = server.past[0].summary
    server.outputs[PAST] = [(Stream.STDOUT, hostile("past_output").encode())]
    server.room.rejection = Rejected(
        "", Code.QUEUE_FULL, hostile("rejection"), hostile("rejection")
    )
    leave_note(server.link, UnsentTexts(time.time(), {SOURCE: hostile("unsent")}, {SOURCE: ""}))


async def fill(server: RoomServer) -> None:
    """Let hostile programs run; called on the server's loop."""
    await server.submitted(
        job_summary(
            ENDED, name=hostile("submitter")[:200], file_name=hostile("file_name"), language="evil"
        )
    )
    await server.started(ENDED, JobState.COMPILING)
    for stream, name in (
        (Stream.COMPILER, "compiler"), (Stream.STDOUT, "stdout"), (Stream.STDERR, "stderr"),
    ):  # fmt: skip
        data = hostile(name).encode()
        await server.output(ENDED, data + b"\n" + data[:30], stream)
        await server.output(ENDED, data[30:] + b"\r\n\x1b]0;never ends" + b"\xff\xc2", stream)
    await server.typed(ENDED, hostile("echo")[:200], hostile("echo").encode())
    result = Result(
        Verdict.SIGNALLED,
        hostile("explanation"),
        signal=hostile("signal"),
        memory_source=MemorySource.CGROUP_V1,
    )
    await server.finished(ENDED, result, by=hostile("canceller")[:200])
    await server.submitted(
        job_summary(RUNNING, member=1, name="ana", file_name=hostile("file_name"))
    )
    await server.started(RUNNING)
    await server.output(RUNNING, hostile("stdout").encode())
    await server.say(MemberCarets((MemberCaret(2, 0, 0, 0),)))
    await server.notice("warning", hostile("notice"))
    await server.say(Fault(Code.BAD_FRAME, hostile("fault")))


async def lose_the_text(server: RoomServer) -> None:
    """The room has another text now, and says why; called on the server's loop."""
    server.document = Document()
    server.document.write(SOURCE, f"{hostile('theirs')}\n")
    await server.say(EditRefused(0, Code.TOO_LARGE, hostile("reason")))


async def hold_and_wait(server: RoomServer) -> None:
    """A program waits for what somebody else types, others for Docker; on the server's loop."""
    server.awaiting.add(RUNNING)
    await server.held(RUNNING, 2, hostile("holder")[:200])
    await server.say(msgspec.structs.replace(server.queue(), trouble=hostile("trouble")))


class Tour:
    """Shows every pane and every dialog with hostile texts in it.

    Args:
        app: the app, which is the only one on its terminal.
        server: its room.
        pilot: acts on it.

    Attributes:
        seen: the names of all classes of which something was on the terminal.
    """

    def __init__(self, app: CodeSyncApp, server: RoomServer, pilot: Pilot[int]) -> None:
        self.seen: set[str] = set()
        self._app = app
        self._on = AppInRoom(server, app, pilot)

    async def go(self) -> None:
        """Go from one end to the other, and leave."""
        for place in (
            self._rescue_offer,
            self._panes,
            self._finding,
            self._answering,
            self._dialogs,
            self._commands_about_members,
            self._saving_output,
            self._past,
            self._notices,
            self._company,
            self._conflict,
            self._every_arrangement,
            self._too_small,
        ):
            self._app.clear_notifications()  # they lie over dialogs, too
            await place()
        self._app.exit(0)

    # Where it goes.

    async def _rescue_offer(self) -> None:
        await self._until_over_the_room(ConflictScreen)
        await self._close()

    async def _panes(self) -> None:
        on = self._on
        await self._let(fill(on.server))
        await eventually(lambda: on.label() and any(MARKS["fault"] in n for n in on.notices()))
        on.editor.load_text(f"{hostile('editor')}\nx = 1\n")
        on.stdin.prepared.load_text(hostile("prepared"))
        await eventually(lambda: on.room.controllers.collaborators.others)
        await self._painted()

    async def _finding(self) -> None:
        on = self._on
        await on.press("ctrl+f")
        for field in ("find", "replace"):
            on.room.query_one(f"#{field}").focus()
            await self._fill(on.room.query_one(f"#{field}", Input), field)
        await self._painted()
        await on.press("escape")
        await on.room.action_perform("find_output")
        await self._fill(on.room.query_one("#output-find Input", Input), "output_find")
        await self._painted()
        await on.press("escape")

    async def _answering(self) -> None:
        on = self._on
        await on.press("f7")
        await self._fill(on.answer, "answer")
        await self._painted()
        await on.press("f5")
        await self._let(on.server.wait_for(Submit))
        await eventually(lambda: any(MARKS["rejection"] in notice for notice in on.notices()))
        await self._painted()

    async def _dialogs(self) -> None:
        on = self._on
        for keys in (("f1", "end"), ("f2",), ("ctrl+p",), ("f9",)):
            await on.press(*keys)
            await eventually(lambda: self._app.screen is not on.room)
            if keys == ("ctrl+p",):
                await eventually(lambda: self._app.screen.query_one(OptionList).option_count)
            await self._close()
        for keys, name in ((("ctrl+o", "ctrl+o"), "path"), (("ctrl+backslash",), "line")):
            await on.press(*keys)
            await eventually(lambda: self._app.screen is not on.room)
            await self._fill(self._app.screen.query_one(Input), name)
            await self._close()

    async def _commands_about_members(self) -> None:
        on = self._on
        for command in ("make", "remove", "follow"):
            await on.press("ctrl+p", *command)
            await eventually(lambda: MARKS["submitter"] in self._commands())
            await self._close()

    def _commands(self) -> str:
        options = self._app.screen.query(OptionList)
        return "\n".join(str(option.prompt) for list_ in options for option in list_.options)

    async def _saving_output(self) -> None:
        on = self._on
        await on.room.action_perform("save_output")
        await self._until_over_the_room(PathPrompt)
        await self._painted()
        await self._fill(self._app.screen.query_one(Input), "saved")
        await on.press("enter")
        await eventually(lambda: any(MARKS["saved"] in notice for notice in on.notices()))
        await self._painted()

    async def _past(self) -> None:
        on = self._on
        await on.room.action_perform("history")
        await self._until_over_the_room(HistoryScreen)
        await eventually(lambda: MARKS["past_file"] in self._commands())
        await self._painted()
        await on.press("enter")
        await self._until_over_the_room(PastJobScreen)
        await self._painted()
        await on.press("escape")
        await self._until_over_the_room(HistoryScreen)
        await on.press("x")
        await eventually(lambda: MARKS["past_trouble"] in self._commands())
        await self._close()

    async def _notices(self) -> None:
        on = self._on
        await self._let(on.server.say(Saving(hostile("unsaved"))))
        await eventually(lambda: any(MARKS["unsaved"] in notice for notice in on.notices()))
        await self._painted()
        self._app.notify(hostile("notify"), title=hostile("title"), markup=False)
        await self._painted()
        on.room.controllers.editor.open_file(
            Path(tempfile.gettempdir()) / hostile("opened").replace("/", "|")
        )
        await eventually(lambda: any("Cannot open" in notice for notice in on.notices()))
        await self._painted()

    async def _company(self) -> None:
        on = self._on
        await on.press("ctrl+l")
        await eventually(lambda: on.editor.is_following)
        await self._let(hold_and_wait(on.server))
        await eventually(lambda: any(MARKS["holder"] in notice for notice in on.notices()))
        await eventually(lambda: "types into" in on.label())
        await self._painted()

    async def _conflict(self) -> None:
        on = self._on
        on.editor.load_text(f"{hostile('mine')}\nx = 1\n")
        await self._let(lose_the_text(on.server))
        await self._until_over_the_room(ConflictScreen)
        await self._painted()
        await on.press("s")
        await self._until_over_the_room(PathPrompt)
        await on.press("escape")
        await self._until_over_the_room(ConflictScreen)  # about the input
        await self._close()

    async def _every_arrangement(self) -> None:
        on = self._on
        for _ in range(6):
            await on.press("f6")
        for key in ("f3", "f4", "f4", "f7", "f7"):
            await on.press(key)
            await self._painted()

    async def _too_small(self) -> None:
        size = struct.unpack("HHHH", fcntl.ioctl(0, termios.TIOCGWINSZ, bytes(8)))
        self._resize(39, 11)
        await self._until_over_the_room(TooSmallScreen)
        await self._painted()
        self._resize(size[1], size[0])
        await eventually(lambda: self._app.screen is self._on.room)
        await self._painted()

    def _resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    # How it gets there.

    async def _let(self, happen: Coroutine[None, None, object]) -> None:
        """Let something happen on the server's loop."""
        done = asyncio.run_coroutine_threadsafe(happen, self._on.server.loop)
        await asyncio.wrap_future(done)

    async def _until_over_the_room(self, kind: type[object]) -> None:
        await eventually(lambda: isinstance(self._app.screen, kind))
        await self._painted()

    async def _fill(self, line: Input, name: str) -> None:
        await eventually(lambda: line.has_focus)
        await self._on.pilot.pause()  # a line that gets the focus goes to its end
        line.value = hostile(name)
        line.cursor_position = 0

    async def _close(self) -> None:
        await self._painted()
        await self._on.press("escape")
        await eventually(lambda: self._app.screen is self._on.room)

    async def _painted(self) -> None:
        """Wait until all that there is to show was handed to the terminal."""
        await self._on.pilot.pause()
        await eventually(lambda: not self._on.output.has_unpainted_output)
        await self._on.pilot.pause()
        screen = self._app.screen
        shown = [screen, *(each for each in screen.walk_children() if each.is_on_screen)]
        self.seen |= {kind.__name__ for each in shown for kind in type(each).__mro__}
