"""The order in which waiting changes are written."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from codesync_protocol.messages import Stream
from codesync_server.store.changes import AcceptJob, AddEdit, BeginJob, Change, FinishJob
from codesync_server.store.records import OutputRun
from codesync_server.store.write_queue import (
    BATCH_BYTES,
    BATCH_MAX,
    LARGE_BYTES,
    Entry,
    WriteQueue,
    size_of,
)
from tests.server.store.making import OK, a_job, an_edit, job_id

LARGE = b"x" * (LARGE_BYTES + 1)


def accepted(number: int, *, room: str = "den", is_large: bool = False) -> AcceptJob:
    """The acceptance of a job; a large one has a packed source."""
    return AcceptJob(a_job(number, room=room), LARGE if is_large else b"")


def finished(number: int, *, is_large: bool = False) -> FinishJob:
    """The end of a job, with much or no output."""
    output = (OutputRun(0, Stream.STDOUT, LARGE),) if is_large else ()
    return FinishJob(job_id(number), OK, "", output)


def queue_of(*changes: Change) -> WriteQueue:
    """A queue with some changes."""
    queue = WriteQueue()
    for change in changes:
        queue.put(Entry(change))
    return queue


def batches(queue: WriteQueue) -> Iterator[list[Change]]:
    """Take all batches."""
    while queue:
        yield [entry.change for entry in queue.next_batch()]


def job_of(change: Change) -> str:
    """The id of the job that a change is about."""
    assert isinstance(change, AcceptJob | BeginJob | FinishJob)
    return change.record.id if isinstance(change, AcceptJob) else change.job


def test_small_changes_are_written_together_in_their_order() -> None:
    changes = [AddEdit("den", 1, an_edit(index)) for index in range(BATCH_MAX)]
    assert list(batches(queue_of(*changes))) == [changes]


def test_a_batch_of_small_changes_is_bounded_in_rows_and_in_bytes() -> None:
    assert [len(batch) for batch in batches(queue_of(*[finished(1)] * (2 * BATCH_MAX)))] == [
        BATCH_MAX,
        BATCH_MAX,
    ]
    small = AcceptJob(a_job(1), b"x" * LARGE_BYTES)
    for batch in batches(queue_of(*[small] * 40)):
        assert sum(size_of(change) for change in batch) <= BATCH_BYTES + LARGE_BYTES


def test_a_large_change_is_written_alone_and_delays_a_small_one_once() -> None:
    large = [accepted(number, is_large=True) for number in range(3)]
    queue = queue_of(*large)
    for small in (finished(7), finished(8), finished(9)):
        queue.put(Entry(small))
        batch = [entry.change for entry in queue.next_batch()]
        if batch != [small]:
            assert len(batch) == 1
            assert [entry.change for entry in queue.next_batch()] == [small]


def test_rooms_take_turns_with_large_changes() -> None:
    first = [accepted(number, room="a", is_large=True) for number in range(5)]
    other = accepted(9, room="b", is_large=True)
    written = [change for batch in batches(queue_of(*first, other)) for change in batch]
    assert written.index(other) == 1


@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.sampled_from("ab"), st.booleans(), st.booleans()),
        max_size=12,
        unique_by=lambda job: job[0],
    )
)
def test_changes_of_a_job_keep_their_order(jobs: list[tuple[int, str, bool, bool]]) -> None:
    changes: list[Change] = []
    for number, room, is_large, ends_large in jobs:
        changes += [
            accepted(number, room=room, is_large=is_large),
            BeginJob(job_id(number), 1),
            finished(number, is_large=ends_large),
        ]
    accepts = [change for change in changes if isinstance(change, AcceptJob)]
    # The other changes of a job come when it is accepted.
    queue, written = queue_of(*accepts), list[Change]()
    while queue:
        for entry in queue.next_batch():
            written.append(entry.change)
            if isinstance(entry.change, AcceptJob):
                for change in changes:
                    if job_of(change) == job_of(entry.change) and change is not entry.change:
                        queue.put(Entry(change))
    assert sorted(map(id, written)) == sorted(map(id, changes))
    for number, *_ in jobs:
        kinds = [type(each) for each in written if job_of(each) == job_id(number)]
        assert kinds == [AcceptJob, BeginJob, FinishJob]


def test_the_first_number_is_that_of_the_change_that_waits_longest() -> None:
    queue = queue_of(accepted(1, is_large=True), finished(2), finished(3))
    assert (queue.first_number, queue.last_number) == (1, 3)
    queue.next_batch()
    queue.next_batch()
    assert queue.first_number is None


def test_removed_changes_are_not_written() -> None:
    entries = [Entry(accepted(1, is_large=True)), Entry(finished(2)), Entry(finished(3))]
    queue = WriteQueue()
    for entry in entries:
        queue.put(entry)
    assert all(queue.remove(entry) for entry in entries[:2])
    assert not queue.remove(entries[0])
    assert list(batches(queue)) == [[finished(3)]]
