"""The runner, controlled directly: frames in, frames out, and no remaining process."""

import os
import signal
import sys
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from codesync_server.configuration.limits import COMPILE, RUN
from codesync_server.executors.request import RunSpec, StageSpec, frame
from codesync_server.executors.runner.wire import FromRunner, ToRunner
from tests.sandbox.runner_process import RunnerProcess, started_runner
from tests.waiting import eventually


@pytest.fixture
async def runner(tmp_path: Path) -> AsyncGenerator[RunnerProcess, None]:
    async with started_runner(tmp_path) as runner:
        yield runner
    assert not runner.left_over()


# Input and output.


async def test_streams_come_apart_and_byte_for_byte(runner: RunnerProcess) -> None:
    runner.request(
        runner.spec("import os; os.write(1, bytes(range(256))); os.write(2, b'\\0\\xff\\n')")
    )
    evidence = await runner.evidence()
    assert runner.output == {
        FromRunner.STDOUT: bytes(range(256)),
        FromRunner.STDERR: b"\0\xff\n",
        FromRunner.COMPILER: b"",
    }
    assert (evidence.name, evidence.status, evidence.killed_for) == ("run", 0, "")
    assert evidence.output_bytes == 259
    assert evidence.wall > 0
    assert evidence.cpu > 0
    assert evidence.peak > 1_000_000


async def test_a_prompt_without_newline_shows_at_once_on_a_terminal(runner: RunnerProcess) -> None:
    runner.request(runner.spec("name = input('name? '); print(f'hello {name}')", tty=True))
    await runner.until_output(b"name? ")
    runner.send(ToRunner.STDIN, "Ünal\n".encode())
    assert (await runner.evidence()).status == 0
    assert runner.output[FromRunner.STDOUT].decode() == "name? hello Ünal\n"  # no echo, no \r


async def test_a_terminal_is_one(runner: RunnerProcess) -> None:
    runner.request(
        runner.spec(
            "import os\nprint(*(os.isatty(n) for n in range(3)), *os.get_terminal_size())\n"
            "print(os.tcgetpgrp(0) == os.getpgrp() == os.getsid(0) == os.getpid())\n"
            "print(os.ttyname(0) and open('/dev/tty').isatty())",
            tty=True,
        )
    )
    await runner.evidence()
    assert runner.output[FromRunner.STDOUT] == b"True True True 80 24\nTrue\nTrue\n"


@pytest.mark.parametrize("typed", ["", "one\n", "one\ntwo\n", "mid-line", "one\nmid-line"])
async def test_the_end_of_input_reaches_a_program_on_a_terminal(
    typed: str, runner: RunnerProcess
) -> None:
    runner.request(runner.spec("import sys; print(ascii(sys.stdin.read()))", tty=True))
    if typed:
        runner.send(ToRunner.STDIN, typed.encode())
    runner.send(ToRunner.STDIN_END)
    assert (await runner.evidence()).status == 0
    assert runner.output[FromRunner.STDOUT].decode() == f"{typed!a}\n"


@pytest.mark.parametrize("tty", [False, True], ids=["pipes", "terminal"])
async def test_input_that_comes_before_the_program_runs_waits_for_it(
    tty: bool, runner: RunnerProcess
) -> None:
    slow = "import time; time.sleep(0.2)"
    spec = runner.spec("import sys; print(sys.stdin.read())", tty=tty, compiler=(slow, COMPILE))
    frames = list(spec.frames())
    runner.write(b"".join([*frames[:1], frame(ToRunner.STDIN, b"early "), *frames[1:]]))
    runner.send(ToRunner.STDIN, b"bird")
    runner.send(ToRunner.STDIN_END)
    report = await runner.report()
    assert [stage.status for stage in report.stages] == [0, 0]
    assert runner.output[FromRunner.STDOUT] == b"early bird\n"


async def test_a_compiler_gets_no_input(runner: RunnerProcess) -> None:
    compiler = "import sys; print(repr(sys.stdin.read()))"
    runner.request(runner.spec("print(input())", compiler=(compiler, COMPILE)))
    runner.send(ToRunner.STDIN, b"for the program\n")
    report = await runner.report()
    assert [stage.name for stage in report.stages] == ["compile", "run"]
    assert runner.output == {
        FromRunner.COMPILER: b"''\n",
        FromRunner.STDOUT: b"for the program\n",
        FromRunner.STDERR: b"",
    }


async def test_stdin_is_acknowledged_as_it_is_taken(runner: RunnerProcess) -> None:
    runner.request(
        runner.spec(
            "import sys\nfor _ in range(5): print(len(sys.stdin.buffer.read(100_000)), flush=True)"
        )
    )
    for piece in range(5):
        for _ in range(2):
            runner.send(ToRunner.STDIN, bytes(50_000))
        await runner.until_output(b"100000\n" * (piece + 1))
    await runner.evidence()
    assert runner.acknowledged == sorted(set(runner.acknowledged))
    assert runner.acknowledged[-1] == 500_000
    assert len(runner.acknowledged) >= 5


async def test_what_a_program_does_not_read_is_not_acknowledged(runner: RunnerProcess) -> None:
    runner.request(runner.spec("print('deaf', flush=True)\nwhile True: pass"))
    for _ in range(16):
        runner.send(ToRunner.STDIN, bytes(1 << 16))
    await runner.until_output(b"deaf\n")
    runner.send(ToRunner.SIGNAL, bytes([signal.SIGKILL]))
    while (await runner.frame())[0] == FromRunner.STDIN_TAKEN:
        pass
    # A pipe holds 64 KiB; the rest was acknowledged only when the program had ended.
    assert [taken for taken in runner.acknowledged if taken < 1 << 20][-1] <= 1 << 17
    assert runner.acknowledged[-1] == 1 << 20


async def test_a_huge_stdin_that_nobody_reads_does_not_keep_a_program_from_ending(
    runner: RunnerProcess,
) -> None:
    runner.request(runner.spec("print('done')"))
    for _ in range(80):
        runner.send(ToRunner.STDIN, bytes(1 << 16))
    runner.send(ToRunner.STDIN_END)
    assert (await runner.evidence()).status == 0
    assert runner.output[FromRunner.STDOUT] == b"done\n"


async def test_a_program_may_close_its_stdin_early(runner: RunnerProcess) -> None:
    runner.request(
        runner.spec("import os, time; os.close(0); print('closed', flush=True); time.sleep(60)")
    )
    await runner.until_output(b"closed\n")
    for _ in range(4):
        runner.send(ToRunner.STDIN, bytes(1 << 16))
    runner.send(ToRunner.STDIN_END)
    while 4 << 16 not in runner.acknowledged:
        await runner.until(FromRunner.STDIN_TAKEN)
    runner.send(ToRunner.SIGNAL, bytes([signal.SIGTERM]))
    evidence = await runner.evidence()
    assert (evidence.status, runner.output[FromRunner.STDOUT]) == (signal.SIGTERM, b"closed\n")


async def test_arguments_are_any_bytes(runner: RunnerProcess) -> None:
    args = [b"", b"plain", b"\xff\xfe", b"-c", "ünï".encode(), b"a b\nc", b"$HOME;'\"*"]
    runner.request(
        runner.spec("import os, sys\nfor a in sys.argv[1:]: print(os.fsencode(a).hex())", *args)
    )
    assert (await runner.evidence()).status == 0
    assert runner.output[FromRunner.STDOUT].decode().split("\n") == [
        *(arg.hex() for arg in args),
        "",
    ]


async def test_a_request_may_come_in_any_pieces(runner: RunnerProcess) -> None:
    spec = runner.spec("print(len(open('main.py').read()))" + "#" * 200_000)
    for byte in b"".join(list(spec.frames())[:1]):
        runner.write(bytes([byte]))
    for part in list(spec.frames())[1:]:
        runner.write(part[:3])
        runner.write(part[3:])
    assert (await runner.evidence()).status == 0
    assert runner.output[FromRunner.STDOUT] == b"200034\n"


async def test_the_environment_is_what_was_asked_for(runner: RunnerProcess, tmp_path: Path) -> None:
    runner.request(runner.spec("import os; print(*sorted(os.environ)); print(os.environ['HOME'])"))
    await runner.evidence()
    names, home = runner.output[FromRunner.STDOUT].decode().splitlines()
    assert set(names.split()) <= {"CODESYNC_TEST_MARK", "HOME", "PATH", "LC_CTYPE"}
    assert home == str(tmp_path)


# Limits.


async def test_the_wall_limit_ends_a_program(runner: RunnerProcess) -> None:
    limits = replace(RUN, wall=0.3)
    runner.request(runner.spec("import time; time.sleep(60)", limits=limits))
    evidence = await runner.evidence()
    assert (evidence.killed_for, evidence.status) == ("wall", signal.SIGKILL)
    assert evidence.wall >= 0.3
    assert evidence.cpu < 0.3


async def test_silence_ends_a_program_that_waits_for_somebody(runner: RunnerProcess) -> None:
    limits = replace(RUN, wall=30.0, idle=0.3)
    runner.request(runner.spec("input('name? ')", limits=limits, tty=True))
    evidence = await runner.evidence()
    assert (evidence.killed_for, evidence.status) == ("idle", signal.SIGKILL)
    assert runner.output[FromRunner.STDOUT] == b"name? "


async def test_a_program_that_says_something_now_and_then_is_not_idle(
    runner: RunnerProcess,
) -> None:
    limits = replace(RUN, wall=30.0, idle=1.0)
    program = "import time\nfor n in range(12):\n    print(n, flush=True); time.sleep(0.1)\n"
    runner.request(runner.spec(program + "time.sleep(60)", limits=limits))
    evidence = await runner.evidence()
    assert evidence.killed_for == "idle"
    assert evidence.wall >= 2.1
    assert runner.output[FromRunner.STDOUT].endswith(b"\n11\n")


async def test_the_cpu_limit_ends_a_program(runner: RunnerProcess) -> None:
    limits = replace(RUN, wall=30.0, cpu=0.2)
    runner.request(runner.spec("while True: pass", limits=limits))
    evidence = await runner.evidence()
    assert evidence.status == signal.SIGKILL
    assert evidence.cpu >= 0.2


async def test_the_cpu_limit_counts_all_processes(runner: RunnerProcess) -> None:
    limits = replace(RUN, wall=30.0, cpu=1.0)
    program = """
import os
for _ in range(3):
    if os.fork() == 0:
        while True: pass
for _ in range(3):
    os.wait()
"""
    runner.request(runner.spec(program, limits=limits))
    evidence = await runner.evidence()
    assert (evidence.killed_for, evidence.status) == ("cpu", signal.SIGKILL)
    assert 1.0 <= evidence.cpu < 2.5


async def test_the_memory_limit_counts_all_processes(runner: RunnerProcess) -> None:
    limits = replace(RUN, wall=30.0, memory=100 << 20)
    program = """
import os, time
for _ in range(4):
    if os.fork() == 0:
        hoard = bytearray(b"x") * (30 << 20)
        time.sleep(60)
time.sleep(60)
"""
    runner.request(runner.spec(program, limits=limits))
    assert (await runner.evidence()).killed_for == "memory"


@pytest.mark.parametrize(
    ("out", "err", "killed_for"),
    [(10, 0, ""), (11, 0, "output"), (0, 10, ""), (0, 11, "output"), (5, 5, ""), (5, 6, "output")],
)
async def test_the_output_limit_is_exact(
    out: int, err: int, killed_for: str, runner: RunnerProcess
) -> None:
    program = f"import os; os.write(1, b'o' * {out}); os.write(2, b'e' * {err})"
    runner.request(runner.spec(program, limits=replace(RUN, output=10)))
    evidence = await runner.evidence()
    assert evidence.killed_for == killed_for
    assert len(runner.output[FromRunner.STDOUT]) + len(runner.output[FromRunner.STDERR]) == 10
    assert evidence.output_bytes == out + err


async def test_a_flood_ends_at_the_output_limit(runner: RunnerProcess) -> None:
    limits = replace(RUN, output=1_000_000)
    runner.request(runner.spec("import os\nwhile True: os.write(1, b'x' * 60_000)", limits=limits))
    evidence = await runner.evidence()
    assert (evidence.killed_for, evidence.status) == ("output", signal.SIGKILL)
    assert runner.output[FromRunner.STDOUT] == b"x" * 1_000_000


async def test_a_program_waits_while_nobody_reads_what_it_writes(runner: RunnerProcess) -> None:
    runner.request(runner.spec("import os\nfor _ in range(100): os.write(1, bytes(50_000))"))
    assert (await runner.evidence()).status == 0
    assert len(runner.output[FromRunner.STDOUT]) == 5_000_000


async def test_a_compilers_many_words_are_cut_and_do_not_end_it(runner: RunnerProcess) -> None:
    compiler = "import os\nfor _ in range(50): os.write(2, b'error! ' * 1000)"
    limits = replace(COMPILE, output=1000)
    runner.request(runner.spec("print('ran')", compiler=(compiler, limits)))
    report = await runner.report()
    assert [(stage.name, stage.status, stage.killed_for) for stage in report.stages] == [
        ("compile", 0, ""),
        ("run", 0, ""),
    ]
    assert runner.output[FromRunner.COMPILER] == (b"error! " * 143)[:1000]
    assert report.stages[0].output_bytes == 350_000
    assert runner.output[FromRunner.STDOUT] == b"ran\n"


async def test_what_does_not_compile_does_not_run(runner: RunnerProcess) -> None:
    runner.request(runner.spec("print('never')", compiler=("raise SystemExit(3)", COMPILE)))
    evidence = await runner.evidence()
    assert (evidence.name, evidence.status) == ("compile", 3 << 8)
    assert runner.output[FromRunner.STDOUT] == b""


# Signals from the room, and ends.


@pytest.mark.parametrize("tty", [False, True], ids=["pipes", "terminal"])
async def test_an_interrupt_reaches_the_program_and_its_children(
    tty: bool, runner: RunnerProcess
) -> None:
    program = """
import os, sys, time
child = os.fork()
try:
    print("ready", flush=True)
    while True:
        time.sleep(0.01)  # a signal just before a long sleep would be seen only after it
except KeyboardInterrupt:
    if child:
        os.wait()
    print("child" if child == 0 else "parent", "interrupted", flush=True)
    sys.exit(7)
"""
    runner.request(runner.spec(program, tty=tty))
    await runner.until_output(b"ready\nready\n")
    runner.send(ToRunner.SIGNAL, bytes([signal.SIGINT]))
    assert (await runner.evidence()).status == 7 << 8
    assert (
        runner.output[FromRunner.STDOUT] == b"ready\nready\nchild interrupted\nparent interrupted\n"
    )


async def test_an_interrupt_ends_a_program_that_does_not_care(runner: RunnerProcess) -> None:
    runner.request(
        runner.spec(
            "import signal, time; signal.signal(signal.SIGINT, signal.SIG_DFL)\n"
            "print('ready', flush=True); time.sleep(60)"
        )
    )
    await runner.until_output(b"ready\n")
    runner.send(ToRunner.SIGNAL, bytes([signal.SIGINT]))
    evidence = await runner.evidence()
    assert (evidence.status, evidence.killed_for) == (signal.SIGINT, "")


async def test_a_kill_ends_everything_and_the_figures_come(runner: RunnerProcess) -> None:
    runner.request(runner.spec("import os; os.fork(); print('on', flush=True)\nwhile True: pass"))
    await runner.until_output(b"on\non\n")
    runner.send(ToRunner.KILL)
    evidence = await runner.evidence()
    assert (evidence.killed_for, evidence.status) == ("server", signal.SIGKILL)
    assert evidence.wall > 0
    assert evidence.cpu > 0


async def test_a_kill_during_compilation_keeps_the_program_from_running(
    runner: RunnerProcess,
) -> None:
    compiler = "print('compiling', flush=True)\nwhile True: pass"
    runner.request(runner.spec("print('never')", compiler=(compiler, COMPILE)))
    await runner.until(FromRunner.COMPILER)
    runner.send(ToRunner.KILL)
    evidence = await runner.evidence()
    assert (evidence.name, evidence.killed_for) == ("compile", "server")
    assert runner.output[FromRunner.STDOUT] == b""


async def test_a_kill_before_anything_runs_is_a_report_of_nothing(runner: RunnerProcess) -> None:
    first, *rest = runner.spec("print('never')").frames()
    runner.write(first + frame(ToRunner.KILL) + b"".join(rest))
    assert (await runner.report()).stages == ()


async def test_when_the_server_hangs_up_everything_ends(runner: RunnerProcess) -> None:
    program = """
import os, signal, time
for number in signal.SIGTERM, signal.SIGHUP, signal.SIGINT:
    signal.signal(number, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print("daemon", flush=True)
        time.sleep(60)
    time.sleep(60)
os.wait()
"""
    runner.request(runner.spec(program))
    await runner.until_output(b"daemon\n")
    assert len(runner.left_over()) == 3
    runner.hang_up()
    with pytest.raises(EOFError):
        await runner.until(FromRunner.REPORT)
    assert await runner.process.wait() == 0
    assert not runner.left_over()


async def test_when_the_server_hangs_up_a_parked_runner_ends(runner: RunnerProcess) -> None:
    runner.hang_up()
    assert await runner.process.wait() == 0


async def test_when_the_runner_is_killed_the_program_does_not_outlive_it(
    runner: RunnerProcess,
) -> None:
    runner.request(runner.spec("import time; print('on', flush=True); time.sleep(60)"))
    await runner.until_output(b"on\n")
    runner.process.kill()
    await eventually(lambda: not runner.left_over())


async def test_the_runner_is_not_impressed_by_polite_signals(runner: RunnerProcess) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(runner.process.pid, number)
    runner.request(runner.spec("print('hello')"))
    assert (await runner.evidence()).status == 0


async def test_what_forks_twice_ends_with_the_program(runner: RunnerProcess) -> None:
    program = """
import os, time
said, say = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print("daemon", flush=True)
        os.write(say, b"x")
        time.sleep(60)
    os._exit(0)
os.wait()
os.read(said, 1)
print("parent")
"""
    runner.request(runner.spec(program))
    evidence = await runner.evidence()
    assert evidence.status == 0
    assert runner.output[FromRunner.STDOUT] == b"daemon\nparent\n"
    assert evidence.wall < 30
    assert not runner.left_over()


# What cannot be done is said.


async def test_a_command_that_is_missing_is_an_error_that_names_it(runner: RunnerProcess) -> None:
    stage = StageSpec("run", [b"no-such-command-\xff"], RUN)
    runner.request(RunSpec([("main.x", b"")], [stage], {"PATH": "/usr/bin"}))
    report = await runner.report()
    assert report.stages == ()
    assert report.error.startswith("cannot start no-such-command-")
    assert "No such file" in report.error


async def test_a_file_that_may_not_be_run_is_an_error(runner: RunnerProcess) -> None:
    stage = StageSpec("run", [b"./main.x"], RUN)
    runner.request(RunSpec([("main.x", b"text")], [stage], {"PATH": "/usr/bin"}))
    assert "Permission denied" in (await runner.report()).error


@pytest.mark.parametrize("names", [["no/folder"], [""], ["twice", "twice"]])
async def test_a_file_that_cannot_be_written_is_an_error(
    names: list[str], runner: RunnerProcess
) -> None:
    stage = StageSpec("run", [sys.executable.encode(), b"-c", b"print('never')"], RUN)
    runner.request(RunSpec([(name, b"x") for name in names], [stage], {"PATH": "/usr/bin"}))
    assert (await runner.report()).error
    assert runner.output[FromRunner.STDOUT] == b""


async def test_what_is_no_request_is_an_error(runner: RunnerProcess) -> None:
    runner.send(ToRunner.STDIN, b"hello?")
    assert (await runner.report()).error == "the first frame is not a request"
