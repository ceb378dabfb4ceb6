"""H11: the keys of one link, or of one address with it, never take all places of a room."""

from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_protocol.messages import Role
from codesync_server.access.payer import Payer
from codesync_server.rooms.member_places import PLACES_FOR_HOSTS, MemberPlaces, RoomFull

NUMBERS = count()
EVE = Payer("10.0.0.1", "eve's link")
HERS_ELSEWHERE = Payer("10.0.0.2", "eve's link")
ANA = Payer("10.0.0.1", "ana's link")


def come(
    places: MemberPlaces, payer: Payer, role: Role = Role.EDITOR, *, is_known: bool = False
) -> str:
    """Take a place; return its key."""
    key = f"key {next(NUMBERS)}"
    places.acquire(key, payer, role, is_known=is_known)
    return key


def fill(
    places: MemberPlaces, payer: Payer, role: Role = Role.EDITOR, *, is_known: bool = False
) -> list[str]:
    """Take as many places as there are; return their keys."""

    def each() -> Iterator[str]:
        while True:
            try:
                yield come(places, payer, role, is_known=is_known)
            except RoomFull:
                return

    return list(each())


def test_h11_keys_that_a_room_knows_do_not_take_the_reserve_of_others() -> None:
    places = MemberPlaces()
    assert len(fill(places, EVE)) == 450
    assert len(fill(places, EVE, is_known=True)) == 13
    come(places, HERS_ELSEWHERE, is_known=True)
    assert len(fill(places, HERS_ELSEWHERE, is_known=True)) == 12
    assert len(fill(places, ANA)) == 24, "another link has its part of the reserve"
    come(places, Payer(), Role.HOST)


def test_h11_many_addresses_with_one_link_leave_places_for_another_link() -> None:
    places = MemberPlaces()
    fill(places, EVE)
    for number in range(100):
        fill(places, Payer(f"10.0.1.{number}", EVE.invite), is_known=True)
    assert len(fill(places, ANA)) > 10


def test_h11_viewers_leave_places_for_editors() -> None:
    places = MemberPlaces()
    assert len(fill(places, EVE, Role.VIEWER)) == 400
    assert len(fill(places, HERS_ELSEWHERE, Role.VIEWER)) == 13
    with pytest.raises(RoomFull, match=r"This room is full for viewers \(500 members\)"):
        come(places, EVE, Role.VIEWER, is_known=False)
    assert len(fill(places, ANA)) == 50
    assert len(fill(places, Payer("", "third link"), Role.VIEWER)) == 12
    assert len(fill(places, Payer("", "fourth link"))) == 13


def test_h11_a_class_with_one_link_behind_one_address_finds_places() -> None:
    places = MemberPlaces()
    everybody = fill(places, EVE)
    assert len(everybody) == 450
    for key in everybody[:200]:
        places.release(key)
    for _ in range(200):
        come(places, EVE, is_known=True)


def test_h11_hosts_have_places_of_their_own() -> None:
    places = MemberPlaces()
    places.members_max = 10
    fill(places, EVE)
    fill(places, ANA)
    assert len(fill(places, EVE, Role.HOST)) == PLACES_FOR_HOSTS


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"), st.sampled_from("xy"), st.sampled_from(Role), st.booleans()
        )
    ),
    st.integers(1, 40),
)
def test_h11_places_that_are_given_back_are_all_free(
    steps: list[tuple[str, str, Role, bool]], members_max: int
) -> None:
    places = MemberPlaces()
    places.members_max = members_max
    taken: list[str] = []
    for number, (invite, address, role, is_known) in enumerate(steps):
        try:
            taken.append(come(places, Payer(address, invite), role, is_known=is_known))
        except RoomFull:
            assert taken
        if number % 3 == 2 and taken:
            places.release(taken.pop(0))
        assert len(taken) <= members_max + PLACES_FOR_HOSTS
    for key in taken:
        places.release(key)
    fresh = MemberPlaces()
    fresh.members_max = members_max
    assert len(fill(places, EVE)) == len(fill(fresh, EVE)) > 0
