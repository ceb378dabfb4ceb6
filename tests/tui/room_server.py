"""One room on a real websocket server that a test controls.

It speaks the protocol with the protocol's own codec. It runs nothing: the test says what programs
write and how they end.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self, TypeVar

import msgspec
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from codesync_protocol.codec import encode
from codesync_protocol.ends import ServerEnd
from codesync_protocol.errors import Code
from codesync_protocol.limits import FRAME_MAX, PART_MAX
from codesync_protocol.links import Link
from codesync_protocol.messages import (
    Accepted,
    Cancel,
    Caret,
    ChooseLanguage,
    ClientMessage,
    DocumentPart,
    Edit,
    Edited,
    Event,
    ExecutorInfo,
    FetchDocument,
    FetchHistory,
    FetchOutput,
    FetchSource,
    Finished,
    HistoryPage,
    Invite,
    JobState,
    JobSummary,
    LanguageChosen,
    LanguageInfo,
    LimitsInfo,
    MakeInvite,
    Member,
    Members,
    Notice,
    Output,
    OutputChunk,
    OutputPart,
    PartTaken,
    PastJob,
    Queue,
    QueuedJob,
    Refused,
    Rejected,
    Role,
    ServerMessage,
    SourcePart,
    Started,
    StdinData,
    StdinEcho,
    StdinEnd,
    StdinHeld,
    StdinMode,
    StdinTaken,
    Stream,
    Submit,
    SubmitFile,
    SubmitPart,
    Submitted,
    Welcome,
)
from codesync_protocol.shared_text import SOURCE
from codesync_protocol.verdict import MemorySource, Result, Verdict
from codesync_protocol.version import NEWEST
from codesync_server.documents.document import Document
from tests.handshakes import challenged
from tests.waiting import SECONDS

PYTHON = LanguageInfo(
    "python", "Python 3", (".py",), "main.py", "python", 'name = input("What is your name? ")\n'
)
CPP = LanguageInfo("cpp", "C++", (".cpp",), "main.cpp", "cpp", "int main() {}\n")
JAVA = LanguageInfo("java", "Java", (".java",), "Main.java", "java", "class Main {}\n")
JAVASCRIPT = LanguageInfo(
    "javascript", "JavaScript", (".js",), "main.js", "javascript", "console.log(1);\n"
)
LANGUAGES = (PYTHON, JAVASCRIPT, CPP, JAVA)

OK = Result(
    Verdict.OK,
    "",
    exit_code=0,
    cpu_seconds=0.02,
    wall_seconds=0.05,
    peak_memory=9_100_000,
    memory_source=MemorySource.CGROUP_V1,
)

_Kind = TypeVar("_Kind", bound=ClientMessage)


@dataclass
class Room:
    """What the welcome of the next connection says."""

    members: tuple[Member, ...] = (Member(1, "ana", "host", 0),)
    me: int = 1
    role: Role = Role.HOST
    languages: tuple[LanguageInfo, ...] = LANGUAGES
    executor: ExecutorInfo = field(default_factory=lambda: ExecutorInfo("docker", True))
    epoch: str = "first"
    token: str = "7Rk2mXv9TzW4bHs"
    refusal: Refused | None = None
    rejection: Rejected | None = None


class RoomServer:
    """One room on a real websocket server; `async with RoomServer() as server`.

    Attributes:
        room: what the next welcome says.
        jobs: the jobs by id.
        outputs: what each job has written.
        echoes: what was typed into each.
        past: jobs of the room's past.
        past_source: what each of them ran.
        past_trouble: why they cannot be looked for; said only when some are.
        received: every message that came after a hello, but those about the shared text.
        bodies: the body of each submission.
        connections: who is in the room.
        names: how clients called themselves, in the order in which they came.
        close_codes: how connections ended.
        loop: the loop that it lives on.
        upon_entry: what happens right after somebody entered.
        awaiting: the running jobs that wait for input.
        idle: the running jobs that wait or sleep.
        held_up: why waiting jobs do not start, by job.
        document: the texts that are shared.
        language: in which language the source is.
        crdt: the CRDT id of each client, by its key.
        turn_seconds: how long jobs take, as far as the queue's estimates know.
    """

    def __init__(self) -> None:
        self.room = Room()
        self.jobs: dict[str, JobSummary] = {}
        self.outputs: dict[str, list[tuple[Stream, bytes]]] = {}
        self.echoes: dict[str, list[StdinEcho]] = {}
        self.past: tuple[PastJob, ...] = ()
        self.past_source = b""
        self.past_trouble = ""
        self.received: list[ClientMessage] = []
        self.bodies: dict[str, bytearray] = {}
        self.connections: list[ServerConnection] = []
        self.upon_entry: Callable[[], Awaitable[None]] | None = None
        self.names: list[str] = []
        self.close_codes: list[int | None] = []
        self.awaiting: set[str] = set()
        self.idle: set[str] = set()
        self.held_up: dict[str, str] = {}
        self.turn_seconds = 0.0
        self._seq = 0
        self.document = Document()
        self.document.write(SOURCE, PYTHON.starter)
        self.language = PYTHON.name
        self.crdt: dict[str, int] = {}
        self._keys: dict[int, str] = {}
        self.loop = asyncio.get_running_loop()
        self._moved = asyncio.Condition()
        self._server: Server | None = None
        self._events: list[Event] = []
        self._port = 0

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Listen; on the same port as before, if there was one."""
        self._server = await serve(
            self._serve, "127.0.0.1", self._port, compression=None, max_size=FRAME_MAX
        )
        self._port = next(iter(self._server.sockets)).getsockname()[1]

    async def close(self) -> None:
        """Cut everybody off and listen no more."""
        if self._server is not None:
            for connection in self.connections:
                connection.transport.abort()
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    @property
    def link(self) -> Link:
        """What lets one in."""
        return Link(f"ws://127.0.0.1:{self._port}", "brave-otter-12", "token")

    # What clients sent.

    async def wait_for(
        self, kind: type[_Kind], condition: Callable[[_Kind], bool] = lambda _: True
    ) -> _Kind:
        """Wait until a message of a kind has come."""

        def found() -> _Kind | None:
            return next((m for m in self.received if isinstance(m, kind) and condition(m)), None)

        async with asyncio.timeout(SECONDS), self._moved:
            await self._moved.wait_for(lambda: found() is not None)
        message = found()
        assert message is not None
        return message

    async def wait_for_members(self, count: int) -> None:
        """Wait until so many connections stand."""
        async with asyncio.timeout(SECONDS), self._moved:
            await self._moved.wait_for(lambda: len(self.connections) == count)

    # What the room does.

    async def say(self, message: ServerMessage) -> None:
        """Say something to everybody."""
        frame = encode(message)
        for connection in list(self.connections):
            with suppress(ConnectionClosed):
                await connection.send(frame)

    async def submitted(self, job: JobSummary) -> None:
        """Somebody submitted a job."""
        self.jobs[job.job] = job
        self.outputs.setdefault(job.job, [])
        await self._event(Submitted(self._next_seq(), job))
        await self.say_queue()

    async def started(self, job: str, state: JobState = JobState.RUNNING) -> None:
        """A job compiles or runs."""
        self.jobs[job] = msgspec.structs.replace(self.jobs[job], state=state)
        await self._event(Started(self._next_seq(), job, state))
        await self.say_queue()

    async def output(self, job: str, data: bytes, stream: Stream = Stream.STDOUT) -> None:
        """A job writes."""
        for start in range(0, len(data), 32 * 1024):
            piece = data[start : start + 32 * 1024]
            offset = self.jobs[job].output_bytes
            self.outputs[job].append((stream, piece))
            self.jobs[job] = msgspec.structs.replace(
                self.jobs[job], output_bytes=offset + len(piece)
            )
            await self._event(Output(self._next_seq(), job, stream, offset, piece))

    async def skipped_output(self, job: str, count: int) -> None:
        """A job wrote something that was skipped for everybody, and is gone."""
        total = self.jobs[job].output_bytes + count
        self.outputs[job].append((Stream.STDOUT, b"?" * count))
        self.jobs[job] = msgspec.structs.replace(self.jobs[job], output_bytes=total)

    async def typed(self, job: str, name: str, data: bytes, *, end: bool = False) -> None:
        """A member typed into a job."""
        summary = self.jobs[job]
        offset, number = summary.output_bytes, summary.typed
        echo = StdinEcho(self._next_seq(), job, 1, name, data, end, offset, number)
        self.jobs[job] = msgspec.structs.replace(summary, typed=number + 1)
        self.echoes.setdefault(job, []).append(echo)
        await self._event(echo)

    async def held(self, job: str, member: int, name: str) -> None:
        """Say that somebody took a program's input over."""
        await self._event(StdinHeld(self._next_seq(), job, member, name))

    async def finished(self, job: str, result: Result = OK, by: str = "") -> None:
        """A job ended."""
        result = msgspec.structs.replace(result, output_bytes=self.jobs[job].output_bytes)
        self.jobs[job] = msgspec.structs.replace(
            self.jobs[job], state=JobState.FINISHED, result=result
        )
        await self._event(Finished(self._next_seq(), job, result, by))
        await self.say_queue()

    async def say_queue(self) -> None:
        """Tell everybody who waits and who runs."""
        await self.say(self.queue())

    async def members_are(self, *members: Member) -> None:
        """Somebody came or went."""
        self.room.members = members
        await self.say(Members(members))

    @property
    def seq(self) -> int:
        """The last event's number."""
        return self._seq

    async def notice(self, level: str, text: str) -> None:
        """The server says something."""
        await self.say(Notice(level, text))

    def queue(self) -> Queue:
        """Who waits and who runs."""
        waiting = [job for job in self.jobs.values() if job.state is JobState.QUEUED]
        running = [
            job
            for job in self.jobs.values()
            if job.state not in (JobState.QUEUED, JobState.FINISHED)
        ]
        rows = [
            QueuedJob(
                job.job,
                job.state.value,
                awaits_input=job.job in self.awaiting,
                idle=job.job in self.idle,
            )
            for job in running
        ]
        rows += [
            QueuedJob(
                job.job,
                "queued",
                place,
                starts_in=self.turn_seconds * place,
                held_up=self.held_up.get(job.job, ""),
            )
            for place, job in enumerate(waiting, 1)
        ]
        computing = len(running) - len(self.idle)
        return Queue(tuple(rows), len(waiting), computing, 3, idle=len(self.idle))

    def cut(self) -> None:
        """Cut everybody off, and let them come back."""
        for connection in self.connections:
            connection.transport.abort()

    async def _event(self, event: Event) -> None:
        self._events.append(event)
        await self.say(event)

    def _next_seq(self) -> int:
        self._seq += 1
        return self._seq

    # One connection.

    async def _serve(self, connection: ServerConnection) -> None:
        end = ServerEnd()
        with suppress(ConnectionClosed):
            hello = await challenged(connection, end, self.link.token)
            self.names.append(hello.name)
            self._keys[id(connection)] = hello.public_id
            if self.room.refusal is not None:
                await connection.send(encode(self.room.refusal))
                return
            end.admit()
            resumed = hello.epoch == self.room.epoch
            await connection.send(encode(self._welcome(resumed=resumed)))
            if resumed:
                for event in self._events:
                    if event.seq > hello.seq:
                        await connection.send(encode(event))
            self.connections.append(connection)
            await self._note(None)
            if self.upon_entry is not None:
                await self.upon_entry()
            try:
                async for frame in connection:
                    message = end.receive(frame)
                    await self._take(connection, message)
                    await self._note(message)
            finally:
                self.connections.remove(connection)
                self.close_codes.append(connection.close_code)
                await self._note(None)

    async def _note(self, message: ClientMessage | None) -> None:
        async with self._moved:
            if message is not None and not isinstance(message, FetchDocument | Caret | Edit):
                self.received.append(message)
            self._moved.notify_all()

    def _welcome(self, *, resumed: bool) -> Welcome:
        room = self.room
        return Welcome(
            version=NEWEST,
            room="brave-otter-12",
            epoch=room.epoch,
            text=room.epoch,
            seq=self._seq,
            resumed=resumed,
            member=room.me,
            role=room.role,
            members=Members(room.members),
            queue=self.queue(),
            jobs=() if resumed else tuple(self.jobs.values()),
            languages=room.languages,
            limits=LimitsInfo(5.0, 300.0, 5.0, 256_000_000, 10_000_000),
            executor=room.executor,
            language=self.language,
        )

    async def _take(self, connection: ServerConnection, message: ClientMessage) -> None:
        match message:
            case Submit():
                self.bodies[message.job] = bytearray(message.body)
                await self._accept_if_complete(connection, message)
            case SubmitPart(job=job, data=data):
                self.bodies[job] += data
                await connection.send(encode(PartTaken(job, len(self.bodies[job]))))
                submit = next(m for m in self.received if isinstance(m, Submit) and m.job == job)
                await self._accept_if_complete(connection, submit)
            case StdinData(job=job, offset=offset, data=data):
                await connection.send(encode(StdinTaken(job, offset + len(data))))
                await self.typed(job, self.room.members[0].name, data)
            case StdinEnd(job=job):
                await self.typed(job, self.room.members[0].name, b"", end=True)
            case FetchOutput(job=job, offset=offset):
                await connection.send(encode(self._part(job, offset)))
            case FetchHistory(request=request, text=text):
                trouble = self.past_trouble if text else ""
                page = HistoryPage(request, () if trouble else self.past, trouble=trouble)
                await connection.send(encode(page))
            case FetchSource(request=request, job=job):
                files = (SubmitFile("main.py", len(self.past_source)),)
                size = len(self.past_source)
                source = SourcePart(request, job, 0, size, self.past_source, files)
                await connection.send(encode(source))
            case MakeInvite(role=role):
                await connection.send(encode(Invite(role, f"{role}s-{self.room.token}")))
            case Cancel(job=job):
                result = Result(Verdict.CANCELLED, "cancelled")
                await self.finished(job, result, by=self.room.members[0].name)
            case FetchDocument(request=request):
                client = self.document.assign()
                self.crdt[self._keys[id(connection)]] = client
                state = self.document.state()
                part = DocumentPart(request, self._seq, client, 0, len(state), state)
                await connection.send(encode(part))
            case Edit(number=number, data=data):
                self.document.apply(data, self.crdt[self._keys[id(connection)]])
                await self._event(Edited(self._next_seq(), self.room.me, number, data))
            case ChooseLanguage(language=language):
                self.language = language
                name = self.room.members[0].name
                chosen = LanguageChosen(self._next_seq(), self.room.me, name, language)
                await self._event(chosen)
            case _:
                pass

    async def _accept_if_complete(self, connection: ServerConnection, submit: Submit) -> None:
        if len(self.bodies[submit.job]) < submit.body_size:
            return
        if self.room.rejection is not None:
            rejection = msgspec.structs.replace(self.room.rejection, job=submit.job)
            await connection.send(encode(rejection))
            return
        await connection.send(encode(Accepted(submit.job, 1)))
        await self.submitted(
            job_summary(
                submit.job,
                member=self.room.me,
                name=self.room.members[0].name,
                language=submit.language,
                file_name=submit.files[0].name,
                stdin=submit.stdin,
                tty=submit.tty,
            )
        )

    def _part(self, job: str, offset: int) -> OutputPart:
        chunks: list[OutputChunk] = []
        at, room = 0, PART_MAX
        for stream, data in self.outputs.get(job, []):
            piece = data[max(0, offset - at) :][:room]
            at += len(data)
            if piece:
                chunks.append(OutputChunk(stream, piece))
                room -= len(piece)
        end = offset + sum(len(chunk.data) for chunk in chunks)
        typed = [each for each in self.echoes.get(job, []) if offset <= each.offset <= end]
        return OutputPart(job, offset, tuple(chunks), self.jobs[job].output_bytes, tuple(typed))


def job_id(number: int) -> str:
    """A job id that is easy to tell from others."""
    return f"{number:08x}" + "0" * 24


def job_summary(
    job: str,
    *,
    member: int = 2,
    name: str = "ben",
    language: str = "python",
    file_name: str = "main.py",
    state: JobState = JobState.QUEUED,
    stdin: StdinMode = StdinMode.SHARED,
    tty: bool = True,
    result: Result | None = None,
    holder: int = 0,
) -> JobSummary:
    """A job as the room sees it."""
    return JobSummary(
        job,
        member,
        name,
        language,
        file_name,
        state,
        1_700_000_000.0,
        stdin,
        tty,
        0,
        result,
        holder=holder,
    )


def refusal(code: Code = Code.TOKEN) -> Refused:
    """A refusal with its remedy."""
    return Refused(code, "the token is wrong", "ask the host for a new join line")
