"""A member of a room on a real server, over a faulty network."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from codesync_client import (
    Connected,
    DialOptions,
    Disconnected,
    EntryRefused,
    Offline,
    OutputSkipped,
    Room,
    Submission,
    SubmissionRejected,
)
from codesync_client.errors import ServerNotProved
from codesync_protocol.errors import Code
from codesync_protocol.limits import STDIN_WINDOW
from codesync_protocol.links import Link
from codesync_protocol.messages import (
    Accepted,
    Fault,
    Finished,
    RemoveMember,
    Role,
    Started,
    StdinMode,
    Submitted,
)
from codesync_protocol.verdict import Verdict
from tests.client.watching import watching
from tests.programs import SECONDS, python, submit_and_wait
from tests.proxy import Proxy, proxy_to
from tests.servers import RunningServer, running_server

ECHO = """\
import sys
for line in sys.stdin:
    print('got', line.strip(), flush=True)
"""
HASH = """\
import hashlib, sys
print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())
"""


@pytest.fixture
async def server() -> AsyncGenerator[RunningServer, None]:
    async with running_server() as server:
        yield server


@pytest.fixture
async def proxy(server: RunningServer) -> AsyncGenerator[Proxy, None]:
    async with proxy_to(port_of(server)) as proxy:
        yield proxy


def port_of(server: RunningServer) -> int:
    return int(server.app.address.rpartition(":")[2])


def far_room(server: RunningServer, proxy: Proxy, name: str = "ana") -> Room:
    """A member whose connection goes through the proxy."""
    return Room(replace(server.link(), server=f"ws://127.0.0.1:{proxy.port}"), name=name)


def returns(events: list[Connected]) -> list[bool]:
    """Of each return, whether it was resumed."""
    return [event.welcome.resumed for event in events if event.again]


# Cuts.


async def test_after_a_cut_exactly_what_was_missed_follows(
    server: RunningServer, proxy: Proxy
) -> None:
    submission = python(ECHO, stdin=StdinMode.SHARED)
    async with (
        watching(server.room("ben")) as ben,
        watching(far_room(server, proxy)) as ana,
    ):
        await ben.room.submit(submission)
        await ben.room.send_stdin(submission.job, b"one\n")
        await ana.until(lambda: ana.output(submission.job) == b"got one\n")
        proxy.cut(reachable=False)
        await ana.until_any(Disconnected)
        await ben.room.send_stdin(submission.job, b"two\n")
        await ben.until(lambda: ben.output(submission.job) == b"got one\ngot two\n")
        ben.room.end_stdin(submission.job)
        await ben.until_finished(submission.job)
        proxy.restore()
        await ana.until_finished(submission.job)
        assert ana.story() == ben.story()
        assert returns(ana.of(Connected)) == [True]
        assert ana.room.welcome.member == ana.of(Connected)[0].welcome.member
        assert ana.room.connected


async def test_many_cuts_in_a_flood_of_output_lose_and_repeat_nothing(
    server: RunningServer, proxy: Proxy
) -> None:
    lines = 4000
    submission = python(
        "import time\n"
        f"for n in range({lines}):\n"
        "    print(f'line {n:06}', flush=n % 10 == 0)\n"
        "    if n % 10 == 0: time.sleep(0.002)\n"
    )
    async with watching(far_room(server, proxy)) as ana:
        ana.room.follow(submission.job)
        await ana.room.submit(submission)
        for _ in range(4):
            await proxy.received(5000)
            proxy.cut()
        await ana.until_finished(submission.job)
        expected = "".join(f"line {n:06}\n" for n in range(lines)).encode()
        assert ana.output(submission.job) == expected
        assert ana.of(OutputSkipped) == []
        assert len(returns(ana.of(Connected))) == 4


async def test_a_cable_that_is_pulled_is_noticed_by_its_silence(
    server: RunningServer, proxy: Proxy
) -> None:
    link = far_room(server, proxy).link
    async with watching(Room(link, name="ana", options=DialOptions(ping_seconds=0.5))) as ana:
        proxy.stall()
        await ana.until_any(Disconnected)
        proxy.cut()
        proxy.flow()
        await ana.until(lambda: returns(ana.of(Connected)) == [True])


async def test_a_submission_made_during_a_cut_runs_once(
    server: RunningServer, proxy: Proxy
) -> None:
    submission = python("print('ran')")
    async with (
        watching(server.room("ben")) as ben,
        watching(far_room(server, proxy)) as ana,
    ):
        proxy.cut(reachable=False)
        await ana.until_any(Disconnected)
        async with asyncio.TaskGroup() as tasks:
            answer = tasks.create_task(ana.room.submit(submission))
            await asyncio.sleep(0)
            proxy.restore()
        assert answer.result().job == submission.job
        await ana.until_finished(submission.job)
        await ben.until_finished(submission.job)
        assert len(ben.of(Submitted)) == 1
        assert ben.output(submission.job) == ana.output(submission.job) == b"ran\n"


async def test_a_submission_whose_answer_was_lost_runs_once(
    server: RunningServer, proxy: Proxy
) -> None:
    submission = python("print('ran')")
    async with (
        watching(server.room("ben")) as ben,
        watching(far_room(server, proxy)) as ana,
    ):
        proxy.stall(up=False)  # what ana says arrives; what she is told does not
        async with asyncio.TaskGroup() as tasks:
            answer = tasks.create_task(ana.room.submit(submission))
            await ben.until_finished(submission.job)
            assert not answer.done()
            proxy.cut()
            proxy.flow()
        assert answer.result().job == submission.job
        await ana.until_finished(submission.job)
        assert len(ben.of(Submitted)) == len(ana.of(Submitted)) == 1
        assert ana.output(submission.job) == b"ran\n"


async def test_a_large_submission_that_is_cut_off_is_sent_again(
    server: RunningServer, proxy: Proxy
) -> None:
    prepared = bytes(range(256)) * 20_000
    submission = python(HASH, prepared=prepared)
    async with watching(far_room(server, proxy)) as ana:
        proxy.delay = 0.005
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(ana.room.submit(submission))
            for _ in range(2):
                await proxy.sent(500_000)
                proxy.cut()
            proxy.delay = 0.0
        await ana.until_finished(submission.job)
        assert ana.output(submission.job).decode().strip() == hashlib.sha256(prepared).hexdigest()


async def test_stdin_that_is_cut_off_arrives_once(server: RunningServer, proxy: Proxy) -> None:
    data = secrets.token_bytes(2_000_000)
    submission = python(HASH, stdin=StdinMode.PIPED)
    async with watching(far_room(server, proxy)) as ana:
        await ana.room.submit(submission)
        proxy.delay = 0.002
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(ana.room.send_stdin(submission.job, data))
            for _ in range(3):
                await proxy.sent(300_000)
                proxy.cut()
        ana.room.end_stdin(submission.job)
        await ana.until_finished(submission.job)
        assert ana.output(submission.job).decode().strip() == hashlib.sha256(data).hexdigest()
        assert ana.of(Fault) == []


async def test_typing_goes_on_when_the_news_of_what_was_taken_is_lost_in_a_cut(
    server: RunningServer, proxy: Proxy
) -> None:
    window = bytes(STDIN_WINDOW)
    submission = python(
        "import sys\n"
        f"print('taken', len(sys.stdin.buffer.read({STDIN_WINDOW})), flush=True)\n"
        "print('rest', len(sys.stdin.buffer.read()))\n",
        stdin=StdinMode.PIPED,
    )
    async with (
        watching(server.room("ben")) as ben,
        watching(far_room(server, proxy)) as ana,
    ):
        await ana.room.submit(submission)
        await ana.until_any(Started)
        proxy.stall(up=False)
        await ana.room.send_stdin(submission.job, window)
        await ben.until(lambda: b"taken" in ben.output(submission.job))
        proxy.cut()
        proxy.flow()
        async with asyncio.timeout(SECONDS):
            await ana.room.send_stdin(submission.job, window)
            await ana.room.send_stdin(submission.job, window)
        ana.room.end_stdin(submission.job)
        await ana.until_finished(submission.job)
        assert ana.output(submission.job).split() == [
            b"taken",
            str(STDIN_WINDOW).encode(),
            b"rest",
            str(2 * STDIN_WINDOW).encode(),
        ]


async def test_the_end_of_stdin_that_is_said_again_after_a_cut_is_no_fault(
    server: RunningServer, proxy: Proxy
) -> None:
    submission = python(
        "import sys, time; print(sys.stdin.read(), flush=True); time.sleep(2)",
        stdin=StdinMode.PIPED,
    )
    async with (
        watching(server.room("ben")) as ben,
        watching(far_room(server, proxy)) as ana,
    ):
        await ana.room.submit(submission)
        await ana.until_any(Started)
        proxy.stall(up=False)
        await ana.room.send_stdin(submission.job, b"typed")
        ana.room.end_stdin(submission.job)
        await ben.until(lambda: ben.output(submission.job) == b"typed\n")
        proxy.cut()
        proxy.flow()
        await ana.until_finished(submission.job)
        assert ana.of(Fault) == []


# Servers that come back as others.


@pytest.fixture
def one_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """All servers of this test have the same token, as one that is started again has."""

    def secret(_: int) -> str:
        return "s" * 43

    monkeypatch.setattr(secrets, "token_urlsafe", secret)


@pytest.mark.usefixtures("one_secret")
async def test_a_server_that_is_started_again_has_lost_what_ran() -> None:
    submission = python(ECHO, stdin=StdinMode.SHARED)
    async with running_server() as first, proxy_to(port_of(first)) as proxy:
        async with watching(far_room(first, proxy)) as ana:
            done = python("print('done')")
            await ana.room.submit(done)
            await ana.until_finished(done.job)
            await ana.room.submit(submission)
            await ana.until(lambda: len(ana.of(Started)) == 2)
            async with running_server() as second:
                proxy.target = port_of(second)
                proxy.cut()
                ended = await ana.until_finished(submission.job)
                assert ended.result.verdict is Verdict.LOST
                assert returns(ana.of(Connected)) == [False]
                assert [e.result.verdict for e in ana.of(Finished)] == [Verdict.OK, Verdict.LOST]
                assert list(ana.room.jobs) == []
                again = python("print('again')")
                await ana.room.submit(again)
                await ana.until_finished(again.job)
                assert ana.output(again.job) == b"again\n"


@pytest.mark.usefixtures("one_secret")
async def test_a_submission_under_way_when_the_server_is_started_again_runs_there() -> None:
    submission = python("print('ran')")
    async with running_server() as first, proxy_to(port_of(first)) as proxy:
        async with watching(far_room(first, proxy)) as ana:
            proxy.stall()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(ana.room.submit(submission))
                await asyncio.sleep(0)
                async with running_server() as second:
                    proxy.target = port_of(second)
                    proxy.cut()
                    proxy.flow()
                    ended = await ana.until_finished(submission.job)
                    assert ended.result.verdict is Verdict.OK


@pytest.mark.usefixtures("one_secret")
async def test_whoever_types_into_a_job_that_is_lost_is_not_kept_waiting() -> None:
    submission = python("import time; time.sleep(60)", stdin=StdinMode.PIPED)
    async with running_server() as first, proxy_to(port_of(first)) as proxy:
        async with watching(far_room(first, proxy)) as ana:
            await ana.room.submit(submission)
            async with asyncio.TaskGroup() as tasks:
                typing = tasks.create_task(
                    ana.room.send_stdin(submission.job, bytes(3 * STDIN_WINDOW))
                )
                await ana.until_any(Started)
                assert not typing.done()
                async with running_server() as second:
                    proxy.target = port_of(second)
                    proxy.cut()
                    await ana.until_finished(submission.job)
                    async with asyncio.timeout(SECONDS):
                        await typing
            assert ana.of(Fault) == []


async def test_a_return_that_is_refused_for_good_ends_the_events(server: RunningServer) -> None:
    submission = python("import time; time.sleep(60)", stdin=StdinMode.PIPED)
    async with proxy_to(port_of(server)) as proxy, running_server(token=server.app.token) as other:
        async with watching(far_room(server, proxy)) as ana:
            await ana.room.submit(submission)
            await end_all_invites(other)
            proxy.target = port_of(other)  # which proves itself, and refuses ana's invite
            proxy.cut(reachable=False)
            await ana.until_any(Disconnected)
            waiting = asyncio.gather(
                ana.room.send_stdin(submission.job, bytes(3 * STDIN_WINDOW)),
                ana.room.submit(python("")),
                return_exceptions=True,
            )
            await asyncio.sleep(0)
            proxy.restore()
            await ana.until(lambda: ana.over)
            async with asyncio.timeout(SECONDS):
                assert [type(error) for error in await waiting] == [Offline, Offline]
        last = ana.of(Disconnected)[-1]
        assert last.retry_in is None
        assert "invite was made before" in last.reason
        assert not ana.room.connected


async def end_all_invites(server: RunningServer) -> None:
    """Remove a member, which ends the invites that were made before."""
    async with (
        watching(server.room("ben", role=Role.HOST)) as ben,
        watching(server.room("eve")) as eve,
    ):
        ben.room.send_now(RemoveMember(eve.room.welcome.member))
        await eve.until(lambda: eve.over)


async def test_once_the_events_have_ended_nothing_is_waited_for(server: RunningServer) -> None:
    async with proxy_to(port_of(server)) as proxy, running_server(token=server.app.token) as other:
        async with watching(far_room(server, proxy)) as ana:
            await end_all_invites(other)
            proxy.target = port_of(other)
            proxy.cut()
            await ana.until(lambda: ana.over)
            async with asyncio.timeout(SECONDS):
                with pytest.raises(Offline):
                    await ana.room.submit(python(""))
                with pytest.raises(Offline):
                    await ana.room.send_stdin("0" * 32, bytes(2 * STDIN_WINDOW))
            with pytest.raises(Offline):
                ana.room.cancel("0" * 32)


# Entering and leaving.


async def test_whoever_is_not_let_in_is_told_why(server: RunningServer) -> None:
    with pytest.raises(EntryRefused) as caught:
        async with Room(Link(server.app.address, "Other Room", "x"), name="eve"):
            pass
    assert caught.value.code is Code.ROOM_NAME
    assert caught.value.reason
    assert caught.value.remedy


@pytest.mark.parametrize("token", ["wrong", ""])
async def test_whoever_has_no_token_of_the_server_is_told_so(
    server: RunningServer, token: str
) -> None:
    with pytest.raises(ServerNotProved, match="token") as caught:
        async with Room(Link(server.app.address, "test-room", token), name="eve"):
            pass
    assert caught.value.remedy


async def test_a_room_that_was_never_entered_has_nothing_to_tell(server: RunningServer) -> None:
    room = server.room()
    assert not room.connected
    with pytest.raises(Offline):
        _ = room.members
    with pytest.raises(Offline):
        room.cancel("0" * 32)


async def test_leaving_leaves_nothing_behind(server: RunningServer, proxy: Proxy) -> None:
    before = asyncio.all_tasks()
    async with watching(far_room(server, proxy)) as ana:
        pass
    async with watching(far_room(server, proxy, "ben")) as ben:
        proxy.cut(reachable=False)
        await ben.until_any(Disconnected)
    assert not ana.room.connected
    own = {task for task in asyncio.all_tasks() - before if "codesync_client" in repr(task)}
    assert own == set()


async def test_the_room_stands_as_the_server_says(server: RunningServer) -> None:
    async with server.room("ana") as ana, server.room("ana", role=Role.VIEWER) as twin:
        assert [member.name for member in twin.members.members] == ["ana", "ana-2"]
        assert twin.welcome.role is Role.VIEWER
        assert {language.name for language in ana.languages} >= {"python", "cpp"}
        assert ana.queue.max_concurrent == 3


# Acting.


async def test_a_submission_that_cannot_run_is_rejected_with_a_reason(
    server: RunningServer,
) -> None:
    async with server.room() as room:
        for submission, code in (
            (Submission("cobol", [("a.cob", b"")]), Code.LANGUAGE),
            (Submission("python", [("a.py", b""), ("../b.py", b"")]), Code.BAD_SUBMISSION),
            (Submission("python", [("a.py", b"")], args=[b"\0"]), Code.BAD_SUBMISSION),
            (Submission("python", [("a.py", bytes(2_000_000))]), Code.TOO_LARGE),
        ):
            with pytest.raises(SubmissionRejected) as caught:
                await room.submit(submission)
            assert caught.value.code is code


async def test_the_same_submission_twice_runs_once(server: RunningServer) -> None:
    submission = python("print('once')")
    async with watching(server.room()) as ana, asyncio.timeout(SECONDS):
        first, second = await asyncio.gather(
            ana.room.submit(submission), ana.room.submit(submission), return_exceptions=True
        )
        assert isinstance(first, Accepted)
        assert isinstance(second, SubmissionRejected)
        assert second.code is Code.DUPLICATE_JOB
        await ana.until_finished(submission.job)
        await ana.room.submit(submission)
        assert len(ana.of(Submitted)) == 1


async def test_several_large_submissions_at_once_are_all_taken(server: RunningServer) -> None:
    async with watching(server.room()) as ana, asyncio.timeout(SECONDS):
        submissions = [python(HASH, prepared=bytes(500_000)) for _ in range(4)]
        await asyncio.gather(*(ana.room.submit(each) for each in submissions))
        for each in submissions:
            await ana.until_finished(each.job)


async def test_a_file_whose_name_is_no_unicode_is_run_all_the_same(server: RunningServer) -> None:
    async with server.room("ana\udcff") as room:
        submission = Submission("python", [("caf\udce9.py", b"print('ran')")])
        ended = await submit_and_wait(room, submission)
    assert ended.stdout == b"ran\n"


async def test_an_interrupt_is_what_ctrl_c_is(server: RunningServer) -> None:
    submission = python(
        "import time\n"
        "try:\n    print('on', flush=True); time.sleep(60)\n"
        "except KeyboardInterrupt:\n    print('interrupted')\n"
    )
    async with watching(server.room()) as ana:
        await ana.room.submit(submission)
        await ana.until(lambda: ana.output(submission.job) == b"on\n")
        ana.room.interrupt(submission.job)
        await ana.until_finished(submission.job)
        assert ana.output(submission.job) == b"on\ninterrupted\n"
