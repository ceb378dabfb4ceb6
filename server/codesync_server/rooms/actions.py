"""What a member can do in a room, each act checked against role, state and limits."""

import asyncio
import signal
import time
from collections import OrderedDict

from codesync_protocol.codec import encode
from codesync_protocol.errors import Code, FrameError
from codesync_protocol.limits import PART_MAX, STDIN_ECHO_MAX
from codesync_protocol.messages import (
    Accepted,
    Cancel,
    Caret,
    ChooseLanguage,
    ClientMessage,
    Edit,
    Fault,
    FetchDocument,
    FetchHistory,
    FetchOutput,
    FetchSource,
    Hello,
    Interrupt,
    LanguageChosen,
    Member,
    Notice,
    OutputPart,
    PartTaken,
    Rejected,
    RemoveMember,
    Resize,
    Role,
    SetRole,
    StdinData,
    StdinEcho,
    StdinEnd,
    StdinHeld,
    StdinMode,
    StdinTaken,
    Submit,
    SubmitPart,
    Submitted,
    TakeStdin,
)
from codesync_server.access.rules import ACTING_ROLES
from codesync_server.jobs.allowance import Allowance
from codesync_server.jobs.intake import Intake, Refusal
from codesync_server.jobs.job import Job, Submitter
from codesync_server.jobs.kept import record_of
from codesync_server.jobs.queue import QueueFull
from codesync_server.jobs.scheduler import Draining, Scheduler
from codesync_server.languages.registry import Languages
from codesync_server.rooms.editing import Editing
from codesync_server.rooms.outlet import Outlet
from codesync_server.rooms.past import Past
from codesync_server.rooms.presence import Presence, tell_carets
from codesync_server.rooms.room import Room
from codesync_server.store.contract import StoreDown
from codesync_server.store.keeper import Keeper, KnownJob
from codesync_server.store.records import JobRecord

_ARTICLES = {Role.HOST: "a", Role.EDITOR: "an", Role.VIEWER: "a"}

UPLOADS_MAX = 2
"""Submissions of one member whose bodies are on the way at the same time."""


class Actions:
    """One member's hand in a room.

    Args:
        room: the room.
        key: the member's client key.
        outlet: the way back to the member.
        scheduler: runs jobs.
        languages: what can be run.
        allowance: how much a job may use.
        keeper: keeps what is accepted.
        past: what was.
        presence: tells the others where the member is.
    """

    def __init__(
        self,
        room: Room,
        key: str,
        outlet: Outlet,
        *,
        scheduler: Scheduler,
        languages: Languages,
        allowance: Allowance,
        keeper: Keeper,
        past: Past,
        presence: Presence,
    ) -> None:
        self._room = room
        self._key = key
        self._outlet = outlet
        self._scheduler = scheduler
        self._languages = languages
        self._allowance = allowance
        self._keeper = keeper
        self._past = past
        self._presence = presence
        self._editing = Editing(room, room.member_of(key).member, key, outlet)
        self._uploads: OrderedDict[str, Intake] = OrderedDict()

    @property
    def _member(self) -> Member:
        return self._room.member_of(self._key)

    async def act(self, message: ClientMessage) -> None:
        """Do what a message asks for; what cannot be done is answered, never raised."""
        if self._room.identity(self._key).removed:
            return  # what was on the way when they were sent away
        try:
            match message:
                case Submit():
                    await self._submit(message)
                case SubmitPart():
                    await self._part(message)
                case StdinData():
                    self._stdin(message)
                case StdinEnd():
                    self._stdin_end(message)
                case TakeStdin():
                    self._take_stdin(message)
                case SetRole():
                    self._set_role(message)
                case RemoveMember():
                    self._remove(message)
                case Interrupt():
                    self._interrupt(message)
                case Resize():
                    self._resize(message)
                case Cancel():
                    self._require_acting()
                    self._scheduler.cancel(self._job(message.job), self._member.name)
                case FetchOutput():
                    await self._fetch(message)
                case FetchHistory():
                    room = self._room
                    page = await self._past.page(room.name, message, last=room.jobs_had)
                    self._outlet.put_reply(encode(page))
                case FetchSource():
                    part = await self._past.source(self._room.name, message)
                    self._outlet.put_reply(encode(part))
                case Edit():
                    self._edit(message)
                case FetchDocument():
                    self._editing.fetch(message)
                    tell_carets(self._room, self._outlet)
                case Caret():
                    self._presence.move(self._room, self._member.member, message)
                case ChooseLanguage():
                    self._choose_language(message)
                case Hello():
                    pass  # the connection's end has refused it
        except FrameError as error:
            job = getattr(message, "job", "")
            self._outlet.put_reply(encode(Fault(error.code, error.reason, job)))

    # Writing.

    def _edit(self, edit: Edit) -> None:
        try:
            self._require_acting()
        except FrameError as error:
            self._editing.refuse(edit.number, error.code, error.reason)
        else:
            self._editing.edit(edit)

    def _choose_language(self, message: ChooseLanguage) -> None:
        self._require_acting()
        language = self._languages.get(message.language)
        if language is None:
            raise FrameError(Code.LANGUAGE, "no such language here")
        who, self._room.language = self._member, language.name
        self._room.save()
        self._room.publish(lambda seq: LanguageChosen(seq, who.member, who.name, language.name))

    # Submitting.

    async def _submit(self, submit: Submit) -> None:
        try:
            self._require_acting()
            await self._proceed(Intake(submit, self._languages, self._allowance))
        except Refusal as refusal:
            self._reject(submit.job, refusal.code, refusal.reason, refusal.remedy)
        except FrameError as error:
            self._reject(submit.job, error.code, error.reason)

    async def _part(self, part: SubmitPart) -> None:
        intake = self._uploads.get(part.job)
        if intake is None:
            raise FrameError(Code.NO_SUCH_JOB, "a part of a submission that was not announced")
        try:
            intake.add(part)
            await self._proceed(intake)
        except Refusal as refusal:
            self._uploads.pop(part.job, None)
            self._reject(part.job, refusal.code, refusal.reason, refusal.remedy)

    async def _proceed(self, intake: Intake) -> None:
        job_id = intake.submit.job
        if not intake.is_complete:
            if len(self._uploads) >= UPLOADS_MAX and job_id not in self._uploads:
                raise Refusal(Code.TOO_FAST, f"{UPLOADS_MAX} of your submissions are on the way")
            self._uploads[job_id] = intake
            self._outlet.put_reply(encode(PartTaken(job_id, intake.received)))
            return
        self._uploads.pop(job_id, None)
        await self._accept(
            intake.job(
                room=self._room.name,
                submitter=Submitter(self._key, self._member.member, self._member.name),
                wall=time.time(),
                clock=asyncio.get_running_loop().time(),
            )
        )

    async def _accept(self, job: Job) -> None:
        self._room.jobs_had += 1
        try:
            record = await self._keep(record_of(job, self._room.jobs_had))
        except KnownJob as known:
            self._accept_again(known.record)
            return
        try:
            position = self._scheduler.submit(job)
        except QueueFull as error:
            await self._keeper.forget(record)
            raise Refusal(
                Code.QUEUE_FULL, str(error), "try again when some of them have run"
            ) from None
        except Draining as error:
            await self._keeper.forget(record)
            raise Refusal(Code.DRAINING, str(error), "try again in a minute") from None
        self._room.add_job(job)
        self._outlet.put_reply(encode(Accepted(job.id, position)))
        self._room.publish(lambda seq: Submitted(seq, job.summary()))

    def _accept_again(self, known: JobRecord) -> None:
        if (known.owner, known.room) != (self._key, self._room.name):
            raise Refusal(Code.DUPLICATE_JOB, "this job id is taken")
        self._outlet.put_reply(encode(Accepted(known.id, self._position(known.id))))

    async def _keep(self, record: JobRecord) -> JobRecord:
        try:
            return await self._keeper.accept(record)
        except StoreDown as error:
            raise Refusal(
                Code.UNSAVED, f"the job cannot be kept now: {error}", "try again in a minute"
            ) from None

    def _position(self, job_id: str) -> int:
        for place, job in enumerate(self._scheduler.waiting(), 1):
            if job.id == job_id:
                return place
        return 0

    def _reject(self, job: str, code: Code, reason: str, remedy: str = "") -> None:
        self._outlet.put_reply(encode(Rejected(job, code, reason, remedy)))

    # Talking to a program.

    def _stdin(self, message: StdinData) -> None:
        self._require_acting()
        job = self._job(message.job)
        if not self._holds(job):
            # What was on the way when somebody took over is not kept for later.
            job.input.discard(self._key, message.offset, message.data)
            self._outlet.put_reply(encode(StdinTaken(job.id, job.input.credited(self._key))))
            raise self._not_holder(job)
        fresh = job.input.accept(self._key, message.offset, message.data)
        if len(fresh) < len(message.data):
            # Sent again after a cut, in which our word of what was taken may have been lost.
            self._outlet.put_reply(encode(StdinTaken(job.id, job.input.credited(self._key))))
        if fresh and job.input.mode is StdinMode.SHARED:
            self._echo(job, fresh[:STDIN_ECHO_MAX])

    def _stdin_end(self, message: StdinEnd) -> None:
        self._require_acting()
        job = self._job(message.job)
        if not self._holds(job):
            raise self._not_holder(job)
        is_new = job.input.end(self._key)
        if is_new and job.input.mode is StdinMode.SHARED:
            self._echo(job, b"", end=True)

    def _echo(self, job: Job, data: bytes, *, end: bool = False) -> None:
        who = self._member
        self._room.publish(lambda seq: StdinEcho(seq, job.id, who.member, who.name, data, end=end))

    def _holds(self, job: Job) -> bool:
        return job.input.mode is not StdinMode.SHARED or job.holder.key == self._key

    def _not_holder(self, job: Job) -> FrameError:
        reason = f"{job.holder.name} types into this program; take its input over first"
        return FrameError(Code.NOT_HOLDER, reason)

    def _take_stdin(self, message: TakeStdin) -> None:
        self._require_acting()
        job = self._job(message.job)
        if job.input.mode is not StdinMode.SHARED:
            raise FrameError(Code.STDIN_CLOSED, "this program's input is not shared")
        if self._holds(job):
            return
        who = self._member
        job.typist = Submitter(self._key, who.member, who.name)
        self._room.publish(lambda seq: StdinHeld(seq, job.id, who.member, who.name))

    def _interrupt(self, message: Interrupt) -> None:
        self._require_acting()
        session = self._job(message.job).session
        if session is None:
            raise FrameError(Code.NO_SUCH_JOB, "the program does not run")
        session.signal(signal.SIGINT)

    def _resize(self, message: Resize) -> None:
        job = self._job(message.job)
        if job.submitter.key != self._key:
            raise FrameError(Code.ROLE, "only its submitter sizes a program's terminal")
        job.window = (message.window.columns, message.window.rows)
        if job.session is not None:
            job.session.resize(*job.window)

    # Hosting.

    def _set_role(self, message: SetRole) -> None:
        self._require_host()
        key = self._guest(message.member)
        self._room.set_role(key, message.role)
        name = self._room.member_of(key).name
        text = f"{self._member.name} made {name} {_ARTICLES[message.role]} {message.role}"
        self._room.notify(Notice("info", text))

    def _remove(self, message: RemoveMember) -> None:
        self._require_host()
        key = self._guest(message.member)
        name = self._room.member_of(key).name
        self._room.remove(key, f"{self._member.name} removed you from the room")
        self._room.notify(Notice("info", f"{self._member.name} removed {name} from the room"))

    def _guest(self, member: int) -> str:
        """Find a member whom a host may do something to."""
        key = self._room.key_of(member)
        if key is None:
            raise FrameError(Code.ROLE, "no such member is here")
        if self._room.member_of(key).role == Role.HOST:
            raise FrameError(Code.ROLE, "hosts are equals: their role stays, and so do they")
        return key

    def _require_host(self) -> None:
        if self._member.role != Role.HOST:
            raise FrameError(Code.ROLE, "only a host does this")

    # Looking back.

    async def _fetch(self, message: FetchOutput) -> None:
        job = self._room.jobs.get(message.job)
        if job is not None and job.output.is_here:
            output, start = job.output, message.offset

            def answer() -> bytes:
                offset, chunks = output.read(start, PART_MAX)
                return encode(OutputPart(message.job, offset, chunks, output.total))
        else:
            past = await self._past.output(self._room.name, message.job, message.offset)
            if past is None and job is None:
                raise FrameError(Code.NO_SUCH_JOB, "the room has no such job")
            total = job.output.total if job else 0
            part = past or OutputPart(message.job, total, (), total)

            def answer() -> bytes:
                return encode(part)

        if not self._outlet.put_bulk(answer):
            raise FrameError(Code.TOO_FAST, "too many requests for old output at once")

    # Checks.

    def _require_acting(self) -> None:
        if Role(self._member.role) not in ACTING_ROLES:
            raise FrameError(Code.ROLE, "viewers watch; ask the host for an editor's invite")

    def _job(self, job_id: str) -> Job:
        job = self._room.jobs.get(job_id)
        if job is None or job.is_finished:
            raise FrameError(Code.NO_SUCH_JOB, "the room has no such job that waits or runs")
        return job
