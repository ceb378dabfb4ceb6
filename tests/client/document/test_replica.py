"""The client's replica replaces several pieces of a text in one step, and is freed after use."""

import gc
import weakref

from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Doc, Text

from codesync_client.document.change import Change, Splice
from codesync_client.document.replica import Replica
from codesync_protocol.shared_text import SOURCE


def replica_of(text: str) -> tuple[Replica, list[Change]]:
    """A replica with a text, and what it tells from then on."""
    told: list[Change] = []
    made = Replica(5, Doc[Text]().get_update(), told.append)
    made.edit(SOURCE, 0, 0, text)
    made.end_undo_group()
    made.take()
    told.clear()
    return made, told


def spliced(text: str, splices: tuple[Splice, ...] | list[Splice]) -> str:
    """A text after splices."""
    data = text.encode()
    for splice in splices:
        data = data[: splice.at] + splice.inserted.encode() + data[splice.at + splice.deleted :]
    return data.decode()


characters = st.text("ab\né🙂", max_size=4)


@given(st.lists(st.tuples(characters, characters, characters), max_size=300))
def test_pieces_become_what_is_said_in_one_step(parts: list[tuple[str, str, str]]) -> None:
    """A part is what stays, what goes behind it, and what comes instead."""
    before = "".join(stays + goes for stays, goes, _ in parts)
    after = "".join(stays + comes for stays, _, comes in parts)
    splices: list[Splice] = []
    at = 0
    for stays, goes, comes in parts:
        at += len(stays.encode())
        splices.append(Splice(at, len(goes.encode()), comes))
        at += len(comes.encode())
    mine, told = replica_of(before)
    mine.splice(SOURCE, splices)
    assert mine.text() == after
    assert len(told) <= 1
    assert all(spliced(before, change.splices) == after for change in told)
    if told:
        mine.undo()
        assert mine.text() == before


def test_many_places_are_one_edit_and_one_undo() -> None:
    line, places = "é = foo\n", 1_000
    mine, told = replica_of(line * places)
    size = len(line.encode())
    splices = [Splice(number * (size - 2) + 5, 3, "x") for number in range(places)]
    mine.splice(SOURCE, splices)
    assert mine.text() == "é = x\n" * places
    assert len(told) == 1
    assert mine.take()
    mine.undo()
    assert mine.text() == line * places
    assert len(told) == 2
    mine.redo()
    assert mine.text() == "é = x\n" * places


def test_no_splices_are_no_edit() -> None:
    mine, told = replica_of("a")
    mine.splice(SOURCE, [])
    mine.splice(SOURCE, [Splice(1, 0, "")])
    assert not mine.has_pending
    assert not told


def test_what_is_no_unicode_becomes_a_question_mark() -> None:
    mine, _ = replica_of("ab")
    mine.splice(SOURCE, [Splice(0, 1, "\ud800"), Splice(2, 0, "c")])
    assert mine.text() == "?bc"


def test_what_goes_and_what_comes_at_one_place_are_one_splice() -> None:
    mine, told = replica_of("one two two")
    mine.splice(SOURCE, [Splice(4, 3, "2"), Splice(6, 3, "2")])
    assert told[-1].splices == (Splice(4, 3, "2"), Splice(6, 3, "2"))
    assert [splice.move(7) for splice in told[-1].splices[:1]] == [5], "behind it stays behind it"
    mine.undo()
    assert told[-1].splices == (Splice(4, 1, "two"), Splice(8, 1, "two"))


def test_others_neither_part_what_is_undone_together_nor_are_taken_back() -> None:
    mine, told = replica_of("")
    theirs = Replica(6, Doc[Text]().get_update(), told.append)
    for letter in "abc":
        mine.edit(SOURCE, len(mine.text()), 0, letter)
        theirs.edit(SOURCE, 0, 0, "X")
        update = theirs.take()
        assert update
        mine.apply(update, 6)
    assert sorted(mine.text()) == sorted("abcXXX")
    mine.undo()
    assert mine.text() == "XXX"
    mine.redo()
    assert sorted(mine.text()) == sorted("abcXXX")


def test_a_replica_without_references_is_freed() -> None:
    # The library keeps an observed document in memory. A client that joins rooms for hours, or
    # loads the texts again and again, must not keep the old ones.
    replica, changes = replica_of("letters")
    replica.edit(SOURCE, 0, 0, "more ")
    replica.undo()
    assert changes
    copy = weakref.ref(replica)
    document = weakref.ref(replica._doc)  # pyright: ignore[reportPrivateUsage]
    del replica
    gc.collect()
    assert copy() is None
    assert document() is None
