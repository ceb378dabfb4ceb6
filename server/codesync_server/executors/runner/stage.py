"""One stage: runs a command within its limits, and collects the evidence of its end."""

import contextlib
import os
import select
import time
from typing import TypedDict

from codesync_server.executors.runner.activity import Activity
from codesync_server.executors.runner.cgroup import Cgroup
from codesync_server.executors.runner.landlock import LandlockRules
from codesync_server.executors.runner.processes import (
    kill_all,
    living_cpu_seconds,
    open_terminal,
    own_cpu_seconds,
    proportional_bytes,
    resident_bytes,
    resize_terminal,
    start,
    threads_of_this_user,
)
from codesync_server.executors.runner.stdin import Stdin
from codesync_server.executors.runner.stdin_wait import StdinWait
from codesync_server.executors.runner.thrashing import Thrashing
from codesync_server.executors.runner.uncharged_memory import UnchargedMemory
from codesync_server.executors.runner.wire import (
    ACTIVITY,
    FRAME_MAX,
    OUTGOING_MAX,
    FromRunner,
    ServerConnection,
)

REAP_SECONDS = 2.0
MEMORY_POLL_SECONDS = 0.01  # between two checks of memory that the kernel does not limit
COUNTER_POLL_SECONDS = 0.008  # between two checks of counters, however often the program writes


class Limits(TypedDict):
    """Limits of a stage: seconds, bytes, counts."""

    wall: float
    idle: float | None
    cpu: float
    memory: int
    output: int
    processes: int
    file_size: int
    open_files: int


class Evidence(TypedDict):
    """How a stage ended: seconds, bytes, and a wait status as wait4(2) gives it."""

    name: str
    wall: float
    cpu: float
    status: int
    killed_for: str
    oom_kills: int
    peak: int
    source: str
    output_bytes: int


class RunContext:
    """What every stage needs.

    Attributes:
        server: the connection to the server.
        contained: whether we are PID 1 of a sandbox.
        cgroup: the sandbox's counters.
        uncharged: counts of what they leave out; None outside a sandbox.
        write_rules: where programs may write; None outside a sandbox.
        wakeup: readable when a child has ended.
        tick: seconds between two checks of what cannot be waited for, except memory.
        env: the program's environment.
        stdin: the program's input.
        window: columns and rows of its terminal, if it gets one.
    """

    def __init__(self, server: ServerConnection, contained: bool, wakeup: int) -> None:
        self.server = server
        self.contained = contained
        self.cgroup = Cgroup(contained)
        self.uncharged = UnchargedMemory() if contained else None
        self.write_rules = LandlockRules() if contained else None
        self.wakeup = wakeup
        self.tick = 0.1 if contained else 0.01
        self.env: dict[str, str] = {}
        self.stdin = Stdin(False)
        self.window: tuple[int, int] = (80, 24)

    def drain_wakeup(self) -> None:
        """Take note of the children that have ended."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.wakeup, 4096)


class StageRun:
    """One run of one command.

    Attributes:
        name: "compile" or "run"; only "run" has input, a terminal, and an output limit that kills.
        pid: the command's process id, and its process group's.
    """

    def __init__(
        self, context: RunContext, name: str, argv: list[bytes], limits: Limits, tty: bool
    ) -> None:
        self.name = name
        self.pid = 0
        self._context = context
        self._argv = argv
        self._limits = limits
        self._tty = tty
        self._outputs: dict[int, bytes] = {}  # descriptor to kind of frame
        self._output_bytes = 0
        self._killed_for = ""
        self._status: int | None = None
        self._max_rss = 0
        self._active = 0.0  # when the program last read or wrote
        self._terminal: int | None = None
        self._stdin_wait: StdinWait | None = None
        self._activity: Activity | None = None  # of a program on a terminal
        self._reported_waiting = False
        self._next_check = 0.0
        # The kernel holds the whole sandbox to what it was started with, and no stage to less.
        granted = context.cgroup.limit()
        self._polls_memory = granted is None or limits["memory"] < granted
        self._tick = MEMORY_POLL_SECONDS if self._polls_memory else context.tick

    def begin(self) -> None:
        """Start the command.

        Raises:
            OSError: it could not be started.
        """
        context = self._context
        self._cpu, self._own_cpu = context.cgroup.cpu(), own_cpu_seconds()
        self._ooms, self._peak = context.cgroup.oom_kills(), context.cgroup.peak()
        self._began = self._active = time.monotonic()
        self._next_check = self._began + COUNTER_POLL_SECONDS
        self._thrashing = Thrashing(context.cgroup, self._began)
        if self._tty:
            self._terminal, child = open_terminal(*context.window)
            self._outputs[self._terminal] = FromRunner.STDOUT
            context.stdin.fd = os.dup(self._terminal)
            fds = [child, child, child]
        elif self.name == "compile":
            out, out_end = os.pipe()
            self._outputs[out] = FromRunner.COMPILER
            fds = [os.open("/dev/null", os.O_RDONLY), out_end, out_end]
        else:
            (in_end, context.stdin.fd), (out, out_end), (err, err_end) = (
                os.pipe(),
                os.pipe(),
                os.pipe(),
            )
            self._outputs.update({out: FromRunner.STDOUT, err: FromRunner.STDERR})
            fds = [in_end, out_end, err_end]
        if self.name == "run":
            self._stdin_wait = StdinWait(os.readlink(f"/proc/self/fd/{fds[0]}"), self._began)
        if self._tty:
            self._activity = Activity(self._began, 0.0, self._memory_in_use)
        for fd in (*self._outputs, context.stdin.fd):
            if fd is not None:
                os.set_blocking(fd, False)
        self.pid = start(
            self._argv,
            context.env,
            fds,
            self._rlimits(),
            write_rules=context.write_rules,
            tty=self._tty,
        )

    def _rlimits(self) -> dict[str, int]:
        limits = self._limits
        values = {
            "RLIMIT_CORE": 0,
            "RLIMIT_FSIZE": limits["file_size"],
            "RLIMIT_NOFILE": limits["open_files"],
            "RLIMIT_CPU": int(limits["cpu"]) + 1,
        }
        # A sandbox has a user of its own, whose processes are all in it, the runner included.
        others = 0 if self._context.contained else threads_of_this_user()
        values["RLIMIT_NPROC"] = others + limits["processes"]
        return values

    @property
    def over(self) -> bool:
        """Whether the command has ended."""
        return self._status is not None

    def wait(self) -> list[int]:
        """Wait until something happens, and move the program's bytes.

        Returns:
            The descriptors of the connection (0, 1) that are ready.
        """
        context = self._context
        poller = select.poll()
        poller.register(0, select.POLLIN)
        poller.register(context.wakeup, select.POLLIN)
        if context.server.outgoing:
            poller.register(1, select.POLLOUT)
        if len(context.server.outgoing) < OUTGOING_MAX:
            for fd in self._outputs:
                poller.register(fd, select.POLLIN)
        if self.name == "run" and context.stdin.wants_to_write and context.stdin.fd is not None:
            poller.register(context.stdin.fd, select.POLLOUT)
        left = self._began + self._limits["wall"] - time.monotonic()
        if context.uncharged:
            left = min(left, context.uncharged.poll_seconds)
        ready: list[int] = []
        for fd, _ in poller.poll(max(0.0, min(left, self._tick)) * 1000):
            if fd in (0, 1):
                ready.append(fd)
            elif fd in self._outputs:
                self._read(fd)
            elif fd == context.wakeup:
                context.drain_wakeup()
            elif fd == context.stdin.fd:
                context.stdin.write()
                self._record_io()
        self._reap()
        if not self.over:
            self._enforce()
            self._check_stdin_wait()
        return ready

    def _record_io(self) -> None:
        self._active = time.monotonic()
        if self._stdin_wait:
            self._stdin_wait.record_io(self._active)

    def _check_stdin_wait(self) -> None:
        """Tell the server when the program begins or ceases to wait for input."""
        if self._stdin_wait is None:
            return
        stdin, now = self._context.stdin, time.monotonic()
        if stdin.fd is None or stdin.wants_to_write:
            self._stdin_wait.record_io(now)
        else:
            self._stdin_wait.check(now)
        if self._stdin_wait.waits != self._reported_waiting:
            self._reported_waiting = self._stdin_wait.waits
            self._context.server.send(FromRunner.AWAITS_INPUT, bytes([self._reported_waiting]))

    def resize(self) -> None:
        """Give the program's terminal the size that it should have now."""
        if self._terminal in self._outputs:
            resize_terminal(self._terminal, *self._context.window)

    def _enforce(self) -> None:
        limits, now = self._limits, time.monotonic()
        if now - self._began >= limits["wall"]:
            self.kill("memory" if self._thrashing.check_whole_run(now) else "wall")
        elif limits["idle"] is not None and now - self._active >= limits["idle"]:
            self.kill("idle")
        elif now >= self._next_check:
            self._next_check = now + COUNTER_POLL_SECONDS
            cpu = self._cpu_so_far()
            if cpu >= limits["cpu"]:
                self.kill("cpu")
            elif self._thrashing.check(now) or (self._polls_memory and self._is_over_memory()):
                self.kill("memory")
            elif self._context.uncharged and (kind := self._context.uncharged.exceeded(now, cpu)):
                self.kill(kind)
            self._check_activity(now, cpu)

    def _check_activity(self, now: float, cpu: float) -> None:
        """Tell the server when the program begins or ceases to compute."""
        activity = self._activity
        if activity is None or not activity.check(now, cpu):
            return
        self._context.server.send(
            FromRunner.ACTIVITY, ACTIVITY.pack(activity.computes, activity.memory)
        )

    def _memory_in_use(self) -> int:
        used = self._context.cgroup.used()
        return resident_bytes(os.getpid()) if used is None else used

    def _is_over_memory(self) -> bool:
        limit, used = self._limits["memory"], self._context.cgroup.used()
        if used is not None:
            return used > limit
        runner = os.getpid()
        return resident_bytes(runner) > limit and proportional_bytes(runner) > limit

    def _cpu_so_far(self) -> float:
        used = self._context.cgroup.cpu() - self._cpu
        if self._context.cgroup.kind:
            return used - (own_cpu_seconds() - self._own_cpu)
        return used + living_cpu_seconds(os.getpid())

    def kill(self, why: str) -> None:
        """Kill everything that runs, and remember why (the first reason counts)."""
        self._killed_for = self._killed_for or why
        kill_all(self._context.contained)

    def signal(self, number: int) -> None:
        """Send a signal to the command and its process group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def _read(self, fd: int) -> bool:
        """Pass on what the program wrote; tell whether there may be more."""
        try:
            data = os.read(fd, FRAME_MAX)
        except BlockingIOError:
            return False
        except OSError:  # EIO: the last one closed the terminal
            data = b""
        if not data:
            os.close(fd)
            del self._outputs[fd]
            return False
        self._record_io()
        room = self._limits["output"] - self._output_bytes
        self._output_bytes += len(data)
        if room > 0:
            self._context.server.send(self._outputs[fd], data[:room])
        if len(data) > room and self.name == "run":
            self.kill("output")
        return True

    def _reap(self) -> bool:
        """Collect everything that has ended; tell whether any child is left."""
        try:
            while True:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
                if pid == 0:
                    return True
                self._max_rss = max(self._max_rss, usage.ru_maxrss * 1024)
                if pid == self.pid:
                    self._status = status
        except ChildProcessError:
            return False

    def finish(self) -> Evidence:
        """After the command's end: nothing of it lives on, and all that it wrote is passed on."""
        context = self._context
        wall = time.monotonic() - self._began
        deadline = time.monotonic() + REAP_SECONDS
        kill_all(context.contained)
        while self._reap() and time.monotonic() < deadline:
            kill_all(context.contained)
            select.select([context.wakeup], [], [], 0.01)
            context.drain_wakeup()
        for fd in list(self._outputs):
            while fd in self._outputs and self._read(fd) and time.monotonic() < deadline:
                context.server.finish(REAP_SECONDS)
            if fd in self._outputs:
                os.close(fd)
        self._outputs.clear()
        if self.name == "run":
            context.stdin.close()
        used = context.cgroup.cpu() - self._cpu
        if context.cgroup.kind:
            used -= own_cpu_seconds() - self._own_cpu
        peak = context.cgroup.peak()
        # The counter cannot be set back between stages: it tells of this one only if it grew.
        grew = peak > self._peak
        return {
            "name": self.name,
            "wall": wall,
            "cpu": max(0.0, used),
            "status": self._status or 0,
            "killed_for": self._killed_for,
            "oom_kills": context.cgroup.oom_kills() - self._ooms,
            "peak": peak if grew else self._max_rss,
            "source": context.cgroup.kind if grew else "rusage",
            "output_bytes": self._output_bytes,
        }
