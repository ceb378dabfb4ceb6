"""Admission and roles of members, also after removals and demotions."""

import time

import pytest

from codesync_protocol.messages import Role
from codesync_server.access.invites import InviteSigner
from codesync_server.rooms.membership import Membership
from tests.handshakes import granted
from tests.server.making import key_of

HOST, EDITOR, VIEWER = Role.HOST, Role.EDITOR, Role.VIEWER


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock by which no two things happen at once."""
    moments = iter(range(1000, 1_000_000))
    monkeypatch.setattr(time, "time", lambda: float(next(moments)))


def arrive(membership: Membership, name: str, issued: float | None, role: Role = EDITOR) -> Role:
    """Come by an invite; give the role that one has then."""
    return Role(membership.join(key_of(name), name, role, issued).role)


def with_ana() -> tuple[Membership, float]:
    """A membership with a host; and the moment at which the link for others was made."""
    membership = Membership()
    arrive(membership, "ana", None, HOST)
    return membership, time.time()


def test_a71_a_removed_member_does_not_come_back_under_a_key_that_it_used_before() -> None:
    membership, link = with_ana()
    arrive(membership, "eve", link)
    membership.leave(key_of("eve"))
    arrive(membership, "eve's other key", link)
    membership.remove(key_of("eve's other key"), "ana removed you")
    assert membership.is_barred(key_of("eve's other key"), link) == "ana removed you"
    assert "before somebody was removed" in membership.is_barred(key_of("eve"), link)
    assert "before somebody was removed" in membership.is_barred(key_of("a new key"), link)
    assert membership.is_barred(key_of("a new key"), time.time()) == "", "a new link lets in"
    assert membership.is_barred(key_of("a new key"), None) == "", "and so does the server's token"


def test_a71_whoever_was_here_then_may_be_cut_off_and_come_back() -> None:
    membership, link = with_ana()
    for name in ("ben", "eve"):
        arrive(membership, name, link)
    membership.remove(key_of("eve"), "ana removed you")
    membership.leave(key_of("ben"))
    assert membership.is_barred(key_of("ben"), link) == ""
    assert arrive(membership, "ben", link) is EDITOR


def test_f31_a_clock_that_goes_back_bars_nobody_who_was_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    membership, link = with_ana()
    for name in ("ben", "cy", "eve"):
        arrive(membership, name, link)
    membership.remove(key_of("eve"), "ana removed you")
    membership.set_role(key_of("cy"), VIEWER)
    monkeypatch.setattr(time, "time", lambda: link - 3600.0)
    membership.leave(key_of("ben"))
    assert membership.is_barred(key_of("ben"), link) == ""
    assert arrive(membership, "ben", link) is EDITOR
    membership.set_role(key_of("ben"), VIEWER)
    assert arrive(membership, "ben's new key", link + 1.0) is VIEWER
    signer = InviteSigner("token")
    fresh = granted(signer, signer.invite("den", EDITOR, after=membership.links_after), "den")
    assert fresh is not None
    assert membership.is_barred(key_of("dan"), fresh.issued) == ""
    assert arrive(membership, "dan", fresh.issued) is EDITOR


def test_h38_a_date_of_another_clock_counts_for_what_an_older_server_did() -> None:
    membership, link = with_ana()
    membership.invites_after = link  # as version 0.1, whose invites its own clock dated, kept it
    assert membership.trusted_date(link - 1.0) == link - 1.0
    assert membership.is_barred(key_of("ben"), membership.trusted_date(link + 1.0)) == ""
    arrive(membership, "eve", link + 1.0)
    membership.set_role(key_of("eve"), VIEWER)
    late = membership.trusted_date(9e9)
    assert membership.is_barred(key_of("ben"), late) == "", "it is newer than the removal"
    assert arrive(membership, "ben", late) is VIEWER, "but perhaps not than the demotion"
    arrive(membership, "cy", None)
    membership.remove(key_of("cy"), "ana removed you")
    assert membership.is_barred(key_of("dan"), membership.trusted_date(9e9))


def test_a_lower_role_outlasts_a_new_key() -> None:
    membership, link = with_ana()
    arrive(membership, "eve", link)
    membership.set_role(key_of("eve"), VIEWER)
    membership.leave(key_of("eve"))
    assert arrive(membership, "eve", link) is VIEWER
    assert arrive(membership, "eve's other key", link) is VIEWER
    assert arrive(membership, "ben", time.time()) is EDITOR, "a new link gives what it says"
    assert arrive(membership, "cid", None, HOST) is HOST


def test_a_lower_role_outlasts_a_key_that_was_used_before() -> None:
    membership, link = with_ana()
    arrive(membership, "eve's first key", link)
    membership.leave(key_of("eve's first key"))
    arrive(membership, "eve", link)
    membership.set_role(key_of("eve"), VIEWER)
    assert arrive(membership, "eve's first key", link) is VIEWER


def test_whoever_was_an_editor_then_stays_one() -> None:
    membership, link = with_ana()
    for name in ("ben", "eve"):
        arrive(membership, name, link)
    membership.set_role(key_of("eve"), VIEWER)
    membership.leave(key_of("ben"))
    assert arrive(membership, "ben", link) is EDITOR


def test_when_nobody_is_kept_from_writing_old_links_count_again() -> None:
    membership, link = with_ana()
    arrive(membership, "eve", link)
    membership.set_role(key_of("eve"), VIEWER)
    membership.set_role(key_of("eve"), EDITOR)
    assert arrive(membership, "ben", link) is EDITOR


def test_a_newcomer_who_came_as_a_viewer_can_be_made_an_editor_for_good() -> None:
    membership, link = with_ana()
    arrive(membership, "eve", link)
    membership.set_role(key_of("eve"), VIEWER)
    arrive(membership, "ben", link)
    membership.set_role(key_of("ben"), EDITOR)
    membership.leave(key_of("ben"))
    assert arrive(membership, "ben", link) is EDITOR


@pytest.mark.parametrize("role", [VIEWER, EDITOR])
def test_a_name_that_is_taken_costs_neither_role_nor_identity(role: Role) -> None:
    membership, link = with_ana()
    first = membership.join(key_of("ben"), "ben", VIEWER, link)
    membership.set_role(key_of("ben"), role)
    membership.identity(key_of("ben")).crdt = 77
    membership.leave(key_of("ben"))
    membership.join(key_of("another ben"), "ben", EDITOR, time.time())
    back = membership.join(key_of("ben"), "ben", VIEWER, link)
    assert (back.member, back.name, back.role) == (first.member, "ben-2", role)
    assert membership.identity(key_of("ben")).crdt == 77, (
        "or what it wrote offline would be nobody's"
    )
