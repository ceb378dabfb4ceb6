"""Snapshots of the dialogs and the find lines; see test_snapshots.py."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from msgspec import structs
from textual.widgets import Input, OptionList, Static

from codesync_protocol.errors import Code
from codesync_protocol.messages import EditRefused, PastJob, Stream
from codesync_protocol.shared_text import SOURCE
from codesync_protocol.verdict import Verdict
from codesync_server.documents.document import Document
from codesync_tui.dialogs.conflict import ConflictScreen
from codesync_tui.dialogs.history import HistoryScreen
from codesync_tui.dialogs.past_job import PastJobScreen
from codesync_tui.dialogs.path_prompt import PathPrompt
from codesync_tui.recovery.journal import UnsentTexts
from tests.tui import example_room
from tests.tui.app_in_room import AppInRoom
from tests.tui.room_server import OK, PYTHON, Room, RoomServer, job_id, job_summary
from tests.tui.snapshots import Compare, SnapshotCase
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("time_stands_still")

SIZES = ((40, 12), (80, 24), (160, 48))

THEIRS = (
    example_room.SOURCE.replace("100", "1000").replace("  # never told", "").replace("Right", "Yes")
)

at_all_sizes = pytest.mark.parametrize("size", SIZES, ids=[f"{c}x{n}" for c, n in SIZES])

Then = Callable[[AppInRoom], Awaitable[None]]


async def opened(on: AppInRoom, kind: type[object]) -> None:
    await eventually(lambda: isinstance(on.app.screen, kind))
    await on.pilot.pause()


async def saving_output(on: AppInRoom) -> None:
    await on.room.action_perform("save_output")
    await opened(on, PathPrompt)


def commands(on: AppInRoom) -> list[str]:
    options = on.app.screen.query(OptionList)
    return [str(option.prompt) for each in options for option in each.options]


def offering(command: str) -> Then:
    """Wait until a command is among those that the palette offers."""

    async def is_offered(on: AppInRoom) -> None:
        await eventually(lambda: any(command in each for each in commands(on)))
        on.app.screen.query_one(Input).cursor_blink = False

    return is_offered


async def found_in_output(on: AppInRoom) -> None:
    await on.room.action_perform("find_output")
    await on.press(*"guess")
    await eventually(lambda: " of " in str(on.room.query_one("#output-count").render()))


async def lost(server: RoomServer) -> None:
    server.document = Document()
    server.document.write(SOURCE, THEIRS)
    await server.say(EditRefused(0, Code.TOO_LARGE, "the history of the room's text is full"))


async def in_conflict(on: AppInRoom) -> None:
    """The room has another text than ours all of a sudden."""
    losing = asyncio.run_coroutine_threadsafe(lost(on.server), on.server.loop)
    await asyncio.wrap_future(losing)
    await opened(on, ConflictScreen)


async def offered_to_be_rescued(on: AppInRoom) -> None:
    await opened(on, ConflictScreen)


NOTICES = (
    "codesync join ws://127.0.0.1:4000/brave-otter-12#q7Rk2mXv9TzW4bHs\nF9 shows and copies it.",
    "Docker does not answer: programs wait until it is back.\nWhoever hosts may start it.",
    "The history of the room's text is full.\nWrite on in a new room; this one stays to read.",
    "This is the latest.",
)


def past(number: int, name: str, file_name: str, verdict: Verdict, ago: float) -> PastJob:
    result = structs.replace(OK, verdict=verdict, explanation="wall time limit: 5 s")
    job = job_summary(job_id(100 + number), name=name, file_name=file_name)
    job = structs.replace(job, submitted_at=10_000_000.0 - ago, result=result, output_bytes=12)
    return PastJob(number, job)


PAST = (
    past(9, "ana", "main.py", Verdict.OK, 600.0),
    past(8, "Zoë 世界", "main.cpp", Verdict.TIME_LIMIT, 86_400.0),
    past(7, "ben", "a-rather-long-name-of-a-file.py", Verdict.RUNTIME_ERROR, 40 * 86_400.0),
)


async def in_the_past(on: AppInRoom) -> None:
    on.server.past = PAST
    on.server.past_source = example_room.SOURCE.replace("100", "10").encode()
    for each in PAST:
        on.server.jobs[each.summary.job] = each.summary
        on.server.outputs[each.summary.job] = [(Stream.STDOUT, b"Your guess:\n")]
    await on.room.action_perform("history")
    await opened(on, HistoryScreen)
    await eventually(lambda: len(commands(on)) == len(PAST))
    on.app.screen.query_one(Input).cursor_blink = False
    await on.pilot.pause()


async def at_a_past_job(on: AppInRoom) -> None:
    await in_the_past(on)
    await on.press("down", "enter")
    await opened(on, PastJobScreen)


async def told(on: AppInRoom) -> None:
    for text in NOTICES:
        on.app.notify(text, severity="warning", timeout=3600.0, markup=False)
    await eventually(lambda: len(on.notices()) == len(NOTICES))
    await on.pilot.pause()


async def invited(on: AppInRoom) -> None:
    line = on.app.screen.query_one("#join-line", Static)
    await on.until(lambda: "#editors-" in str(line.content))


UNSENT = UnsentTexts(
    0.0, {SOURCE: f"# guess\n{PYTHON.starter}"}, {SOURCE: PYTHON.starter}, Room().epoch
)


@at_all_sizes
class TestDialogs:
    def test_help(self, snap_compare: Compare, size: tuple[int, int]) -> None:
        assert SnapshotCase("f1").looks_the_same(snap_compare, *size)

    def test_language(self, snap_compare: Compare, size: tuple[int, int]) -> None:
        assert SnapshotCase("f2").looks_the_same(snap_compare, *size)

    def test_invite(self, snap_compare: Compare, size: tuple[int, int]) -> None:
        assert SnapshotCase("f9", then=invited).looks_the_same(snap_compare, *size)

    def test_invite_with_no_frame_to_select(
        self, snap_compare: Compare, size: tuple[int, int]
    ) -> None:
        assert SnapshotCase("f9", theme="codesync-sixteen", then=invited).looks_the_same(
            snap_compare, *size
        )

    def test_save(self, snap_compare: Compare, size: tuple[int, int]) -> None:
        assert SnapshotCase("ctrl+s").looks_the_same(snap_compare, *size)

    def test_save_output(self, snap_compare: Compare, size: tuple[int, int]) -> None:
        assert SnapshotCase(then=saving_output).looks_the_same(snap_compare, *size)

    def test_go_to_line(self, snap_compare: Compare, size: tuple[int, int]) -> None:
        assert SnapshotCase("ctrl+backslash").looks_the_same(snap_compare, *size)

    def test_a_host_s_commands(self, snap_compare: Compare, size: tuple[int, int]) -> None:
        palette = SnapshotCase("ctrl+p", *"ben", then=offering("Make ben a viewer"))
        assert palette.looks_the_same(snap_compare, *size)


@pytest.mark.parametrize("size", SIZES[:2], ids=["40x12", "80x24"])
def test_commands(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert SnapshotCase("ctrl+p", then=offering("Run")).looks_the_same(snap_compare, *size)


@at_all_sizes
class TestNothingIsLost:
    def test_conflict(self, snap_compare: Compare, size: tuple[int, int]) -> None:
        assert SnapshotCase(then=in_conflict).looks_the_same(snap_compare, *size)

    def test_rescue_offer(self, snap_compare: Compare, size: tuple[int, int]) -> None:
        offer = SnapshotCase(unsent=UNSENT, then=offered_to_be_rescued)
        assert offer.looks_the_same(snap_compare, *size)


@at_all_sizes
class TestThePast:
    def test_found(self, snap_compare: Compare, size: tuple[int, int]) -> None:
        assert SnapshotCase(then=in_the_past).looks_the_same(snap_compare, *size)

    def test_one(self, snap_compare: Compare, size: tuple[int, int]) -> None:
        assert SnapshotCase(then=at_a_past_job).looks_the_same(snap_compare, *size)


@at_all_sizes
class TestFinding:
    def test_in_the_output(self, snap_compare: Compare, size: tuple[int, int]) -> None:
        assert SnapshotCase(then=found_in_output).looks_the_same(snap_compare, *size)


@at_all_sizes
class TestNotices:
    def test_the_latest_is_seen(self, snap_compare: Compare, size: tuple[int, int]) -> None:
        assert SnapshotCase(then=told).looks_the_same(snap_compare, *size)


class TestWithoutColours:
    @pytest.fixture(autouse=True)
    def _no_color(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NO_COLOR", "1")

    def test_room(self, snap_compare: Compare) -> None:
        assert SnapshotCase("f4", "f3").looks_the_same(snap_compare, 80, 24)

    def test_conflict(self, snap_compare: Compare) -> None:
        assert SnapshotCase(then=in_conflict).looks_the_same(snap_compare, 80, 24)
