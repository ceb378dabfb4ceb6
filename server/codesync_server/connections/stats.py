"""Collects the answers of GET /health and GET /stats from the server's parts."""

from collections import Counter
from collections.abc import Callable, Mapping

from codesync_server.access.memory_by_owner import MemoryByOwner
from codesync_server.access.payer import Level
from codesync_server.connections import descriptors
from codesync_server.connections.client_limits import ClientLimits
from codesync_server.executors.contract import Executor
from codesync_server.jobs.scheduler import Scheduler
from codesync_server.rooms.job_event_publisher import JobEventPublisher
from codesync_server.rooms.registry import Rooms

Figures = Mapping[str, object]


class StatsSource:
    """Collects the figures of a server.

    Args:
        executor: where programs run.
        scheduler: runs jobs.
        rooms: all rooms.
        publisher: counts the verdicts.
        store_trouble: returns why changes are not stored now; empty while they are.
        memory_trouble: tells why the server has no memory for another room; empty when it has.
        is_draining: tells whether the server is shutting down.
    """

    def __init__(
        self,
        *,
        executor: Executor,
        scheduler: Scheduler,
        rooms: Rooms,
        publisher: JobEventPublisher,
        store_trouble: Callable[[], str],
        memory_trouble: Callable[[], str],
        is_draining: Callable[[], bool],
    ) -> None:
        self._executor = executor
        self._scheduler = scheduler
        self._rooms = rooms
        self._publisher = publisher
        self._store_trouble = store_trouble
        self._memory_trouble = memory_trouble
        self._is_draining = is_draining
        self._more: dict[str, Callable[[], object]] = {}

    def add(self, name: str, source: Callable[[], object]) -> None:
        """Add a figure to /stats.

        Args:
            name: its key, which must be new.
            source: returns the present value: numbers, text, or lists and mappings of them.
        """
        assert name not in self._more, f"two figures are named {name}"
        self._more[name] = source

    def health(self) -> Figures:
        """Return whether the server works, and what is wrong if it does not."""
        trouble, strain = self._executor.trouble, self._executor.strain
        status, reason = "ok", ""
        if self._is_draining():
            status, reason = "draining", "the server is shutting down"
        elif trouble:
            status, reason = "down", trouble
        elif unsaved := self._store_trouble():
            status, reason = "unsaved", f"changes are not stored: {unsaved}"
        elif strain or (strain := self._memory_trouble()):
            status, reason = "degraded", strain
        return {
            "status": status,
            "reason": reason,
            "executor": self._executor.info.kind,
            "sandboxed": self._executor.info.sandboxed,
        }

    def stats(self) -> Figures:
        """Return all figures."""
        figures: dict[str, object] = {
            "queued": self._scheduler.queued,
            "queued_rooms": self._scheduler.queue.waiting_rooms,
            "queued_bytes": self._scheduler.queue.waiting_bytes,
            "queue_refusals": dict(self._scheduler.queue.refusals),
            "active": self._scheduler.active,
            "max_concurrent": self._scheduler.max_concurrent,
            "computing": self._scheduler.slots.computing,
            "idle": self._scheduler.slots.idle,
            "interactive": self._scheduler.slots.interactive,
            "interactive_max": self._scheduler.slots.interactive_max,
            "rooms": len(self._rooms),
            "members": sum(room.size for room in self._rooms),
            "finished": dict(self._publisher.verdicts),
            "executor": self._executor.info.kind,
            "trouble": self._executor.trouble,
            "strain": self._executor.strain,
            "unsaved": self._store_trouble(),
            "pool": self._pool(),
        }
        return figures | {name: source() for name, source in self._more.items()}

    def _pool(self) -> Figures:
        pool = self._executor.pool
        return {
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
        }


def client_figures(limits: ClientLimits, descriptors_in_use: int) -> Figures:
    """Return the connections by state, those that were aborted by reason, and the descriptors."""
    return {
        "handshaking": limits.handshaking,
        "joined": limits.joined,
        "aborted": dict(limits.aborted),
        "descriptors": descriptors_in_use,
        "descriptors_limit": descriptors.limit(),
    }


def outbox_figures(memory: MemoryByOwner) -> Figures:
    """Return the bytes that wait for slow clients, their limit, and how often one gave way."""
    return {"bytes": memory.bytes, "limit": memory.limit, "evictions": memory.evictions}


def by_level(counts: Counter[tuple[str, Level]]) -> Mapping[str, Mapping[str, int]]:
    """Arrange counts by name and level, for a figure."""
    figures: dict[str, dict[str, int]] = {}
    for (name, level), count in counts.items():
        figures.setdefault(name, {})[level] = count
    return figures
