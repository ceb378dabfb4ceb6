"""One server: assembles its parts from the settings, starts, serves and drains."""

import asyncio
import logging
from collections.abc import Callable, Coroutine

from codesync_protocol.links import Link
from codesync_protocol.messages import LimitsInfo, Member, Notice, Role, Welcome
from codesync_server import maintenance
from codesync_server.access.budgets import Budgets
from codesync_server.access.invites import InviteSigner
from codesync_server.access.memory_by_owner import MemoryByOwner
from codesync_server.access.rules import check_binding
from codesync_server.access.shares import Shares
from codesync_server.configuration.settings import Settings
from codesync_server.connections.admission import Admission
from codesync_server.connections.client_limits import ClientLimits
from codesync_server.connections.connection import Connection
from codesync_server.connections.descriptors import divide_descriptors
from codesync_server.connections.http_endpoints import HttpEndpoints
from codesync_server.connections.listener import Listener, ListenFailed, host_names
from codesync_server.connections.peer import Peer, message_budget
from codesync_server.connections.stats import (
    Figures,
    StatsSource,
    by_level,
    client_figures,
    outbox_figures,
)
from codesync_server.documents.load_process import LoadProcesses
from codesync_server.executors.choice import ExecutorChoice, choose
from codesync_server.executors.contract import ExecutorUnavailable
from codesync_server.jobs.limit_policy import LimitPolicy
from codesync_server.jobs.memory_budget import MemoryBudget
from codesync_server.jobs.scheduler import Scheduler
from codesync_server.jobs.uploads import Uploads
from codesync_server.languages.registry import Languages, built_in
from codesync_server.loop_lag import LoopLag
from codesync_server.memory_monitor import MemoryMonitor
from codesync_server.rooms.commands.dispatch import CommandDispatcher
from codesync_server.rooms.commands.message_turns import MessageTurns
from codesync_server.rooms.commands.submission_budgets import SubmissionBudgets
from codesync_server.rooms.job_event_publisher import JobEventPublisher
from codesync_server.rooms.presence import Presence
from codesync_server.rooms.queue_announcements import TROUBLE_MAX
from codesync_server.rooms.registry import RoomLimits, Rooms
from codesync_server.rooms.room import Room
from codesync_server.rooms.seat import Seat
from codesync_server.rooms.takeover import take_over
from codesync_server.store.choice import choose_store
from codesync_server.store.contract import Store, StoreLost, StoreUnusable
from codesync_server.store.job_history import JobHistory
from codesync_server.store.store_monitor import StoreMonitor
from codesync_server.store.writer import StoreWriter

SETTLE_SECONDS = 4.0
"""How long a server that ends waits until everything is in the store: with the programs' time, and
what it takes to end them, this is less than the 25 s after which it would be killed."""

log = logging.getLogger(__name__)


class App:
    """One server.

    Args:
        settings: what the operator wants.
        choice: where programs run.
        store: where things are kept; it is open, and closed when the server ends.
        secret: the server's token.
        persistence_trouble: the reason if the store should have been persistent but is not.
    """

    def __init__(
        self,
        settings: Settings,
        choice: ExecutorChoice,
        store: Store,
        secret: str,
        persistence_trouble: str = "",
    ) -> None:
        self._persistence_trouble = persistence_trouble
        self.settings = settings
        self.found = choice.found
        self.executor = choice.executor
        self.token = secret
        self.invites = InviteSigner(secret)
        self.languages = Languages(built_in(), choice.executor.has_command)
        self._limit_policy = LimitPolicy(settings.limits, settings.caps, choice.executor.unlimited)
        self.store = store
        self._writer = StoreWriter(store, self._resave, self._announce_saving, settings.keep_bytes)
        self._store_watch = StoreMonitor(store.ping, self._announce_saving)
        first = next((each for each in self.languages.infos() if each.available), None)
        begin = (first.name, first.starter) if first else ("", "")
        self._memory = MemoryBudget(settings.memory_for_output)
        self._histories = LoadProcesses()
        self._budgets = Budgets()
        self._job_history = JobHistory(store, self._budgets)
        room_limits = RoomLimits(settings.rooms_max, settings.members_per_room)
        self._rooms = Rooms(
            self._writer,
            *begin,
            memory=self._memory,
            limits=room_limits,
            budgets=self._budgets,
            processes=self._histories,
            no_memory=lambda: self._memory_watch.reason,
        )
        self._memory_watch = MemoryMonitor(
            settings.memory_max,
            relieve=lambda: self._memory.evict_to(self._memory.used // 2),
            shed=lambda: self._rooms.close_largest(self._scheduler.cancel),
        )
        self._shares = Shares()
        self._submissions = SubmissionBudgets(self._budgets, settings)
        self._presence = Presence(self._rooms)
        self._uploads = Uploads()
        self._publisher = JobEventPublisher(self._rooms, self._writer, self._memory, self._budgets)
        self._scheduler = Scheduler(
            choice.executor,
            self.languages,
            settings,
            self._publisher,
            hands_over=store.outlives,
        )
        self._admission = Admission(self._rooms, self.invites)
        self._loop_lag = LoopLag()
        self._figures = self._collect_figures()
        pages = HttpEndpoints(self._figures.health, self._figures.stats, host_names(settings))
        self._limits = ClientLimits(
            settings, self._budgets, self._shares, *divide_descriptors(settings)
        )
        self._outbox_memory = MemoryByOwner(settings.memory_for_outboxes)
        self._turns = MessageTurns()
        self._messages = message_budget(settings.messages_per_second)
        self._listener = Listener(
            settings, pages, self._limits, self._budgets, self._messages, self._peer
        )

    def _collect_figures(self) -> StatsSource:
        figures = StatsSource(
            executor=self.executor,
            scheduler=self._scheduler,
            rooms=self._rooms,
            publisher=self._publisher,
            store_trouble=self._store_trouble,
            memory_trouble=lambda: self._memory_watch.reason,
            is_draining=lambda: self._admission.draining,
        )
        figures.add("connections", lambda: self._listener.connections)
        figures.add("outboxes", lambda: outbox_figures(self._outbox_memory))
        figures.add("clients", lambda: client_figures(self._limits, self._listener.descriptors))
        figures.add("refusals", lambda: by_level(self._budgets.refusals + self._shares.refusals))
        figures.add("memory", self._memory_watch.figures)
        figures.add("loop_lag", self._loop_lag.figures)
        figures.add("output_bytes", lambda: self._memory.used)
        figures.add("output_evictions", lambda: self._memory.evictions)
        figures.add("upload_bytes", lambda: self._uploads.received_bytes)
        figures.add("delays", lambda: by_level(self._budgets.delays))
        return figures

    @classmethod
    async def build(
        cls,
        settings: Settings,
        secret: str,
        progress: Callable[[str], None],
        *,
        persistence_trouble: str = "",
    ) -> "App":
        """Build a server; nothing listens or runs yet.

        Args:
            settings: what the operator wants.
            secret: the server's token.
            progress: is told what takes long, a line at a time.
            persistence_trouble: why nothing outlives this server although it should.

        Raises:
            UnsafeSettings, ExecutorUnavailable, StoreUnusable: the message says why, and what
                to do.
        """
        check_binding(settings)
        store = choose_store(settings.store)
        await store.open()
        try:
            return cls(
                settings, await choose(settings, progress), store, secret, persistence_trouble
            )
        except BaseException:
            await store.close()
            raise

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
            ListenFailed: the address cannot be listened on.
            ExecutorUnavailable: the executor cannot be started.
            StoreUnusable: what was accepted before cannot be read; or another server has the store
                now.
        """
        failure: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                await self._run(tasks, ready, stop)
        except* (ListenFailed, ExecutorUnavailable, StoreUnusable) as group:
            failure = group.exceptions[0]
        finally:
            await self.store.close()
        if failure is not None:
            raise failure

    async def _run(
        self, tasks: asyncio.TaskGroup, ready: Callable[[], None], stop: asyncio.Event
    ) -> None:
        await self.executor.start(tasks)
        try:
            writing = tasks.create_task(self._stop_if_store_lost(self._writer.run()))
            try:
                await take_over(self.store, self._writer, self._rooms, self._scheduler)
                await self._listener.open()
            except BaseException:
                writing.cancel()
                raise
            pruning = maintenance.prune(
                self._rooms, self.store, maintenance.retention(self.settings)
            )
            background = [
                writing,
                tasks.create_task(self._stop_if_store_lost(self.store.guard())),
                tasks.create_task(self._store_watch.run()),
                tasks.create_task(self._loop_lag.run()),
                tasks.create_task(self._memory_watch.run()),
                tasks.create_task(self._scheduler.run()),
                tasks.create_task(self._publisher.queue.announce(self._scheduler)),
                tasks.create_task(self._presence.announce()),
                tasks.create_task(maintenance.check_documents(self._rooms, self._histories)),
                tasks.create_task(maintenance.forget_rooms(self._rooms)),
                tasks.create_task(maintenance.save_used_rooms(self._rooms)),
                tasks.create_task(maintenance.announce_members(self._rooms)),
                tasks.create_task(self._stop_if_store_lost(pruning)),
            ]
            ready()
            await stop.wait()
            await self._drain()
            for task in background:
                task.cancel()
        finally:
            self._listener.dismiss("the server has ended")  # whoever is here yet
            await self._histories.close()
            await self.executor.close()
            await self._listener.close()

    async def _stop_if_store_lost(self, work: Coroutine[None, None, None]) -> None:
        """Do something that ends when another server has the store: then nobody is served here."""
        try:
            await work
        except StoreLost:
            self._dismiss("another server has taken over")
            raise

    def _dismiss(self, why: str) -> None:
        self._admission.draining = True
        for room in self._rooms:
            room.notify(Notice("warning", why))
        self._listener.dismiss(why)

    async def _drain(self) -> None:
        self._admission.draining = True
        for room in self._rooms:
            room.notify(Notice("warning", "the server is shutting down"))
        await self._scheduler.drain()
        clock = asyncio.get_running_loop().time
        until = clock() + SETTLE_SECONDS
        await self._writer.settle(SETTLE_SECONDS)  # what is told last is kept first
        self._listener.dismiss("the server is shutting down")
        await self._listener.close()
        self._rooms.save_loose_edits()
        self._rooms.forget_unused(clock())
        if not await self._writer.settle(until - clock()):
            log.error("not everything is kept: %s", self._writer.trouble or "the store is slow")

    # What the parts ask of each other.

    def _resave(self, room: str) -> None:
        self._rooms.save(room)

    def _announce_saving(self) -> None:
        self._rooms.announce_saving(self._unsaved)

    @property
    def _unsaved(self) -> str:
        return (self._store_trouble() or self._persistence_trouble)[:TROUBLE_MAX]

    def _store_trouble(self) -> str:
        """Why nothing is kept now although it should be; empty while it is."""
        return self._writer.trouble or self._store_watch.problem

    def _peer(self, connection: Connection) -> Peer:
        return Peer(
            connection,
            self._admission,
            self._limits,
            self._budgets,
            self._messages,
            self._outbox_memory,
            self._welcome,
            self._actions,
        )

    def _actions(self, seat: Seat) -> CommandDispatcher:
        return CommandDispatcher(
            seat,
            scheduler=self._scheduler,
            languages=self.languages,
            limit_policy=self._limit_policy,
            uploads=self._uploads,
            writer=self._writer,
            job_history=self._job_history,
            presence=self._presence,
            invites=self.invites,
            budgets=self._budgets,
            turns=self._turns,
            submissions=self._submissions,
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
        return Welcome(
            version=version,
            room=room.name,
            epoch=room.log.epoch,
            seq=room.log.seq,
            resumed=resumed,
            member=member.member,
            role=role,
            members=room.members,
            queue=room.welcome.queue(
                lambda: self._publisher.queue.queue_of(room.name, self._scheduler),
                has_changed=self._publisher.queue.is_due(room.name),
            ),
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
            text=room.text_id,
            unsaved=self._unsaved,
        )

    def health(self) -> Figures:
        """Return what GET /health answers."""
        return self._figures.health()

    def stats(self) -> Figures:
        """Return what GET /stats answers."""
        return self._figures.stats()
