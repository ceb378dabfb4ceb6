"""One server: its parts built from the settings, started, served, drained."""

import asyncio
from collections.abc import Callable

from websockets.asyncio.server import ServerConnection

from codesync_protocol.links import Link
from codesync_protocol.messages import LimitsInfo, Member, Notice, Role, Welcome
from codesync_server.access.invites import InviteDesk
from codesync_server.access.rules import check_binding
from codesync_server.connections.admission import Doorkeeper
from codesync_server.connections.http import Figures, Pages
from codesync_server.connections.listener import CannotListen, Listener, own_names
from codesync_server.connections.outbox import Outbox
from codesync_server.connections.peer import Peer
from codesync_server.executors.choice import Choice, choose
from codesync_server.executors.contract import ExecutorDown
from codesync_server.jobs.allowance import Allowance
from codesync_server.jobs.scheduler import Scheduler
from codesync_server.languages.registry import Languages, built_in
from codesync_server.rooms.actions import Actions
from codesync_server.rooms.presence import Presence
from codesync_server.rooms.registry import Rooms
from codesync_server.rooms.reporter import Reporter
from codesync_server.rooms.room import Room
from codesync_server.settings import Settings
from codesync_server.store.memory import MemoryStore

FORGET_ROOMS_SECONDS = 60.0
CHECK_DOCUMENTS_SECONDS = 10.0


class App:
    """One server.

    Args:
        settings: what the operator wants.
        choice: where programs run.
        secret: the server's token.
    """

    def __init__(self, settings: Settings, choice: Choice, secret: str) -> None:
        self.settings = settings
        self.found = choice.found
        self.executor = choice.executor
        self.token = secret
        self.invites = InviteDesk(secret)
        self.languages = Languages(built_in(), choice.executor.has_command)
        self._allowance = Allowance(settings.limits, settings.caps, choice.executor.unlimited)
        self._store = MemoryStore()
        first = next((each for each in self.languages.infos() if each.available), None)
        self._rooms = Rooms(first.name, first.starter) if first else Rooms()
        self._presence = Presence(self._rooms)
        self._reporter = Reporter(self._rooms, self._store)
        self._scheduler = Scheduler(choice.executor, self.languages, settings, self._reporter)
        self._doorkeeper = Doorkeeper(self._rooms, self.invites)
        self._listener = Listener(
            settings, Pages(self.health, self.stats, own_names(settings)), self._peer
        )

    @classmethod
    async def build(cls, settings: Settings, secret: str, progress: Callable[[str], None]) -> "App":
        """Build a server; nothing listens or runs yet.

        Args:
            settings: what the operator wants.
            secret: the server's token.
            progress: is told what takes long, a line at a time.

        Raises:
            UnsafeSettings, ExecutorDown: it cannot be; says why and what to do.
        """
        check_binding(settings)
        return cls(settings, await choose(settings, progress), secret)

    @property
    def address(self) -> str:
        """The server's address, once it listens."""
        scheme = "wss" if self.settings.tls else "ws"
        host = self.settings.host
        shown = f"[{host}]" if ":" in host else host
        return f"{scheme}://{shown}:{self._listener.port}"

    def link(self, room: str, role: Role) -> Link:
        """Make a link that lets somebody into a room."""
        return Link(self.address, room, self.invites.invite(room, role))

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Serve until told to stop, then drain.

        Args:
            ready: called when the server listens.
            stop: set to end it.

        Raises:
            CannotListen: the address cannot be listened on.
            ExecutorDown: the executor cannot be started.
        """
        failure: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                await self._run(tasks, ready, stop)
        except* (CannotListen, ExecutorDown) as group:
            failure = group.exceptions[0]
        if failure is not None:
            raise failure

    async def _run(
        self, tasks: asyncio.TaskGroup, ready: Callable[[], None], stop: asyncio.Event
    ) -> None:
        await self.executor.start(tasks)
        try:
            await self._listener.open()
            results = tasks.create_task(self._reporter.keep_results())
            background = [
                tasks.create_task(self._scheduler.run()),
                tasks.create_task(self._reporter.announce_queue(self._scheduler)),
                tasks.create_task(self._presence.announce()),
                tasks.create_task(self._check_documents()),
                tasks.create_task(self._forget_rooms()),
            ]
            ready()
            await stop.wait()
            await self._drain()
            self._reporter.close()
            await results
            for task in background:
                task.cancel()
        finally:
            await self.executor.close()

    async def _drain(self) -> None:
        self._doorkeeper.draining = True
        for room in self._rooms:
            room.notify(Notice("warning", "the server is shutting down"))
        await self._scheduler.drain()
        self._listener.dismiss("the server is shutting down")
        await self._listener.close()

    async def _forget_rooms(self) -> None:
        while True:
            await asyncio.sleep(FORGET_ROOMS_SECONDS)
            self._rooms.forget_idle(asyncio.get_running_loop().time())

    async def _check_documents(self) -> None:
        while True:
            await asyncio.sleep(CHECK_DOCUMENTS_SECONDS)
            for room in self._rooms:
                room.check_document()

    # What the parts ask of each other.

    def _peer(self, connection: ServerConnection) -> Peer:
        return Peer(connection, self._doorkeeper, self._welcome, self._actions)

    def _actions(self, room: Room, key: str, outbox: Outbox) -> Actions:
        return Actions(
            room,
            key,
            outbox,
            scheduler=self._scheduler,
            languages=self.languages,
            allowance=self._allowance,
            store=self._store,
            presence=self._presence,
        )

    def _welcome(
        self,
        room: Room,
        member: Member,
        role: Role,
        version: int,
        resumed: bool,
        edits_taken: int,
    ) -> Welcome:
        limits = self.settings.limits
        places = {job.id: place for place, job in enumerate(self._scheduler.waiting(), 1)}
        return Welcome(
            version=version,
            room=room.name,
            epoch=room.log.epoch,
            seq=room.log.seq,
            resumed=resumed,
            member=member.member,
            role=role,
            members=room.members,
            queue=self._reporter.queue_of(room.name, self._scheduler, places),
            jobs=() if resumed else room.summaries(),
            languages=self.languages.infos(),
            limits=LimitsInfo(
                wall_seconds=limits.run.wall,
                tty_wall_seconds=limits.tty.wall,
                cpu_seconds=limits.run.cpu,
                memory=limits.run.memory,
                output=limits.run.output,
            ),
            executor=self.executor.info,
            language=room.language,
            edits_taken=edits_taken,
        )

    def health(self) -> Figures:
        """Whether all is well."""
        trouble, strain = self.executor.trouble, self.executor.strain
        status, reason = "ok", ""
        if self._doorkeeper.draining:
            status, reason = "draining", "the server is shutting down"
        elif trouble:
            status, reason = "down", trouble
        elif strain:
            status, reason = "degraded", strain
        return {
            "status": status,
            "reason": reason,
            "executor": self.executor.info.kind,
            "sandboxed": self.executor.info.sandboxed,
        }

    def stats(self) -> Figures:
        """How much is going on."""
        pool = self.executor.pool
        return {
            "queued": self._scheduler.queued,
            "active": self._scheduler.active,
            "max_concurrent": self._scheduler.max_concurrent,
            "rooms": len(self._rooms),
            "members": sum(room.size for room in self._rooms),
            "connections": self._listener.connections,
            "finished": dict(self._reporter.verdicts),
            "executor": self.executor.info.kind,
            "trouble": self.executor.trouble,
            "strain": self.executor.strain,
            "pool": {
                "size": pool.size,
                "parked": pool.parked,
                "starting": pool.starting,
                "waiting": pool.waiting,
                "hits": pool.hits,
                "misses": pool.misses,
                "hit_rate": round(pool.hit_rate, 3),
                "retired": pool.retired,
                "failures": pool.failures,
                "refill_seconds": round(pool.refill_seconds, 3),
                "oldest_seconds": round(pool.oldest_seconds, 1),
            },
        }
