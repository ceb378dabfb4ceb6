"""The status line reports programs whose output is hidden or that wait for input."""

import pytest

from codesync_protocol.messages import Member, StdinMode
from codesync_protocol.verdict import Result, Verdict
from codesync_tui.room import job_status
from tests.tui.app_in_room import AppInRoom, app_in_room
from tests.tui.room_server import RoomServer, job_id, job_summary

A, B = job_id(1), job_id(2)
ANA, BEN, ZOE = Member(1, "ana", "host"), Member(2, "ben", "editor", 1), Member(3, "zoe", "editor")


def three() -> RoomServer:
    """A room with three members."""
    server = RoomServer()
    server.room.members = (ANA, BEN, ZOE)
    return server


async def waits(on: AppInRoom, *jobs: str) -> None:
    """These programs wait for input."""
    on.server.awaiting = set(jobs)
    await on.server.say_queue()


async def test_what_others_run_is_said_and_how_it_ended_for_some_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with app_in_room() as on:
        await on.server.submitted(job_summary(A))
        await on.server.started(A)
        await on.until(lambda: "ben: main.py runs" in on.state.program)
        await on.server.finished(A)
        await on.until(lambda: "ben: main.py ✓ ok" in on.state.program)
        await on.server.submitted(job_summary(B, file_name="sort.py"))
        await on.server.started(B)
        await on.server.finished(B, Result(Verdict.RUNTIME_ERROR, "exit code 1", exit_code=1))
        await on.until(lambda: "ben: sort.py ✗ runtime error" in on.state.program)
        monkeypatch.setattr(job_status, "ENDED_SECONDS", 0.0)
        await on.server.submitted(job_summary(A))
        await on.server.started(A)
        await on.server.finished(A)
        await on.until(lambda: not on.state.program)


async def test_what_the_output_shows_is_not_said_again() -> None:
    async with app_in_room() as on:
        await on.press("f4")
        await on.server.submitted(job_summary(A))
        await on.server.started(A)
        await on.until(lambda: on.rows())
        assert "runs" not in on.status()
        await on.press("f4", "f4")
        await on.until(lambda: "ben: main.py runs" in on.state.program)


async def test_who_may_answer_is_asked_and_others_see_who_is() -> None:
    async with app_in_room(three(), columns=120) as on:
        await on.server.submitted(job_summary(A, member=1, name="ana", holder=1))
        await on.server.started(A)
        await waits(on, A)
        await on.until(lambda: "main.py waits for you" in on.state.program)
        await on.server.held(A, 3, "zoe")
        await on.until(lambda: "main.py waits for zoe" in on.state.program)
        await waits(on)
        await on.until(lambda: "waits" not in on.state.program)


async def test_h32_a_program_that_sleeps_is_idle_and_one_without_a_place_says_why() -> None:
    async with app_in_room(columns=160, lines=48) as on:
        await on.server.submitted(job_summary(A, member=1, name="ana"))
        await on.server.started(A)
        await on.server.submitted(job_summary(B, member=1, name="ana"))
        on.server.idle.add(A)
        on.server.held_up[B] = "programs with a terminal: 1 in this room, the limit"
        await waits(on)
        await on.until(lambda: any("idle" in row for row in on.queued()))
        await on.until(lambda: any("#1 held up" in row for row in on.queued()))
        await on.until(lambda: "main.py waits: programs with a terminal: 1" in on.state.program)


async def test_a_program_that_nobody_may_answer_just_waits() -> None:
    async with app_in_room(columns=160, lines=48) as on:
        await on.server.submitted(job_summary(A))
        await on.server.submitted(job_summary(B, stdin=StdinMode.CLOSED))
        await on.server.started(A)
        await waits(on, A)
        await on.until(lambda: any("wants input" in row for row in on.queued()))
        assert "ben: main.py waits for input" in on.status()
        on.server.turn_seconds = 20.0
        await waits(on)
        await on.until(lambda: "running" in on.queued()[0])
        assert "#1 in 20s" in on.queued()[1]
        assert "waits for input" not in on.status()


async def test_at_80_columns_the_first_keys_stay_beside_what_waits() -> None:
    async with app_in_room(three()) as on:
        await on.server.submitted(job_summary(A, holder=1))
        await on.server.started(A)
        await waits(on, A)
        await on.until(lambda: "ben: main.py waits for you" in on.state.program)
        for word in ("synced", "Python 3", "F5 run", "F1 help"):
            assert word in on.status()
        assert len(on.status()) == 80


async def test_input_that_is_prepared_is_said_wherever_it_is_not_seen() -> None:
    async with app_in_room() as on:
        await on.press("f7", "4", "2", "enter")
        await on.until(lambda: "3 bytes" in str(on.stdin.border_title))
        assert "prepared" not in on.status()
        await on.press("f7")
        await on.until(lambda: on.state.prepared == "3 bytes")
        await on.press("f4", "f4", "f4")
        assert on.state.prepared == "3 bytes"


async def test_a_run_that_gets_prepared_input_says_so_in_its_heading() -> None:
    async with app_in_room() as on:
        await on.press("f7", "4", "2", "enter", "f5")
        await on.until(lambda: on.server.jobs)
        job = next(iter(on.server.jobs))
        await on.server.started(job)
        await on.until(lambda: on.rows())
        assert "with 3 bytes of prepared input" in on.output.transcript.caption(job)
        await on.server.submitted(job_summary(B, stdin=StdinMode.CLOSED))
        await on.server.started(B)
        await on.until(lambda: B in on.output.transcript)
        assert "prepared" not in on.output.transcript.caption(B)
