"""Decides which finished jobs, and which output of them, stay in the memory of a room."""

from collections.abc import MutableMapping

from codesync_server.jobs.job import Job

JOBS_KEPT = 20
"""Number of finished jobs in the welcome of a newcomer."""

OUTPUT_KEPT_BYTES = 16 * 1024 * 1024
"""Output of finished jobs in the memory of a room; the oldest is dropped first."""


def trim_jobs(jobs: MutableMapping[str, Job]) -> None:
    """Drop the oldest finished jobs, and the output of remaining ones if it is too large.

    Args:
        jobs: all jobs of the room by id, oldest first.
    """
    finished = [job for job in jobs.values() if job.is_finished]
    for job in finished[: max(0, len(finished) - JOBS_KEPT)]:
        del jobs[job.id]
    size = 0
    for job in reversed(finished):
        size += job.output.held_bytes
        if size > OUTPUT_KEPT_BYTES:
            job.output.drop()
