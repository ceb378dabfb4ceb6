"""The panes show the events of the room."""

import pytest

from codesync_protocol.messages import (
    ExecutorInfo,
    FetchOutput,
    JobState,
    Member,
    Role,
    Stream,
)
from codesync_protocol.verdict import Result, Verdict
from codesync_tui.panels.banner import Banner
from tests.tui.app_in_room import app_in_room
from tests.tui.room_server import RoomServer, job_id, job_summary

A, B = job_id(1), job_id(2)


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


@pytest.mark.usefixtures("time_stands_still")
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


async def test_a_viewer_is_told_so() -> None:
    server = RoomServer()
    server.room.role = Role.VIEWER
    server.room.members = (Member(1, "ana", "viewer"),)
    async with app_in_room(server) as on:
        assert on.state.role == "viewer"
        await on.press("f5")
        await on.until(lambda: any("viewer" in notice for notice in on.notices()))
        assert not server.received


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
