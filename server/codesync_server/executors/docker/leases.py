"""What one executor has of containers: each has a lease until it is buried.

The engine may make a container after all when we have given it up: it was slow, or we were cut off
before it could say the id. Such strays carry our labels and a lease that has ended.
"""

import random
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from codesync_server.executors.docker import owner

LEASE_LABEL = "codesync.lease"

UIDS = range(20_000, 60_000)
"""Users of sandboxes: a numeric one of its own for each, with no entry in passwd. Containers that
share a uid could hurt each other through the kernel's limits per user."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one container to be there.

    Attributes:
        name: what its label says.
        uid: its user, which no other container of ours has; of another server's, most likely not.
    """

    name: str
    uid: int


class Leases:
    """All leases of one executor."""

    def __init__(self) -> None:
        self._executor = secrets.token_hex(8)
        self._last = 0
        self._held: dict[str, Lease] = {}

    def take(self) -> Lease:
        """Give a lease to a container that is about to be made."""
        in_use = {lease.uid for lease in self._held.values()}
        while (uid := random.choice(UIDS)) in in_use:
            pass
        self._last += 1
        lease = Lease(f"{self._executor}/{self._last}", uid)
        self._held[lease.name] = lease
        return lease

    def end(self, lease: Lease) -> None:
        """Take it back: its container is to go, or was never made."""
        self._held.pop(lease.name, None)

    def is_stray(self, labels: Mapping[str, str]) -> bool:
        """Tell from a container's labels whether it is one of this executor, and given up."""
        name = labels.get(LEASE_LABEL, "")
        is_ours = labels.get(owner.OWNER_LABEL) == str(owner.this_process())
        return is_ours and name.startswith(f"{self._executor}/") and name not in self._held
