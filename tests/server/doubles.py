"""Executors in memory, each with a particular behaviour.

GoodExecutor   each job runs as its source says, see below
SlowExecutor   hands out a sandbox only when it is allowed to
NeverExecutor  never hands out a sandbox
DownExecutor   has none
BrokenExecutor hands out sandboxes whose every call fails in a way that nobody has foreseen

What a job does is its source, a word a line: `print TEXT`, `error TEXT`, `exit CODE`, `stdin`
(waits for the end of its input, and prints it), `wait` (until the test releases it), `silence` (the
runner is gone), `rave` (the runner sends nonsense), `deaf` (goes on until it is destroyed), `idle`
and `computes` (the runner reports so; with a number: bytes of memory), `listen` (until somebody
types).
"""

import asyncio
import json
from collections.abc import Callable, Iterator

from codesync_protocol.messages import ExecutorInfo, Stream
from codesync_server.executors.contract import Executor, ExecutorUnavailable, PostMortem, Sandbox
from codesync_server.executors.request import RunnerStream, frame
from codesync_server.executors.runner.wire import ACTIVITY, FromRunner, ToRunner
from codesync_server.jobs.job import Job


class Bench:
    """What a test sees of its sandboxes, and how it lets them go on.

    Attributes:
        alive: sandboxes that were handed out and not destroyed.
        peak: the most that were alive at once.
        destroyed: of each sandbox that was destroyed, whether its runner had reported.
        released: lets all `wait` go on.
        may_destroy: when cleared, destroying takes until it is set.
        yielding: sandboxes that let others go first.
    """

    def __init__(self) -> None:
        self.alive = 0
        self.peak = 0
        self.destroyed: list[bool] = []
        self.released = asyncio.Event()
        self.may_destroy = asyncio.Event()
        self.may_destroy.set()
        self.yielding = 0


class ScriptedSandbox(Sandbox):
    """A runner that does what the job's source says."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._stream = RunnerStream()
        self._said: asyncio.Queue[bytes] = asyncio.Queue()
        self._script = ""
        self._stdin = bytearray()
        self._stdin_ended = asyncio.Event()
        self._typed = asyncio.Event()
        self._killed = asyncio.Event()
        self._life: asyncio.Task[None] | None = None
        bench.alive += 1
        bench.peak = max(bench.peak, bench.alive)

    async def read(self) -> bytes:
        """Wait for bytes that the runner wrote."""
        return await self._said.get()

    async def write(self, data: bytes) -> None:
        """Send bytes to the runner."""
        for kind, payload in self._stream.feed(data):
            match kind:
                case ToRunner.FILE:
                    self._script += payload.decode()
                    self._life = asyncio.get_running_loop().create_task(self._live())
                case ToRunner.STDIN:
                    self._stdin += payload
                    self._say(FromRunner.STDIN_TAKEN, len(self._stdin).to_bytes(8, "big"))
                    self._typed.set()
                case ToRunner.STDIN_END:
                    self._stdin_ended.set()
                case ToRunner.KILL:
                    self._killed.set()
                case _:
                    pass

    async def yield_cpu(self) -> None:
        """Let others go first."""
        self._bench.yielding += 1

    async def post_mortem(self) -> PostMortem:
        """Tell why the runner fell silent."""
        return PostMortem(memory=False, detail="it fell silent as its script says")

    async def destroy(self, *, reported: bool) -> None:
        """End it."""
        await self._bench.may_destroy.wait()
        if self._life is not None:
            self._life.cancel()
            await asyncio.wait([self._life])
        self._bench.alive -= 1
        self._bench.destroyed.append(reported)

    def _say(self, kind: bytes, payload: bytes = b"") -> None:
        self._said.put_nowait(frame(kind, payload))

    async def _live(self) -> None:
        self._say(FromRunner.STAGE_BEGAN, json.dumps({"stage": "run"}).encode())
        code = 0
        for line in self._script.splitlines():
            word, _, rest = line.partition(" ")
            match word:
                case "print":
                    self._say(FromRunner.STDOUT, rest.encode() + b"\n")
                case "error":
                    self._say(FromRunner.STDERR, rest.encode() + b"\n")
                case "exit":
                    code = int(rest)
                case "stdin":
                    await self._stdin_ended.wait()
                    self._say(FromRunner.STDOUT, bytes(self._stdin))
                case "wait":
                    await self._first_of(self._bench.released, self._killed)
                case "idle" | "computes":
                    self._say(
                        FromRunner.ACTIVITY, ACTIVITY.pack(word == "computes", int(rest or 0))
                    )
                case "listen":
                    await self._first_of(self._typed, self._killed)
                    self._typed.clear()
                case "deaf":
                    await asyncio.Event().wait()
                case "silence":
                    self._said.put_nowait(b"")
                    return
                case "rave":
                    self._said.put_nowait(b"V\xff\xff\xff\xff")
                    return
                case _:
                    raise AssertionError(f"no such word in a script: {line}")
            if self._killed.is_set():
                break
        stage = {
            "name": "run",
            "wall": 0.25,
            "cpu": 0.125,
            "status": code << 8,
            "killed_for": "server" if self._killed.is_set() else "",
            "oom_kills": 0,
            "peak": 1_000_000,
            "source": "rusage",
            "output_bytes": 0,
        }
        self._say(FromRunner.REPORT, json.dumps({"stages": [stage], "error": ""}).encode())

    async def _first_of(self, *events: asyncio.Event) -> None:
        waiting = [asyncio.ensure_future(event.wait()) for event in events]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waiting:
                each.cancel()
            await asyncio.wait(waiting)


class GoodExecutor(Executor):
    """Hands out sandboxes at once.

    Attributes:
        bench: what a test sees of them.
    """

    def __init__(self) -> None:
        self.bench = Bench()

    @property
    def info(self) -> ExecutorInfo:
        """What members are told."""
        return ExecutorInfo("double", sandboxed=True)

    @property
    def search_path(self) -> str:
        """PATH for the programs."""
        return "/sandbox/bin"

    def has_command(self, command: str) -> bool:
        """It can run anything."""
        return True

    async def start(self, tasks: asyncio.TaskGroup) -> None:
        """Nothing is to be prepared."""

    async def acquire(self, *, patient: bool = False) -> Sandbox:
        """Hand out a sandbox."""
        return ScriptedSandbox(self.bench)

    async def close(self) -> None:
        """Every sandbox belongs to its job."""


class SlowExecutor(GoodExecutor):
    """Hands out a sandbox only when it is allowed to.

    Attributes:
        wanted: how many wait for one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.wanted = 0
        self._allowed = asyncio.Semaphore(0)

    def allow(self, count: int = 1) -> None:
        """Let it hand out some."""
        for _ in range(count):
            self._allowed.release()

    async def acquire(self, *, patient: bool = False) -> Sandbox:
        """Wait until it is allowed."""
        self.wanted += 1
        try:
            await self._allowed.acquire()
        finally:
            self.wanted -= 1
        return await super().acquire()


class NeverExecutor(SlowExecutor):
    """Never hands out a sandbox."""

    def allow(self, count: int = 1) -> None:
        """It is not to be moved."""


class DownExecutor(GoodExecutor):
    """Has no sandboxes."""

    async def acquire(self, *, patient: bool = False) -> Sandbox:
        """Say so."""
        raise ExecutorUnavailable("Docker does not answer: no such file")


class BrokenSandbox(ScriptedSandbox):
    """Fails in a way that nobody has foreseen."""

    async def read(self) -> bytes:
        """Fail."""
        raise RuntimeError("a bug")


class BrokenExecutor(GoodExecutor):
    """Hands out broken sandboxes to the jobs that the test names, good ones to others.

    Attributes:
        broken: how many broken ones it hands out before the good ones.
    """

    def __init__(self, broken: int) -> None:
        super().__init__()
        self.broken = broken

    async def acquire(self, *, patient: bool = False) -> Sandbox:
        """Hand out a sandbox."""
        if self.broken:
            self.broken -= 1
            return BrokenSandbox(self.bench)
        return await super().acquire()


class Recorder:
    """Is told what happens to jobs, and remembers it.

    Attributes:
        begun: jobs that got a sandbox, in order; again when they run again.
        started: jobs whose run began, in order.
        written: what jobs wrote, with its offset.
        finished: jobs that ended, in order.
        credited: what was taken of whose input.
        changes: how often the queue changed.
        watch: is called with every change; for assertions that must hold at all times.
        told: what is done when everybody knows how a job ended; None: at once.
    """

    def __init__(self) -> None:
        self.begun: list[Job] = []
        self.started: list[Job] = []
        self.written: list[tuple[Job, Stream, int, bytes]] = []
        self.finished: list[Job] = []
        self.credited: list[dict[str, int]] = []
        self.changes = 0
        self.watch: Callable[[], None] = lambda: None
        self.told: asyncio.Future[None] | None = None

    def job_begins(self, job: Job) -> None:
        """A job has a sandbox."""
        self.begun.append(job)

    def job_started(self, job: Job) -> None:
        """A job compiles or runs."""
        self.started.append(job)
        self.watch()

    def job_wrote(self, job: Job, stream: Stream, offset: int, data: bytes) -> None:
        """A job wrote something."""
        assert job.output.total >= offset + len(data), "it is kept before it is told"
        self.written.append((job, stream, offset, data))

    def output_pause(self, job: Job) -> float:
        """More output may be told at once."""
        return 0.0

    def stdin_taken(self, job: Job, credited: dict[str, int]) -> None:
        """A job took input."""
        self.credited.append(credited)

    def job_finished(self, job: Job) -> "asyncio.Future[None] | None":
        """A job ended."""
        assert job not in self.finished, "a job ends once"
        self.finished.append(job)
        self.watch()
        return self.told

    def queue_changed(self, room: str = "") -> None:
        """Somebody's place changed."""
        self.changes += 1
        self.watch()

    def output(self, job: Job) -> Iterator[bytes]:
        """What a job wrote."""
        return (data for each, _, _, data in self.written if each is job)
