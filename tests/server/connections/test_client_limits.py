"""Limits on clients before and after they are members."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_server.access.budgets import Budgets
from codesync_server.access.limit_reached import LimitReached
from codesync_server.access.payer import Level, Payer
from codesync_server.access.shares import Shares
from codesync_server.configuration.settings import Settings
from codesync_server.connections.client_limits import (
    HANDSHAKE_SECONDS,
    ClientLimits,
    TrackedConnection,
)

SETTINGS = Settings(handshakes_per_address=3, connections_per_address=2)
ANA = Payer(invite="invite", room="room", member="ana")


class Door:
    """Limits, and who was aborted by them."""

    def __init__(self, settings: Settings = SETTINGS, members: int = 5, handshakes: int = 6):
        self.limits = ClientLimits(settings, Budgets(), Shares(), members, handshakes)
        self.aborted: list[str] = []

    def comes(
        self, name: str, host: str = "10.0.0.1", now: float = 0.0
    ) -> TrackedConnection | None:
        return self.limits.accept(host, now, self.aborts(name))

    def aborts(self, name: str) -> Callable[[], None]:
        return lambda: self.aborted.append(name)

    def joins(self, name: str, host: str = "10.0.0.1", now: float = 0.0) -> TrackedConnection:
        client = self.comes(name, host, now)
        assert client
        self.limits.join(client, replace(ANA, member=name), now)
        return client


def test_h10_a_silent_connection_makes_way_for_a_new_one_of_its_address() -> None:
    door = Door()
    for name in "abcde":
        door.comes(name)
    assert door.aborted == ["a", "b"], "the oldest first"
    assert door.limits.handshaking == 3
    door.comes("ben", "10.0.0.2")
    assert door.aborted == ["a", "b"], "another address has places of its own"


def test_h10_when_all_places_are_taken_the_address_with_the_most_loses_one() -> None:
    door = Door()
    for name in "abc":
        door.comes(name)
    for number in range(2, 9):
        door.comes(f"guest {number}", f"10.0.0.{number}")
    assert door.aborted[:2] == ["a", "b"]
    assert door.limits.handshaking == 6


def test_h10_an_ipv6_subscriber_is_one_address() -> None:
    door = Door()
    for number in range(5):
        door.comes(str(number), f"2001:db8::{number}")
    assert door.aborted == ["0", "1"]


def test_h10_new_connections_beyond_the_rate_are_reset() -> None:
    door = Door(replace(SETTINGS, handshakes_per_second=1.0))
    came = [door.comes(str(number)) is not None for number in range(100)]
    assert sum(came) == 20
    assert door.comes("ben", "10.0.0.2") is not None
    assert door.comes("ana", now=1.0) is not None
    assert door.limits.aborted["too fast"] == 80


def test_h10_a_handshake_that_takes_too_long_is_aborted() -> None:
    door = Door()
    door.comes("slow")
    door.joins("ana")
    door.comes("new", now=5.0)
    door.limits.abort_late(HANDSHAKE_SECONDS)
    assert not door.aborted
    door.limits.abort_late(HANDSHAKE_SECONDS + 0.1)
    assert door.aborted == ["slow"]
    assert (door.limits.handshaking, door.limits.joined) == (1, 1)


def asks(door: Door, host: str, path: str, times: int = 1) -> int:
    """Send plain HTTP requests at once; return how many are answered."""
    answered = 0
    for _ in range(times):
        client = door.comes(f"{path} from {host}", host)
        assert client
        with suppress(LimitReached):
            door.limits.request_page(client, path, 0.0)
            answered += 1
        door.limits.release(client)
    return answered


def test_h15_health_is_answered_when_other_addresses_have_used_up_the_servers_limit() -> None:
    door = Door()
    for number in range(60):
        asks(door, f"10.0.1.{number}", "/health", 60)
    assert not asks(door, "10.0.1.0", "/health"), "the limit of the server is used up"
    assert asks(door, "10.0.0.1", "/health", 10) == 10
    assert not asks(door, "10.0.0.1", "/stats")
    assert not asks(door, "10.0.0.1", "/health"), "an address has only so many of its own"


def test_h10_silent_connections_take_no_places_of_members() -> None:
    door = Door()
    for number in range(50):
        door.comes(str(number))
    door.joins("ana")
    door.joins("ben", "10.0.0.2")


def test_h10_members_have_places_of_their_address_and_of_the_server() -> None:
    door = Door()
    for name in ("ana", "ben"):
        door.joins(name)
    with pytest.raises(LimitReached, match="Your address's share of members is full") as caught:
        door.joins("cyd")
    assert caught.value.level is Level.ADDRESS
    for number in range(3):
        door.joins(str(number), f"10.0.1.{number}")
    with pytest.raises(LimitReached, match="The server's limit on members is reached"):
        door.joins("dan", "10.0.2.1")


def test_h10_a_member_that_leaves_frees_its_place() -> None:
    door = Door()
    clients = [door.joins(name) for name in ("ana", "ben")]
    door.limits.release(clients[0])
    door.limits.release(clients[0])
    door.joins("cyd")
    assert door.limits.joined == 2


def test_h10_a_client_that_was_aborted_while_it_joined_takes_no_place() -> None:
    door = Door()
    client = door.comes("late")
    assert client
    door.limits.abort_late(HANDSHAKE_SECONDS + 1)
    door.limits.join(client, ANA, 12.0)
    door.limits.release(client)
    assert (door.limits.handshaking, door.limits.joined) == (0, 0)


def test_h10_clients_of_a_trusted_proxy_are_limited_by_the_address_that_it_names() -> None:
    door = Door()
    for number in range(6):
        client = door.limits.accept("10.9.9.9", 0.0, door.aborts(str(number)), is_proxy=True)
        assert client
        door.limits.identify(client, "10.0.0.1" if number < 4 else "10.0.0.2")
    assert door.aborted == ["0"]


def test_h13_joins_are_charged_to_the_invite_whatever_the_key() -> None:
    door = Door(Settings(joins_per_second=1.0), members=10_000, handshakes=10_000)
    for number in range(32):
        door.limits.release(door.joins(f"key {number}"))
    with pytest.raises(LimitReached, match="Your invite's and address's limit on joins"):
        door.joins("one more key")
    for number in range(16):
        door.limits.release(door.joins(f"other key {number}", f"10.0.1.{number}"))
    with pytest.raises(LimitReached, match="Your invite's limit on joins") as caught:
        door.joins("another key", "10.0.0.99")
    assert caught.value.level is Level.INVITE


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), max_size=200))
def test_h10_whatever_comes_and_goes_the_counts_are_right_and_bounded(
    steps: list[tuple[int, int]],
) -> None:
    door, here = Door(), list[TrackedConnection]()
    for step, number in steps:
        if step == 0:
            client = door.comes("", f"10.0.0.{number}")
            here += [client] if client else []
        elif here:
            client = here[number % len(here)]
            if step == 1 and client.is_handshaking:
                with suppress(LimitReached):
                    door.limits.join(client, ANA, 0.0)
            elif step == 2:
                door.limits.release(client)
                here.remove(client)
        assert door.limits.handshaking == sum(client.is_handshaking for client in here) <= 6
        assert door.limits.joined == sum(client.is_joined for client in here) <= 5
    for client in here:
        door.limits.release(client)
    assert (door.limits.handshaking, door.limits.joined) == (0, 0)
