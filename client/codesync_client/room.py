"""A room from the point of view of one member."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from codesync_client.commands import Commands
from codesync_client.connection.client_handshake import ClientHandshake
from codesync_client.connection.dial import DialOptions
from codesync_client.connection.mailbox import Mailbox, MailboxFull
from codesync_client.connection.outgoing import Outgoing
from codesync_client.connection.reconnecting import ReconnectingConnection
from codesync_client.errors import ClientError, Offline, SubmissionRejected
from codesync_client.events import Connected, Disconnected, RoomEvent
from codesync_client.invite_requests import InviteRequests
from codesync_client.job_history import JobHistoryRequests
from codesync_client.room_model import RoomModel
from codesync_client.submission import Submission
from codesync_protocol.errors import Code
from codesync_protocol.limits import STDIN_WINDOW
from codesync_protocol.links import Link
from codesync_protocol.messages import (
    Accepted,
    ClientMessage,
    Fault,
    Finished,
    JobSummary,
    LanguageInfo,
    Members,
    PartTaken,
    Queue,
    Rejected,
    Role,
    ServerMessage,
    StdinTaken,
    Welcome,
)

if TYPE_CHECKING:
    from codesync_client.document.paced_work import DocumentWork
    from codesync_client.document.shared_document import SharedDocument


class Room(Commands):
    """A room from the point of view of one member: `async with Room(link, name="ana") as room`.

    Args:
        link: the address of the room, and the token.
        name: the wanted name of the member.
        options: options of the connection.
        agent: the name and version of the calling program, for logs.
        shares_text: whether to take part in the room's text; this needs the CRDT library.

    Attributes:
        link: the link of the room.
        past: reads finished jobs of the room.
    """

    def __init__(
        self,
        link: Link,
        *,
        name: str,
        options: DialOptions | None = None,
        agent: str = "codesync",
        shares_text: bool = False,
    ) -> None:
        self.link = link
        entry = ClientHandshake(link, name=name, agent=agent)
        self._lifeline = ReconnectingConnection(entry, options or DialOptions(), self)
        self._mailbox = Mailbox()
        self._outgoing = Outgoing()
        self.past = JobHistoryRequests(self._wake)
        self._inviting = InviteRequests(self.send_now)
        self._stdin_moved = asyncio.Event()
        self._answers: dict[str, asyncio.Future[Accepted]] = {}
        self._document = _shared_document(self._wake) if shares_text else None
        self._document_work = _document_work(self._document) if self._document else None
        self._text_moved = asyncio.Event()
        self._over = False
        self._model: RoomModel | None = None

    # Entering and leaving.

    async def __aenter__(self) -> Self:
        """Enter the room; the first event is Connected.

        Raises:
            CannotConnect: no server answers, or it does not follow the protocol.
            ServerNotProved: the server does not know the secret of the link.
            EntryRefused: the server refuses the entry.
        """
        welcome = await self._lifeline.open()
        self._model = RoomModel(welcome)
        if self._document:
            self._document.enter(welcome)
        self._deliver([Connected(welcome, again=False)])
        self._stay_task = asyncio.get_running_loop().create_task(self._stay())
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """Leave the room; the connection is closed and no task remains."""
        self._stay_task.cancel()
        await asyncio.wait([self._stay_task])
        self._end()
        await self._lifeline.leave()

    async def _stay(self) -> None:
        # A server that floods a reader that does not read is left: the events end.
        with suppress(MailboxFull):
            try:
                await self._lifeline.stay()
            finally:
                self._end()

    def _end(self) -> None:
        """End all waits for messages that will not arrive."""
        self._over = True
        self._mailbox.close()
        self._stdin_moved.set()
        self._text_moved.set()
        self.past.end(_left_for_good())
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(_left_for_good())

    # The state of the room.

    @property
    def connected(self) -> bool:
        """Whether the client is connected."""
        return self._lifeline.connected

    @property
    def model(self) -> RoomModel:
        """The state of the room, available once the room is entered."""
        if self._model is None:
            raise Offline("the room was never entered")
        return self._model

    @property
    def welcome(self) -> Welcome:
        """The welcome of the last entry: limits, executor, role, own member id."""
        return self.model.welcome

    @property
    def languages(self) -> tuple[LanguageInfo, ...]:
        """The languages of the server."""
        return self.welcome.languages

    @property
    def members(self) -> Members:
        """The members of the room."""
        return self.model.members

    @property
    def queue(self) -> Queue:
        """The waiting and running jobs."""
        return self.model.queue

    @property
    def document(self) -> "SharedDocument":
        """The texts that the room shares; changes are sent as soon as possible.

        Raises:
            RuntimeError: the room was created without `shares_text`.
        """
        if self._document is None:
            raise RuntimeError("the room was entered without its text")
        return self._document

    @property
    def role(self) -> Role:
        """The present role of this member."""
        for member in self.members.members:
            if member.member == self.welcome.member:
                with suppress(ValueError):  # a later server may have more roles
                    return Role(member.role)
        return self.welcome.role

    @property
    def language(self) -> str:
        """The language of the room's source; empty if nobody chose one."""
        return self.model.language

    @property
    def unsaved(self) -> str:
        """The reason why changes are not stored now; empty otherwise."""
        return self.model.unsaved

    @property
    def jobs(self) -> dict[str, JobSummary]:
        """Recent jobs by id, oldest first."""
        return self.model.jobs

    async def events(self) -> AsyncIterator[RoomEvent]:
        """Yield the events of the room until it is left, or entry is refused for good."""
        while (event := await self._mailbox.get()) is not None:
            yield event
            self._lifeline.wake()  # a reader that catches up may need skipped output

    # Actions of the member.

    def follow(self, job: str, start: int = 0) -> None:
        """Receive the complete output of a job from the offset `start` on, without skipping."""
        self.model.follow(job, start)
        self._lifeline.wake()

    async def submit(self, submission: Submission) -> Accepted:
        """Submit a program; reconnects do not interrupt this, and the program runs once.

        Args:
            submission: the program.

        Returns:
            The acceptance: the server has stored the job.

        Raises:
            SubmissionRejected: the program will not run; the error states the reason.
            Offline: the connection ended for good before the answer.
        """
        submission.check()
        if self._over:
            raise _left_for_good()
        if submission.job in self._answers:
            raise SubmissionRejected(Code.DUPLICATE_JOB, "this submission is on its way already")
        answer: asyncio.Future[Accepted] = asyncio.get_running_loop().create_future()
        self._answers[submission.job] = answer
        self._outgoing.add_upload(submission)
        self._lifeline.wake()
        try:
            return await answer
        finally:
            self._answers.pop(submission.job, None)
            self._outgoing.upload_done(submission.job)
            self._lifeline.wake()  # another submission may have waited behind it

    async def send_stdin(self, job: str, data: bytes) -> None:
        """Send input to a program; returns when more input is allowed, not when it was read.

        Args:
            job: the job.
            data: any number of bytes.

        Raises:
            Offline: the connection ended for good before more input was allowed.
        """
        stream = self._outgoing.stdin(job)
        stream.write(data)
        self._lifeline.wake()
        while stream.unacknowledged > STDIN_WINDOW and self._outgoing.stdin(job) is stream:
            if self._over:
                raise _left_for_good()
            self._stdin_moved.clear()
            await self._stdin_moved.wait()

    def end_stdin(self, job: str) -> None:
        """Close the input of a program."""
        self._outgoing.stdin(job).close()
        self._lifeline.wake()

    async def invite(self, role: Role, lifetime: float = 0.0) -> Link:
        """Return a new link for other members; for hosts.

        Args:
            role: the role of the new members: editor or viewer, or host if this member entered
                with the server's token.
            lifetime: seconds until the link expires; 0 for the usual time.

        Raises:
            ClientError: this member is no host.
            Offline: the connection is being restored, or no answer arrived.
        """
        if self.role is not Role.HOST:
            raise ClientError("only hosts make invites", "ask a host for one")
        return Link(self.link.server, self.link.room, await self._inviting.token(role, lifetime))

    async def text_settled(self) -> None:
        """Wait until the text has arrived, and the server has all own edits.

        Raises:
            Offline: the connection ended for good before.
        """
        while not self.document.is_settled:
            if self._over:
                raise _left_for_good()
            self._text_moved.clear()
            await self._text_moved.wait()

    def _wake(self) -> None:
        """Send what waits, e.g. edits of the text."""
        self._lifeline.wake()

    def send_now(self, message: ClientMessage) -> None:
        """Send a message.

        Raises:
            Offline: the connection is being restored.
        """
        if not self.connected:
            raise Offline("not connected", "try again when the room is back")
        self._outgoing.add(message)
        self._lifeline.wake()

    # Called by the connection.

    def seen(self) -> tuple[str, int]:
        """Return the epoch of the room and the last seen event; empty on the first visit."""
        model = self._model
        return (model.welcome.epoch, model.seq) if model else ("", 0)

    def forgotten(self) -> None:
        """Prepare for entering as a new member, because the room does not know this one."""
        if self._document:
            self._document.forgotten()

    def parts(self) -> Iterator[ClientMessage]:
        """Yield the messages that may be sent now."""
        yield from self._outgoing.parts()
        if self._document:
            yield from self._document.parts()
        yield from self.past.parts()
        yield from self.model.questions()
        yield from self.model.fetches(congested=self._mailbox.congested)

    def receive(self, message: ServerMessage) -> None:
        """Pass a message to its receiver."""
        if self._document_work:
            self._document_work.apply(message)
            self._text_moved.set()
        if self.past.receive(message) or self._inviting.receive(message):
            return
        match message:
            case PartTaken(job=job, received=received):
                self._outgoing.upload_acknowledged(job, received)
            case StdinTaken(job=job, taken=taken):
                self._outgoing.stdin_acknowledged(job, taken)
                self._stdin_moved.set()
            case Accepted(job=job):
                if (answer := self._answers.get(job)) and not answer.done():
                    answer.set_result(message)
            case Rejected(job=job, code=code, reason=reason, remedy=remedy, retry_in=seconds):
                if (answer := self._answers.get(job)) and not answer.done():
                    answer.set_exception(SubmissionRejected(code, reason, remedy, seconds))
            case _:
                if isinstance(message, Fault) and message.code is Code.NOT_HOLDER:
                    self._outgoing.stdin_reopened(message.job)
                if isinstance(message, Finished):
                    self._outgoing.job_finished(message.job)
                    self._stdin_moved.set()
                congested = self._mailbox.congested
                self._deliver(self.model.apply(message, congested=congested))

    async def settle(self) -> None:
        """Load texts that have arrived, without blocking the event loop.

        Raises:
            FrameError: the texts must not be loaded.
            CheckFailed: this machine cannot check now whether they may be loaded.
        """
        if self._document_work and await self._document_work.settle():
            self._text_moved.set()
            self._wake()

    def restored(self, welcome: Welcome) -> None:
        """Continue after a reconnect."""
        if self._document:
            self._document.enter(welcome)
        self._deliver(self.model.rejoin(welcome))
        if not welcome.resumed:
            self._outgoing.jobs_left({job.job for job in welcome.jobs if job.result is None})
            self._stdin_moved.set()
        self._outgoing.restart()
        self.past.restart()

    def cut(self, reason: str, retry_in: float | None) -> None:
        """Inform the reader that the connection was cut."""
        self._deliver([Disconnected(reason, retry_in)])

    def _deliver(self, events: Iterable[RoomEvent]) -> None:
        for event in events:
            self._mailbox.put(event)


def _shared_document(wake: Callable[[], None]) -> "SharedDocument":
    from codesync_client.document.shared_document import SharedDocument

    return SharedDocument(wake)


def _document_work(document: "SharedDocument") -> "DocumentWork":
    from codesync_client.document.paced_work import DocumentWork

    return DocumentWork(document)


def _left_for_good() -> Offline:
    return Offline("the connection to the room ended")
