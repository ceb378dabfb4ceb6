"""Charges submissions by number and received bytes, before anything is stored."""

import asyncio

from codesync_server.access.budgets import Budget, Budgets, member_budget
from codesync_server.access.payer import Payer
from codesync_server.access.token_buckets import Rate
from codesync_server.configuration.settings import Settings

MEMBERS = 4
"""An invite may submit as much as this number of members."""

BURST_MINUTES = 0.5
BURST_MINUTES_BYTES = 2.0
"""The burst, in minutes at the permitted rate."""


class SubmissionBudgets:
    """Charges submissions to member, room and invite.

    The server's own token is not charged as an invite: its holders are hosts in every room, and a
    class may share it. Their rooms are charged.

    Args:
        budgets: the budgets of clients.
        settings: contain the rates of a member.
    """

    def __init__(self, budgets: Budgets, settings: Settings) -> None:
        self._budgets = budgets
        self._count = _budget(
            "submissions",
            "submissions",
            settings.submits_per_minute,
            max(1.0, settings.submits_per_minute * BURST_MINUTES),
        )
        self._bytes = _budget(
            "submitted bytes",
            "bytes",
            settings.submit_bytes_per_minute,
            settings.submit_bytes_per_minute * BURST_MINUTES_BYTES,
        )

    def charge_submission(self, payer: Payer, size: int) -> None:
        """Charge a submission, or its announcement.

        Args:
            payer: who submits.
            size: bytes of the body in this message.

        Raises:
            LimitReached: a limit is reached.
        """
        now = asyncio.get_running_loop().time()
        self._budgets.charge(self._count, payer.without_token(), 1, now)
        self.charge_bytes(payer, size)

    def charge_bytes(self, payer: Payer, size: int) -> None:
        """Charge received bytes of a body.

        Raises:
            LimitReached: a limit is reached.
        """
        now = asyncio.get_running_loop().time()
        self._budgets.charge(self._bytes, payer.without_token(), size, now)


def _budget(name: str, unit: str, per_minute: float, burst: float) -> Budget:
    member = Rate(burst, per_minute / 60)
    return member_budget(name, unit, member=member, origin=member.times(MEMBERS))
