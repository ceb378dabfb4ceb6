"""Converts jobs to records of the store, and back."""

from msgspec.structs import replace

from codesync_protocol.messages import JobState, StdinMode, Stream
from codesync_server.jobs.job import Job, Submitter
from codesync_server.jobs.output_log import OutputLog
from codesync_server.jobs.stdin import JobStdin
from codesync_server.store.packing import OUTPUT_HEAD, OUTPUT_TAIL, excerpt
from codesync_server.store.records import JobRecord, JobSource, OutputRun

UNREAD_STDIN_MAX = 64 * 1024
"""Maximum bytes of prepared stdin that are stored for a job that never began."""


def source_of(job: Job) -> JobSource:
    """Return the stored form of a job's source."""
    return JobSource(
        tuple(job.files),
        tuple(job.args),
        job.prepared_stdin,
        job.input.mode,
        job.tty,
        job.window,
        job.limits,
    )


def record_of(job: Job, place: int) -> JobRecord:
    """Create the record of a job that is about to be accepted.

    Args:
        place: its position among the jobs of its room.
    """
    source = source_of(job)
    return JobRecord(
        id=job.id,
        order=0,
        room=job.room,
        place=place,
        owner=job.submitter.key,
        member=job.submitter.member,
        name=job.submitter.name,
        language=job.language,
        title=job.title,
        submitted_at=job.submitted_at,
        excerpt=excerpt(source),
        invite=job.submitter.invite,
        source=source,
    )


def job_of(record: JobRecord, clock: float) -> Job:
    """Create a job from its record. The source and output of a finished job stay in the store.

    Args:
        record: the record, with its source if the job has to run.
        clock: time of the event loop.
    """
    source = record.source or JobSource(())
    result = record.result
    job = Job(
        id=record.id,
        room=record.room,
        submitter=Submitter(record.owner, record.member, record.name, record.invite),
        language=record.language,
        title=record.title,
        files=source.files,
        args=source.args,
        prepared_stdin=source.prepared,
        input=JobStdin(source.stdin, record.owner, len(source.prepared)),
        tty=source.tty,
        submitted_at=record.submitted_at,
        queued_at=clock,
        window=source.window,
        limits=source.limits,
        attempts=record.attempts,
    )
    if result is not None:
        job.input = JobStdin(StdinMode.CLOSED, record.owner, 0)
        job.output = OutputLog.without_bytes(result.output_bytes)
        job.result, job.state = result, JobState.FINISHED
        job.cancelled_by, job.is_end_published = record.cancelled_by, True
    return job


def stored_source_of(job: Job) -> JobSource | None:
    """Return the part of the source that stays in the store once a job has ended; None: all of it.

    Submitting and cancelling must not fill the store, so stdin that no program has read is cut.
    """
    if job.attempts or len(job.prepared_stdin) <= UNREAD_STDIN_MAX:
        return None
    return replace(source_of(job), prepared=b"")


def output_of(job: Job) -> tuple[OutputRun, ...]:
    """Return the output to store: the beginning and the end of a long one, with the typed lines."""
    total = job.output.total
    if total <= OUTPUT_HEAD + OUTPUT_TAIL:
        runs = _runs(job.output, 0, total)
    else:
        runs = _runs(job.output, 0, OUTPUT_HEAD) + _runs(job.output, total - OUTPUT_TAIL, total)
    typed = (
        OutputRun(line.offset, Stream.STDOUT, line.data, line.name)
        for line in job.stdin_log.within(0, None)
        if line.data
    )
    return (*runs, *typed)


def _runs(output: OutputLog, start: int, end: int) -> list[OutputRun]:
    runs: list[OutputRun] = []
    while start < end:
        offset, chunks = output.read(start, end - start)
        if not chunks:
            break
        for chunk in chunks:
            runs.append(OutputRun(offset, chunk.stream, chunk.data))
            offset += len(chunk.data)
        start = offset
    return runs
