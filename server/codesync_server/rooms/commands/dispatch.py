"""Dispatches the commands of a member, checked against role, state and limits."""

import asyncio

from codesync_protocol.errors import Code, FrameError
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
    StdinEnd,
    Submit,
    SubmitPart,
    TakeStdin,
)
from codesync_server.access.budgets import Budgets
from codesync_server.access.invites import InviteSigner
from codesync_server.access.limit_reached import LimitReached
from codesync_server.jobs.limit_policy import LimitPolicy
from codesync_server.jobs.scheduler import Scheduler
from codesync_server.jobs.uploads import Uploads
from codesync_server.languages.registry import Languages
from codesync_server.rooms.commands.charges import (
    CHANGES,
    FETCHES,
    OUTPUT_PARTS,
    QUERIES,
    SEARCH_COST,
    CommandCharges,
)
from codesync_server.rooms.commands.command_queue import CommandQueue
from codesync_server.rooms.commands.edit import EditCommands
from codesync_server.rooms.commands.edit_charges import EditCharges
from codesync_server.rooms.commands.host import HostCommands
from codesync_server.rooms.commands.message_turns import MessageTurns
from codesync_server.rooms.commands.program import ProgramCommands
from codesync_server.rooms.commands.read import ReadCommands
from codesync_server.rooms.commands.submission_budgets import SubmissionBudgets
from codesync_server.rooms.commands.submit import SubmitCommands
from codesync_server.rooms.deliveries import MESSAGES_OF_A_JOB
from codesync_server.rooms.presence import Presence, send_carets
from codesync_server.rooms.seat import Seat
from codesync_server.store.job_history import JobHistory
from codesync_server.store.writer import StoreWriter

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
        self._languages = languages
        self._presence = presence
        self._edit_charges = EditCharges(budgets, seat.payer)
        self._editing = EditCommands(seat, self._edit_charges)
        self._submitting = SubmitCommands(
            seat, scheduler, languages, limit_policy, uploads, writer, submissions
        )
        self._reading = ReadCommands(seat, job_history)
        self._hosting = HostCommands(seat, invites)
        self._charges = CommandCharges(budgets, seat)
        self._programs = ProgramCommands(seat, scheduler, self._charges)
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
                        await self._charges.charge_deliveries(MESSAGES_OF_A_JOB)
                    await self._submitting.submit(message)
                case SubmitPart():
                    await self._submitting.part(message)
                case StdinData():
                    await self._programs.add_input(message)
                case StdinEnd():
                    self._programs.end_input(message)
                case TakeStdin():
                    self._programs.take_input(message)
                case SetRole() | RemoveMember() | MakeInvite():
                    self._seat.require_host()
                    self._charges.charge_host()
                    self._host(message)
                case Interrupt():
                    self._programs.interrupt(message)
                case Resize():
                    self._programs.resize(message)
                case Cancel():
                    self._programs.cancel(message)
                case FetchOutput():
                    await self._charges.delay(OUTPUT_PARTS)
                    if not self._reading.is_at_hand(message):
                        await self._charges.delay_query()
                    await self._reading.output(message, self._charges.owe_pieces)
                case FetchHistory():
                    if await self._may_ask(message, SEARCH_COST if message.text else 1.0):
                        await self._reading.history(message)
                case FetchSource():
                    if await self._may_ask(message, 1.0):
                        await self._reading.source(message)
                case Edit():
                    await self._edit(message)
                case FetchDocument():
                    await self._charges.delay(FETCHES)
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
        try:
            self._charges.check_query()
        except LimitReached as error:
            self._reading.refuse(message, error.reason)
            return False
        await self._charges.delay_query()
        await self._charges.delay(QUERIES, cost)
        return True

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
        self._charges.charge(CHANGES)
        who, self._room.language = self._seat.member, language.name
        self._room.save()
        self._room.publish(lambda seq: LanguageChosen(seq, who.member, who.name, language.name))


def _size_of(message: ClientMessage) -> int:
    """Estimate the bytes of memory that a waiting message takes."""
    match message:
        case Submit(body=data) | SubmitPart(data=data) | StdinData(data=data):
            return MESSAGE_BYTES + len(data)
        case _:
            return MESSAGE_BYTES
