"""Checks that a machine can run programs, one after the other."""

import asyncio
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from codesync_protocol.messages import StdinMode, Stream
from codesync_protocol.verdict import Result, Verdict
from codesync_server.configuration.limits import JobLimits
from codesync_server.configuration.setting_types.uid_range import show_uids
from codesync_server.executors.contract import Executor, ExecutorUnavailable
from codesync_server.executors.docker import image
from codesync_server.executors.docker.engine import Engine, EngineError
from codesync_server.executors.docker.engine_address import EngineAddress
from codesync_server.executors.docker.executor import DockerExecutor
from codesync_server.executors.docker.profile import SandboxProfile
from codesync_server.executors.docker.uids import UidsInUse, choose_uids
from codesync_server.executors.session import Session
from codesync_server.jobs.job import Job, Submitter
from codesync_server.jobs.plan import plan
from codesync_server.jobs.stdin import JobStdin
from codesync_server.languages.language import Language
from codesync_server.languages.registry import Languages, built_in


class Grade(StrEnum):
    """How a finding is."""

    GOOD = "ok"
    WARNING = "warning"
    BAD = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        grade: how it is.
        what: what was found.
        remedy: what to do about it; empty when all is well.
    """

    grade: Grade
    what: str
    remedy: str = ""


NEEDED = {
    "MemoryLimit": "memory limits",
    "SwapLimit": "swap limits",
    "PidsLimit": "process limits",
    "CpuCfsQuota": "cpu quotas",
}
"""What the engine's kernel must be able to limit: name in `docker info`, and for people."""

REMEDIES = {
    "permission": "add yourself to the group docker (newgrp docker), or ask your administrator;"
    " until then programs run unsandboxed",
    "no Docker socket": "install Docker, or set DOCKER_HOST; until then programs run unsandboxed",
    "nobody answers": "start it: sudo systemctl start docker",
}


_WRITE_TO_PROC = """\
try:
    with open("/proc/self/oom_score_adj", "r+"):
        print("allowed")
except OSError:
    print("refused")
"""
"""Where the kernel has no Landlock, a program can open this file for writing."""


async def check_docker(
    report: Callable[[Finding], None], sandbox_uids: range | None = None
) -> None:
    """Look at the engine, its limits, the image, and a program of each language in it.

    Args:
        report: is told each finding as soon as it is there.
        sandbox_uids: the setting of this name.
    """
    for finding in _exposures():
        report(finding)
    try:
        engine = await Engine.connect()
    except EngineError as error:
        text = str(error)
        remedy = next((what for key, what in REMEDIES.items() if key in text), "see its log")
        report(Finding(Grade.BAD, f"Docker cannot be used: {text}", remedy))
        return
    try:
        await _check_engine(engine, report)
        if not await _check_uids(sandbox_uids, await engine.info(), report):
            return
        state = await engine.call(image.inspect)
        if state.image_id is None:
            report(
                Finding(
                    Grade.BAD,
                    f"the executor image {state.tag} is not there",
                    "build it: codesync image build",
                )
            )
            return
        report(Finding(Grade.GOOD, f"the executor image {state.tag} is there"))
        for tag in state.stale:
            report(Finding(Grade.GOOD, f"{tag} is of another version", f"docker rmi {tag}"))
    except EngineError as error:
        report(Finding(Grade.BAD, f"Docker fails: {error}", "see its log"))
        return
    finally:
        engine.close()
    executor = DockerExecutor(
        await Engine.connect(), state.image_id, SandboxProfile(), pool_size=1, uids=sandbox_uids
    )
    await check_languages(executor, report, has_sandbox=True)


async def _check_uids(
    configured: range | None, info: dict[str, Any], report: Callable[[Finding], None]
) -> bool:
    """Check the users of sandboxes; return whether containers can run as them."""
    try:
        uids = await asyncio.to_thread(choose_uids, configured, info)
    except UidsInUse as error:
        what, _, remedy = str(error).partition("; ")
        report(Finding(Grade.BAD, what, remedy))
        return False
    report(Finding(Grade.GOOD, f"containers run as users {show_uids(uids)}, which nobody else has"))
    return True


def _exposures() -> Iterator[Finding]:
    """Find ways to the engine that are open to others: whoever reaches it is root."""
    host = os.environ.get("DOCKER_HOST", "")
    if urlsplit(host).scheme == "tcp":
        yield Finding(
            Grade.WARNING,
            f"DOCKER_HOST={host}: Docker over TCP gives root to whoever reaches the port",
            "use the unix socket, or ssh",
        )
        return
    path = EngineAddress.from_environment().path
    with suppress(OSError):
        if os.stat(path).st_mode & stat.S_IWOTH:
            yield Finding(
                Grade.WARNING,
                f"every user of this machine can use {path}, and so become root",
                f"restrict it to its group: sudo chmod o-rw {path}",
            )


async def _check_engine(engine: Engine, report: Callable[[Finding], None]) -> None:
    info: dict[str, Any] = await engine.info()
    cgroups = info.get("CgroupVersion", "1")
    report(Finding(Grade.GOOD, f"Docker {await engine.version()}, cgroup v{cgroups}"))
    for key, what in NEEDED.items():
        if not info.get(key, False):
            report(
                Finding(
                    Grade.BAD,
                    f"the engine has no {what}",
                    "boot the kernel with cgroup_enable=memory swapaccount=1, or use cgroup v2",
                )
            )
    if not any("seccomp" in option for option in info.get("SecurityOptions", ())):
        report(
            Finding(
                Grade.BAD, "the engine has no seccomp", "use a kernel and a Docker that have it"
            )
        )
    rootless = any("rootless" in option for option in info.get("SecurityOptions", ()))
    if os.geteuid() == 0 and not rootless:
        report(
            Finding(
                Grade.WARNING,
                "you are root: a hole in the server would be a hole in the machine",
                "run the server as a user of its own in the group docker, or use rootless Docker",
            )
        )


async def check_languages(
    executor: Executor, report: Callable[[Finding], None], *, has_sandbox: bool = False
) -> None:
    """Run each language's self-test in a sandbox of an executor; starts and closes it.

    Args:
        executor: not started yet.
        report: is told each finding as soon as it is there.
        has_sandbox: check also what the sandbox keeps programs from.
    """
    languages = Languages(built_in(), executor.has_command)
    async with asyncio.TaskGroup() as tasks:
        try:
            await executor.start(tasks)
            for language in languages:
                if languages.is_available(language.name):
                    report(await _check_language(executor, language))
                else:
                    report(_missing(language))
            python = languages.get("python")
            if has_sandbox and python is not None and languages.is_available(python.name):
                report(await _check_landlock(executor, python))
        except ExecutorUnavailable as error:
            report(Finding(Grade.BAD, str(error), "see the log of the engine"))
        finally:
            await executor.close()


def _missing(language: Language) -> Finding:
    command = (language.compile or language.run)[0]
    remedy = "install it, if you want the language"
    return Finding(Grade.WARNING, f"{language.title}: {command} is not there", remedy)


async def _check_landlock(executor: Executor, python: Language) -> Finding:
    """Check whether programs are kept from writing to /proc (H18)."""
    _, listener = await _run(executor, python, _WRITE_TO_PROC, "")
    if listener.stdout == b"refused\n":
        return Finding(Grade.GOOD, "Landlock keeps programs from writing to /proc")
    return Finding(
        Grade.WARNING,
        "the kernel has no Landlock: a program can make the kernel end its runner when memory runs"
        " out",
        "use Linux 5.19 or later, with landlock among its security modules (kernel parameter lsm=)",
    )


async def _check_language(executor: Executor, language: Language) -> Finding:
    test = language.self_test
    result, listener = await _run(executor, language, test.source, test.stdin)
    if result.verdict is Verdict.OK and listener.stdout == test.stdout.encode():
        took = sum(stage.seconds for stage in result.stages)
        return Finding(Grade.GOOD, f"{language.title} works ({took:.2f} s)")
    output = listener.everything.decode(errors="replace").strip()[-300:]
    return Finding(
        Grade.BAD,
        f"{language.title} does not work: {result.explanation}: {output}",
        "look at what the compiler or the interpreter says",
    )


async def _run(
    executor: Executor, language: Language, source: str, stdin: str
) -> tuple[Result, "_OutputCollector"]:
    """Run a program; return how it ended and what it wrote."""
    listener = _OutputCollector()
    job = Job(
        id="0" * 32,
        room="doctor",
        submitter=Submitter("", 0, "doctor"),
        language=language.name,
        title=language.file_name,
        files=[(language.file_name, source.encode())],
        args=(),
        prepared_stdin=stdin.encode(),
        input=JobStdin(StdinMode.CLOSED, "", len(stdin)),
        tty=False,
        submitted_at=0.0,
        queued_at=0.0,
    )
    sandbox = await executor.acquire()
    try:
        session = Session(sandbox, plan(job, language, JobLimits(), executor.search_path), listener)
        session.end_stdin()
        return await session.run(), listener
    finally:
        await sandbox.destroy(reported=False)


class _OutputCollector:
    def __init__(self) -> None:
        self.stdout = b""
        self.everything = b""

    def stage_began(self, name: str) -> None:
        pass

    def wrote(self, stream: Stream, data: bytes) -> None:
        self.everything += data
        if stream is Stream.STDOUT:
            self.stdout += data

    def stdin_taken(self, total: int) -> None:
        pass

    def awaits_input(self, waits: bool) -> None:
        pass

    def activity(self, computes: bool, memory: int) -> None:
        pass
