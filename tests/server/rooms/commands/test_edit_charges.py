"""Members are charged for their edits, and for the server's time."""

import pytest
from pycrdt import Doc, Text

from codesync_protocol.errors import Code
from codesync_protocol.history_size import BLOCKS_OVERLONG
from codesync_protocol.limits import PART_MAX
from codesync_protocol.messages import (
    Edit,
    Edited,
    EditRefused,
    FetchDocument,
    Notice,
    Role,
)
from codesync_protocol.shared_text import SOURCE
from codesync_server.access.budgets import Budgets
from codesync_server.access.limit_reached import LimitReached
from codesync_server.access.payer import Payer
from codesync_server.rooms.commands.edit import EditCommands
from codesync_server.rooms.commands.edit_charges import (
    DELAY_MAX,
    EDIT_BYTES,
    EDIT_TIME,
    EDITS,
    HISTORY,
    OFFENCES,
    EditCharges,
)
from codesync_server.rooms.deliveries import BYTES_PER_DELIVERY, DELIVERIES
from codesync_server.rooms.room import Room
from codesync_server.rooms.seat import Seat
from tests.server.documents.crafted import insertion, update
from tests.server.making import key_of
from tests.server.outlets import Ear
from tests.server.recording import RecordingBudgets

ANA = Payer("10.0.0.1", "invite", "room", "ana")
BEN = Payer("10.0.0.1", "invite", "room", "ben")


def sustained(payer: Payer, edits: int, seconds: float, budgets: Budgets) -> float:
    """Send edits as fast as they are taken; return when the last was."""
    charges, now = EditCharges(budgets, payer), 0.0
    for _ in range(edits):
        now += charges.begin(40, now)
        charges.worked(seconds, now)
    return now


def test_h07_a_large_replacement_takes_seconds_and_a_typist_is_never_delayed() -> None:
    budgets = Budgets()
    charges = EditCharges(budgets, ANA)
    assert sustained(ANA, 1100, 0.0002, budgets) < 6  # 5,000 places
    for key in range(600):
        assert charges.begin(40, 20 + key / 20) == 0
        charges.worked(0.0003, 20 + key / 20)


def test_h07_edits_are_charged_for_each_member_that_they_are_sent_to() -> None:
    charges, now, taken = EditCharges(Budgets(), ANA), 0.0, 0
    burst, rate = DELIVERIES.rates["member"]  # type: ignore[index]  # a Level is its word
    members, seconds = 300, 60.0
    while now < seconds:
        now += charges.begin(40, now)
        charges.worked(0.0001, now, deliveries=members)
        taken += 1
    assert taken * members <= burst + rate * now + members


def test_h07_seven_hundred_edits_a_second_are_slowed_to_the_members_share() -> None:
    budgets = Budgets()
    burst, rate = EDITS.rates["member"]  # type: ignore[index]  # a Level is its word
    took = sustained(ANA, 10_000, 0.0001, budgets)
    assert abs(took - (10_000 - burst) / rate) < 1
    assert EditCharges(budgets, BEN).begin(40, took) == 0, "another member is not slowed"


def test_h07_the_most_expensive_edits_are_slowed_by_the_time_that_they_take() -> None:
    budgets = Budgets()
    burst, rate = EDIT_TIME.rates["member"]  # type: ignore[index]  # a Level is its word
    took = sustained(ANA, 100, 0.05, budgets)
    assert abs(took - (99 * 50 - burst) / rate) < 2


def test_h07_whoever_is_far_behind_is_refused_and_told_when_to_try_again() -> None:
    budgets = Budgets()
    charges = EditCharges(budgets, ANA)
    charges.worked(10.0, 0.0)
    with pytest.raises(
        LimitReached, match=r"Your limit on server time for edits .* again in about"
    ):
        charges.begin(40, 0.0)
    again = EditCharges(budgets, ANA)
    with pytest.raises(LimitReached):
        again.begin(40, 1.0)  # connecting again changes nothing
    assert again.begin(40, 194.0 - DELAY_MAX) <= DELAY_MAX
    assert again.begin(40, 200.0) == 0


def test_h07_keys_are_free_but_the_invite_pays_for_all_of_them() -> None:
    budgets = Budgets()
    for number in range(30):
        EditCharges(budgets, Payer("10.0.0.1", "invite", "room", f"key-{number}")).worked(0.5, 0.0)
    with pytest.raises(LimitReached, match=r"invite's|room's"):
        EditCharges(budgets, Payer("10.0.0.1", "invite", "room", "new")).begin(40, 0.0)
    other = Payer("10.0.0.1", "another invite", "another room", "new")
    assert EditCharges(budgets, other).begin(40, 0.0) == 0


def test_edits_that_cut_the_text_into_pieces_do_not_force_renewals_all_the_time() -> None:
    """Each renewal makes all members fetch the texts again."""
    budgets, seconds, renewals = Budgets(), 60.0, 0
    keys = [Payer("10.0.0.1", "invite", "room", f"key-{number}") for number in range(15)]
    charges = [EditCharges(budgets, key) for key in keys]
    free_at, pieces, now = [0.0] * len(keys), 0, 0.0
    while now < seconds:
        number = min(range(len(keys)), key=lambda each: free_at[each])
        now = free_at[number]
        free_at[number] = now + 0.005 + charges[number].begin(100, now)
        charges[number].worked(0.0001, now, 10)
        pieces += 10
        if pieces > BLOCKS_OVERLONG:
            pieces, renewals = 0, renewals + 1
    burst, rate = HISTORY.rates["invite"]  # type: ignore[index]  # a Level is its word
    assert renewals <= (burst + seconds * rate) / BLOCKS_OVERLONG + 1


def test_an_edit_pays_for_the_pieces_that_it_makes() -> None:
    room, budgets = Room("room", 0.0), Budgets()
    room.document.write(SOURCE, "x" * 60_000)
    eve = Eve(room, budgets)
    payer = Payer("10.0.0.1", "invite", "room", "eve")
    burst, rate = HISTORY.rates["member"]  # type: ignore[index]  # a Level is its word
    for _ in range(100):  # far apart, so that each makes three pieces of one
        at = eve.number * 10
        eve.sends(update(eve.crdt, eve.number, [insertion("m", (1, at), (1, at + 1))]))
    assert room.document.texts[SOURCE].count("m") == 100
    spent = 150
    assert budgets.delay(HISTORY, payer, burst - spent, 0.0) > 0
    assert budgets.delay(HISTORY, payer, 0, 1.0) <= 150 / rate


def test_a_replacement_of_5000_places_and_its_undo_are_within_the_budget_of_pieces() -> None:
    burst = HISTORY.rates["member"].burst  # type: ignore[index]  # a Level is its word
    assert burst >= 2 * 15_000


def test_one_edit_of_the_largest_size_is_within_the_budget() -> None:
    assert EditCharges(Budgets(), ANA).begin(int(EDIT_BYTES.rates["member"].burst), 0.0) == 0  # type: ignore[index]  # a Level is its word


class Eve:
    """A member who pays for edits."""

    def __init__(self, room: Room, budgets: Budgets, name: str = "eve") -> None:
        self.ear = Ear()
        self.key = key_of(name)
        self.room = room
        room.enter(self.key, name, Role.EDITOR, self.ear)
        payer = Payer("10.0.0.1", "invite", room.name, name)
        seat = Seat(room, self.key, self.ear, payer)
        self.editing = EditCommands(seat, EditCharges(budgets, payer), lambda: 0.0)
        self.editing.fetch(FetchDocument(1))
        self.number = 0

    @property
    def crdt(self) -> int:
        return self.room.identity(self.key).crdt

    def sends(self, data: bytes) -> None:
        self.number += 1
        self.editing.edit(Edit(self.number, data))


def test_h07_a_long_edit_is_charged_for_the_bytes_that_each_member_is_sent() -> None:
    room, budgets = Room("room-a", 0.0), RecordingBudgets()
    room.document.write(SOURCE, "ab")
    members = [Eve(room, budgets, name) for name in ("eve", "ana", "ben")]
    eve = members[0]
    eve.sends(update(eve.crdt, 0, [insertion("x", (1, 0), (1, 1))]))
    eve.sends(update(eve.crdt, 1, [insertion("x" * 2 * PART_MAX, (eve.crdt, 0), (1, 1))]))
    assert [len(each.ear.of(Edited)) for each in members] == [4, 4, 4]
    costs = [3, 3 * (1 + 2 * PART_MAX // BYTES_PER_DELIVERY)]
    assert budgets.costs_of(DELIVERIES) == costs
    eve.sends(b"no edit")
    assert budgets.costs_of(DELIVERIES) == costs, "a refused edit is sent to nobody"


@pytest.fixture
def panics(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Edits at which the library panics, after it has applied them."""
    broken: list[bytes] = []
    apply = Doc[Text].apply_update

    def panic(doc: Doc[Text], data: bytes) -> None:
        apply(doc, data)
        if data in broken:
            del doc.get(SOURCE, type=Text)[0:9999]

    monkeypatch.setattr(Doc, "apply_update", panic)
    return broken


def test_h08_whoever_repeatedly_breaks_the_text_may_only_watch(panics: list[bytes]) -> None:
    room, budgets = Room("room-a", 0.0), Budgets()
    room.document.write(SOURCE, "ab")
    eve, ana = Eve(room, budgets), Eve(room, budgets, "ana")
    offences = int(OFFENCES.rates["member"].burst)  # type: ignore[index]  # a Level is its word
    for number in range(offences + 1):
        assert room.member_of(eve.key).role == Role.EDITOR
        panics.append(update(eve.crdt, 0, [insertion("x" * (number + 1), (1, 0))]))
        eve.sends(panics[-1])
        assert eve.ear.last(EditRefused).code is Code.BAD_EDIT
    assert room.member_of(eve.key).role == Role.VIEWER
    assert "eve may only watch from now on" in ana.ear.last(Notice).text
    assert room.document.texts[SOURCE] == "ab"
    newcomer = room.enter(key_of("newcomer"), "newcomer", Role.EDITOR, Ear(), issued=1.0)
    assert newcomer.role == Role.EDITOR, "others have the same link, and did nothing"


def test_f34_a_panic_rebuilds_its_room_only(panics: list[bytes]) -> None:
    budgets = Budgets()
    rooms = [Room(name, 0.0) for name in ("room-a", "room-b")]
    for room in rooms:
        room.document.write(SOURCE, "ab")
    eve, ana, ben = Eve(rooms[0], budgets), Eve(rooms[0], budgets, "ana"), Eve(rooms[1], budgets)
    ana.sends(update(ana.crdt, 0, [insertion("y", (1, 0), (1, 1))]))
    panics.append(update(eve.crdt, 0, [insertion("x", (1, 0), (1, 1))]))
    eve.sends(panics[-1])
    assert eve.ear.last(EditRefused).code is Code.BAD_EDIT
    assert [room.document.rebuilt for room in rooms] == [1, 0]
    ana.sends(update(ana.crdt, 1, [insertion("z", (1, 1))]))
    ben.sends(update(ben.crdt, 0, [insertion("b", (1, 1))]))
    assert rooms[0].document.texts[SOURCE] == "aybz"
    assert rooms[1].document.texts[SOURCE] == "abb"
    assert not ana.ear.of(EditRefused)
    assert len(ana.ear.of(Edited)) == 2
    assert len(ben.ear.of(Edited)) == 1
