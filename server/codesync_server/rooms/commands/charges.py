"""The budgets of a member's commands, and how commands are charged to them."""

import asyncio

from codesync_server.access.budgets import Budget, Budgets, member_budget
from codesync_server.access.payer import Payer
from codesync_server.access.token_buckets import Rate
from codesync_server.rooms.deliveries import DELIVERIES
from codesync_server.rooms.seat import Seat
from codesync_server.store.job_history import QUERY_TIME

FETCHES = member_budget(
    "requests for the text", "requests", member=Rate(8, 1.0), origin=Rate(400, 50.0)
)
"""Each request makes a snapshot of all shared texts. A class that reconnects makes 300 together."""

QUERIES = member_budget(
    "queries of past jobs", "queries", member=Rate(60, 6.0), origin=Rate(600, 30.0)
)
"""Pages of the history and sources: each is read from the store; a search reads many jobs."""

SEARCH_COST = 3.0

QUERY_DELAY_MAX = 10.0
"""Seconds that a query may be delayed; with a larger debt it is refused."""

OUTPUT_PARTS = member_budget(
    "requests for old output", "requests", member=Rate(100, 20.0), origin=Rate(2000, 200.0)
)
"""Each answer has up to PART_MAX bytes, from memory or from the store."""

PIECES_A_REQUEST = 16
"""So many pieces of output and typed lines in an answer cost as much as another request."""

CHANGES = member_budget(
    "changes that the room is told of", "changes", member=Rate(10, 1.0), origin=Rate(80, 8.0)
)
"""Changes of the language, and of the member who types into a program: all members receive each."""

TYPED = member_budget(
    "input that the room sees", "messages", member=Rate(200, 40.0), origin=Rate(800, 200.0)
)
"""Shared input. Sending each message to all members is charged as deliveries."""

HOST_ACTS = member_budget(
    "changes of members and invites", "changes", member=Rate(60, 2.0), origin=Rate(120, 4.0)
)
"""Roles, removals and invites. Each change of a member is stored and announced at once."""


class CommandCharges:
    """Charges the commands of one member.

    Args:
        budgets: the budgets of members.
        seat: the member's place.
    """

    def __init__(self, budgets: Budgets, seat: Seat) -> None:
        self._budgets = budgets
        self._seat = seat
        self._origin = seat.payer.without_token()  # hosts and their scripts share the token

    def charge(self, budget: Budget) -> None:
        """Charge a command to the member.

        Raises:
            LimitReached: the budget is spent.
        """
        self._budgets.charge(budget, self._seat.payer, 1.0, _now())

    def charge_host(self) -> None:
        """Charge an act of a host.

        Raises:
            LimitReached: the budget is spent.
        """
        self._budgets.charge(HOST_ACTS, self._origin, 1.0, _now())

    async def delay(self, budget: Budget, cost: float = 1.0) -> None:
        """Charge a command to the member; wait while the budget is in debt."""
        await self._pay(budget, self._seat.payer, cost)

    async def charge_deliveries(self, messages: int) -> None:
        """Charge messages to all members before they are sent; wait while there is a debt."""
        await self._pay(DELIVERIES, self._origin, messages * self._seat.room.size)

    def owe_pieces(self, pieces: int) -> None:
        """Charge pieces of output, so that the next request waits while there is a debt."""
        cost = pieces / PIECES_A_REQUEST
        self._budgets.delay(OUTPUT_PARTS, self._seat.payer, cost, _now())

    def check_query(self) -> None:
        """Refuse a query that would wait too long for its turn.

        Raises:
            LimitReached: the budget of queries, or of the store's time for them, is in debt.
        """
        now = _now()
        for budget, payer in ((QUERIES, self._seat.payer), (QUERY_TIME, self._origin)):
            if self._budgets.delay(budget, payer, 0.0, now) > QUERY_DELAY_MAX:
                self._budgets.charge(budget, payer, 0.0, now)

    async def delay_query(self) -> None:
        """Wait until the store's time for earlier queries is paid."""
        await self._pay(QUERY_TIME, self._origin, 0.0)

    async def _pay(self, budget: Budget, payer: Payer, cost: float) -> None:
        if delay := self._budgets.delay(budget, payer, cost, _now()):
            await asyncio.sleep(delay)


def _now() -> float:
    return asyncio.get_running_loop().time()
