"""Derives the request to a sandbox from a job. Pure."""

from codesync_server.configuration.limits import JobLimits, StageLimits
from codesync_server.executors.request import RunSpec, StageSpec
from codesync_server.jobs.job import Job
from codesync_server.languages.language import Language


def run_limits(job: Job, limits: JobLimits) -> StageLimits:
    """Return the limits of a job's run stage: the granted limits, or the server's defaults."""
    return job.limits or (limits.tty if job.tty else limits.run)


def plan(
    job: Job,
    language: Language,
    limits: JobLimits,
    search_path: str,
    compile_cpus: float | None = None,
) -> RunSpec:
    """Create the request to a sandbox.

    Args:
        limits: default limits of the stages.
        search_path: PATH in the sandbox.
        compile_cpus: cpus for the compiler; None: all of the sandbox.

    Returns:
        Files, commands with their limits, environment and prepared stdin. Of the server's own
        environment it contains only PATH.
    """
    granted = run_limits(job, limits)
    commands = language.commands(job.files[0][0], job.args, granted.memory)
    return RunSpec(
        files=job.files,
        stages=[
            StageSpec(name, argv, limits.compile, compile_cpus)
            if name == "compile"
            else StageSpec(name, argv, granted)
            for name, argv in commands.items()
        ],
        env={
            "PATH": search_path,
            "HOME": "{home}",
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color" if job.tty else "dumb",
            **language.env,
        },
        prepared_stdin=job.prepared_stdin,
        tty=job.tty,
        window=job.window,
    )
