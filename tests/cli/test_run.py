"""`codesync run` behaves like running the program itself."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from codesync_cli.exit_codes import ExitCode
from tests.cli.command import SECONDS, Done, codesync, command, environment
from tests.conftest import require_command


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program that says what it was given."""
    file = tmp_path / "main.py"
    file.write_text(
        "import sys\n"
        "data = sys.stdin.buffer.read()\n"
        "sys.stdout.buffer.write(data)\n"
        "print(*sys.argv, file=sys.stderr)\n"
        "sys.exit(len(sys.argv))\n"
    )
    return file


def run(file: Path, *arguments: str, executor: str = "local", stdin: bytes = b"") -> Done:
    return codesync(
        "run", str(file), f"--executor={executor}", *arguments, home=file.parent, stdin=stdin
    )


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text)
    return file


def test_stdin_stdout_stderr_arguments_and_status_are_the_programs_own(
    program: Path, executor_kind: str
) -> None:
    data = bytes(range(256)) * 100
    done = run(program, "a", "b c", "--", "--json", executor=executor_kind, stdin=data)
    assert done.status == 4
    assert done.stdout == data
    assert done.stderr.splitlines()[-1] == "main.py a b c --json"


def test_a_five_megabyte_stdin_arrives_whole(program: Path, executor_kind: str) -> None:
    data = os.urandom(5_000_000)
    assert run(program, executor=executor_kind, stdin=data).stdout == data


def test_output_comes_as_it_is_made(tmp_path: Path, executor_kind: str) -> None:
    file = write(tmp_path, "slow.py", "print('now', flush=True)\ninput()\nprint('then')\n")
    with subprocess.Popen(
        command("run", str(file), f"--executor={executor_kind}"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(tmp_path),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"now\n"  # before the program has got its line
        process.stdin.write(b"\n")
        process.stdin.close()
        assert process.stdout.read() == b"then\n"
        assert process.wait(SECONDS) == 0


def test_a_file_as_stdin(program: Path, tmp_path: Path) -> None:
    (tmp_path / "input.txt").write_bytes(b"from a file")
    assert run(program, f"--stdin={tmp_path / 'input.txt'}").stdout == b"from a file"


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("while True: pass", 124, "wall time limit"),
        ("import os; os.abort()", 134, "SIGABRT"),
        ("x = []\nwhile True: x.append(bytes(1000000))", 121, "memory limit"),
        ("while True: print('x' * 1000)", 122, "output limit"),
        ("def", 1, ""),
    ],
)
def test_other_ends_have_a_status_of_their_own_and_a_line_that_says_why(
    tmp_path: Path, executor_kind: str, text: str, status: int, said: str
) -> None:
    done = run(write(tmp_path, "main.py", text), executor=executor_kind)
    assert (done.status, said in done.stderr) == (status, True)


def test_a_compile_error_shows_what_the_compiler_says(tmp_path: Path) -> None:
    require_command("g++")
    done = run(write(tmp_path, "bad.cpp", "int main() { return nothing; }"))
    assert done.status == 120
    assert "bad.cpp:1:" in done.stderr


def test_json_gives_one_object_with_verdict_figures_and_output(
    program: Path, executor_kind: str
) -> None:
    done = run(program, "--json", executor=executor_kind, stdin=b"hi\xff")
    answer = json.loads(done.stdout)
    assert done.status == answer["exit_status"] == answer["exit_code"] == 1
    assert answer["verdict"] == "runtime_error"
    assert answer["stdout"] == "hi\ufffd"
    assert answer["stdout_base64"] == "aGn/"
    assert answer["stderr"] == "main.py\n"
    assert answer["wall_seconds"] > 0
    assert answer["peak_memory_bytes"] > 1_000_000
    assert set(answer["stages"]) == {"queued", "claimed", "ran"}


def test_ctrl_c_cancels_the_job(tmp_path: Path) -> None:
    file = write(tmp_path, "wait.py", "print('on', flush=True)\nimport time; time.sleep(60)\n")
    with subprocess.Popen(
        command("run", str(file), "--executor=local"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(tmp_path),
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"on\n"
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=SECONDS)
    assert process.returncode == 130
    assert b"cancelled" in stderr


def test_the_end_of_a_server_of_our_own_ends_the_run(tmp_path: Path) -> None:
    file = write(tmp_path, "wait.py", "print('on', flush=True)\nimport time; time.sleep(60)\n")
    with subprocess.Popen(
        command("run", str(file), "--executor=local"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(tmp_path),
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"on\n"
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        _, stderr = process.communicate(timeout=SECONDS)
    assert process.returncode == ExitCode.FAILED
    assert b"the server that this command started ended" in stderr


def test_a_reader_that_has_enough_ends_the_run(tmp_path: Path) -> None:
    file = write(tmp_path, "yes.py", "while True: print('y' * 100)\n")
    with subprocess.Popen(
        command("run", str(file), "--executor=local"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=environment(tmp_path),
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(SECONDS) == 128 + signal.SIGPIPE


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["gone.py"], 2, "cannot read gone.py: No such file or directory"),
        (["notes.txt"], 2, "cannot tell the language of notes.txt by its ending"),
        (["main.py", "--language=cobol"], 2, "no language is called cobol"),
        (["main.py", "--stdin=gone"], 2, "--stdin: cannot read gone"),
        (["main.py", "--server=http://x"], 2, "must begin with ws:// or wss://"),
        (["main.py", "--server=ws://127.0.0.1:9"], 125, "no server answers at ws://127.0.0.1:9"),
        (["main.py", "--server=ws://192.0.2.1:4000"], 125, "is not encrypted"),
        (["main.py", "--server=127.0.0.1:9", "--room=No Room"], 2, "a room's name is"),
        (["main.py", "--token-file=gone", "--server=127.0.0.1:9"], 2, "cannot read gone"),
    ],
)
def test_slips_end_in_a_sentence(
    tmp_path: Path, arguments: list[str], status: int, said: str
) -> None:
    write(tmp_path, "main.py", "print(1)")
    write(tmp_path, "notes.txt", "hello")
    executor = [] if any("--server" in each for each in arguments) else ["--executor=local"]
    done = codesync("run", *arguments, *executor, home=tmp_path, cwd=tmp_path)
    assert (done.status, done.stdout) == (status, b"")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
