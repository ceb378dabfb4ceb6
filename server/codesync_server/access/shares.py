"""Limits on the concurrent resources of clients, such as connections, by identity. Pure."""

from collections import Counter
from dataclasses import dataclass

from codesync_protocol.errors import Code
from codesync_server.access.limit_reached import OWNERS, LimitReached, amount_in_words
from codesync_server.access.payer import Level, Payer


@dataclass(frozen=True, slots=True)
class Share:
    """A limit on what is held at the same time, such as connections; None: not limited.

    Equal shares share their state.

    Attributes:
        name: what is limited, in a refusal: "This room's share of NAME is full".
        unit: plural noun of what is counted; "bytes" are shown as KiB or MiB.
        server, address, invite, origin, room, member: the maximum of each level, in units.
        retry_after: seconds until another attempt makes sense, unless the caller knows better.
        code: of the refusal.
    """

    name: str
    unit: str
    server: float | None = None
    address: float | None = None
    invite: float | None = None
    origin: float | None = None
    room: float | None = None
    member: float | None = None
    retry_after: float = 10.0
    code: Code = Code.BUSY

    @property
    def maxima(self) -> dict[Level, float]:
        """The maxima by level, the server's first."""
        each = (self.server, self.address, self.room, self.invite, self.origin, self.member)
        return {level: most for level, most in zip(Level, each, strict=True) if most is not None}


class Shares:
    """What clients hold. An identity that holds nothing takes no memory.

    Attributes:
        refusals: the number of refused acquisitions by the share's name and level.
    """

    def __init__(self) -> None:
        self.refusals: Counter[tuple[str, Level]] = Counter()
        self._held: Counter[tuple[Share, Level, str]] = Counter()

    def acquire(
        self, share: Share, payer: Payer, amount: int = 1, *, retry_after: float | None = None
    ) -> None:
        """Hold more at all levels, or at none.

        Args:
            share: what is held.
            payer: who holds it.
            amount: how much, in the share's unit.
            retry_after: seconds until another attempt makes sense; None: the share's own.

        Raises:
            LimitReached: a level's maximum would be exceeded.
        """
        accounts = self._accounts(share, payer)
        for level, key in accounts:
            most = share.maxima[level]
            if self._held[share, level, key] + amount > most:
                self.refusals[share.name, level] += 1
                seconds = share.retry_after if retry_after is None else retry_after
                raise _full(share, level, most, seconds)
        if amount:
            for level, key in accounts:
                self._held[share, level, key] += amount

    def release(self, share: Share, payer: Payer, amount: int = 1) -> None:
        """Hold less: exactly what was acquired, with the same payer."""
        for level, key in self._accounts(share, payer):
            account = (share, level, key)
            self._held[account] -= amount
            assert self._held[account] >= 0, "more was released than acquired"
            if not self._held[account]:
                del self._held[account]

    def held(self, share: Share, level: Level, payer: Payer) -> int:
        """Return how much the payer's identity at a level holds, in the share's unit."""
        key = payer.key(level)
        return 0 if key is None else self._held[share, level, key]

    def _accounts(self, share: Share, payer: Payer) -> list[tuple[Level, str]]:
        keys = ((level, payer.key(level)) for level in share.maxima)
        return [(level, key) for level, key in keys if key is not None]


def _full(share: Share, level: Level, most: float, seconds: float) -> LimitReached:
    limit = amount_in_words(most, share.unit)
    subject = "limit on" if level is Level.SERVER else "share of"
    verb = "reached" if level is Level.SERVER else "full"
    text = f"{OWNERS[level]} {subject} {share.name} is {verb} ({limit})."
    return LimitReached(level, share.name, limit, seconds, text, share.code)
