"""One job in one sandbox: sends the request, receives output, and collects the evidence."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from typing import Protocol

from codesync_protocol.limits import PART_MAX, STDIN_WINDOW
from codesync_protocol.messages import Stream
from codesync_protocol.verdict import Result
from codesync_server.executors.contract import PostMortem, Sandbox
from codesync_server.executors.judge import StopReason, judge
from codesync_server.executors.output_pacing import OutputPacer, RoomOutputRate
from codesync_server.executors.request import RunnerStream, RunSpec, frame
from codesync_server.executors.runner.wire import ACTIVITY, WINDOW, FromRunner, ToRunner
from codesync_server.executors.runner_report import RunnerReport, read_report

GRACE_SECONDS = 3.0
"""How long after the stages' wall time the runner may still report before the server ends it."""

STOP_SECONDS = 0.5
"""How long a runner that was told to stop may take to report its figures."""

STATUS_FRAMES_MAX = 100
STATUS_FRAMES_PER_SECOND = 50
"""How often a runner may report what its program does. It reports a tenth of this at the most."""

SIGNALS_MAX = 16
"""Signals that the sandbox has not taken yet; further ones change nothing."""

STREAMS = {
    FromRunner.STDOUT: Stream.STDOUT,
    FromRunner.STDERR: Stream.STDERR,
    FromRunner.COMPILER: Stream.COMPILER,
}


class SessionListener(Protocol):
    """Whoever is told what a job does. Calls never block and never raise."""

    def stage_began(self, name: str) -> None:
        """A stage, "compile" or "run", began."""
        ...

    def wrote(self, stream: Stream, data: bytes) -> None:
        """The job wrote something."""
        ...

    def stdin_taken(self, total: int) -> None:
        """The program has taken so many bytes of its stdin, in all."""
        ...

    def awaits_input(self, waits: bool) -> None:
        """The program began or ceased to wait for input."""
        ...

    def activity(self, computes: bool, memory: int) -> None:
        """The program began or ceased to use the cpu, or its memory changed while it did not.

        Only a program on a terminal is reported.

        Args:
            computes: whether it uses the cpu.
            memory: bytes that it has in use; known only of a program that does not compute.
        """
        ...


class Session:
    """One job in one sandbox.

    Args:
        sandbox: a parked one; the session uses it up, the caller destroys it.
        spec: what to run.
        listener: who is told.
        pacer: of its output; None: it shares the rate with no other program.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        spec: RunSpec,
        listener: SessionListener,
        pacer: OutputPacer | None = None,
    ) -> None:
        self._pacer = pacer
        self._sandbox = sandbox
        self._spec = spec
        self._listener = listener
        self._output_left = sum(stage.limits.output for stage in spec.stages)
        self._stdin = bytearray(spec.prepared_stdin)
        self._stdin_sent = 0
        self._stdin_taken = 0
        self._stdin_ended = False
        self._stdin_end_sent = False
        self._signals: list[int] = []
        self._window: tuple[int, int] = spec.window
        self._window_sent: tuple[int, int] = spec.window
        self._share: float | None = None
        self._share_changed = asyncio.Event()
        self._yields = False
        self._stop: StopReason | None = None
        self._stop_sent = False
        self._wake = asyncio.Event()
        self._deadline: asyncio.Timeout | None = None
        self._began = 0.0
        self._status_frames = 0

    # What the room may do to a running job.

    def feed_stdin(self, data: bytes) -> None:
        """Add input behind the rest; the caller bounds how much."""
        if not self._stdin_ended:
            self._stdin += data
            self._wake.set()

    def end_stdin(self) -> None:
        """No more input will come."""
        self._stdin_ended = True
        self._wake.set()

    def signal(self, number: int) -> None:
        """Send the program a signal."""
        if len(self._signals) < SIGNALS_MAX:
            self._signals.append(number)
            self._wake.set()

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of the program's terminal; nothing happens to one without."""
        self._window = (columns, rows)
        self._wake.set()

    def yield_cpu(self) -> None:
        """Let other programs go first from now on, where the cpu does not suffice for all."""
        self._yields = True
        self._share_changed.set()

    def stop(self, why: StopReason) -> None:
        """End the job; the first reason counts."""
        if self._stop is None:
            self._stop = why
            self._end_overdue()
            self._wake.set()

    # Its life.

    async def run(self) -> Result:
        """Run the job to its end.

        Returns:
            The verdict and the figures of the sandbox.
        """
        self._began = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as tasks:
            helpers = [
                tasks.create_task(self._write()),
                tasks.create_task(self._update_cpu_share()),
            ]
            report = await self._listen()
            for helper in helpers:
                helper.cancel()
        post_mortem: PostMortem | None = None
        if report is None and self._stop in (None, StopReason.OVERDUE):
            post_mortem = await self._sandbox.post_mortem()
        return judge(self._spec, stop=self._stop, report=report, post_mortem=post_mortem)

    async def _listen(self) -> RunnerReport | None:
        """Listen to the runner until it reports or falls silent, or until our own clock is out."""
        try:
            async with asyncio.timeout(self._spec.wall + GRACE_SECONDS) as self._deadline:
                if self._stop is not None:
                    self._end_overdue()
                return await self._read_report()
        except TimeoutError:
            self._stop = self._stop or StopReason.OVERDUE
            return None
        finally:
            self._deadline = None

    def _end_overdue(self) -> None:
        if self._deadline is not None:
            self._deadline.reschedule(asyncio.get_running_loop().time() + STOP_SECONDS)

    async def _read_report(self) -> RunnerReport | None:
        stream = RunnerStream()
        clock = asyncio.get_running_loop().time
        pacer = self._pacer or OutputPacer(RoomOutputRate(clock()), clock())
        while data := await self._sandbox.read():
            try:
                for kind, payload in stream.feed(data):
                    if kind == FromRunner.REPORT:
                        return read_report(payload)
                    self._handle_frame(kind, payload)
            except ValueError:
                return None  # nonsense is no witness
            await asyncio.sleep(pacer.pause(len(data), clock()))
        return None

    def _handle_frame(self, kind: bytes, payload: bytes) -> None:
        if stream := STREAMS.get(kind):
            self._output_left -= len(payload)
            if self._output_left < 0:
                raise ValueError("the runner lets more through than the limits allow")
            self._listener.wrote(stream, payload)
        elif kind == FromRunner.STDIN_TAKEN:
            taken = int.from_bytes(payload, "big")
            if self._stdin_taken < taken <= self._stdin_sent:
                self._stdin_taken = taken
                self._listener.stdin_taken(taken)
                self._wake.set()
        elif kind == FromRunner.AWAITS_INPUT:
            self._count_status_frame()
            self._listener.awaits_input(payload == b"\1")
        elif kind == FromRunner.ACTIVITY:
            self._count_status_frame()
            self._handle_activity(payload)
        elif kind == FromRunner.STAGE_BEGAN:
            name = "compile" if b"compile" in payload else "run"
            self._set_cpu_share(name)
            self._listener.stage_began(name)

    def _count_status_frame(self) -> None:
        """Refuse a runner that reports so often that it costs the server more than its program.

        Raises:
            ValueError: it does.
        """
        self._status_frames += 1
        seconds = asyncio.get_running_loop().time() - self._began
        if self._status_frames > STATUS_FRAMES_MAX + seconds * STATUS_FRAMES_PER_SECOND:
            raise ValueError("the runner reports too often")

    def _handle_activity(self, payload: bytes) -> None:
        if len(payload) != ACTIVITY.size:
            raise ValueError("the runner's report of activity has the wrong size")
        if self._spec.tty:
            self._listener.activity(*ACTIVITY.unpack(payload))

    def _set_cpu_share(self, name: str) -> None:
        """Have the cpu share changed to a stage's; nobody waits for it."""
        self._share = next((each.cpus for each in self._spec.stages if each.name == name), None)
        self._share_changed.set()

    async def _update_cpu_share(self) -> None:
        given: float | None = None
        yielded = False
        while True:
            await self._share_changed.wait()
            self._share_changed.clear()
            if self._yields and not yielded:
                yielded = True
                await self._sandbox.yield_cpu()
            if self._share != given:
                given = self._share
                await self._sandbox.set_cpus(given)

    async def _write(self) -> None:
        frames = self._spec.frames()
        with suppress(ConnectionError):  # the reader sees it too
            while True:
                self._wake.clear()
                # What fits goes in one write: each costs a hop through the engine.
                batch = bytearray()
                for part in chain(frames, self._frames_to_send()):
                    batch += part
                    if len(batch) >= PART_MAX:
                        await self._sandbox.write(bytes(batch))
                        batch.clear()
                if batch:
                    await self._sandbox.write(bytes(batch))
                await self._wake.wait()

    def _frames_to_send(self) -> Iterator[bytes]:
        """Give the frames that may be sent now."""
        while self._signals:
            yield frame(ToRunner.SIGNAL, bytes([self._signals.pop(0)]))
        if self._window != self._window_sent:
            self._window_sent = self._window
            yield frame(ToRunner.RESIZE, WINDOW.pack(*self._window))
        if self._stop and not self._stop_sent:
            self._stop_sent = True
            yield frame(ToRunner.KILL)
        while self._stdin and self._stdin_sent - self._stdin_taken < STDIN_WINDOW:
            part = bytes(self._stdin[:PART_MAX])
            del self._stdin[:PART_MAX]
            self._stdin_sent += len(part)
            yield frame(ToRunner.STDIN, part)
        if self._stdin_ended and not self._stdin and not self._stdin_end_sent:
            self._stdin_end_sent = True
            yield frame(ToRunner.STDIN_END)
