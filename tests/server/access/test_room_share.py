"""Keys of one address, or holders of one link, cannot exhaust the limits of others."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from codesync_server.access.budgets import Budget, Budgets
from codesync_server.access.limit_reached import LimitReached
from codesync_server.access.payer import SERVER_TOKEN, Level, Payer
from codesync_server.access.shares import Shares
from codesync_server.configuration.settings import Settings
from codesync_server.connections.client_limits import ClientLimits
from codesync_server.connections.peer import message_budget
from codesync_server.rooms.commands.charges import CHANGES, FETCHES, OUTPUT_PARTS, QUERIES, TYPED
from codesync_server.rooms.commands.edit_charges import EDIT_BYTES, EDIT_TIME, EDITS, HISTORY
from codesync_server.rooms.commands.submission_budgets import SubmissionBudgets

KEYS = 450
"""The most members that one link brings into a room."""

BUDGETS = (
    EDITS,
    EDIT_BYTES,
    EDIT_TIME,
    HISTORY,
    FETCHES,
    QUERIES,
    OUTPUT_PARTS,
    CHANGES,
    TYPED,
    message_budget(250.0),
)
HOST = Payer("10.0.0.1", SERVER_TOKEN, "room", "host")
BEN = Payer("10.0.0.2", "another link", "room", "ben")
EVA = Payer("10.0.0.3", "link", "room", "eva")


def abuser(number: int) -> Payer:
    """One of many keys of one address."""
    return Payer("10.0.0.4", "link", "room", f"key {number}")


def abuser_of_many_addresses(number: int) -> Payer:
    return Payer(f"10.1.{number // 250}.{number % 250}", "link", "room", f"key {number}")


@pytest.mark.parametrize("budget", BUDGETS, ids=lambda budget: budget.name)
def test_one_link_does_not_delay_those_who_came_by_another(budget: Budget) -> None:
    check_delays(budget, Level.INVITE, abuser_of_many_addresses, HOST, BEN)


@pytest.mark.parametrize("budget", BUDGETS, ids=lambda budget: budget.name)
def test_keys_of_one_address_do_not_delay_others_with_the_same_link(budget: Budget) -> None:
    check_delays(budget, Level.ORIGIN, abuser, HOST, BEN, EVA)


def check_delays(
    budget: Budget, level: Level, abuser: Callable[[int], Payer], *innocent: Payer
) -> None:
    """Let many keys spend what their level may, and more, beside innocent members."""
    budgets = Budgets()
    cost = budget.rates[level].burst / KEYS
    free_at = [0.0] * KEYS  # by key: when it may charge again
    for step in range(240):
        now = step / 4
        for number, at in enumerate(free_at):
            if at <= now:
                free_at[number] = now + budgets.delay(budget, abuser(number), cost, now)
        if now > 5:
            for payer in innocent:
                delay = budgets.delay(budget, payer, cost / 100, now)
                assert delay == 0, f"{payer} after {now} s"


def test_one_link_does_not_keep_others_from_joining() -> None:
    limits = ClientLimits(Settings(joins_per_second=2.0), Budgets(), Shares(), 10**6, 10**6)

    def joins(payer: Payer, number: int, now: float) -> bool:
        client = limits.accept(f"10.1.{number // 250}.{number % 250}", now, lambda: None)
        assert client
        try:
            limits.join(client, payer, now)
        except LimitReached:
            return False
        return True

    came = [joins(abuser(number), number, number / 100) for number in range(3_000)]
    assert 96 <= sum(came) <= 96 + 3 * 30
    assert joins(HOST, 3_000, 30.0)
    assert joins(BEN, 3_001, 30.0)


async def test_one_link_does_not_keep_others_from_submitting() -> None:
    submissions = SubmissionBudgets(Budgets(), Settings())
    for number in range(10_000):
        with suppress(LimitReached):
            submissions.charge_submission(abuser(number), 0)
    with pytest.raises(LimitReached, match="Your invite's and address's limit on submissions"):
        submissions.charge_submission(abuser(0), 0)
    submissions.charge_submission(EVA, 100)
    for number in range(10_000):
        with suppress(LimitReached):
            submissions.charge_submission(abuser_of_many_addresses(number), 0)
    with pytest.raises(LimitReached, match="Your invite's limit on submissions"):
        submissions.charge_submission(EVA, 0)
    submissions.charge_submission(HOST, 100)
    submissions.charge_submission(BEN, 100)
