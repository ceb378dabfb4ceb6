"""Keeps a store within its size: with every write, and a few jobs at a time."""

import logging
from time import monotonic

from codesync_server.store.contract import Store, StoreUnavailable

JOBS_A_STEP = 50
"""Jobs that are deleted in one transaction."""

STEPS_MAX = 20
"""Transactions in a row; then other writes have their turn."""

LOW_WATER = 0.95
"""Part of the bound down to which jobs are deleted, so that not every write deletes some."""

LOG_SECONDS = 60.0

log = logging.getLogger(__name__)


class StoreSizeLimit:
    """Deletes finished jobs of a store that is over its bound: of the room that holds most.

    Args:
        store: the store, open for writing.
        bytes_max: bytes of finished jobs together; None: no bound.
    """

    def __init__(self, store: Store, bytes_max: int | None) -> None:
        self._store = store
        self._bytes_max = bytes_max
        self._logged_at = float("-inf")

    async def enforce(self) -> None:
        """Delete what is too much, if anything is. A store that is away is left for the next time.

        Raises:
            StoreLost: another server has the store.
        """
        if self._bytes_max is None or self._store.finished_bytes <= self._bytes_max:
            return
        target, deleted = int(self._bytes_max * LOW_WATER), 0
        try:
            for _ in range(STEPS_MAX):
                step = await self._store.prune_to(target, JOBS_A_STEP)
                deleted += step
                if step < JOBS_A_STEP:
                    break
        except StoreUnavailable as error:
            self._log(f"the store is over its bound, and nothing can be deleted now: {error}")
            return
        self._log(f"the store was over its bound (keep_bytes): {deleted} old jobs are deleted")

    def _log(self, line: str) -> None:
        if monotonic() - self._logged_at >= LOG_SECONDS:
            self._logged_at = monotonic()
            log.warning("%s", line)
