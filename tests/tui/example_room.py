"""A busy room with fixed content."""

from codesync_protocol.messages import ExecutorInfo, JobState, Member, Stream
from codesync_protocol.verdict import MemorySource, Result, Verdict
from tests.tui.room_server import OK, Room, RoomServer, job_id, job_summary

SOURCE = '''import random


class Game:
    """Guess a number."""

    def __init__(self, limit: int = 100) -> None:
        self.secret = random.randint(1, limit)  # never told

    def play(self) -> None:
        tries = 0
        while True:
            guess = int(input(f"Your guess ({tries}): "))
            tries += 1
            if guess == self.secret:
                print(f"Right, after {tries} tries!\\n")
                return
            print("higher" if guess < self.secret else "lower")


Game().play()
'''

CARETS = ((2, 42, 92), (3, 175, 175))
"""Where the others are: member, anchor, head."""

FAILED = Result(
    Verdict.RUNTIME_ERROR,
    "the program returned 1",
    exit_code=1,
    cpu_seconds=0.1,
    wall_seconds=0.2,
    peak_memory=9_100_000,
    memory_source=MemorySource.CGROUP_V1,
)


def add_members(room: Room) -> None:
    """Who is there."""
    room.members = (
        Member(1, "ana", "host", 0),
        Member(2, "ben", "editor", 1),
        Member(3, "Zoë 世界", "viewer", 2),
    )


def unsandboxed(room: Room) -> None:
    """The same people on a machine without Docker."""
    add_members(room)
    room.executor = ExecutorInfo(
        "local", False, "programs run unsandboxed as ana@lab-7: open the room to people you trust"
    )


async def run_programs(server: RoomServer) -> None:
    """What happens: a failure, a compiled program with a warning, and a game that two play."""
    fails, compiled, game = job_id(1), job_id(2), job_id(7)
    await server.submitted(job_summary(fails))
    await server.started(fails)
    await server.output(fails, b"\x1b[1;32m3 tests\x1b[0m passed, \x1b[31m1\x1b[0m failed\n")
    trace = b'Traceback (most recent call last):\n  File "main.py", line 3\nValueError: no\n'
    await server.output(fails, trace, Stream.STDERR)
    await server.finished(fails, FAILED)
    summary = job_summary(compiled, member=3, name="Zoë 世界", language="cpp", file_name="main.cpp")
    await server.submitted(summary)
    await server.started(compiled, JobState.COMPILING)
    warning = b"main.cpp:3:5: warning: unused variable 'x' [-Wunused-variable]\n"
    await server.output(compiled, warning, Stream.COMPILER)
    await server.started(compiled)
    await server.output(compiled, "10%\r20%\r100%\n你好 🎉\n".encode())
    await server.finished(compiled, OK)
    await server.submitted(job_summary(game, member=1, name="ana"))
    await server.started(game)
    for prompt, name, answer in (
        (b"Your guess (0): ", "ana", b"50\n"),
        (b"higher\nYour guess (1): ", "ben", b"75\n"),
    ):
        await server.output(game, prompt)
        await server.typed(game, name, answer)
    await server.output(game, b"lower\nYour guess (2): ")
    for number in (3, 4):
        await server.submitted(job_summary(job_id(number)))
