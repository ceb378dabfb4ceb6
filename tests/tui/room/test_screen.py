"""The screen shows the events of the room, and keys have their effects."""

from pathlib import Path

import pytest
from textual.widgets import Input, Static
from textual.widgets._toast import Toast

from codesync_protocol.errors import Code
from codesync_protocol.messages import (
    ExecutorInfo,
    FetchOutput,
    Interrupt,
    JobState,
    Member,
    Rejected,
    Resize,
    Role,
    Saving,
    StdinData,
    StdinEnd,
    StdinMode,
    Stream,
    Submit,
    TakeStdin,
)
from codesync_protocol.verdict import Result, Verdict
from codesync_tui.dialogs.language import LanguagePicker
from codesync_tui.dialogs.too_small import TooSmallScreen
from codesync_tui.panels.banner import Banner
from tests.tui.app_in_room import AppInRoom, app_in_room
from tests.tui.room_server import CPP, PYTHON, RoomServer, job_id, job_summary

A, B = job_id(1), job_id(2)


async def run(on: AppInRoom) -> Submit:
    """Press run; give what was submitted."""
    before = len(on.server.received)
    await on.press("f5")
    return await on.server.wait_for(Submit, lambda m: m in on.server.received[before:])


async def test_the_starter_text_stands_there_and_the_status_says_where_we_are() -> None:
    async with app_in_room() as on:
        await on.until(lambda: on.editor.text == PYTHON.starter)
        assert on.editor.has_focus
        for word in ("brave-otter-12", "online", "Python 3", "F5 run", "F1 help"):
            assert word in on.status()


async def test_a_run_is_answered_from_the_keyboard_alone() -> None:
    async with app_in_room() as on:
        submit = await run(on)
        assert on.server.bodies[submit.job] == PYTHON.starter.encode()
        assert (submit.stdin, submit.tty) == (StdinMode.SHARED, True)
        await on.server.started(submit.job)
        await on.server.output(submit.job, b"What is your name? ")
        await on.until(lambda: on.answer.has_focus)
        await on.press("B", "o", "enter")
        typed = await on.server.wait_for(StdinData)
        assert typed.data == b"Bo\n"
        await on.server.output(submit.job, b"Hello, Bo!\n")
        await on.server.finished(submit.job)
        await on.until(lambda: on.editor.has_focus)
        assert on.rows() == [
            "== ana main.py Python 3",
            "What is your name? ana> Bo",
            "Hello, Bo!",
            "\u2713 ok  exit 0 · cpu 0.02 s · wall 0.05 s · memory 9.1 MB",
        ]


async def test_who_goes_on_writing_keeps_the_focus() -> None:
    async with app_in_room() as on:
        submit = await run(on)
        await on.press("x")
        await on.server.started(submit.job)
        await on.until(lambda: on.label())
        assert on.editor.has_focus
        await on.press("f7")
        assert on.answer.has_focus


async def test_who_is_in_the_middle_of_a_line_keeps_it() -> None:
    async with app_in_room() as on:
        submit = await run(on)
        await on.server.started(submit.job)
        await on.until(lambda: on.answer.has_focus)
        await on.press("h", "a")
        await on.server.submitted(job_summary(B, member=2))
        await on.server.started(B)
        await on.server.finished(submit.job)
        await on.until(lambda: "it has ended" in on.label())
        await on.press("l", "f", "enter")
        await on.until(lambda: any("was not sent" in n for n in on.notices()))
        assert not any(isinstance(m, StdinData) for m in on.server.received)
        assert "half" not in on.editor.text
        assert on.label() == "ben: main.py >"


async def test_control_d_and_control_c_mean_what_they_mean_in_a_shell() -> None:
    async with app_in_room() as on:
        submit = await run(on)
        await on.server.started(submit.job)
        await on.until(lambda: on.answer.has_focus)
        await on.press("ctrl+c")
        await on.server.wait_for(Interrupt)
        await on.press("a", "home", "ctrl+d")
        assert on.answer.value == ""
        await on.press("ctrl+d")
        await on.server.wait_for(StdinEnd)
        await on.until(lambda: "(end of input)" in on.rows()[-1])
        assert on.label() == ""


async def test_one_member_at_a_time_has_the_input_and_a_key_takes_it_over() -> None:
    async with app_in_room() as on:
        await on.server.members_are(Member(1, "ana", "host"), Member(2, "ben", "editor", 1))
        await on.server.submitted(job_summary(A, name="ben", holder=2))
        await on.server.started(A)
        await on.until(lambda: on.label() == "ben types into main.py >")
        await on.press("f7", "4", "2", "enter")
        await on.until(lambda: any("ctrl+t takes its input over" in n for n in on.notices()))
        assert on.answer.value == "42", "the line is not lost"
        await on.press("ctrl+t")
        await on.server.wait_for(TakeStdin)
        await on.server.held(A, 1, "ana")
        await on.until(lambda: on.label() == "ben: main.py >")
        await on.press("enter")
        assert (await on.server.wait_for(StdinData)).data == b"42\n"
        await on.server.held(A, 2, "ben")
        await on.until(lambda: any("ben types into main.py now" in n for n in on.notices()))
        assert on.label() == "ben types into main.py >"


async def test_the_label_follows_at_once_when_the_input_goes_back_to_the_programs_owner() -> None:
    async with app_in_room() as on:
        await on.server.members_are(Member(1, "ana", "host"), Member(2, "ben", "editor", 1))
        await on.server.submitted(job_summary(A, member=1, name="ana", holder=1))
        await on.server.started(A)
        await on.until(lambda: on.label() == "main.py >")
        await on.server.held(A, 2, "ben")
        await on.until(lambda: on.label() == "ben types into main.py >")
        await on.server.members_are(Member(1, "ana", "host"))
        await on.server.held(A, 1, "ana")
        await on.until(lambda: on.label() == "main.py >")
        await on.press("f7", "4", "2", "enter")
        assert (await on.server.wait_for(StdinData)).data == b"42\n"


@pytest.mark.parametrize("key", ["f5", "ctrl+t"])
async def test_who_runs_or_answers_a_program_sees_its_end_wherever_they_had_scrolled(
    key: str,
) -> None:
    async with app_in_room() as on:
        await on.server.submitted(job_summary(A))
        await on.server.started(A)
        await on.server.output(A, b"line\n" * 100)
        await on.press("f4")
        await on.until(lambda: on.output.scroll_offset.y == on.output.max_scroll_y > 0)
        on.output.focus()
        await on.until(lambda: on.output.has_focus)
        await on.press("home")
        await on.until(lambda: on.output.scroll_offset.y == 0)
        await on.server.output(A, b"more\n")
        await on.until(lambda: "more below" in str(on.output.border_title))
        await on.press(key)
        await on.until(lambda: on.output.scroll_offset.y == on.output.max_scroll_y)
        await on.until(lambda: str(on.output.border_title) == "Output")
        await on.server.output(A, b"still more\n" * 50)
        await on.until(lambda: on.output.scroll_offset.y == on.output.max_scroll_y > 130)


async def test_lines_that_were_sent_can_be_recalled() -> None:
    async with app_in_room() as on:
        submit = await run(on)
        await on.server.started(submit.job)
        await on.until(lambda: on.answer.has_focus)
        await on.press("1", "enter", "2", "enter", "up", "up")
        assert on.answer.value == "1"
        await on.press("down", "down")
        assert on.answer.value == ""


async def test_any_member_types_into_a_shared_program_and_can_choose_which() -> None:
    async with app_in_room() as on:
        for job, name in ((A, "ben"), (B, "zoe")):
            await on.server.submitted(job_summary(job, name=name))
            await on.server.started(job)
        await on.until(lambda: on.label() == "zoe: main.py >")
        await on.room.run_action("perform('next_target')")
        assert on.label() == "ben: main.py >"
        await on.press("f7", "x", "enter")
        assert (await on.server.wait_for(StdinData)).job == A


async def test_prepared_input_goes_along() -> None:
    async with app_in_room() as on:
        await on.press("f7")
        assert on.stdin.prepared.has_focus
        await on.press("4", "2", "enter", "f5")
        submit = await on.server.wait_for(Submit)
        assert (submit.stdin, submit.tty, submit.stdin_size) == (StdinMode.CLOSED, False, 3)
        assert on.server.bodies[submit.job].endswith(b"42\n")
        assert on.stdin.prepared.has_focus


async def test_a_large_program_arrives_whole() -> None:
    async with app_in_room() as on:
        text = "x = 1\n" * 50_000
        on.editor.load_text(text)
        await on.press("ctrl+r")
        submit = await on.server.wait_for(Submit)
        await on.until(lambda: len(on.server.bodies[submit.job]) == len(text))


async def test_what_others_run_is_seen_in_the_order_in_which_it_started() -> None:
    async with app_in_room() as on:
        for job, name in ((A, "ben"), (B, "zoe")):
            await on.server.submitted(job_summary(job, name=name))
        await on.server.started(B, JobState.COMPILING)
        await on.server.output(B, b"warning\n", Stream.COMPILER)
        await on.server.started(A)
        await on.server.started(B)
        await on.server.output(A, b"a1\n")
        await on.server.output(B, b"b1\n")
        await on.until(lambda: len(on.rows()) == 6)
        assert on.rows() == [
            "== zoe main.py Python 3", "warning", "b1", "", "== ben main.py Python 3", "a1",
        ]  # fmt: skip


async def test_the_queue_says_who_waits_where_and_how_jobs_ended() -> None:
    async with app_in_room(columns=160, lines=48) as on:
        for number in (1, 2, 3):
            await on.server.submitted(job_summary(job_id(number), name=f"m{number}"))
        await on.server.started(A)
        await on.until(lambda: len(on.queued()) == 3 and "running" in on.queued()[0])
        assert [row.split()[1:4] for row in on.queued()] == [
            ["m1", "main.py", "running"], ["m2", "main.py", "waits"], ["m3", "main.py", "waits"],
        ]  # fmt: skip
        assert "#1" in on.queued()[1]
        assert on.queued()[1].endswith("0:00")
        await on.server.finished(A, Result(Verdict.TIME_LIMIT, "too slow", wall_seconds=5.0))
        await on.until(lambda: "time limit" in on.queued()[-1])
        assert "1 of 3 running" not in str(on.queue.border_title)


async def test_our_programs_terminals_are_as_large_as_the_output_pane() -> None:
    async with app_in_room(columns=120, lines=40) as on:
        submit = await run(on)
        assert submit.window == on.output.window
        await on.server.started(submit.job)
        await on.press("f4")  # all of the screen
        await on.until(lambda: on.output.window and on.output.window.columns > 100)
        resize = await on.server.wait_for(Resize, lambda m: m.window == on.output.window)
        assert resize.job == submit.job


async def test_a_newcomer_sees_a_running_program_from_its_beginning() -> None:
    server = RoomServer()
    server.jobs[A] = job_summary(A, state=JobState.QUEUED)
    server.outputs[A] = []
    await server.started(A)
    await server.output(A, b"line\n" * 1000)
    async with app_in_room(server) as on:
        await on.until(lambda: len(on.rows()) == 1001)
        assert on.label() == "ben: main.py >"
        await server.output(A, b"more\n")
        await server.finished(A)
        await on.until(lambda: "ok" in on.rows()[-1])
        assert on.rows()[1:-1] == ["line"] * 1000 + ["more"]


async def test_a_newcomer_misses_nothing_that_comes_while_the_beginning_is_fetched() -> None:
    server = RoomServer()
    server.jobs[A] = job_summary(A)
    server.outputs[A] = []
    await server.started(A)
    await server.output(A, b"".join(b"%06d\n" % n for n in range(30_000)))

    async def go_on() -> None:
        await server.output(A, b"".join(b"%06d\n" % n for n in range(30_000, 31_000)))
        await server.finished(A)

    server.upon_entry = go_on
    async with app_in_room(server) as on:
        await on.until(lambda: on.rows() and on.rows()[-2:-1] == ["030999"])
        numbers = [int(row) for row in on.rows()[1:-1]]
        assert len(numbers) == 20_000
        assert numbers == list(range(11_000, 31_000))


async def test_a_newcomer_sees_the_end_of_the_last_program() -> None:
    server = RoomServer()
    for job, size in ((A, 10), (B, 100_000)):
        server.jobs[job] = job_summary(job)
        server.outputs[job] = []
        await server.started(job)
        await server.output(job, b"x" * (size - 1) + b"\n")
        await server.finished(job)
    async with app_in_room(server) as on:
        fetch = await server.wait_for(FetchOutput)
        assert (fetch.job, fetch.offset) == (B, 100_000 - 65_536)
        await on.until(lambda: len(on.rows()) > 3)
        assert on.rows()[1] == "… 34.5 kB before this are not shown …"
        assert "ok" in on.rows()[-1]


async def test_output_of_an_older_job_is_shown_on_demand() -> None:
    server = RoomServer()
    for job in (A, B):
        server.jobs[job] = job_summary(job)
        server.outputs[job] = []
        await server.started(job)
        await server.output(job, job[:8].encode())
        await server.finished(job)
    async with app_in_room(server, columns=160, lines=48) as on:
        await on.until(lambda: len(on.queued()) == 2 and len(on.rows()) == 3)
        on.queue.focus()
        await on.press("end", "enter")
        await on.until(lambda: "00000001" in on.rows())


async def test_skipped_output_is_marked() -> None:
    async with app_in_room() as on:
        await on.server.submitted(job_summary(A))
        await on.server.started(A)
        await on.server.output(A, b"before\n")
        await on.server.skipped_output(A, 1_234_567)
        await on.server.output(A, b"after\n")
        await on.until(lambda: "after" in on.rows())
        assert on.rows()[1:] == ["before", "… 1.2 MB skipped …", "after"]


async def test_the_end_of_skipped_output_is_fetched_when_the_program_has_ended() -> None:
    async with app_in_room() as on:
        await on.server.submitted(job_summary(A))
        await on.server.started(A)
        await on.server.output(A, b"before\n")
        await on.server.skipped_output(A, 100_000)
        await on.server.finished(A)
        await on.until(lambda: len(on.rows()) > 4 and "\u2713" in on.rows()[-1])
        assert on.rows()[1:3] == ["before", "… 34.5 kB skipped …"]
        assert sum(row.count("?") for row in on.rows()) == 4096  # of 65,536 in one line
        assert on.server.received == [FetchOutput(A, 7 + 100_000 - 65_536)]


async def test_members_come_and_go() -> None:
    async with app_in_room(columns=160, lines=48) as on:
        await on.server.members_are(Member(1, "ana", "host"), Member(2, "ben", "viewer", 1))
        await on.until(lambda: on.members() == "● ana (you)  line 1  host\n● ben  viewer")


async def test_being_cut_off_is_told_and_ends() -> None:
    async with app_in_room() as on:
        await on.server.close()
        await on.until(lambda: not on.state.is_online)
        assert "retry in" in on.state.connection or "trying" in on.state.connection
        await on.press("f8")
        await on.server.open()
        await on.until(lambda: on.state.is_online)


async def test_what_happened_while_we_were_cut_off_is_shown_once() -> None:
    async with app_in_room() as on:
        await on.server.submitted(job_summary(A))
        await on.server.started(A)
        await on.server.output(A, b"one\n")
        await on.until(lambda: "one" in on.rows())
        on.server.cut()
        await on.until(lambda: not on.state.is_online or not on.server.connections)
        await on.server.output(A, b"two\n")
        await on.server.finished(A)
        await on.until(lambda: "\u2713" in on.rows()[-1])
        assert on.rows()[1:-1] == ["one", "two"]


async def test_h33_a_refused_run_states_the_limit_and_when_to_try_again() -> None:
    server = RoomServer()
    limit, retry = "This room's share of the queue is full (12 jobs).", "Try again in about 20 s."
    server.room.rejection = Rejected("", Code.QUEUE_FULL, limit, retry, 20.0)
    async with app_in_room(server) as on:
        assert on.app.size == (80, 24)
        await on.press("f5")
        await on.until(lambda: f"{limit}\n{retry}" in on.notices())
        toast = on.app.screen.query_one(Toast)
        await on.until(lambda: toast.size.height >= 2)
        assert on.app.screen.region.contains_region(toast.region), "all of it is on the screen"
        assert on.editor.has_focus


async def test_a_viewer_is_told_so() -> None:
    server = RoomServer()
    server.room.role = Role.VIEWER
    server.room.members = (Member(1, "ana", "viewer"),)
    async with app_in_room(server) as on:
        assert on.state.role == "viewer"
        await on.press("f5")
        await on.until(lambda: any("viewer" in notice for notice in on.notices()))
        assert not server.received


async def test_nothing_is_run_from_an_empty_editor() -> None:
    async with app_in_room() as on:
        await on.write(" \n")
        await on.press("f5")
        await on.until(lambda: any("empty" in notice for notice in on.notices()))


async def test_notices_and_faults_are_shown_as_plain_text() -> None:
    async with app_in_room() as on:
        await on.server.notice("warning", "[bold]down[/] in \x1b[31m1 min")
        await on.until(lambda: "[bold]down[/] in ␛[31m1 min" in on.notices())


async def test_every_member_is_told_when_there_is_no_sandbox() -> None:
    server = RoomServer()
    server.room.executor = ExecutorInfo("local", False, "code runs unsandboxed as eve@lab")
    async with app_in_room(server) as on:
        assert on.room.query_one(Banner).display
        assert "code runs unsandboxed as eve@lab" in on.room.query_one(Banner).render().plain
        assert "not sandboxed" in on.status()


async def test_the_language_is_picked_and_untouched_text_changes_with_it() -> None:
    async with app_in_room() as on:
        await on.press("f2")
        await on.until(lambda: isinstance(on.app.screen, LanguagePicker))
        await on.press("down", "down", "enter")
        await on.until(lambda: on.editor.text == CPP.starter)
        await on.until(lambda: on.editor.syntax_name == "cpp")
        assert on.state.language == "C++"


async def test_what_somebody_typed_stays_when_the_language_changes() -> None:
    async with app_in_room() as on:
        await on.write("mine")
        await on.press("f2", "end", "enter")
        await on.until(lambda: on.state.language == "Java")
        assert on.editor.text == "mine"


async def test_a_file_is_opened_at_the_start_in_its_language(tmp_path: Path) -> None:
    path = tmp_path / "solve.cpp"
    path.write_text("int main() { return 3; }\n")
    async with app_in_room(file=path) as on:
        await on.until(lambda: on.state.language == "C++" and on.state.file == "solve.cpp")
        assert on.editor.text == "int main() { return 3; }\n"
        submit = await run(on)
        assert submit.files[0].name == "solve.cpp"


async def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    async with app_in_room(file=tmp_path / "none.py") as on:
        await on.until(lambda: any("Cannot open" in notice for notice in on.notices()))
        await on.until(lambda: on.editor.text == PYTHON.starter)


async def test_text_is_saved_and_opened_again(tmp_path: Path) -> None:
    async with app_in_room() as on:
        await on.write("print('é')\n")
        await on.press("ctrl+s")
        line = on.app.screen.query_one(Input)
        assert line.value == "main.py"
        line.value = str(tmp_path / "a.py")
        await on.press("enter")
        await on.until(lambda: (tmp_path / "a.py").exists() and on.state.file == "a.py")
        assert (tmp_path / "a.py").read_text() == "print('é')\n"
        await on.write("changed")
        assert "a.py *" in on.status()
        await on.press("ctrl+s")
        await on.until(lambda: (tmp_path / "a.py").read_text() == "changed")


async def test_leaving_asks_once_when_the_room_and_its_text_end_with_us() -> None:
    async with app_in_room(join_line="codesync join ws://127.0.0.1/a#b") as on:
        await on.write("mine")
        await on.press("ctrl+q")
        await on.until(lambda: any("not saved" in notice for notice in on.notices()))
        await on.press("ctrl+q")
        await on.until(lambda: on.app.return_value == 0)


OURS = "codesync join ws://127.0.0.1/a#b"


async def test_leaving_a_room_of_ours_that_is_kept_does_not_ask() -> None:
    async with app_in_room(join_line=OURS, is_room_persistent=True) as on:
        await on.write("mine")
        await on.press("ctrl+q")
        await on.until(lambda: on.app.return_value == 0)


async def test_leaving_asks_when_the_file_has_not_what_the_room_has(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("then")
    async with app_in_room(join_line=OURS, is_room_persistent=True, file=tmp_path / "a.py") as on:
        await on.until(lambda: on.editor.text == "then")
        await on.write("now")
        await on.press("ctrl+q")
        await on.until(lambda: any("a.py is not saved" in notice for notice in on.notices()))
        await on.press("ctrl+s")
        await on.until(lambda: (tmp_path / "a.py").read_text() == "now")
        await on.press("ctrl+q")
        await on.until(lambda: on.app.return_value == 0)


async def test_leaving_asks_while_the_room_is_not_kept_although_it_should() -> None:
    async with app_in_room(join_line=OURS, is_room_persistent=True) as on:
        await on.server.say(Saving("the disk is full"))
        await on.until(lambda: on.state.is_not_persisted)
        await on.write("mine")
        await on.press("ctrl+q")
        await on.until(lambda: any("not saved" in notice for notice in on.notices()))


async def test_leaving_asks_when_others_would_be_put_out_of_a_room_of_ours() -> None:
    async with app_in_room(columns=160, lines=48, join_line=OURS, is_room_persistent=True) as on:
        await on.server.members_are(Member(1, "ana", "host"), Member(2, "ben", "editor", 1))
        await on.until(lambda: "ben" in on.members())
        await on.press("ctrl+q")
        await on.until(lambda: any("ben is here, and the room closes" in n for n in on.notices()))
        await on.press("ctrl+q")
        await on.until(lambda: on.app.return_value == 0)


async def test_leaving_somebody_elses_room_does_not_ask() -> None:
    async with app_in_room() as on:
        await on.write("mine")
        await on.press("ctrl+q")
        await on.until(lambda: on.app.return_value == 0)


async def test_leaving_does_not_ask_when_nothing_would_be_lost() -> None:
    async with app_in_room() as on:
        await on.press("ctrl+q")
        await on.until(lambda: on.app.return_value == 0)


async def test_a_terminal_that_is_too_small_is_told_and_recovers() -> None:
    async with app_in_room(columns=39, lines=24) as on:
        assert isinstance(on.app.screen, TooSmallScreen)
        await on.pilot.resize_terminal(80, 24)
        await on.until(lambda: not isinstance(on.app.screen, TooSmallScreen))
        assert on.editor.has_focus
        await on.pilot.resize_terminal(80, 11)
        await on.until(lambda: isinstance(on.app.screen, TooSmallScreen))


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (160, 48), (40, 12)])
async def test_every_pane_can_be_reached_with_the_keyboard(columns: int, lines: int) -> None:
    async with app_in_room(columns=columns, lines=lines) as on:
        seen: set[str] = set()
        for key in ("f4", "f3") if columns < 120 else ("f1", "escape"):
            await on.press(key)
            for _ in range(8):
                await on.press("f6")
                assert on.room.focused is not None
                seen.add(on.room.focused.id or "")
        assert seen >= {"editor", "output", "queue", "members"}


async def test_a_pane_that_is_hidden_gives_the_focus_back() -> None:
    async with app_in_room(columns=160, lines=48) as on:
        on.queue.focus()
        await on.until(lambda: on.queue.has_focus)
        await on.press("f3")
        await on.until(lambda: on.editor.has_focus)


def shown(on: AppInRoom) -> str:
    """What the dialog says."""
    return "\n".join(str(each.content) for each in on.app.screen.query(Static))


async def test_the_invitation_is_shown_and_copied() -> None:
    line = "codesync join ws://127.0.0.1:4000/brave-otter-12#TOKEN"
    async with app_in_room(join_line=line) as on:
        await on.until(lambda: any(line in notice for notice in on.notices()))
        assert on.editor.has_focus
        await on.press("f9")
        await on.until(lambda: "#editors-" in shown(on))
        await on.press("c")
        await on.until(lambda: any("Copied the line" in notice for notice in on.notices()))
        fresh = line.replace("TOKEN", f"editors-{on.server.room.token}")
        assert on.app.clipboard == fresh, "what a host did to members ends older ones"


async def test_a_host_invites_those_who_only_look_on() -> None:
    async with app_in_room() as on:
        await on.press("f9", "v")
        await on.until(lambda: "#viewers-" in shown(on))
        await on.press("c")
        await on.until(lambda: on.app.clipboard.startswith("codesync join ws://127.0.0.1:"))
        assert on.app.clipboard.endswith(f"#viewers-{on.server.room.token}")


async def test_without_a_connection_the_line_that_is_known_is_shown() -> None:
    line = "codesync join ws://127.0.0.1:4000/brave-otter-12#TOKEN"
    async with app_in_room(join_line=line) as on:
        await on.server.close()
        await on.until(lambda: not on.state.is_online)
        await on.press("f9")
        await on.until(lambda: line in shown(on))
        await on.press("v")
        await on.until(lambda: "not connected" in shown(on))
        assert line not in shown(on)
        await on.press("e")
        await on.until(lambda: line in shown(on))
