"""The containers of one executor: each has a lease until it is removed.

The engine may make a container after all when we have given it up: it was slow, or we were cut off
before it could say the id. Such strays carry our labels and a lease that has ended.
"""

import random
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from codesync_server.executors.docker import owner
from codesync_server.executors.docker.engine import EngineError

LEASE_LABEL = "codesync.lease"


class UidsExhausted(EngineError):
    """Every user of the range has a container."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one container to be there.

    Attributes:
        name: what its label says.
        uid: its user, with no entry in passwd. No other container of ours has it, and most likely
            none of another server's: they would share the kernel's limits per user.
    """

    name: str
    uid: int


class Leases:
    """All leases of one executor.

    Args:
        uids: the users of its sandboxes.
    """

    def __init__(self, uids: range) -> None:
        self._uids = uids
        self._executor = secrets.token_hex(8)
        self._last = 0
        self._active: dict[str, Lease] = {}

    def acquire(self) -> Lease:
        """Give a lease to a container that is about to be made.

        Raises:
            UidsExhausted: there are as many containers as users.
        """
        in_use = {lease.uid for lease in self._active.values()}
        if len(in_use) >= len(self._uids):
            raise UidsExhausted(
                f"all {len(in_use)} users of sandboxes are in use; see sandbox_uids"
            )
        while (uid := random.choice(self._uids)) in in_use:
            pass
        self._last += 1
        lease = Lease(f"{self._executor}/{self._last}", uid)
        self._active[lease.name] = lease
        return lease

    def end(self, lease: Lease) -> None:
        """Take it back: its container is to go, or was never made."""
        self._active.pop(lease.name, None)

    def is_stray(self, labels: Mapping[str, str]) -> bool:
        """Tell from a container's labels whether it is one of this executor, and given up."""
        name = labels.get(LEASE_LABEL, "")
        is_ours = labels.get(owner.OWNER_LABEL) == str(owner.this_process())
        return is_ours and name.startswith(f"{self._executor}/") and name not in self._active
