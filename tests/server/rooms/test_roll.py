"""Whom a room lets in as what, also after a host has sent somebody away or made them a viewer."""

import time

import pytest

from codesync_protocol.messages import Role
from codesync_server.access.invites import InviteDesk
from codesync_server.rooms.roll import Roll
from tests.handshakes import granted
from tests.server.making import key_of

HOST, EDITOR, VIEWER = Role.HOST, Role.EDITOR, Role.VIEWER


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock by which no two things happen at once."""
    moments = iter(range(1000, 1_000_000))
    monkeypatch.setattr(time, "time", lambda: float(next(moments)))


def arrive(roll: Roll, name: str, issued: float | None, role: Role = EDITOR) -> Role:
    """Come by an invite; give the role that one has then."""
    return Role(roll.arrive(key_of(name), name, role, issued).role)


def with_ana() -> tuple[Roll, float]:
    """A roll with a host; and the moment at which the link for others was made."""
    roll = Roll()
    arrive(roll, "ana", None, HOST)
    return roll, time.time()


def test_a71_a_removed_member_does_not_come_back_under_a_key_that_it_used_before() -> None:
    roll, link = with_ana()
    arrive(roll, "eve", link)
    roll.depart(key_of("eve"))
    arrive(roll, "eve's other key", link)
    roll.remove(key_of("eve's other key"), "ana removed you")
    assert roll.bars(key_of("eve's other key"), link) == "ana removed you"
    assert "before somebody was removed" in roll.bars(key_of("eve"), link)
    assert "before somebody was removed" in roll.bars(key_of("a new key"), link)
    assert roll.bars(key_of("a new key"), time.time()) == "", "a new link lets in"
    assert roll.bars(key_of("a new key"), None) == "", "and so does the server's token"


def test_a71_whoever_was_here_then_may_be_cut_off_and_come_back() -> None:
    roll, link = with_ana()
    for name in ("ben", "eve"):
        arrive(roll, name, link)
    roll.remove(key_of("eve"), "ana removed you")
    roll.depart(key_of("ben"))
    assert roll.bars(key_of("ben"), link) == ""
    assert arrive(roll, "ben", link) is EDITOR


def test_f31_a_clock_that_goes_back_bars_nobody_who_was_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    roll, link = with_ana()
    for name in ("ben", "cy", "eve"):
        arrive(roll, name, link)
    roll.remove(key_of("eve"), "ana removed you")
    roll.set_role(key_of("cy"), VIEWER)
    monkeypatch.setattr(time, "time", lambda: link - 3600.0)
    roll.depart(key_of("ben"))
    assert roll.bars(key_of("ben"), link) == ""
    assert arrive(roll, "ben", link) is EDITOR
    roll.set_role(key_of("ben"), VIEWER)
    assert arrive(roll, "ben's new key", link + 1.0) is VIEWER
    desk = InviteDesk("token")
    fresh = granted(desk, desk.invite("den", EDITOR, after=roll.links_after), "den")
    assert fresh is not None
    assert roll.bars(key_of("dan"), fresh.issued) == ""
    assert arrive(roll, "dan", fresh.issued) is EDITOR


def test_h38_a_date_of_another_clock_counts_for_what_an_older_server_did() -> None:
    roll, link = with_ana()
    roll.invites_after = link  # as version 0.1, whose invites its own clock dated, kept it
    assert roll.trusted_date(link - 1.0) == link - 1.0
    assert roll.bars(key_of("ben"), roll.trusted_date(link + 1.0)) == ""
    arrive(roll, "eve", link + 1.0)
    roll.set_role(key_of("eve"), VIEWER)
    late = roll.trusted_date(9e9)
    assert roll.bars(key_of("ben"), late) == "", "it is newer than the removal"
    assert arrive(roll, "ben", late) is VIEWER, "but perhaps not than the demotion"
    arrive(roll, "cy", None)
    roll.remove(key_of("cy"), "ana removed you")
    assert roll.bars(key_of("dan"), roll.trusted_date(9e9))


def test_a_lower_role_outlasts_a_new_key() -> None:
    roll, link = with_ana()
    arrive(roll, "eve", link)
    roll.set_role(key_of("eve"), VIEWER)
    roll.depart(key_of("eve"))
    assert arrive(roll, "eve", link) is VIEWER
    assert arrive(roll, "eve's other key", link) is VIEWER
    assert arrive(roll, "ben", time.time()) is EDITOR, "a new link gives what it says"
    assert arrive(roll, "cid", None, HOST) is HOST


def test_a_lower_role_outlasts_a_key_that_was_used_before() -> None:
    roll, link = with_ana()
    arrive(roll, "eve's first key", link)
    roll.depart(key_of("eve's first key"))
    arrive(roll, "eve", link)
    roll.set_role(key_of("eve"), VIEWER)
    assert arrive(roll, "eve's first key", link) is VIEWER


def test_whoever_was_an_editor_then_stays_one() -> None:
    roll, link = with_ana()
    for name in ("ben", "eve"):
        arrive(roll, name, link)
    roll.set_role(key_of("eve"), VIEWER)
    roll.depart(key_of("ben"))
    assert arrive(roll, "ben", link) is EDITOR


def test_when_nobody_is_kept_from_writing_old_links_count_again() -> None:
    roll, link = with_ana()
    arrive(roll, "eve", link)
    roll.set_role(key_of("eve"), VIEWER)
    roll.set_role(key_of("eve"), EDITOR)
    assert arrive(roll, "ben", link) is EDITOR


def test_a_newcomer_who_came_as_a_viewer_can_be_made_an_editor_for_good() -> None:
    roll, link = with_ana()
    arrive(roll, "eve", link)
    roll.set_role(key_of("eve"), VIEWER)
    arrive(roll, "ben", link)
    roll.set_role(key_of("ben"), EDITOR)
    roll.depart(key_of("ben"))
    assert arrive(roll, "ben", link) is EDITOR


@pytest.mark.parametrize("role", [VIEWER, EDITOR])
def test_a_name_that_is_taken_costs_neither_role_nor_identity(role: Role) -> None:
    roll, link = with_ana()
    first = roll.arrive(key_of("ben"), "ben", VIEWER, link)
    roll.set_role(key_of("ben"), role)
    roll.identity(key_of("ben")).crdt = 77
    roll.depart(key_of("ben"))
    roll.arrive(key_of("another ben"), "ben", EDITOR, time.time())
    back = roll.arrive(key_of("ben"), "ben", VIEWER, link)
    assert (back.member, back.name, back.role) == (first.member, "ben-2", role)
    assert roll.identity(key_of("ben")).crdt == 77, "or what it wrote offline would be nobody's"
