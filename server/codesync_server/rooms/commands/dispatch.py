"""Dispatches the commands of a member, checked against role, state and limits."""

import asyncio
import signal

from codesync_protocol.errors import Code, FrameError
from codesync_protocol.limits import STDIN_ECHO_MAX
from codesync_protocol.messages import (
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
    MakeInvite,
    Proof,
    RemoveMember,
    Resize,
    SetRole,
    StdinData,
    StdinEcho,
    StdinEnd,
    StdinHeld,
    StdinMode,
    StdinTaken,
    Submit,
    SubmitPart,
    TakeStdin,
)
from codesync_server.access.budgets import Budget, Budgets, member_budget
from codesync_server.access.invites import InviteSigner
from codesync_server.access.limit_reached import LimitReached
from codesync_server.access.payer import Payer
from codesync_server.access.token_buckets import Rate
from codesync_server.jobs.job import Job
from codesync_server.jobs.limit_policy import LimitPolicy
from codesync_server.jobs.queue import QueueFull
from codesync_server.jobs.scheduler import Scheduler
from codesync_server.jobs.uploads import Uploads
from codesync_server.languages.registry import Languages
from codesync_server.rooms.commands.command_queue import CommandQueue
from codesync_server.rooms.commands.edit import EditCommands
from codesync_server.rooms.commands.edit_charges import EditCharges
from codesync_server.rooms.commands.host import HostCommands
from codesync_server.rooms.commands.message_turns import MessageTurns
from codesync_server.rooms.commands.read import ReadCommands
from codesync_server.rooms.commands.submission_budgets import SubmissionBudgets
from codesync_server.rooms.commands.submit import SubmitCommands
from codesync_server.rooms.deliveries import DELIVERIES, MESSAGES_OF_A_JOB
from codesync_server.rooms.presence import Presence, send_carets
from codesync_server.rooms.seat import Seat
from codesync_server.store.job_history import QUERY_TIME, JobHistory
from codesync_server.store.writer import StoreWriter

FETCHES = member_budget(
    "requests for the text", "requests", member=Rate(8, 1.0), origin=Rate(400, 50.0)
)
"""Each request makes a snapshot of all shared texts. A class that reconnects makes 300 together."""

QUERIES = member_budget(
    "queries of past jobs", "queries", member=Rate(60, 6.0), origin=Rate(600, 30.0)
)
"""Pages of the history and sources: each is read from the store; a search reads many jobs."""

SEARCH_COST = 3.0

QUERY_DELAY_MAX = 10.0
"""Seconds that a query may be delayed; with a larger debt it is refused."""

OUTPUT_PARTS = member_budget(
    "requests for old output", "requests", member=Rate(100, 20.0), origin=Rate(2000, 200.0)
)
"""Each answer has up to PART_MAX bytes, from memory or from the store."""

PIECES_A_REQUEST = 16
"""So many pieces of output and typed lines in an answer cost as much as another request."""

CHANGES = member_budget(
    "changes that the room is told of", "changes", member=Rate(10, 1.0), origin=Rate(80, 8.0)
)
"""Changes of the language, and of the member who types into a program: all members receive each."""

TYPED = member_budget(
    "input that the room sees", "messages", member=Rate(200, 40.0), origin=Rate(800, 200.0)
)
"""Shared input. Sending each message to all members is charged as deliveries."""

HOST_ACTS = member_budget(
    "changes of members and invites", "changes", member=Rate(60, 2.0), origin=Rate(120, 4.0)
)
"""Roles, removals and invites. Each change of a member is stored and announced at once."""


MESSAGE_BYTES = 500
"""Memory of a waiting message besides its data."""


class CommandDispatcher:
    """Runs the commands of one member.

    Args:
        seat: the member's place.
        scheduler: runs jobs.
        languages: what can be run.
        limit_policy: grants limits to jobs.
        uploads: the bodies of submissions of all members.
        writer: stores accepted jobs.
        job_history: reads finished jobs of a room.
        presence: announces the member's caret.
        invites: signs invites.
        budgets: the budgets of members.
        turns: decides when messages are handled.
        submissions: charges submissions.

    Attributes:
        command_queue: the slow commands; the owner of the member's connection runs it.
    """

    def __init__(
        self,
        seat: Seat,
        *,
        scheduler: Scheduler,
        languages: Languages,
        limit_policy: LimitPolicy,
        uploads: Uploads,
        writer: StoreWriter,
        job_history: JobHistory,
        presence: Presence,
        invites: InviteSigner,
        budgets: Budgets,
        turns: MessageTurns,
        submissions: SubmissionBudgets,
    ) -> None:
        self.command_queue = CommandQueue()
        self._seat = seat
        self._room = seat.room
        self._scheduler = scheduler
        self._languages = languages
        self._presence = presence
        self._edit_charges = EditCharges(budgets, seat.payer)
        self._editing = EditCommands(seat, self._edit_charges)
        self._submitting = SubmitCommands(
            seat, scheduler, languages, limit_policy, uploads, writer, submissions
        )
        self._reading = ReadCommands(seat, job_history)
        self._hosting = HostCommands(seat, invites)
        self._budgets = budgets
        self._turns = turns

    @property
    def unprocessed_bytes(self) -> int:
        """Bytes of the member's waiting messages, and of an incomplete edit."""
        return self.command_queue.waiting_bytes + self._editing.unfinished_bytes

    async def dispatch(self, message: ClientMessage) -> None:
        """Run the command of a message; failures are sent as replies, never raised.

        Commands that wait for the store are queued. So are commands for a job that has queued ones.
        """
        await self._turns.wait(self._room.name)
        job = getattr(message, "job", "")
        match message:
            case FetchOutput() if self._reading.is_at_hand(message):
                await self._execute(message)
            case Submit() | SubmitPart() if not self._seat.may_act:
                await self._execute(message)  # refused: its data is not held until its turn comes
            case Submit() | SubmitPart() | FetchHistory() | FetchSource() | FetchOutput():
                await self.command_queue.put(lambda: self._execute(message), job, _size_of(message))
            case _ if job and self.command_queue.has_commands_for(job):
                await self.command_queue.put(lambda: self._execute(message), job, _size_of(message))
            case _:
                await self._execute(message)

    async def _execute(self, message: ClientMessage) -> None:
        if self._seat.is_removed:
            return
        try:
            match message:
                case Submit():
                    if self._seat.may_act:
                        await self._charge_deliveries(MESSAGES_OF_A_JOB)
                    await self._submitting.submit(message)
                case SubmitPart():
                    await self._submitting.part(message)
                case StdinData():
                    await self._type(message)
                case StdinEnd():
                    self._stdin_end(message)
                case TakeStdin():
                    self._take_stdin(message)
                case SetRole() | RemoveMember() | MakeInvite():
                    self._seat.require_host()
                    self._charge(HOST_ACTS, self._seat.payer.without_token())
                    self._host(message)
                case Interrupt():
                    self._interrupt(message)
                case Resize():
                    self._resize(message)
                case Cancel():
                    self._seat.require_acting()
                    job = self._seat.job(message.job)
                    self._scheduler.cancel(job, self._seat.member.name)
                case FetchOutput():
                    await self._delay(OUTPUT_PARTS)
                    if not self._reading.is_at_hand(message):
                        await self._delay_query()
                    await self._reading.output(message, self._owe_pieces)
                case FetchHistory():
                    if await self._may_ask(message, SEARCH_COST if message.text else 1.0):
                        await self._reading.history(message)
                case FetchSource():
                    if await self._may_ask(message, 1.0):
                        await self._reading.source(message)
                case Edit():
                    await self._edit(message)
                case FetchDocument():
                    await self._delay(FETCHES)
                    self._editing.fetch(message)
                    send_carets(self._room, self._seat.channel)
                case Caret():
                    self._presence.move(self._room, self._seat.member.member, message)
                case ChooseLanguage():
                    self._choose_language(message)
                case Hello() | Proof():
                    pass  # the end of the connection has refused it
        except FrameError as error:
            self._seat.reply(Fault(error.code, error.reason, getattr(message, "job", "")))

    async def _may_ask(self, message: FetchHistory | FetchSource, cost: float) -> bool:
        """Wait for the turn of a query, or refuse it if that takes too long.

        A query waits to its end even if its member has left. Otherwise, many keys of one link that
        ask and leave could occupy places and delay others without an end.
        """
        now, seat = asyncio.get_running_loop().time(), self._seat
        for budget, payer in ((QUERIES, seat.payer), (QUERY_TIME, seat.payer.without_token())):
            if self._budgets.delay(budget, payer, 0.0, now) > QUERY_DELAY_MAX:
                try:
                    self._budgets.charge(budget, payer, 0.0, now)  # raises: it is in debt
                except LimitReached as error:
                    self._reading.refuse(message, error.reason)
                    return False
        await self._delay_query()
        await self._delay(QUERIES, cost)
        return True

    async def _delay_query(self) -> None:
        """Wait until the store's time for earlier queries is paid."""
        now, payer = asyncio.get_running_loop().time(), self._seat.payer.without_token()
        if delay := self._budgets.delay(QUERY_TIME, payer, 0.0, now):
            await asyncio.sleep(delay)

    def _charge(self, budget: Budget, payer: Payer | None = None) -> None:
        now = asyncio.get_running_loop().time()
        self._budgets.charge(budget, payer or self._seat.payer, 1.0, now)

    async def _delay(self, budget: Budget, cost: float = 1.0) -> None:
        now = asyncio.get_running_loop().time()
        if delay := self._budgets.delay(budget, self._seat.payer, cost, now):
            await asyncio.sleep(delay)

    def _owe_pieces(self, pieces: int) -> None:
        """Charge pieces of output, so that the next request waits while there is a debt."""
        cost, now = pieces / PIECES_A_REQUEST, asyncio.get_running_loop().time()
        self._budgets.delay(OUTPUT_PARTS, self._seat.payer, cost, now)

    async def _charge_deliveries(self, messages: int) -> None:
        """Charge messages to all members before they are sent; wait while there is a debt."""
        now = asyncio.get_running_loop().time()
        payer = self._seat.payer.without_token()
        cost = messages * self._room.size
        if delay := self._budgets.delay(DELIVERIES, payer, cost, now):
            await asyncio.sleep(delay)

    def leave(self) -> None:
        """Drop incomplete edits and submissions; a client sends them again when it returns."""
        self._submitting.leave()

    def _host(self, message: SetRole | RemoveMember | MakeInvite) -> None:
        match message:
            case SetRole():
                self._hosting.set_role(message)
            case RemoveMember():
                self._hosting.remove(message)
            case MakeInvite():
                self._hosting.invite(message)

    # Editing.

    async def _edit(self, edit: Edit) -> None:
        try:
            now = asyncio.get_running_loop().time()
            if delay := self._edit_charges.begin(len(edit.data), now):
                await asyncio.sleep(delay)
                await self._turns.wait(self._room.name)
            if self._seat.is_removed:
                return  # meanwhile
            self._seat.require_acting()
        except FrameError as error:
            self._editing.refuse(edit.number, error.code, error.reason)
        else:
            self._editing.edit(edit)

    def _choose_language(self, message: ChooseLanguage) -> None:
        self._seat.require_acting()
        language = self._languages.get(message.language)
        if language is None:
            raise FrameError(Code.LANGUAGE, "no such language here")
        if language.name == self._room.language:
            return
        self._charge(CHANGES)
        who, self._room.language = self._seat.member, language.name
        self._room.save()
        self._room.publish(lambda seq: LanguageChosen(seq, who.member, who.name, language.name))

    # Input of programs.

    async def _type(self, message: StdinData) -> None:
        self._seat.require_acting()
        job = self._seat.job(message.job)
        if job.input.mode is StdinMode.SHARED and self._holds(job):
            await self._delay(TYPED)
            await self._charge_deliveries(1)
        if not self._seat.is_removed:  # meanwhile
            self._stdin(message)

    def _stdin(self, message: StdinData) -> None:
        self._seat.require_acting()
        job = self._seat.job(message.job)
        if not self._holds(job):
            # Input that was sent before another member took over is dropped.
            job.input.discard(self._seat.key, message.offset, message.data)
            self._seat.reply(StdinTaken(job.id, job.input.credited(self._seat.key)))
            raise self._not_holder(job)
        new = job.input.check(self._seat.key, message.offset, message.data)
        try:
            self._scheduler.add_input(job, new)
        except QueueFull as error:
            raise FrameError(Code.STDIN_OVERFLOW, f"{error}; this input is dropped") from None
        fresh = job.input.accept(self._seat.key, message.offset, message.data)
        if len(fresh) < len(message.data):
            # Sent again after a reconnect: the confirmation may have been lost.
            self._seat.reply(StdinTaken(job.id, job.input.credited(self._seat.key)))
        if fresh and job.input.mode is StdinMode.SHARED:
            self._echo(job, fresh[:STDIN_ECHO_MAX])

    def _stdin_end(self, message: StdinEnd) -> None:
        self._seat.require_acting()
        job = self._seat.job(message.job)
        if not self._holds(job):
            raise self._not_holder(job)
        is_new = job.input.end(self._seat.key)
        if is_new and job.input.mode is StdinMode.SHARED:
            self._echo(job, b"", end=True)

    def _echo(self, job: Job, data: bytes, *, end: bool = False) -> None:
        who = self._seat.member

        def make(seq: int) -> StdinEcho:
            return job.stdin_log.add(
                lambda number: StdinEcho(
                    seq, job.id, who.member, who.name, data, end, job.output.published, number
                )
            )

        self._room.publish(make)

    def _holds(self, job: Job) -> bool:
        return job.input.mode is not StdinMode.SHARED or job.holder.key == self._seat.key

    def _not_holder(self, job: Job) -> FrameError:
        reason = f"{job.holder.name} types into this program; take its input over first"
        return FrameError(Code.NOT_HOLDER, reason)

    def _take_stdin(self, message: TakeStdin) -> None:
        self._seat.require_acting()
        job = self._seat.job(message.job)
        if job.input.mode is not StdinMode.SHARED:
            raise FrameError(Code.STDIN_CLOSED, "this program's input is not shared")
        if self._holds(job):
            return
        self._charge(CHANGES)
        who = self._seat.member
        job.typist = self._seat.submitter
        self._room.publish(lambda seq: StdinHeld(seq, job.id, who.member, who.name))

    def _interrupt(self, message: Interrupt) -> None:
        self._seat.require_acting()
        session = self._seat.job(message.job).session
        if session is None:
            raise FrameError(Code.NO_SUCH_JOB, "the program does not run")
        session.signal(signal.SIGINT)

    def _resize(self, message: Resize) -> None:
        job = self._seat.job(message.job)
        if job.submitter.key != self._seat.key:
            raise FrameError(Code.ROLE, "only its submitter sizes a program's terminal")
        job.window = (message.window.columns, message.window.rows)
        if job.session is not None:
            job.session.resize(*job.window)


def _size_of(message: ClientMessage) -> int:
    """Estimate the bytes of memory that a waiting message takes."""
    match message:
        case Submit(body=data) | SubmitPart(data=data) | StdinData(data=data):
            return MESSAGE_BYTES + len(data)
        case _:
            return MESSAGE_BYTES
