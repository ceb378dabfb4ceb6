"""The states of a job advance, and it ends once."""

import itertools

import pytest

from codesync_protocol.messages import JobState
from codesync_protocol.verdict import Result, Verdict
from codesync_server.jobs.job import TRANSITIONS
from tests.server.making import make_job, wrote

LIFE = [
    JobState.QUEUED,
    JobState.CLAIMED,
    JobState.COMPILING,
    JobState.RUNNING,
    JobState.FINISHED,
]


def test_every_state_has_its_row() -> None:
    assert set(TRANSITIONS) == set(JobState)


def test_no_state_leads_back_but_to_wait_again() -> None:
    for before, after in itertools.product(JobState, JobState):
        if after in TRANSITIONS[before] and after is not JobState.QUEUED:
            assert LIFE.index(after) > LIFE.index(before)


def test_every_state_but_the_last_may_end() -> None:
    for state in LIFE[:-1]:
        assert JobState.FINISHED in TRANSITIONS[state]
    assert not TRANSITIONS[JobState.FINISHED]


@pytest.mark.parametrize("before", JobState)
@pytest.mark.parametrize("after", JobState)
def test_a_job_goes_where_the_table_says_and_nowhere_else(
    before: JobState, after: JobState
) -> None:
    job = make_job()
    job.state = before
    if after in TRANSITIONS[before]:
        job.move(after)
        assert job.state is after
        assert job.is_finished == (after is JobState.FINISHED)
    else:
        with pytest.raises(ValueError, match=f"cannot go from {before} to {after}"):
            job.move(after)
        assert job.state is before


def test_the_room_is_told_everything_but_the_source() -> None:
    job = make_job(source=b"secret", prepared=b"hidden", args=(b"private",))
    wrote(job, b"abc")
    job.result, job.state, job.is_end_published = (
        Result(Verdict.OK, "exit code 0"),
        JobState.FINISHED,
        True,
    )
    summary = job.summary()
    assert (summary.job, summary.name, summary.file_name) == (job.id, "ana", "main.py")
    assert (summary.output_bytes, summary.result) == (3, job.result)
    for secret in ("secret", "hidden", "private", job.submitter.key):
        assert secret not in repr(summary)


def test_how_a_job_ended_is_not_said_before_the_room_was_told() -> None:
    job = make_job()
    job.result, job.state = Result(Verdict.OK, "exit code 0"), JobState.FINISHED
    assert (job.summary().state, job.summary().result) == (JobState.RUNNING, None)


def test_a_job_that_ran_lets_go_of_its_source() -> None:
    job = make_job(source=b"x" * 1000, prepared=b"y" * 1000)
    job.forget_source()
    assert list(job.files) == []
    assert job.prepared_stdin == b""
