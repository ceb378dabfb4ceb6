"""Signed invites are valid until they expire, and cannot be changed."""

import base64
import secrets
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from codesync_protocol.handshake import Credentials
from codesync_protocol.limits import ROOM_NAME_PATTERN
from codesync_protocol.messages import Role
from codesync_server.access import invites
from codesync_server.access.invites import (
    CLOCK_SKEW_SECONDS,
    LIFETIME_SECONDS,
    Grant,
    InviteRejected,
    InviteSigner,
    invite_identity,
)
from tests.handshakes import granted

TOKEN = secrets.token_urlsafe(32)
DESK = InviteSigner(TOKEN)
INVITE = DESK.invite("lab", Role.EDITOR)

BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

rooms = st.from_regex(ROOM_NAME_PATTERN, fullmatch=True)
roles = st.sampled_from(Role)


class Clock:
    """What the invites take for the time."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def time(self) -> float:
        """Seconds since the Unix epoch."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(invites, "time", clock)
    return clock


def payload_of(invite: str) -> list[str]:
    encoded = invite.partition(".")[0]
    return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode().split("|")


# What is granted.


@given(room=rooms, role=roles)
def test_an_invite_grants_the_room_and_the_role_that_it_names(room: str, role: Role) -> None:
    grant = granted(DESK, DESK.invite(room, role), room)
    assert grant is not None
    assert (grant.room, grant.role) == (room, role)
    assert grant.issued is not None
    assert abs(grant.issued - time.time()) < 60


@given(room=rooms, other=rooms, role=roles)
def test_an_invite_grants_no_other_room(room: str, other: str, role: Role) -> None:
    assume(room != other)
    assert granted(DESK, DESK.invite(room, role), other) is None


@given(room=rooms)
def test_the_servers_own_token_makes_a_host_of_every_room(room: str) -> None:
    assert granted(DESK, TOKEN, room) == Grant(Role.HOST, None, None)


def test_an_invite_can_stand_in_a_link_as_it_is() -> None:
    assert set(INVITE) <= {*BASE64URL, "."}


def test_when_it_was_issued_is_told_to_the_millisecond(clock: Clock) -> None:
    clock.now = 1_800_000_000.123
    token = DESK.invite("lab", Role.VIEWER)
    identity = invite_identity(token.partition(".")[2])
    assert granted(DESK, token, "lab") == Grant(Role.VIEWER, "lab", 1_800_000_000.123, identity)


# How long.


def test_an_invite_is_good_until_its_time_and_not_after(clock: Clock) -> None:
    invite = DESK.invite("lab", Role.EDITOR, lifetime=60.0)
    clock.now += 60.0
    assert granted(DESK, invite, "lab") is not None
    clock.now += 0.002
    assert granted(DESK, invite, "lab") is None


def test_unless_told_otherwise_an_invite_is_good_for_its_lifetime(clock: Clock) -> None:
    invite = DESK.invite("lab", Role.EDITOR)
    clock.now += LIFETIME_SECONDS - 1.0
    assert granted(DESK, invite, "lab") is not None
    clock.now += 2.0
    assert granted(DESK, invite, "lab") is None


def test_the_servers_own_token_does_not_grow_old(clock: Clock) -> None:
    clock.now += 1000 * LIFETIME_SECONDS
    assert granted(DESK, TOKEN, "lab") is not None


@pytest.mark.parametrize("jump", [3600.0, -3600.0], ids=["ahead", "back"])
def test_f31_a_clock_that_jumps_takes_no_invite_away(clock: Clock, jump: float) -> None:
    before = DESK.invite("lab", Role.EDITOR)
    clock.now += jump
    after = DESK.invite("lab", Role.EDITOR)
    for invite in (before, after):
        grant = granted(DESK, invite, "lab")
        assert grant is not None
        assert grant.role is Role.EDITOR
    clock.now += LIFETIME_SECONDS + 3601.0
    assert granted(DESK, before, "lab") is None, "nor does it make one good for ever"


# What is refused.


def test_an_invite_of_a_server_with_another_token_is_refused() -> None:
    other = InviteSigner(secrets.token_urlsafe(32))
    assert granted(other, INVITE, "lab") is None
    assert granted(other, TOKEN, "lab") is None


def test_a_changed_character_is_refused_wherever_it_is() -> None:
    strangers = {"=", "+", "/", " ", "\n", "é", "\ud800"}
    for place, right in enumerate(INVITE):
        for character in {*BASE64URL, ".", *strangers} - {right}:
            tampered = INVITE[:place] + character + INVITE[place + 1 :]
            assert granted(DESK, tampered, "lab") is None, tampered


@given(room=rooms, role=roles, data=st.data())
def test_whatever_is_changed_in_any_invite_it_is_refused(
    room: str, role: Role, data: st.DataObject
) -> None:
    invite = DESK.invite(room, role)
    start = data.draw(st.integers(0, len(invite)))
    end = data.draw(st.integers(start, len(invite)))
    tampered = invite[:start] + data.draw(st.text(max_size=end - start + 3)) + invite[end:]
    assume(tampered != invite)
    assert granted(DESK, tampered, room) is None


@given(st.text())
def test_whatever_is_not_an_invite_is_refused(text: str) -> None:
    assert granted(DESK, text, "lab") is None


def test_there_is_one_spelling_of_an_invite_and_of_the_token() -> None:
    payload, dot, signature = INVITE.partition(".")
    for tampered in (
        *("", dot, payload, payload + dot, dot + signature, f"{signature}.{payload}"),
        *(INVITE + "=", INVITE + dot, f" {INVITE}", INVITE + "\n", f"{INVITE}.{INVITE}"),
        *(f"{payload}=.{signature}", f"{payload}==.{signature}"),
        *(TOKEN[:-1], TOKEN + " ", TOKEN + "=", TOKEN.swapcase(), "\ud800" + TOKEN),
    ):
        assert granted(DESK, tampered, "lab") is None, tampered


@pytest.mark.parametrize("lifts", ["room", "role", "time"])
def test_what_an_invite_says_cannot_be_replaced_under_its_signature(lifts: str) -> None:
    viewers = DESK.invite("lab", Role.VIEWER, lifetime=-10.0 if lifts == "time" else 60.0)
    version, _, _, expires, issued = payload_of(viewers)
    wanted = {
        "room": [version, "vault", Role.VIEWER, expires, issued],
        "role": [version, "lab", Role.HOST, expires, issued],
        "time": [version, "lab", Role.VIEWER, str(int(expires) + 10**9), issued],
    }[lifts]
    payload = base64.urlsafe_b64encode("|".join(wanted).encode()).rstrip(b"=").decode()
    forged = f"{payload}.{viewers.partition('.')[2]}"
    assert granted(DESK, forged, wanted[1]) is None


def test_nothing_in_an_invite_tells_the_servers_token() -> None:
    payload = payload_of(INVITE)
    assert payload[:3] == ["3", "lab", "editor"]
    assert TOKEN not in INVITE
    assert TOKEN not in "|".join(payload)


# H38: whose clock dates an invite.


def test_h38_an_invite_that_a_fast_clock_dated_is_refused(clock: Clock) -> None:
    clock.now += 3600.0
    invite = DESK.invite("lab", Role.EDITOR, by_server=False)
    clock.now -= 3600.0
    claim = DESK.claim(Credentials.of(invite).identity)
    assert claim is not None
    with pytest.raises(InviteRejected, match="60 min in the future: the clock of the machine"):
        DESK.grant(claim, "lab")


def test_h38_a_clock_that_is_a_little_fast_does_no_harm(clock: Clock) -> None:
    clock.now += CLOCK_SKEW_SECONDS
    invite = DESK.invite("lab", Role.EDITOR, by_server=False)
    clock.now -= CLOCK_SKEW_SECONDS
    assert granted(DESK, invite, "lab") is not None
