"""Shares limit what clients hold at the same time, at each level."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_protocol.errors import Code
from codesync_server.access.limit_reached import LimitReached
from codesync_server.access.payer import Level, Payer
from codesync_server.access.shares import Share, Shares

QUEUE = Share("the queue", "jobs", server=6, room=4, member=2, code=Code.QUEUE_FULL)
ANA, BEN, CYD, DAN = (Payer(room=room, member=who) for room, who in ("xa", "xb", "xc", "yd"))


def acquired(shares: Shares, payer: Payer, amount: int = 1) -> bool:
    try:
        shares.acquire(QUEUE, payer, amount)
    except LimitReached:
        return False
    return True


def test_each_level_has_its_maximum() -> None:
    shares = Shares()
    assert [acquired(shares, ANA) for _ in range(3)] == [True, True, False]
    assert [acquired(shares, BEN) for _ in range(3)] == [True, True, False]
    assert not acquired(shares, CYD), "the room holds its four"
    assert [acquired(shares, DAN) for _ in range(3)] == [True, True, False]
    assert not acquired(shares, Payer()), "the server holds its six"


def test_a_released_place_is_free_again() -> None:
    shares = Shares()
    shares.acquire(QUEUE, ANA, 2)
    shares.release(QUEUE, ANA)
    assert [acquired(shares, ANA) for _ in range(2)] == [True, False]


def test_a_refused_acquisition_holds_nothing() -> None:
    shares = Shares()
    shares.acquire(QUEUE, ANA, 1)
    assert not acquired(shares, ANA, 2)
    assert (shares.held(QUEUE, Level.MEMBER, ANA), shares.held(QUEUE, Level.ROOM, ANA)) == (1, 1)


def test_a_refusal_states_the_limit_and_when_to_try_again() -> None:
    shares = Shares()
    shares.acquire(QUEUE, ANA, 2)
    shares.acquire(QUEUE, BEN, 2)
    with pytest.raises(LimitReached) as caught:
        shares.acquire(QUEUE, CYD, retry_after=19.2)
    assert str(caught.value) == (
        "This room's share of the queue is full (4 jobs). Try again in about 20 s."
    )
    assert (caught.value.code, caught.value.level) == (Code.QUEUE_FULL, Level.ROOM)
    assert shares.refusals == {("the queue", Level.ROOM): 1}
    shares.acquire(QUEUE, DAN, 2)
    with pytest.raises(LimitReached) as caught:
        shares.acquire(QUEUE, Payer())
    assert str(caught.value) == (
        "The server's limit on the queue is reached (6 jobs). Try again in about 10 s."
    )


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.integers(0, 3)), max_size=100))
def test_no_maximum_is_exceeded_and_everything_held_can_be_released(
    steps: list[tuple[bool, int, int]],
) -> None:
    shares, held = Shares(), [0, 0, 0, 0]
    payers = (ANA, BEN, CYD, DAN)
    for acquires, who, amount in steps:
        if acquires:
            held[who] += amount if acquired(shares, payers[who], amount) else 0
        elif held[who] >= amount:
            shares.release(QUEUE, payers[who], amount)
            held[who] -= amount
        assert sum(held) <= 6
        assert sum(held[:3]) <= 4
        assert max(held) <= 2
    for payer, amount in zip(payers, held, strict=True):
        assert shares.held(QUEUE, Level.MEMBER, payer) == amount
        shares.release(QUEUE, payer, amount)
    shares.acquire(QUEUE, ANA, 2)
