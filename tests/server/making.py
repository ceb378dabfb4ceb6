"""Short helpers that create jobs and their parts."""

from codesync_protocol.messages import StdinMode, Stream, Submit, SubmitFile
from codesync_server.jobs.job import Job, Submitter
from codesync_server.jobs.stdin import JobStdin
from codesync_server.languages.registry import Languages, built_in


def job_id(number: int) -> str:
    """A job id."""
    return f"{number:032x}"


def key_of(member: str) -> str:
    """The client key of a member."""
    return member.encode().hex().ljust(32, "0")[:32]


def make_job(
    number: int = 0,
    *,
    room: str = "test-room",
    member: str = "ana",
    invite: str = "",
    address: str = "",
    language: str = "python",
    source: bytes = b"",
    args: tuple[bytes, ...] = (),
    stdin: StdinMode = StdinMode.CLOSED,
    prepared: bytes = b"",
    tty: bool = False,
) -> Job:
    """A job made from a complete submission."""
    return Job(
        id=job_id(number),
        room=room,
        submitter=Submitter(key_of(member), 1, member, invite, address),
        language=language,
        title="main.py",
        files=[("main.py", source)],
        args=args,
        prepared_stdin=prepared,
        input=JobStdin(stdin, key_of(member), len(prepared)),
        tty=tty,
        submitted_at=0.0,
        queued_at=0.0,
    )


def make_submit(
    number: int = 0,
    *,
    language: str = "python",
    name: str = "main.py",
    source: bytes = b"",
    others: tuple[tuple[str, bytes], ...] = (),
    args: tuple[bytes, ...] = (),
    prepared: bytes = b"",
    stdin: StdinMode = StdinMode.CLOSED,
) -> Submit:
    """A submission with all of its body in it."""
    return Submit(
        job_id(number),
        language,
        (
            SubmitFile(name, len(source)),
            *(SubmitFile(other, len(content)) for other, content in others),
        ),
        args=args,
        stdin_size=len(prepared),
        stdin=stdin,
        body=b"".join([source, *(content for _, content in others), prepared]),
    )


def all_languages() -> Languages:
    """The built-in languages, all of them available."""
    return Languages(built_in(), lambda _: True)


def wrote(job: Job, data: bytes, stream: Stream = Stream.STDOUT) -> None:
    """Let a job have written something of which the room was told."""
    job.output.published = job.output.add(stream, data) + len(data)
