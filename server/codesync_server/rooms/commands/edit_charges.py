"""Charges members for edits: messages, bytes, and the time of the server.

A member who spends more than its share is read more slowly. One who is far behind is refused until
the debt is paid. The state is keyed by identity, so connecting again changes nothing.
"""

from codesync_protocol.errors import Code
from codesync_server.access.budgets import Budget, Budgets, member_budget
from codesync_server.access.limit_reached import LimitReached
from codesync_server.access.payer import Payer
from codesync_server.access.token_buckets import Rate
from codesync_server.rooms.deliveries import DELIVERIES

EDITS = member_budget("edits", "edits", member=Rate(2500, 100), origin=Rate(10_000, 1500))
"""A replacement of 5,000 places is about 1,100 edits, and so is its undo."""

EDIT_PACE = Budget("edits in a short time", "edits", member=Rate(100, 200))
"""Spreads a large replacement over some seconds, so that others can type meanwhile."""

EDIT_BYTES = member_budget(
    "edited text",
    "bytes",
    member=Rate(4 << 20, 512 << 10),
    origin=Rate(16 << 20, 2 << 20),
)

EDIT_TIME = member_budget(
    "server time for edits", "milliseconds", member=Rate(300, 50), origin=Rate(600, 150)
)
"""An honest edit takes about 0.1 ms, so 100 a second take 10 ms. The most expensive one that is
permitted takes about 50 ms."""

HISTORY = member_budget(
    "pieces of the text's history", "pieces", member=Rate(40_000, 500), origin=Rate(80_000, 1000)
)
"""When the history has too many pieces or bytes (`Document.is_overlong`), it is renewed, and all
members fetch the texts again. In the long run, one link at one address can cause that every 24 s
with pieces, and every 8 s with 16 MiB of EDIT_BYTES; from several addresses 1.5 times as often. A
replacement of 5,000 places makes about 15,000 pieces; typing on makes none."""

OFFENCES = Budget(
    "edits that damage the text",
    "edits",
    invite=Rate(6, 6 / 3600),
    member=Rate(2, 2 / 3600),
    code=Code.BAD_EDIT,
)

DELAY_MAX = 5.0
"""Seconds that an edit may be delayed; with a larger debt it is refused."""


class EditCharges:
    """Charges the edits of one member.

    Args:
        budgets: the budgets of all members.
        payer: the member's identities.
    """

    def __init__(self, budgets: Budgets, payer: Payer) -> None:
        self._budgets = budgets
        self._payer = payer
        self._sender = payer.without_token()  # the token is not one invite of all rooms

    def begin(self, size: int, now: float) -> float:
        """Charge a message with an edit, or with a piece of one, before it is decoded.

        Args:
            size: bytes of the message.
            now: seconds of a monotonic clock.

        Returns:
            The seconds to wait before the edit is handled, at most DELAY_MAX.

        Raises:
            LimitReached: the member's debt is too large.
        """
        for budget in (EDITS, EDIT_BYTES, EDIT_TIME, HISTORY, DELIVERIES):
            payer = self._sender if budget is DELIVERIES else self._payer
            if self._budgets.delay(budget, payer, 0.0, now) > DELAY_MAX:
                self._budgets.charge(budget, payer, 0.0, now)  # raises: it is in debt
        waits = [
            self._budgets.delay(EDITS, self._payer, 1, now),
            self._budgets.delay(EDIT_PACE, self._payer, 1, now),
            self._budgets.delay(EDIT_BYTES, self._payer, size, now),
            self._budgets.delay(EDIT_TIME, self._payer, 0, now),
            self._budgets.delay(DELIVERIES, self._sender, 0, now),
            self._budgets.delay(HISTORY, self._payer, 0, now),
        ]
        return min(max(waits), DELAY_MAX)

    def worked(self, seconds: float, now: float, pieces: int = 0, deliveries: int = 0) -> None:
        """Charge the time that the server worked on an edit, and its consequences.

        Args:
            seconds: CPU time of the event loop's thread.
            now: seconds of a monotonic clock.
            pieces: growth of the history, in pieces.
            deliveries: cost of sending the edit to all members.
        """
        self._budgets.delay(DELIVERIES, self._sender, deliveries, now)
        self._budgets.delay(HISTORY, self._payer, max(0, pieces), now)
        self._budgets.delay(EDIT_TIME, self._payer, seconds * 1000, now)

    def offend(self, now: float) -> bool:
        """Charge an edit that damaged the text; return whether there were too many.

        Args:
            now: seconds of a monotonic clock.
        """
        try:
            self._budgets.charge(OFFENCES, self._payer, 1, now)
        except LimitReached:
            return True
        return False
