"""Limits on the spending of clients over time, such as messages per second, by identity.

The state belongs to the server and is keyed by identity: reconnecting resets nothing. Pure: the
caller supplies the time. Limits on what clients hold at the same time are in `shares`.
"""

from collections import Counter
from dataclasses import dataclass

from codesync_protocol.errors import Code
from codesync_server.access.limit_reached import OWNERS, LimitReached, amount_in_words
from codesync_server.access.payer import Level, Payer
from codesync_server.access.token_buckets import Rate, TokenBuckets

INVITE_FACTOR = 1.5
ROOM_FACTOR = 2.0
"""The members with one invite at one address may spend the rate of their origin, all members with
the invite so much more, and the room more again. So one who has a link cannot use up, from one
address, what others with the same link may spend; and all who have it cannot use up what the host
and the holders of other links may spend. A class behind one address (NAT) has the whole rate of an
origin."""


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit on spending, such as messages per second; a level without a rate is not limited.

    Equal budgets share their state.

    Attributes:
        name: what is limited, in a refusal: "Your limit on NAME is reached".
        unit: plural noun of what is counted; "bytes" are shown as KiB or MiB.
        server, address, invite, origin, room, member: the rate of each level, in units.
        code: of the refusal.
    """

    name: str
    unit: str
    server: Rate | None = None
    address: Rate | None = None
    invite: Rate | None = None
    origin: Rate | None = None
    room: Rate | None = None
    member: Rate | None = None
    code: Code = Code.TOO_FAST

    @property
    def rates(self) -> dict[Level, Rate]:
        """The rates by level, the server's first."""
        each = (self.server, self.address, self.room, self.invite, self.origin, self.member)
        return {level: rate for level, rate in zip(Level, each, strict=True) if rate}


class Budgets:
    """What clients have spent.

    Args:
        keys_max: the most identities that are remembered for each budget and level.

    Attributes:
        refusals: the number of refused charges by budget name and level.
        delays: the number of delayed charges by budget name and level.
    """

    def __init__(self, *, keys_max: int = 10_000) -> None:
        self.refusals: Counter[tuple[str, Level]] = Counter()
        self.delays: Counter[tuple[str, Level]] = Counter()
        self._keys_max = keys_max
        self._spent: dict[Budget, dict[Level, TokenBuckets]] = {}

    def can_charge(self, budget: Budget, payer: Payer, cost: float, now: float) -> bool:
        """Tell whether `charge` would succeed; nothing is spent and no refusal is counted."""
        accounts = self._accounts(budget, payer)
        return not any(buckets.wait(key, now, cost) for _, key, buckets in accounts)

    def charge(self, budget: Budget, payer: Payer, cost: float, now: float) -> None:
        """Spend at all levels, or at none. Call this before the work that is charged for.

        A cost above a burst needs a full bucket, and leaves it in debt.

        Args:
            budget: what it is spent from.
            payer: who pays.
            cost: how much, in the budget's unit.
            now: seconds of a monotonic clock.

        Raises:
            LimitReached: a level does not allow it now: the one with the longest wait.
        """
        accounts = self._accounts(budget, payer)
        waits = [(buckets.wait(key, now, cost), level) for level, key, buckets in accounts]
        seconds, level = max(waits, key=lambda each: each[0], default=(0.0, Level.SERVER))
        if seconds:
            self.refusals[budget.name, level] += 1
            raise _spent(budget, level, seconds)
        for _, key, buckets in accounts:
            buckets.spend(key, now, cost)

    def delay(self, budget: Budget, payer: Payer, cost: float, now: float) -> float:
        """Spend at all levels unconditionally, for backpressure.

        A wider level is charged at the moment at which the debts of the narrower ones are paid,
        and not before. Otherwise what many keys of one address spend at the same time, beyond what
        they may, would use up what the invite and the room leave to others.

        Args:
            budget: what it is spent from.
            payer: who pays.
            cost: how much, in the budget's unit.
            now: seconds of a monotonic clock.

        Returns:
            The seconds that the caller must wait before the next charge of this client.
        """
        at, longest = now, 0.0
        for level, key, buckets in reversed(self._accounts(budget, payer)):
            seconds = (
                buckets.spend_later(key, now, at, cost)
                if at > now and cost
                else buckets.spend(key, now, cost)
            )
            if seconds:
                self.delays[budget.name, level] += 1
                longest = max(longest, at - now + seconds)
                if cost:  # looking at a debt must not move the wider levels into the future
                    at += max(0.0, seconds - cost / buckets.rate.per_second)
        return longest

    def _accounts(self, budget: Budget, payer: Payer) -> list[tuple[Level, str, TokenBuckets]]:
        tables = self._spent.get(budget)
        if tables is None:
            tables = self._spent[budget] = {
                level: TokenBuckets(rate, keys_max=self._keys_max)
                for level, rate in budget.rates.items()
            }
        return [
            (level, key, buckets)
            for level, buckets in tables.items()
            if (key := payer.key(level)) is not None
        ]


def _spent(budget: Budget, level: Level, seconds: float) -> LimitReached:
    rate = budget.rates[level]
    limit = f"{amount_in_words(rate.burst, budget.unit)} at once, then {_speed(rate, budget.unit)}"
    text = f"{OWNERS[level]} limit on {budget.name} is reached ({limit})."
    return LimitReached(level, budget.name, limit, seconds, text, budget.code)


def _speed(rate: Rate, unit: str) -> str:
    if rate.per_second >= 1:
        return f"{amount_in_words(rate.per_second, unit)} per second"
    return f"{amount_in_words(round(rate.per_second * 60, 2), unit)} per minute"


def member_budget(
    name: str, unit: str, *, member: Rate, origin: Rate, code: Code = Code.TOO_FAST
) -> Budget:
    """Make the budget of something that members do in a room.

    Args:
        name: what is limited.
        unit: plural noun of what is counted.
        member: the rate of a member.
        origin: the rate of all members with one invite at one address; the invite's is
            INVITE_FACTOR times it, the room's ROOM_FACTOR times.
        code: of the refusal.
    """
    return Budget(
        name,
        unit,
        invite=origin.times(INVITE_FACTOR),
        origin=origin,
        room=origin.times(ROOM_FACTOR),
        member=member,
        code=code,
    )
