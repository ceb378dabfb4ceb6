"""Charges for the messages that a room sends to its members.

Each message to a room costs the server once for each member, however small the request was that
caused it. So everything that is sent to a room is charged where it is sent, by the number of
members and by bytes. Who cannot pay waits: callers ask for the debt before they cause more.
"""

from collections.abc import Callable
from time import monotonic

from codesync_protocol.limits import KIB
from codesync_server.access.budgets import Budget, Budgets, member_budget
from codesync_server.access.payer import Payer
from codesync_server.access.token_buckets import Rate

DELIVERIES = member_budget(
    "messages to members of the room",
    "deliveries",
    member=Rate(20_000, 4_000),
    origin=Rate(60_000, 15_000),
)
"""Messages that members cause: edits, typed lines, submissions, changes. A delivery takes about
10 microseconds. In a room of 200, one member can make 20 edits a second, and one link 75."""

OUTPUT_DELIVERIES = member_budget(
    "output to members of the room",
    "deliveries",
    member=Rate(100_000, 10_000),
    origin=Rate(100_000, 10_000),
)
"""Output of programs. This budget is separate, so that no program delays people who type. The
burst is 3 MB of output for 200 members."""

BYTES_PER_DELIVERY = 8 * KIB
"""A frame costs one more delivery for each of these many bytes."""


class Deliveries:
    """Charges the deliveries of one room.

    The server's own token is not charged as an invite: its holders are hosts in every room, and a
    class may share it. Their rooms are charged.

    Args:
        room: the room's name.
        budgets: the budgets to charge; None: separate ones, until `account_to` is called.
        clock: returns the seconds of a monotonic clock.
    """

    def __init__(
        self, room: str, budgets: Budgets | None = None, clock: Callable[[], float] = monotonic
    ) -> None:
        self._room = Payer(room=room)
        self._budgets = budgets or Budgets()
        self._clock = clock

    def account_to(self, budgets: Budgets) -> None:
        """Charge the budgets of the server from now on."""
        self._budgets = budgets

    def charge(
        self,
        members: int,
        *frames: bytes,
        payer: Payer | None = None,
        budget: Budget = DELIVERIES,
    ) -> None:
        """Charge frames that are sent to members. This never fails, but can create a debt.

        Args:
            members: number of members that receive each frame.
            frames: the frames.
            payer: the identities that caused the frames; None: only the room is charged.
            budget: DELIVERIES or OUTPUT_DELIVERIES.
        """
        if cost := members * deliveries(*frames):
            account = (payer or self._room).without_token()
            self._budgets.delay(budget, account, cost, self._clock())

    def debt(self, payer: Payer, budget: Budget = DELIVERIES) -> float:
        """Return the seconds until the debt of a payer is paid.

        Args:
            payer: who wants to cause it.
            budget: DELIVERIES or OUTPUT_DELIVERIES.
        """
        return debt(self._budgets, payer, self._clock(), budget)


def debt(budgets: Budgets, payer: Payer, now: float, budget: Budget = DELIVERIES) -> float:
    """Return the seconds until the debt of a payer for deliveries is paid."""
    return budgets.delay(budget, payer.without_token(), 0.0, now)


def deliveries(*frames: bytes) -> int:
    """Return the cost of sending frames to one member."""
    return sum(1 + len(frame) // BYTES_PER_DELIVERY for frame in frames)
