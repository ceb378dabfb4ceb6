"""F8 ends the own program, the selected one, or after a notice one of others."""

from codesync_protocol.messages import Cancel, JobState, Member, Role
from tests.tui.app_in_room import AppInRoom, app_in_room
from tests.tui.room_server import RoomServer, job_id, job_summary

A, B, C = job_id(1), job_id(2), job_id(3)


def cancelled(on: AppInRoom) -> list[str]:
    """The jobs that were to be ended."""
    return [message.job for message in on.server.received if isinstance(message, Cancel)]


async def runs(on: AppInRoom, job: str, name: str = "ben", member: int = 2) -> None:
    await on.server.submitted(job_summary(job, name=name, member=member))
    await on.server.started(job)
    await on.until(lambda: on.room.query("#queue") and any(name in row for row in on.queued()))


async def test_it_ends_our_latest_run_wherever_the_focus_is() -> None:
    async with app_in_room() as on:
        await runs(on, A, "ana", 1)
        await runs(on, B, "ana", 1)
        await runs(on, C, "ben", 2)
        await on.press("f8")
        await on.until(lambda: cancelled(on) == [B])
        await on.until(lambda: any("■ cancelled" in row for row in on.rows()))


async def test_in_the_queue_it_ends_the_selected_one() -> None:
    async with app_in_room(columns=160, lines=48) as on:
        await runs(on, A, "ana", 1)
        await runs(on, B)
        on.queue.focus()
        await on.until(lambda: on.queue.has_focus)
        await on.press("home", "down", "f8")
        await on.until(lambda: cancelled(on) == [B])


async def test_when_nothing_is_ours_it_shows_what_others_run_and_ends_it_the_next_time() -> None:
    async with app_in_room() as on:
        await on.server.submitted(job_summary(A))
        await on.server.started(A)
        await on.server.finished(A)
        await runs(on, B)
        assert not on.queue.is_on_screen
        await on.press("f8")
        await on.until(lambda: on.queue.is_on_screen and on.queue.has_focus)
        assert on.queue.selected_job == B
        await on.until(lambda: any("F8 once more ends ben's main.py" in n for n in on.notices()))
        assert cancelled(on) == []
        await on.press("f8")
        await on.until(lambda: cancelled(on) == [B])


async def test_what_others_run_is_shown_on_the_smallest_screen_too() -> None:
    async with app_in_room(columns=40, lines=12) as on:
        await runs(on, A)
        await on.press("f8")
        await on.until(lambda: on.queue.is_on_screen and on.queue.has_focus)
        await on.press("f8")
        await on.until(lambda: cancelled(on) == [A])


async def test_it_says_so_when_nothing_waits_or_runs() -> None:
    async with app_in_room() as on:
        await on.press("f8")
        await on.until(lambda: "Nothing waits or runs." in on.notices())


async def test_a_program_that_has_ended_is_said_to() -> None:
    async with app_in_room(columns=160, lines=48) as on:
        await runs(on, A)
        await on.server.finished(A)
        await on.until(lambda: "ok" in on.queued()[0])
        on.queue.focus()
        await on.until(lambda: on.queue.has_focus)
        await on.press("f8")
        await on.until(lambda: "Ben's main.py has ended already." in on.notices())
        assert cancelled(on) == []


async def test_who_comes_to_the_queue_finds_what_can_be_ended_selected() -> None:
    async with app_in_room(columns=160, lines=48) as on:
        await runs(on, A)
        on.queue.focus()
        await on.until(lambda: on.queue.selected_job == A)
        on.editor.focus()
        await on.server.finished(A)
        await runs(on, B)
        await on.server.submitted(job_summary(C, state=JobState.QUEUED))
        await on.until(lambda: len(on.queued()) == 3)
        assert on.queue.selected_job == A, "a selection stays with its job"
        on.queue.focus()
        await on.until(lambda: on.queue.selected_job == B)


async def test_a_viewer_is_told_to_be_one() -> None:
    server = RoomServer()
    server.room.role = Role.VIEWER
    server.room.members = (Member(1, "ana", "viewer"), Member(2, "ben", "host", 1))
    async with app_in_room(server) as on:
        await on.server.submitted(job_summary(A))
        await on.server.started(A)
        await on.until(lambda: on.rows())
        await on.press("f8")
        await on.until(lambda: any("viewer" in notice for notice in on.notices()))
        assert not on.queue.has_focus
