"""Publishes reports of the scheduler to the rooms."""

from collections import Counter
from collections.abc import Callable
from time import monotonic

from codesync_protocol.codec import encode
from codesync_protocol.fitting import fit
from codesync_protocol.messages import Finished, Output, Started, StdinTaken, Stream
from codesync_server.access.budgets import Budgets
from codesync_server.access.payer import Payer
from codesync_server.jobs.job import Job
from codesync_server.jobs.job_records import output_of, stored_source_of
from codesync_server.jobs.memory_budget import MemoryBudget
from codesync_server.rooms.deliveries import OUTPUT_DEBT_MAX, OUTPUT_DELIVERIES, deliveries
from codesync_server.rooms.publish_barrier import Durable
from codesync_server.rooms.queue_announcements import QueueAnnouncements
from codesync_server.rooms.registry import Rooms
from codesync_server.rooms.room import Room
from codesync_server.store.changes import BeginJob, FinishJob, ShowJob
from codesync_server.store.writer import StoreWriter


def _payer_of(job: Job) -> Payer:
    """Return the identities that pay for the messages of a job: those of its submitter."""
    submitter = job.submitter
    payer = Payer(submitter.address, submitter.invite, job.room, submitter.key)
    return payer.without_token()


def _skip_output(job: Job, end: int) -> None:
    """Let members fetch output that is not sent live. They see the gap by the offsets."""
    job.output.published = end


class JobEventPublisher:
    """Publishes the events of jobs in their rooms.

    Args:
        rooms: where.
        writer: stores the changes of jobs.
        memory: counts the output that is in memory.
        budgets: the budgets of clients.
        clock: returns the seconds of a monotonic clock.

    Attributes:
        verdicts: number of finished jobs by verdict.
        queue: announces changes of the queue.
    """

    def __init__(
        self,
        rooms: Rooms,
        writer: StoreWriter,
        memory: MemoryBudget,
        budgets: Budgets | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.verdicts: Counter[str] = Counter()
        self._rooms = rooms
        self._writer = writer
        self._memory = memory
        self._budgets = budgets or Budgets()
        self._clock = clock
        self._shown: dict[str, int] = {}  # by job: the last attempt whose output members saw
        self.queue = QueueAnnouncements(rooms)

    def job_begins(self, job: Job) -> None:
        """Store that a job starts to run."""
        job.output.account_to(self._memory, job.stdin_log)
        self._writer.write(BeginJob(job.id, job.attempts))

    def job_started(self, job: Job) -> None:
        """Announce that a job compiles or runs."""
        if room := self._rooms.get(job.room):
            room.publish(lambda seq: Started(seq, job.id, job.state))
            self.queue.changed(job.room)

    def job_wrote(self, job: Job, stream: Stream, offset: int, data: bytes) -> None:
        """Publish output of a job."""
        durable = self._show(job)

        def make(seq: int) -> Output:
            job.output.published = offset + len(data)
            return Output(seq, job.id, stream, offset, data)

        room = self._rooms.get(job.room)
        if room is None:
            return
        if self.output_pause(job) > OUTPUT_DEBT_MAX:
            room.after(durable, lambda: _skip_output(job, offset + len(data)))
            return
        cost = room.size * deliveries(len(data))
        self._budgets.delay(OUTPUT_DELIVERIES, _payer_of(job), cost, self._clock())
        room.publish(make, durable)

    def output_pause(self, job: Job) -> float:
        """Return the seconds until more output of a job may be sent to the room.

        They grow with the members of the room, and with the programs of the submitter that write.
        """
        return self._budgets.delay(OUTPUT_DELIVERIES, _payer_of(job), 0.0, self._clock())

    def _show(self, job: Job) -> Durable:
        """Store that members see output of a job, so that it does not run again after a crash."""
        if self._shown.get(job.id) == job.attempts:
            return None
        self._shown[job.id] = job.attempts
        return self._writer.write(ShowJob(job.id, job.attempts))

    def stdin_taken(self, job: Job, credited: dict[str, int]) -> None:
        """Tell the clients that typed how much of their input the program has read."""
        durable = self._show(job) if credited else None
        if room := self._rooms.get(job.room):
            for key, taken in credited.items():
                self._reply_taken(room, key, StdinTaken(job.id, taken), durable)

    @staticmethod
    def _reply_taken(room: Room, key: str, taken: StdinTaken, durable: Durable) -> None:
        room.after(durable, lambda: room.audience.reply(key, encode(taken)))

    def job_finished(self, job: Job) -> Durable:
        """Publish the verdict of a job once the store has it."""
        assert job.result is not None
        result = job.result = fit(job.result)
        self.verdicts[result.verdict] += 1
        self._shown.pop(job.id, None)
        durable = self._writer.write(
            FinishJob(job.id, result, job.cancelled_by, output_of(job), stored_source_of(job))
        )
        if durable is None:
            job.output.finish()
        else:
            durable.add_done_callback(lambda _: job.output.finish())

        def make(seq: int) -> Finished:
            job.is_end_published = True
            return Finished(seq, job.id, result, job.cancelled_by)

        if room := self._rooms.get(job.room):
            room.publish(make, durable)
            room.trim_jobs()
        return durable

    def queue_changed(self, room: str = "") -> None:
        """Schedule an announcement of the queue, for one room or for all."""
        self.queue.changed(room)
