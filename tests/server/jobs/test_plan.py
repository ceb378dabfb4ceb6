"""The request to a sandbox follows from job, language and limits only."""

from dataclasses import replace

import pytest

from codesync_server.configuration.limits import JobLimits
from codesync_server.executors.request import RunSpec
from codesync_server.jobs.plan import plan
from codesync_server.languages.language import Language
from tests.server.making import all_languages, make_job

LIMITS = JobLimits()


def language(name: str) -> Language:
    found = all_languages().get(name)
    assert found is not None
    return found


def planned(name: str = "python", *, tty: bool = False, args: tuple[bytes, ...] = ()) -> RunSpec:
    job = make_job(language=name, source=b"x", args=args, prepared=b"in", tty=tty)
    return plan(job, language(name), LIMITS, "/usr/bin")


def test_an_interpreted_program_is_run() -> None:
    spec = planned(args=(b"-v", b"--", b"\xff"))
    assert [stage.name for stage in spec.stages] == ["run"]
    assert list(spec.stages[0].argv) == [b"python3", b"main.py", b"-v", b"--", b"\xff"]
    assert spec.stages[0].limits == LIMITS.run
    assert (list(spec.files), spec.prepared_stdin, spec.tty) == ([("main.py", b"x")], b"in", False)


def test_a_compiled_program_is_compiled_without_its_arguments_and_run_with_them() -> None:
    spec = planned("cpp", args=(b"-o",))
    assert [stage.name for stage in spec.stages] == ["compile", "run"]
    assert b"-o" in spec.stages[0].argv
    assert list(spec.stages[1].argv) == [b"./program", b"-o"]
    assert spec.stages[0].limits == LIMITS.compile


def test_a_terminal_gives_people_time() -> None:
    spec = planned(tty=True)
    assert spec.stages[-1].limits == LIMITS.tty
    assert spec.env["TERM"] == "xterm-256color"
    assert planned().env["TERM"] == "dumb"


def test_the_memory_of_java_follows_from_the_limit() -> None:
    run = planned("java").stages[-1].argv
    assert any(part.startswith(b"-Xmx") and part != b"-Xmx{memory_mb}m" for part in run)


@pytest.mark.parametrize("name", ["python", "javascript", "cpp", "java"])
def test_nothing_of_the_servers_environment_leaks(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("SECRET", "PYTHONPATH", "LD_PRELOAD", "HOME", "USER", "LANG", "AWS_KEY"):
        monkeypatch.setenv(variable, "of-the-server")
    spec = planned(name)
    assert {"PATH", "HOME", "LANG", "TERM"} <= set(spec.env)
    assert set(spec.env) == {"PATH", "HOME", "LANG", "TERM", *language(name).env}
    assert spec.env["PATH"] == "/usr/bin"
    assert "of-the-server" not in repr(spec)
    assert b"of-the-server" not in b"".join(spec.frames())


def test_a_job_that_was_granted_limits_of_its_own_runs_with_them() -> None:
    job = make_job(language="java", source=b"x")
    job.limits = replace(LIMITS.run, wall=1.0, memory=64 << 20)
    compiling, running = plan(job, language("java"), LIMITS, "/usr/bin").stages
    assert compiling.limits == LIMITS.compile
    assert running.limits == job.limits
    assert b"-Xmx64m" in running.argv
