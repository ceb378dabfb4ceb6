"""Derives the request to a sandbox from a job. Pure."""

from codesync_server.configuration.limits import JobLimits, StageLimits
from codesync_server.executors.request import RunSpec, StageSpec
from codesync_server.jobs.job import Job
from codesync_server.languages.language import Language


def run_limits(job: Job, limits: JobLimits) -> StageLimits:
    """The limits of a job's run stage: those that it was granted, or the server's own."""
    return job.limits or (limits.tty if job.tty else limits.run)


def plan(
    job: Job,
    language: Language,
    limits: JobLimits,
    search_path: str,
    compile_cpus: float | None = None,
) -> RunSpec:
    """Say how to run a job.

    Args:
        job: the job.
        language: its language.
        limits: of the stages, for a job that was granted none of its own.
        search_path: PATH in the sandbox.
        compile_cpus: share of a cpu for the compiler; None: what the sandbox has.

    Returns:
        Files, commands with their limits, environment and prepared stdin. Nothing of the server's
        own environment is in it but PATH.
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
