"""Budgets: charges at several levels at once, delays, and the text of a refusal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_protocol.errors import Code
from codesync_server.access.budgets import Budget, Budgets
from codesync_server.access.limit_reached import LimitReached
from codesync_server.access.payer import Level, Payer
from codesync_server.access.token_buckets import Rate

JOBS = Budget("submissions", "programs", room=Rate(6, 1.0), invite=Rate(4, 0.5), member=Rate(3, 1))
ANA = Payer("10.0.0.1", "invite-1", "room", "ana")
BEN = Payer("10.0.0.1", "invite-1", "room", "ben")
CYD = Payer("10.0.0.2", "invite-2", "room", "cyd")

charges = st.lists(
    st.tuples(st.floats(0.0, 5.0), st.integers(0, 9), st.integers(0, 2), st.floats(0.5, 4.0)),
    min_size=1,
    max_size=80,
)


@pytest.fixture
def budgets() -> Budgets:
    return Budgets()


def is_charged(budgets: Budgets, payer: Payer, cost: float = 1, now: float = 0.0) -> bool:
    try:
        budgets.charge(JOBS, payer, cost, now)
    except LimitReached:
        return False
    return True


def test_a_member_has_a_limit_of_its_own(budgets: Budgets) -> None:
    assert [is_charged(budgets, ANA) for _ in range(5)] == [True, True, True, False, False]
    assert is_charged(budgets, BEN)


def test_members_with_one_invite_share_its_limit(budgets: Budgets) -> None:
    assert sum(is_charged(budgets, Payer(invite="i", member=f"key {n}")) for n in range(99)) == 4


def test_a_refused_charge_spends_nothing_at_any_level(budgets: Budgets) -> None:
    for _ in range(1000):
        is_charged(budgets, ANA)  # three of them are taken
    assert is_charged(budgets, BEN)
    assert not is_charged(budgets, BEN), "the invite has spent its four"
    assert is_charged(budgets, CYD), "the room has spent four of its six"
    assert is_charged(budgets, CYD)
    assert not is_charged(budgets, CYD)


def test_an_unknown_identity_is_not_charged(budgets: Budgets) -> None:
    assert all(is_charged(budgets, Payer("10.0.0.1")) for _ in range(100))


def test_equal_budgets_share_their_state(budgets: Budgets) -> None:
    budget = Budget("joins", "joins", room=Rate(1, 1))
    budgets.charge(budget, ANA, 1, 0.0)
    with pytest.raises(LimitReached):
        budgets.charge(Budget("joins", "joins", room=Rate(1, 1)), ANA, 1, 0.0)


@given(charges)
def test_the_sum_over_the_members_of_an_invite_is_bounded_by_its_rate(
    charges: list[tuple[float, int, int, float]],
) -> None:
    budgets, now, spent = Budgets(), 0.0, dict.fromkeys(range(3), 0.0)
    for wait, member, invite, cost in charges:
        now += wait
        payer = Payer(invite=f"invite {invite}", room="room", member=f"key {member}")
        if is_charged(budgets, payer, cost, now):
            spent[invite] += cost
        assert spent[invite] <= 4 + 0.5 * now + 1e-3
        assert sum(spent.values()) <= 6 + now + 1e-3


@given(charges)
def test_a_payer_that_waits_as_long_as_told_is_not_refused(
    charges: list[tuple[float, int, int, float]],
) -> None:
    budgets, now = Budgets(), 0.0
    for wait, member, invite, cost in charges:
        now += wait
        payer = Payer(invite=f"invite {invite}", room="room", member=f"key {member}")
        try:
            budgets.charge(JOBS, payer, cost, now)
        except LimitReached as error:
            now += error.retry_after
            budgets.charge(JOBS, payer, cost, now)


# Delays.


def test_a_delay_is_that_of_the_slowest_level(budgets: Budgets) -> None:
    assert [budgets.delay(JOBS, ANA, 1, 0.0) for _ in range(5)] == [0.0, 0.0, 0.0, 1.0, 2.0]
    assert budgets.delay(JOBS, BEN, 1, 0.0) == 2.0, "the invite owes one, at one in two seconds"
    assert budgets.delays == {
        ("submissions", Level.MEMBER): 2,
        ("submissions", Level.INVITE): 2,
    }


def test_asking_for_a_debt_does_not_refill_the_wider_levels() -> None:
    budgets = Budgets()
    budget = Budget("jobs", "jobs", member=Rate(1, 0.1), invite=Rate(10, 1.0))
    assert budgets.delay(budget, ANA, 10, 0.0) == 90.0  # the invite has nothing left, and no debt
    budgets.delay(budget, ANA, 0, 0.0)
    others = Payer(invite=ANA.invite)
    assert budgets.delay(budget, others, 10, 0.0) == 10.0


def test_a_cost_above_the_burst_is_taken_and_waited_for(budgets: Budgets) -> None:
    assert budgets.delay(JOBS, CYD, 13, 0.0) == 18.0
    assert budgets.delay(JOBS, CYD, 0, 18.0) == 0.0


# What a refusal says.


def test_a_refusal_states_the_limit_and_when_to_try_again(budgets: Budgets) -> None:
    budgets.charge(JOBS, ANA, 3, 0.0)
    with pytest.raises(LimitReached) as caught:
        budgets.charge(JOBS, ANA, 1, 0.0)
    error = caught.value
    assert (error.level, error.name, error.retry_after) == (Level.MEMBER, "submissions", 1.0)
    assert str(error) == (
        "Your limit on submissions is reached (3 programs at once, then 1 program per second)."
        " Try again in about 1 s."
    )
    assert (error.reason, error.code, error.fatal) == (str(error), Code.TOO_FAST, False)
    assert budgets.refusals == {("submissions", Level.MEMBER): 1}


def test_the_level_with_the_longest_wait_is_named(budgets: Budgets) -> None:
    is_charged(budgets, ANA, 3)
    is_charged(budgets, BEN, 1)
    with pytest.raises(
        LimitReached, match=r"Your invite's limit .* Try again in about 2 s"
    ) as caught:
        budgets.charge(JOBS, ANA, 1, 0.0)
    assert caught.value.level is Level.INVITE


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (Rate(4 << 20, 512 << 10), "4 MiB at once, then 512 KiB per second"),
        (Rate(1000, 0.5), "1000 bytes at once, then 30 bytes per minute"),
    ],
)
def test_a_limit_in_bytes_is_written_with_its_unit(
    budgets: Budgets, rate: Rate, words: str
) -> None:
    budget = Budget("uploads", "bytes", address=rate)
    budgets.charge(budget, ANA, rate.burst, 0.0)
    with pytest.raises(LimitReached) as caught:
        budgets.charge(budget, ANA, rate.burst, 0.0)
    assert caught.value.limit == words


def test_a_long_wait_is_told_in_minutes(budgets: Budgets) -> None:
    budget = Budget("joins", "joins", server=Rate(1, 0.001))
    budgets.charge(budget, Payer(), 1, 0.0)
    with pytest.raises(LimitReached, match=r"^The server's limit on joins .* in about 17 min\.$"):
        budgets.charge(budget, Payer(), 1, 0.0)


def test_h11_the_debt_of_one_member_does_not_delay_others_of_its_room() -> None:
    """Charges of its future stopped the refill of the room for everybody until then."""
    budgets = Budgets()
    shared = Budget("acts", "acts", room=Rate(100, 50.0), member=Rate(10, 10.0))
    eve = Payer("", "", "room", "eve")
    for _ in range(999):
        budgets.delay(shared, eve, 1, 0.0)
    assert budgets.delay(shared, eve, 1, 0.0) == 99.0
    for tenth in range(900):  # others spend all that eve's 10 a second leave
        other = Payer("", "", "room", f"ana-{tenth}")
        assert budgets.delay(shared, other, 4, tenth / 10) == 0.0


def test_h11_a_debt_is_charged_to_the_room_while_it_is_paid() -> None:
    budgets = Budgets()
    shared = Budget("acts", "acts", room=Rate(10, 10.0), member=Rate(10, 10.0))
    eve, ana = (Payer("", "", "room", name) for name in ("eve", "ana"))
    for _ in range(110):
        budgets.delay(shared, eve, 1, 0.0)
    assert not budgets.can_charge(shared, ana, 5, 5.0), "eve spends 10 a second"
    assert budgets.can_charge(shared, ana, 10, 12.0), "until her debt is paid"
