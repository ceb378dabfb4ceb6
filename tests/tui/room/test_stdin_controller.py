"""Input is typed into running programs."""

import pytest

from codesync_protocol.messages import (
    Interrupt,
    Member,
    StdinData,
    StdinEnd,
    StdinMode,
    TakeStdin,
)
from tests.tui.app_in_room import app_in_room
from tests.tui.room.running import run
from tests.tui.room_server import PYTHON, job_id, job_summary

A, B = job_id(1), job_id(2)


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
