"""The runner: parks, receives one request, runs its stages, reports, ends."""

import json
import os
import signal
from typing import TypedDict

from codesync_server.executors.runner.processes import (
    IGNORED,
    PR_SET_CHILD_SUBREAPER,
    PR_SET_DUMPABLE,
    kill_all,
    libc,
)
from codesync_server.executors.runner.stage import (
    REAP_SECONDS,
    Evidence,
    Limits,
    RunContext,
    StageRun,
)
from codesync_server.executors.runner.stdin import Stdin
from codesync_server.executors.runner.wire import (
    WINDOW,
    FromRunner,
    ServerConnection,
    ServerDisconnected,
    ToRunner,
)


class StageRequest(TypedDict):
    """A stage to run: "compile" or "run", arguments as hexadecimal bytes, limits."""

    name: str
    argv: list[str]
    limits: Limits


class Request(TypedDict):
    """What to run. `{home}` in a value of `env` stands for the folder that holds the job's."""

    tty: bool
    window: tuple[int, int]
    files: list[tuple[str, int]]
    env: dict[str, str]
    stages: list[StageRequest]


class Runner:
    """One request, from the first frame to the report."""

    def __init__(self) -> None:
        contained = os.getpid() == 1
        wakeup, wake = os.pipe()
        os.set_blocking(wakeup, False)
        os.set_blocking(wake, False)
        signal.signal(signal.SIGCHLD, _ignore_signal)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        for number in IGNORED:
            signal.signal(number, signal.SIG_IGN)
        if not contained:
            libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
        # Code of the same uid must not open our descriptors or our memory, nor trace us.
        if libc.prctl(PR_SET_DUMPABLE, 0) != 0:
            raise OSError("prctl(PR_SET_DUMPABLE) failed")
        self._context = RunContext(ServerConnection(), contained, wakeup)
        self._server = self._context.server
        self._stage: StageRun | None = None
        self._acknowledged = 0
        self._killed = False

    def main(self) -> None:
        """Park, take one request, run it, report."""
        try:
            self._server.send_json(
                FromRunner.READY, {"runner": 1, "cgroup": self._context.cgroup.kind}
            )
            try:
                report: object = {"stages": self._run_stages(self._receive_request())}
            except OSError as error:
                report = {"error": str(error)}
            self._server.send_json(FromRunner.REPORT, report)
            self._server.finish(REAP_SECONDS)
        except ServerDisconnected:
            kill_all(self._context.contained)

    def _receive_request(self) -> Request:
        """Read the request, and write its files into a fresh folder."""
        kind, payload = self._server.next_frame()
        if kind != ToRunner.REQUEST:
            raise OSError("the first frame is not a request")
        request: Request = json.loads(payload)
        context = self._context
        context.stdin = Stdin(request["tty"])
        context.window = request["window"]
        home = os.getcwd()
        context.env = {k: v.replace("{home}", home) for k, v in request["env"].items()}
        os.mkdir("job", 0o700)
        os.chdir("job")
        for name, size in request["files"]:
            with open(name, "xb") as file:
                while size > 0:
                    kind, payload = self._server.next_frame()
                    if kind == ToRunner.FILE:
                        file.write(payload)
                        size -= len(payload)
                    else:
                        self._handle_frame(kind, payload)
        self._handle_frames()
        return request

    def _run_stages(self, request: Request) -> list[Evidence]:
        reports: list[Evidence] = []
        for wanted in request["stages"]:
            if self._killed:
                break
            tty = request["tty"] and wanted["name"] == "run"
            argv = [bytes.fromhex(part) for part in wanted["argv"]]
            stage = StageRun(self._context, wanted["name"], argv, wanted["limits"], tty)
            self._server.send_json(FromRunner.STAGE_BEGAN, {"stage": stage.name})
            stage.begin()
            self._stage = stage
            while not stage.over:
                for fd in stage.wait():
                    if fd == 0:
                        self._handle_frames()
                    else:
                        self._server.flush()
                self._acknowledge()
            self._stage = None
            reports.append(stage.finish())
            self._acknowledge()
            if reports[-1]["status"] != 0 or reports[-1]["killed_for"]:
                break
        return reports

    def _handle_frames(self) -> None:
        self._server.receive()
        while self._server.frames:
            self._handle_frame(*self._server.frames.popleft())

    def _handle_frame(self, kind: bytes, payload: bytes) -> None:
        if kind == ToRunner.STDIN:
            self._context.stdin.feed(payload)
        elif kind == ToRunner.STDIN_END:
            self._context.stdin.end()
        elif kind == ToRunner.RESIZE:
            self._context.window = WINDOW.unpack(payload)
            if self._stage:
                self._stage.resize()
        elif kind == ToRunner.SIGNAL and self._stage and self._stage.name == "run":
            self._stage.signal(payload[0])
        elif kind == ToRunner.KILL:
            self._killed = True
            if self._stage:
                self._stage.kill("server")

    def _acknowledge(self) -> None:
        taken = self._context.stdin.taken
        if taken > self._acknowledged:
            self._acknowledged = taken
            self._server.send(FromRunner.STDIN_TAKEN, taken.to_bytes(8, "big"))


def _ignore_signal(number: int, frame: object) -> None:
    """A handler must exist for the wakeup descriptor to be written to."""


if __name__ == "__main__":
    Runner().main()
