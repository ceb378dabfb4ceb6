"""Interactive programs: prompts, lines, signals, end of input, size of the terminal."""

import asyncio
from dataclasses import dataclass

import pytest

from codesync_client import DEFAULT_WINDOW, JobOutput, Room, Submission
from codesync_protocol.messages import (
    Finished,
    JobState,
    Queue,
    Started,
    StdinMode,
    Window,
)
from codesync_protocol.verdict import Verdict
from tests.conftest import require_command
from tests.programs import SECONDS, Outcome, outcome, python, until
from tests.servers import RunningServer
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True, slots=True)
class Talker:
    """A program that asks for a name without ending the line, and greets.

    Attributes:
        language: its language.
        file: what its file is called.
        source: the program.
        needs: the command that the local executor needs for it.
    """

    language: str
    file: str
    source: str
    needs: str


TALKERS = {
    "python": Talker("python", "main.py", "print('hello', input('name? '))", "python3"),
    "cpp-cout": Talker(
        "cpp",
        "main.cpp",
        "#include <iostream>\n#include <string>\n"
        'int main() { std::string n; std::cout << "name? "; std::cin >> n;'
        ' std::cout << "hello " << n << "\\n"; }',
        "g++",
    ),
    "cpp-printf": Talker(
        "cpp",
        "main.cpp",
        '#include <cstdio>\nint main() { char n[80]; printf("name? ");'
        ' if (scanf("%79s", n) == 1) printf("hello %s\\n", n); }',
        "g++",
    ),
    "java": Talker(
        "java",
        "Main.java",
        "import java.util.Scanner;\npublic class Main { public static void main(String[] args) {\n"
        ' System.out.print("name? ");\n'
        ' System.out.println("hello " + new Scanner(System.in).nextLine()); } }',
        "javac",
    ),
    "javascript": Talker(
        "javascript",
        "main.js",
        "const readline = require('node:readline').createInterface({input: process.stdin});\n"
        "process.stdout.write('name? ');\n"
        "readline.once('line', (name) => { console.log('hello ' + name); readline.close(); });",
        "node",
    ),
}


def on_a_terminal(source: str, window: Window = DEFAULT_WINDOW) -> Submission:
    """A Python program that any member may type to."""
    return Submission(
        "python",
        [("main.py", source.encode())],
        stdin=StdinMode.SHARED,
        tty=True,
        window=window,
    )


def waits(room: Room, job: str) -> bool:
    """Whether the room knows that the program waits for input."""
    return any(each.job == job and each.awaits_input for each in room.queue.jobs)


async def until_it_says(room: Room, job: str, end: bytes) -> bytes:
    """Read events until the output of a job ends in something."""
    said = b""
    async with asyncio.timeout(SECONDS):
        async for event in room.events():
            if isinstance(event, JobOutput) and event.job == job:
                said += event.data
                if said.endswith(end):
                    return said
            assert not (isinstance(event, Finished) and event.job == job), said
    raise AssertionError("the room ended")


async def until_it_waits(room: Room, job: str) -> None:
    """Read events until a job waits for input."""
    while not waits(room, job):
        await until(room, Queue)


@pytest.mark.parametrize("name", TALKERS)
async def test_a_prompt_shows_at_once_the_room_sees_it_wait_and_the_answer_arrives(
    name: str, kind: str, server: RunningServer
) -> None:
    talker = TALKERS[name]
    if kind == "local":
        require_command(talker.needs)
    submission = Submission(
        talker.language,
        [(talker.file, talker.source.encode())],
        stdin=StdinMode.SHARED,
        tty=True,
    )
    async with server.room() as room:
        await room.submit(submission)
        assert await until_it_says(room, submission.job, b"? ") == b"name? "
        await until_it_waits(room, submission.job)
        await room.send_stdin(submission.job, b"Bob\n")
        ended = await outcome(room, submission.job)
    assert (ended.result.verdict, ended.stdout) == (Verdict.OK, b"hello Bob\n")


async def test_on_pipes_too_the_room_sees_a_program_wait(server: RunningServer) -> None:
    submission = Submission(
        "python",
        [("main.py", b"import sys; print(sum(map(int, sys.stdin)))")],
        prepared_stdin=b"19\n",
        stdin=StdinMode.SHARED,
    )
    async with server.room() as room:
        await room.submit(submission)
        await until_it_waits(room, submission.job)
        await room.send_stdin(submission.job, b"23\n")
        room.end_stdin(submission.job)
        ended = await outcome(room, submission.job)
    assert ended.stdout == b"42\n"


@pytest.mark.parametrize(
    "busy",
    ["import time; time.sleep(1)", "import time; t = time.time()\nwhile time.time() < t + 1: pass"],
    ids=["asleep", "at work"],
)
async def test_what_does_not_read_does_not_wait(busy: str, server: RunningServer) -> None:
    submission = on_a_terminal(busy + "\ninput('go? ')")
    async with server.room() as room:
        await room.submit(submission)
        async with asyncio.timeout(SECONDS):
            async for event in room.events():
                if isinstance(event, JobOutput):
                    break
                if isinstance(event, Queue):
                    assert not any(each.awaits_input for each in event.jobs)
        await until_it_waits(room, submission.job)
        await room.send_stdin(submission.job, b"\n")
        await outcome(room, submission.job)


async def test_it_waits_no_more_once_it_was_answered(server: RunningServer) -> None:
    submission = on_a_terminal("import time; input('? '); time.sleep(1); input('! ')")
    async with server.room() as room:
        await room.submit(submission)
        await until_it_waits(room, submission.job)
        await room.send_stdin(submission.job, b"\n")
        while waits(room, submission.job):
            await until(room, Queue)
        await until_it_waits(room, submission.job)
        room.end_stdin(submission.job)
        await outcome(room, submission.job)


SAYS_ITS_SIZE = """
import os, signal
def say(*_): os.write(1, b"%d %d\\n" % os.get_terminal_size())
signal.signal(signal.SIGWINCH, say)
say()
while input() != "end": pass
"""


async def test_the_terminal_has_the_submitters_size_and_follows_it(server: RunningServer) -> None:
    submission = on_a_terminal(SAYS_ITS_SIZE, Window(100, 30))
    async with server.room("ana") as ana, server.room("ben") as ben:
        await ana.submit(submission)
        assert await until_it_says(ana, submission.job, b"\n") == b"100 30\n"
        await until_it_waits(ana, submission.job)  # Python defers a signal that precedes a read
        ben.resize(submission.job, Window(7, 7))
        ana.resize(submission.job, Window(120, 40))
        assert await until_it_says(ana, submission.job, b"\n") == b"120 40\n"
        await ana.send_stdin(submission.job, b"end\n")
        ended = await outcome(ben, submission.job)
    assert ended.result.verdict is Verdict.OK
    assert b"7 7" not in ended.stdout


async def test_a_size_that_is_told_while_it_waits_in_the_queue_counts(
    server: RunningServer,
) -> None:
    hogs = [python("while True: pass") for _ in range(server.app.settings.max_concurrent)]
    submission = on_a_terminal("import os; print(*os.get_terminal_size())")
    async with server.room() as room:
        for hog in hogs:
            await room.submit(hog)
            await until(room, Started)
        await room.submit(submission)
        room.resize(submission.job, Window(33, 11))
        await eventually(lambda: room.jobs[submission.job].state is JobState.QUEUED)
        for hog in hogs:
            room.cancel(hog.job)
        ended = await outcome(room, submission.job)
    assert ended.stdout == b"33 11\n"


async def interrupted(server: RunningServer, source: str) -> Outcome:
    """What becomes of a program when somebody presses ctrl+C at its prompt."""
    submission = on_a_terminal(source)
    async with server.room() as room:
        await room.submit(submission)
        await until_it_waits(room, submission.job)
        room.interrupt(submission.job)
        return await outcome(room, submission.job)


async def test_an_interrupt_is_a_signal(server: RunningServer) -> None:
    ended = await interrupted(server, "try: input()\nexcept KeyboardInterrupt: print('ouch')")
    assert (ended.result.verdict, ended.stdout) == (Verdict.OK, b"ouch\n")


async def test_an_interrupt_ends_what_does_not_care(server: RunningServer) -> None:
    ended = await interrupted(
        server, "import signal; signal.signal(signal.SIGINT, signal.SIG_DFL); input('? ')"
    )
    assert (ended.result.verdict, ended.result.signal) == (Verdict.SIGNALLED, "SIGINT")


async def test_the_end_of_input_is_one(server: RunningServer) -> None:
    submission = on_a_terminal("import sys; print(sys.stdin.read().upper())")
    async with server.room() as room:
        await room.submit(submission)
        await room.send_stdin(submission.job, b"one\ntwo")
        room.end_stdin(submission.job)
        ended = await outcome(room, submission.job)
    assert ended.stdout == b"ONE\nTWO\n"
