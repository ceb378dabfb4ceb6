"""One job in a sandbox whose runner sends hostile frames."""

import asyncio
import json
from collections import deque
from collections.abc import Iterable
from dataclasses import replace

import pytest

from codesync_protocol.limits import STDIN_WINDOW
from codesync_protocol.verdict import Result, Verdict
from codesync_server.configuration.limits import RUN
from codesync_server.executors.contract import PostMortem, Sandbox
from codesync_server.executors.judge import StopReason
from codesync_server.executors.output_pacing import OutputPacer, RoomOutputRate
from codesync_server.executors.request import RunnerStream, RunSpec, frame
from codesync_server.executors.runner.wire import ACTIVITY, FRAME_MAX, HEADER, FromRunner, ToRunner
from codesync_server.executors.session import SIGNALS_MAX, Session
from tests.sandbox.sandboxes import Heard, python_spec

SECONDS = 60.0
GOOD = json.dumps(
    {
        "stages": [
            {
                "name": "run",
                "wall": 0.1,
                "cpu": 0.1,
                "status": 0,
                "killed_for": "",
                "oom_kills": 0,
                "peak": 1 << 20,
                "source": "cgroup v1",
                "output_bytes": 0,
            }
        ]
    }
).encode()


class ScriptedSandbox(Sandbox):
    """Says what it was told to say, then falls silent or waits.

    Args:
        says: chunks of bytes, in order.
        dies: whether the stream ends behind them.

    Attributes:
        frames: what it was sent.
        asked: how often it was examined.
    """

    def __init__(self, says: Iterable[bytes], *, dies: bool = True, memory: bool = False) -> None:
        self.frames: deque[tuple[bytes, bytes]] = deque()
        self.asked = 0
        self.said = 0
        self._says = iter(says)
        self._dies = dies
        self._memory = memory
        self._stream = RunnerStream()

    async def read(self) -> bytes:
        await asyncio.sleep(0)
        for chunk in self._says:
            self.said += len(chunk)
            return chunk
        if not self._dies:
            await asyncio.Event().wait()
        return b""

    async def write(self, data: bytes) -> None:
        self.frames.extend(self._stream.feed(data))

    async def post_mortem(self) -> PostMortem:
        self.asked += 1
        return PostMortem(memory=self._memory, detail="as scripted")

    async def destroy(self, *, reported: bool) -> None:
        pass


async def run(
    sandbox: ScriptedSandbox, spec: RunSpec | None = None, *, stop: StopReason | None = None
) -> tuple[Result, Heard]:
    """Run a job in it."""
    heard = Heard()
    session = Session(sandbox, spec or python_spec("print()"), heard)
    if stop is not None:
        session.stop(stop)
    async with asyncio.timeout(SECONDS):
        return await session.run(), heard


async def test_a_report_ends_the_job_and_nothing_behind_it_counts() -> None:
    sandbox = ScriptedSandbox(
        [
            frame(FromRunner.STDOUT, b"hi")
            + frame(FromRunner.REPORT, GOOD)
            + frame(FromRunner.STDOUT, b"ghost")
        ]
    )
    result, heard = await run(sandbox)
    assert (result.verdict, heard.stdout, sandbox.asked) == (Verdict.OK, b"hi", 0)


async def test_frames_may_come_byte_by_byte() -> None:
    wire = (
        frame(FromRunner.STAGE_BEGAN, b'{"stage": "run"}')
        + frame(FromRunner.STDERR, b"error")
        + frame(FromRunner.REPORT, GOOD)
    )
    result, heard = await run(ScriptedSandbox(bytes([byte]) for byte in wire))
    assert (result.verdict, heard.stderr, heard.stages) == (Verdict.OK, b"error", ["run"])


LIES = {
    "no report": [frame(FromRunner.STDOUT, b"hi")],
    "nothing at all": [],
    "a frame that is too large": [HEADER.pack(FromRunner.STDOUT, FRAME_MAX + 1) + bytes(10)],
    "a report that is none": [frame(FromRunner.REPORT, b"verdict: ok")],
    "an empty report": [frame(FromRunner.REPORT, b"{}")],
    "a report that is cut off": [frame(FromRunner.REPORT, GOOD)[:-1]],
    "a report on something else": [frame(FromRunner.REPORT, GOOD.replace(b'"run"', b'"walk"'))],
    "kinds that there are not": [frame(bytes([kind]), b"x") for kind in b"\0zZ\xff"],
}


@pytest.mark.parametrize("says", LIES.values(), ids=LIES)
async def test_what_makes_no_sense_is_an_internal_error_and_no_guess(says: list[bytes]) -> None:
    result, _ = await run(ScriptedSandbox(says))
    assert result.verdict is Verdict.INTERNAL_ERROR


async def test_a_runner_that_lets_more_through_than_the_limit_is_not_listened_to_for_ever() -> None:
    limit = 1_000_000
    sandbox = ScriptedSandbox(frame(FromRunner.STDOUT, bytes(50_000)) for _ in range(10_000))
    spec = python_spec("print()", limits=replace(RUN, output=limit))
    result, heard = await run(sandbox, spec)
    assert result.verdict is Verdict.INTERNAL_ERROR
    assert len(heard.stdout) <= limit
    assert sandbox.said < 2 * limit


@pytest.mark.parametrize("kind", [FromRunner.AWAITS_INPUT, FromRunner.ACTIVITY])
async def test_h32_a_runner_may_not_report_without_end_what_its_program_does(kind: bytes) -> None:
    size = {FromRunner.AWAITS_INPUT: 1, FromRunner.ACTIVITY: ACTIVITY.size}[kind]
    says = (frame(kind, bytes([turn % 2]) + bytes(size - 1)) for turn in range(100_000))
    sandbox = ScriptedSandbox(says)
    result, heard = await run(sandbox, python_spec("print()", tty=True))
    assert result.verdict is Verdict.INTERNAL_ERROR
    assert len(heard.waits) + len(heard.activities) < 10_000


async def test_a_report_of_activity_of_the_wrong_size_is_an_internal_error() -> None:
    result, _ = await run(
        ScriptedSandbox([frame(FromRunner.ACTIVITY, b"\1")]), python_spec("print()", tty=True)
    )
    assert result.verdict is Verdict.INTERNAL_ERROR


async def test_acknowledgements_of_what_was_never_sent_are_ignored() -> None:
    claims = [
        frame(FromRunner.STDIN_TAKEN, number.to_bytes(8, "big")) for number in (3, 2, 1 << 60, 0, 4)
    ]
    sandbox = ScriptedSandbox(
        [
            *claims,
            frame(FromRunner.STDIN_TAKEN, b""),
            frame(FromRunner.STDIN_TAKEN, bytes(100)),
            frame(FromRunner.REPORT, GOOD),
        ]
    )
    result, heard = await run(sandbox, python_spec("print()", stdin=b"four"))
    assert result.verdict is Verdict.OK
    assert heard.taken in (0, 4)  # 0 if it claimed before the input was sent


async def test_no_more_stdin_is_on_the_way_than_the_window() -> None:
    sandbox = ScriptedSandbox([], dies=False)
    heard = Heard()
    session = Session(sandbox, python_spec("print()", stdin=bytes(5_000_000)), heard)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(session.run())
        for _ in range(1000):
            await asyncio.sleep(0)
        session.stop(StopReason.CANCELLED)
        async with asyncio.timeout(SECONDS):
            await running
    sent = sum(len(payload) for kind, payload in sandbox.frames if kind == ToRunner.STDIN)
    assert sent == STDIN_WINDOW
    assert sandbox.frames[-1] == (ToRunner.KILL, b"")


async def test_signals_that_the_sandbox_does_not_take_are_bounded() -> None:
    sandbox = ScriptedSandbox([], dies=False)
    session = Session(sandbox, python_spec("print()"), Heard())
    for _ in range(100_000):
        session.signal(2)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(session.run())
        for _ in range(1000):
            await asyncio.sleep(0)
        session.stop(StopReason.CANCELLED)
        async with asyncio.timeout(SECONDS):
            await running
    assert [kind for kind, _ in sandbox.frames].count(ToRunner.SIGNAL) == SIGNALS_MAX


async def test_a_runner_that_never_reports_is_ended_by_the_servers_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("codesync_server.executors.session.GRACE_SECONDS", 0.0)
    spec = python_spec("print()", limits=replace(RUN, wall=0.05))
    result, _ = await run(ScriptedSandbox([], dies=False), spec)
    assert result.verdict is Verdict.TIME_LIMIT
    sandbox = ScriptedSandbox([], dies=False, memory=True)
    result, _ = await run(sandbox, spec)
    assert (result.verdict, sandbox.asked) == (Verdict.MEMORY_LIMIT, 1)


async def test_a_runner_that_talks_for_ever_is_ended_by_the_servers_clock_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("codesync_server.executors.session.GRACE_SECONDS", 0.0)

    def chatter() -> Iterable[bytes]:
        while True:
            yield (
                frame(FromRunner.STAGE_BEGAN, b"{}") + frame(FromRunner.STDOUT) + frame(b"z", b"z")
            )

    spec = python_spec("print()", limits=replace(RUN, wall=0.05))
    result, _ = await run(ScriptedSandbox(chatter()), spec)
    assert result.verdict is Verdict.TIME_LIMIT


@pytest.mark.parametrize(
    ("stop", "verdict"),
    [(StopReason.CANCELLED, Verdict.CANCELLED), (StopReason.SHUTDOWN, Verdict.LOST)],
)
async def test_a_runner_that_ignores_the_kill_is_not_waited_for(
    stop: StopReason, verdict: Verdict
) -> None:
    sandbox = ScriptedSandbox([], dies=False)
    result, _ = await run(sandbox, stop=stop)
    assert result.verdict is verdict
    assert (ToRunner.KILL, b"") in sandbox.frames
    assert sandbox.asked == 0


class CountingPacer(OutputPacer):
    """Counts the bytes that are read, and never lets anybody wait."""

    def __init__(self) -> None:
        super().__init__(RoomOutputRate(0.0), 0.0)
        self.read = 0

    def pause(self, size: int, now: float) -> float:
        self.read += size
        return 0.0


async def test_output_is_read_at_the_pace_that_a_session_is_given() -> None:
    pace = CountingPacer()
    says = [
        frame(FromRunner.STDOUT, bytes(1000)),
        frame(FromRunner.STDOUT, bytes(500)),
        frame(FromRunner.REPORT, GOOD),
    ]
    session = Session(ScriptedSandbox(says), python_spec("print()"), Heard(), pace)
    async with asyncio.timeout(SECONDS):
        await session.run()
    assert pace.read == sum(map(len, says[:-1]))
