"""Limits the memory that all connections hold together, by the identities that own it. Pure.

Beyond the limit, the room that holds most frees memory; in it the invite that holds most; of that,
the address; and of that, the connection. Connections are free to open, so the largest connection
alone would often be an innocent one: a client with many connections could fill the memory with
small amounts.

A frame that several connections hold is one object in memory. It counts once for each owner.
"""

from collections.abc import Callable
from math import inf

from codesync_server.access.payer import Payer

ENTRY_BYTES = 350
"""What a frame costs besides its bytes: for the connection, and in the tables of its owners."""

SHARED_ENTRY_BYTES = 120
"""The same, if another connection of the same owners holds the frame, too."""

UNKNOWN = Payer()


class _Owner:
    """An identity that has connections, or the server, which has all of them."""

    __slots__ = ("above", "key", "parts", "size", "uses")

    def __init__(self, key: str, above: "_Owner | None") -> None:
        self.key = key
        self.above = above
        self.size = 0
        self.parts: dict[object, _Owner | MemoryAccount] = {}
        self.uses: dict[int, int] = {}  # how many parts hold a frame, by its id


class MemoryAccount:
    """What one connection holds.

    Args:
        memory: the memory that it counts in.
        free: called when the connection must free memory: drops at least a part of what it holds,
            and reports that to this account before it returns.

    Attributes:
        size: bytes that the connection holds, with the cost of each frame.
    """

    __slots__ = ("_memory", "_owner", "_payer", "free", "size")

    def __init__(self, memory: "MemoryByOwner", free: Callable[[], None]) -> None:
        self.size = 0
        self.free = free
        self._memory = memory
        self._payer = UNKNOWN
        self._owner: _Owner | None = None

    def assign(self, payer: Payer) -> None:
        """Count what the connection holds for other identities. It must not hold frames."""
        if payer is self._payer:
            return
        held = self.size
        self.close()
        self._payer = payer
        if held:
            self.adjust(held)

    def adjust(self, amount: int) -> None:
        """Hold more bytes that no other connection holds, or less if negative."""
        self.size += amount
        owner: _Owner | None = self._owner or self._attach()
        while owner is not None:
            owner.size += amount
            owner = owner.above

    def hold(self, frame: bytes) -> None:
        """Hold a frame, which stays the same object until `drop`."""
        key, size = id(frame), len(frame) + ENTRY_BYTES
        self.size += size
        owner: _Owner | None = self._owner or self._attach()
        is_counted = False
        while owner is not None:
            if not is_counted:
                uses = owner.uses.get(key, 0)
                owner.uses[key] = uses + 1
                if uses:  # then the owners above hold it, too
                    is_counted, size = True, SHARED_ENTRY_BYTES
            owner.size += size
            owner = owner.above

    def drop(self, frame: bytes) -> None:
        """Hold a frame no longer."""
        key, size = id(frame), len(frame) + ENTRY_BYTES
        self.size -= size
        owner = self._owner
        is_counted = False
        while owner is not None:
            if not is_counted:
                uses = owner.uses.pop(key) - 1
                if uses:
                    owner.uses[key] = uses
                    is_counted, size = True, SHARED_ENTRY_BYTES
            owner.size -= size
            owner = owner.above

    def close(self) -> None:
        """Forget the connection. It must not hold frames."""
        if self._owner is not None:
            self.adjust(-self.size)
            self._memory.detach(self, self._owner)
            self._owner = None

    def make_room(self) -> None:
        """Have connections free memory until the limit is kept."""
        self._memory.make_room()

    def _attach(self) -> _Owner:
        self._owner = self._memory.attach(self, self._payer)
        return self._owner


class MemoryByOwner:
    """Counts what all connections hold, and has those of the heaviest owner free memory.

    Args:
        limit: bytes.

    Attributes:
        limit: bytes.
        evictions: how often a connection had to free memory.
    """

    def __init__(self, limit: float = inf) -> None:
        self.limit = limit
        self.evictions = 0
        self._all = _Owner("", None)

    @property
    def bytes(self) -> int:
        """What all connections hold now."""
        return self._all.size

    def account(self, free: Callable[[], None]) -> MemoryAccount:
        """Make the account of a connection; see `MemoryAccount`."""
        return MemoryAccount(self, free)

    def attach(self, account: MemoryAccount, payer: Payer) -> _Owner:
        """Add an account to its owners, and return the narrowest of them."""
        owner = self._all
        for key in (payer.room, payer.invite, payer.address):
            part = owner.parts.get(key)
            if part is None:
                part = owner.parts[key] = _Owner(key, owner)
            assert isinstance(part, _Owner)
            owner = part
        owner.parts[account] = account
        return owner

    def detach(self, account: MemoryAccount, owner: _Owner) -> None:
        """Remove an account that holds nothing, and owners without accounts."""
        del owner.parts[account]
        while not owner.parts and owner.above is not None:
            del owner.above.parts[owner.key]
            owner = owner.above

    def make_room(self) -> None:
        """Have connections free memory until the limit is kept."""
        while self._all.size > self.limit:
            part: _Owner | MemoryAccount = self._all
            while isinstance(part, _Owner):
                part = max(part.parts.values(), key=lambda each: each.size)
            held = part.size
            self.evictions += 1
            part.free()
            if part.size >= held:
                return  # it breaks its contract; an endless loop would be worse
