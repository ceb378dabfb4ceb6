"""Each attack of the corpus ends as expected on real Docker, without harm to its neighbour.

The programs are in attacks/codesync_attacks; here is how they are run, and what needs more.
"""

import asyncio
import signal
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import docker
import pytest
import pytest_asyncio

from codesync_attacks import CORPUS, Attack
from codesync_attacks.attack_run import AttackRun, run_attack
from codesync_client import JobOutput, Room
from codesync_protocol.limits import OUTPUT_KEPT_MAX
from codesync_protocol.messages import Finished
from codesync_protocol.verdict import Verdict
from codesync_server.configuration.limits import RUN, JobLimits
from codesync_server.configuration.settings import Settings
from codesync_server.executors.docker.profile import SandboxProfile
from tests.programs import SECONDS, outcome, python, submit_and_wait, until
from tests.sandbox.engine_view import EngineView
from tests.sandbox.sandboxes import python_spec, run_on, running_executor
from tests.servers import RunningServer, running_server
from tests.waiting import eventually

pytestmark = [
    pytest.mark.docker,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(300, func_only=True),
]

WALL_SECONDS = 60.0
POOL_SIZE = 2
SETTINGS = Settings(
    port=0, executor="docker", drain_seconds=1.0, max_concurrent=2, pool_size=POOL_SIZE
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(executor_image: str) -> AsyncGenerator[RunningServer, None]:
    """A server with the default profile, whose programs have time on the slowest machine.

    So what must meet another limit meets it; programs that never end ask for less themselves.
    """
    limits = JobLimits(run=replace(RUN, wall=WALL_SECONDS))
    async with running_server(replace(SETTINGS, limits=limits)) as running:
        yield running


@pytest.fixture(scope="module")
def only_the_parked_are_left(
    server: RunningServer, docker_client: docker.APIClient
) -> Callable[[], bool]:
    """Tells whether there is no container but those that wait for a job."""
    engine = EngineView(docker_client)

    def is_so() -> bool:
        return server.app.executor.pool.parked == POOL_SIZE == len(engine.containers())

    return is_so


async def raided(server: RunningServer, attack: Attack) -> AttackRun:
    """Run an attack, with a neighbour's hellos beside it."""

    def make_room(room: str, name: str) -> AbstractAsyncContextManager[Room]:
        return server.room(name, room=room)

    done = await run_attack(attack, make_room)
    wall = done.outcome.result.wall_seconds if done.outcome else 0.0
    print(
        f"attack {wall:.2f} s; {len(done.hellos)} hellos, {max(done.hellos, default=0.0):.2f} s,"
        f" {done.slowdown:.2f} times as long as {len(done.quiet)} in quiet"
    )
    return done


@pytest.mark.parametrize("attack", CORPUS, ids=lambda attack: attack.name)
async def test_an_attack_ends_as_it_must_and_harms_nobody(
    attack: Attack, server: RunningServer
) -> None:
    """Programs of others take at most twice as long as in quiet, timed by turns in one run."""
    done = await raided(server, attack)
    assert done.ok, done.problem


async def test_every_row_of_hostile_programs_is_tried() -> None:
    tried = {attack.name[:3] for attack in CORPUS}
    assert {f"a{number:02}" for number in range(1, 41)} <= tried
    assert len({attack.id for attack in CORPUS}) == len(CORPUS)


async def test_a01_three_fork_bombs_at_once_are_gone_soon_after_their_time(
    server: RunningServer, only_the_parked_are_left: Callable[[], bool]
) -> None:
    bomb = next(attack for attack in CORPUS if attack.name == "a01_fork_bomb")
    async with server.room("eve", room="attackers") as eve:
        bombs = [bomb.submission() for _ in range(3)]
        for each in bombs:
            await eve.submit(each)
        for _ in bombs:  # in whatever order they end
            result = (await until(eve, Finished)).result
            assert result.verdict is Verdict.TIME_LIMIT
    began = time.monotonic()
    await eventually(only_the_parked_are_left)
    print(f"gone, and replaced, {time.monotonic() - began:.2f} s after the last verdict")


async def test_a05_a_tmpfs_larger_than_the_memory_is_charged_to_the_program(
    executor_image: str,
) -> None:
    profile = SandboxProfile()
    assert profile.tmp + profile.shared_memory < profile.memory // 3
    too_large = replace(profile, tmp=2 * profile.memory, tmp_files=1 << 16)
    fill = python_spec(
        "for number in range(1000):\n    open(str(number), 'wb').write(bytes(8 << 20))"
    )
    async with running_executor(executor_image, profile=too_large) as executor:
        (result, _), (after, hello) = await run_on(executor, fill, python_spec("print('hello')"))
    assert result.verdict is Verdict.MEMORY_LIMIT, result
    assert (after.verdict, hello.stdout) == (Verdict.OK, b"hello\n")


async def test_the_cpu_limit_counts_every_process_of_the_container(executor_image: str) -> None:
    burn = python_spec(
        "import os\nfor _ in range(3): os.fork()\nwhile True: pass",
        limits=replace(RUN, wall=30.0, cpu=0.5),
    )
    async with running_executor(executor_image) as executor:
        ((result, _),) = await run_on(executor, burn)
    assert result.verdict is Verdict.TIME_LIMIT
    assert "cpu time limit" in result.explanation
    assert 0.5 <= result.cpu_seconds < 1.0


async def test_a10_of_a_flood_exactly_the_limit_is_kept(
    server: RunningServer, only_the_parked_are_left: Callable[[], bool]
) -> None:
    flood = next(attack for attack in CORPUS if attack.name == "a11_flood_both")
    done = await raided(server, flood)
    assert done.outcome
    assert done.outcome.result.output_bytes == OUTPUT_KEPT_MAX == 10_000_000
    assert len(done.outcome.stdout) + len(done.outcome.stderr) == OUTPUT_KEPT_MAX
    await eventually(only_the_parked_are_left)


async def test_a10_what_is_exactly_at_the_output_limit_is_no_flood(server: RunningServer) -> None:
    async with server.room() as room:
        ended = await submit_and_wait(
            room, python(f"import sys; sys.stdout.buffer.write(b'x' * {OUTPUT_KEPT_MAX})")
        )
    assert ended.result.verdict is Verdict.OK, ended.result
    assert ended.stdout == b"x" * OUTPUT_KEPT_MAX


ESCAPE_SEQUENCES = (
    b"\x1b]52;c;ZXZpbA==\x07",  # OSC 52: fill the clipboard
    b"\x1b]0;title\x1b\\",
    b"\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    b"\x1bPtmux;\x1b\x1b]52;c;ZXZpbA==\x07\x1b\\",  # DCS
    b"\x1b[6n\x1b[c\x1b[2J\x1b[H\x1b[?1049h\x1b[?1000h",
    b"\x9b31m\x9d0;title\x9c\x90q\x9c",  # C1, 8-bit
    "\u202eevil\u2066\u200b\u2028".encode(),
    bytes(range(256)) * 3,
    b"\xed\xa0\x80\xff\xfe\xc0\xaf",  # no UTF-8
)


@pytest.mark.parametrize("tty", [False, True], ids=["pipes", "terminal"])
async def test_a14_escape_sequences_arrive_byte_for_byte_and_mean_nothing_on_the_way(
    tty: bool, server: RunningServer
) -> None:
    data = b"".join(ESCAPE_SEQUENCES)
    program = f"import os; os.write(1, {data!r}); os.write(2, {data[::-1]!r})"
    async with server.room() as room:
        ended = await submit_and_wait(room, python(program, tty=tty))
    assert ended.result.verdict is Verdict.OK
    if tty:
        assert ended.stdout == data + data[::-1]
    else:
        assert (ended.stdout, ended.stderr) == (data, data[::-1])


async def test_a19_a_daemon_that_holds_stdout_says_nothing_after_the_verdict(
    server: RunningServer, only_the_parked_are_left: Callable[[], bool]
) -> None:
    daemon = python(
        """
import os
alive, farewell = os.pipe()
said, say = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.close(farewell)
        print("daemon", flush=True)
        os.write(say, b"!")
        os.read(alive, 1)  # ends when everybody else has
        while True:
            print("ghost", flush=True)
    os._exit(0)
os.wait()
os.read(said, 1)
print("done", flush=True)
os._exit(0)
"""
    )
    async with server.room() as room:
        room.follow(daemon.job)
        await room.submit(daemon)
        ended = await outcome(room, daemon.job)
        assert ended.result.verdict is Verdict.OK
        assert {b"daemon", b"done"} <= set(ended.stdout.split())
        await eventually(only_the_parked_are_left)
        # Everything that was under way is here when the next job has ended.
        hello = python("print('hello')")
        await room.submit(hello)
        async with asyncio.timeout(SECONDS):
            async for event in room.events():
                assert not (isinstance(event, JobOutput) and event.job == daemon.job)
                if isinstance(event, Finished):
                    break


@pytest.mark.parametrize("code", [0, 1, 2, 42, 126, 127, 128, 129, 137, 139, 254, 255])
async def test_a33_exit_codes_come_out_as_they_are(code: int, server: RunningServer) -> None:
    async with server.room() as room:
        ended = await submit_and_wait(room, python(f"import os; os._exit({code})"))
    result = ended.result
    assert result.verdict is (Verdict.OK if code == 0 else Verdict.RUNTIME_ERROR)
    assert (result.exit_code, result.signal) == (code, None)


# 1 to 15 all end a program; of those above, what Linux lets end one.
DEADLY = (*range(1, 16), *map(int, (signal.SIGXCPU, signal.SIGSYS, signal.SIGRTMIN)), 40, 64)
NAMES = {**{int(each): each.name for each in signal.Signals}, 40: "SIG40"}


@pytest.mark.parametrize("number", DEADLY, ids=lambda number: NAMES[number])
async def test_a33_signals_come_out_with_their_names(number: int, server: RunningServer) -> None:
    program = f"""
import os, signal
if {number} not in (signal.SIGKILL, signal.SIGSTOP):
    signal.signal({number}, signal.SIG_DFL)
os.kill(os.getpid(), {number})
"""
    async with server.room() as room:
        ended = await submit_and_wait(room, python(program))
    result = ended.result
    assert result.verdict is Verdict.SIGNALLED, result
    assert (result.exit_code, result.signal) == (None, NAMES[number])


async def test_a33_what_ignores_or_survives_a_signal_ends_by_itself(server: RunningServer) -> None:
    """SIGCHLD, SIGCONT, SIGURG and SIGWINCH end nobody."""
    program = """
import os, signal, sys
for number in signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH:
    os.kill(os.getpid(), number)
sys.exit(7)
"""
    async with server.room() as room:
        ended = await submit_and_wait(room, python(program))
    assert (ended.result.verdict, ended.result.exit_code) == (Verdict.RUNTIME_ERROR, 7)


async def test_a33_no_core_is_dumped(server: RunningServer) -> None:
    program = """
import os, resource, signal
print(resource.getrlimit(resource.RLIMIT_CORE))
try:
    resource.setrlimit(resource.RLIMIT_CORE, (1 << 20, 1 << 20))
except ValueError as refusal:
    print(refusal)
child = os.fork()
if child == 0:
    os.abort()
status = os.waitpid(child, 0)[1]
print(os.WTERMSIG(status), os.WCOREDUMP(status), os.listdir("."))
"""
    async with server.room() as room:
        ended = await submit_and_wait(room, python(program))
    assert ended.stdout.decode() == (
        "(0, 0)\nnot allowed to raise maximum limit\n6 False ['main.py']\n"
    )


async def test_a28_nothing_of_the_servers_environment_reaches_a_program(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODESYNC_SECRET", "mellon")
    async with server.room() as room:
        ended = await submit_and_wait(room, python("import os; print(dict(os.environ))"))
    assert ended.stdout.decode() == (
        "{'PATH': '/usr/local/bin:/usr/bin:/bin', 'HOME': '/tmp', 'LANG': 'C.UTF-8',"
        " 'TERM': 'dumb'}\n"
    )
