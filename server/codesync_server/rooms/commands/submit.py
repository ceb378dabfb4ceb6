"""Submissions of a member: announced, received in parts, checked, stored, queued."""

import asyncio
import time
from collections.abc import Generator
from contextlib import contextmanager

from codesync_protocol.errors import Code, FrameError
from codesync_protocol.messages import Accepted, PartTaken, Rejected, Submit, SubmitPart, Submitted
from codesync_server.access.limit_reached import LimitReached
from codesync_server.jobs.incoming_submission import IncomingSubmission, SubmissionRefused
from codesync_server.jobs.job import Job
from codesync_server.jobs.job_records import record_of
from codesync_server.jobs.limit_policy import LimitPolicy
from codesync_server.jobs.queue import QueueFull
from codesync_server.jobs.scheduler import Scheduler, ServerDraining
from codesync_server.jobs.uploads import Uploader, Uploads, UploadsFull
from codesync_server.languages.registry import Languages
from codesync_server.rooms.commands.submission_budgets import SubmissionBudgets
from codesync_server.rooms.seat import Seat
from codesync_server.store.contract import StoreUnavailable
from codesync_server.store.records import JobRecord
from codesync_server.store.writer import DuplicateJob, StoreWriter

RETRY_SECONDS = 2.0
"""Minimum time to the next attempt after a refusal because of a full queue."""

UPLOAD_RETRY_SECONDS = 5.0
"""Time to the next attempt after a refusal because of full uploads."""

KNOWN_SECONDS = 3.0
"""Time limit of the question to the store whether a refused job was accepted before."""

UPLOADS_MAX = 2
"""Maximum number of incomplete submissions of one member."""


class SubmitCommands:
    """Handles the submissions of one member.

    Args:
        seat: the member's place.
        scheduler: runs jobs.
        languages: what can be run.
        limit_policy: grants limits to jobs.
        uploads: the incomplete bodies of all members.
        writer: stores accepted jobs.
        budgets: charges submissions.
    """

    def __init__(
        self,
        seat: Seat,
        scheduler: Scheduler,
        languages: Languages,
        limit_policy: LimitPolicy,
        uploads: Uploads,
        writer: StoreWriter,
        budgets: SubmissionBudgets,
    ) -> None:
        self._seat = seat
        self._room = seat.room
        self._scheduler = scheduler
        self._languages = languages
        self._limit_policy = limit_policy
        self._writer = writer
        self._uploads = uploads
        self._budgets = budgets
        self._uploader = Uploader(seat.room.name, seat.payer.invite, seat.key, seat.payer.address)
        self._intakes: dict[str, IncomingSubmission] = {}

    async def submit(self, submit: Submit) -> None:
        """Handle a submission, or the announcement of one."""
        with self._answering(submit.job):
            self._seat.require_acting()
            self._budgets.charge_submission(self._seat.payer, len(submit.body))
            await self._proceed(IncomingSubmission(submit, self._languages, self._limit_policy))

    async def part(self, part: SubmitPart) -> None:
        """Handle a part of an announced submission.

        Raises:
            FrameError: the submission was not announced.
        """
        incoming = self._intakes.get(part.job)
        if incoming is None:
            raise FrameError(Code.NO_SUCH_JOB, "a part of a submission that was not announced")
        with self._answering(part.job):
            self._seat.require_acting()
            self._budgets.charge_bytes(self._seat.payer, len(part.data))
            incoming.add(part)
            await self._proceed(incoming)

    @contextmanager
    def _answering(self, job: str) -> Generator[None, None, None]:
        """Reject the submission if an error is raised inside."""
        try:
            yield
        except LimitReached as error:
            self._drop(job)
            self._seat.reply(Rejected(job, error.code, error.reason, "", error.retry_after))
        except SubmissionRefused as refusal:
            self._drop(job)
            self._refuse(job, refusal)
        except FrameError as error:
            self._drop(job)
            self._seat.reply(Rejected(job, error.code, error.reason))

    def leave(self) -> None:
        """Drop incomplete submissions."""
        for job in list(self._intakes):
            self._drop(job)

    async def _proceed(self, incoming: IncomingSubmission) -> None:
        job_id = incoming.submit.job
        if not incoming.is_complete:
            self._await_more(job_id, incoming)
            self._seat.reply(PartTaken(job_id, incoming.received))
            return
        self._drop(job_id)
        await self._accept(
            incoming.job(
                room=self._room.name,
                submitter=self._seat.submitter,
                wall=time.time(),
                clock=asyncio.get_running_loop().time(),
            )
        )

    def _await_more(self, job_id: str, incoming: IncomingSubmission) -> None:
        if len(self._intakes) >= UPLOADS_MAX and job_id not in self._intakes:
            raise SubmissionRefused.until(
                Code.TOO_FAST,
                f"{UPLOADS_MAX} of your submissions are on the way",
                RETRY_SECONDS,
            )
        now = asyncio.get_running_loop().time()
        try:
            self._uploads.hold(
                self._uploader, job_id, incoming.received, lambda: self._make_way(job_id), now
            )
        except UploadsFull as error:
            raise SubmissionRefused.until(Code.BUSY, str(error), UPLOAD_RETRY_SECONDS) from None
        self._intakes[job_id] = incoming

    def _make_way(self, job_id: str) -> None:
        del self._intakes[job_id]
        reason = "The upload has made way for others"
        self._refuse(job_id, SubmissionRefused.until(Code.BUSY, reason, UPLOAD_RETRY_SECONDS))

    def _drop(self, job_id: str) -> None:
        if self._intakes.pop(job_id, None) is not None:
            self._uploads.end(self._uploader, job_id)

    async def _accept(self, job: Job) -> None:
        try:
            self._scheduler.reserve(job)
        except (QueueFull, ServerDraining) as error:
            if known := await self._known(job.id):
                self._accept_again(known)
                return
            raise self._refusal(error) from None
        try:
            self._room.jobs_had += 1
            record = await self._store(record_of(job, self._room.jobs_had))
            await self._enqueue(job, record)
        except DuplicateJob as known:
            self._accept_again(known.record)
        finally:
            # The room may have another job object with this id: the one that was accepted before.
            if self._room.jobs.get(job.id) is not job:
                self._scheduler.release(job)

    async def _enqueue(self, job: Job, record: JobRecord) -> None:
        try:
            position = self._scheduler.submit(job)
        except ServerDraining as error:
            await self._writer.forget(record)
            raise self._refusal(error) from None
        self._room.add_job(job)
        self._seat.reply(Accepted(job.id, position))
        self._room.publish(lambda seq: Submitted(seq, job.summary()))

    def _refusal(self, error: QueueFull | ServerDraining) -> SubmissionRefused:
        if isinstance(error, ServerDraining):
            return SubmissionRefused(Code.DRAINING, str(error), "try again in a minute")
        member = self._seat.key if error.level == "member" else ""
        seconds = self._scheduler.retry_seconds(self._room.name, member)
        return SubmissionRefused.until(Code.QUEUE_FULL, str(error), max(seconds, RETRY_SECONDS))

    async def _known(self, job_id: str) -> JobRecord | None:
        """Return the record of a job that was accepted before; its answer may have been lost."""
        try:
            async with asyncio.timeout(KNOWN_SECONDS):
                return await self._writer.store.job(job_id)
        except (StoreUnavailable, TimeoutError):
            return None

    def _accept_again(self, known: JobRecord) -> None:
        if (known.owner, known.room) != (self._seat.key, self._room.name):
            raise SubmissionRefused(Code.DUPLICATE_JOB, "this job id is taken")
        place = self._scheduler.places_in(known.room).get(known.id, 0)
        self._seat.reply(Accepted(known.id, place))

    async def _store(self, record: JobRecord) -> JobRecord:
        try:
            return await self._writer.accept(record)
        except StoreUnavailable as error:
            raise SubmissionRefused(
                Code.UNSAVED, f"the job cannot be kept now: {error}", "try again in a minute"
            ) from None

    def _refuse(self, job: str, refusal: SubmissionRefused) -> None:
        self._seat.reply(
            Rejected(job, refusal.code, refusal.reason, refusal.remedy, refusal.retry_in)
        )
