"""Large edits are split into small ones, which together have the same effect."""

from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Doc, Text

from codesync_client.document.change import Splice
from codesync_client.document.replica import Replica
from codesync_client.document.update_split import split_update
from codesync_protocol.limits import DOCUMENT_MAX, EDIT_RANGES_MAX, EDIT_STRUCTS_MAX
from codesync_protocol.shared_text import SOURCE
from codesync_protocol.yjs_update import read_update
from codesync_server.documents.document import Document
from codesync_server.rooms.room import Room
from tests.convergence.members import Writer, settle

steps = st.lists(
    st.tuples(st.integers(0, 1000), st.integers(0, 9), st.text("ab\né🙂", max_size=5)), max_size=60
)


def edited(mine: Replica, places: list[tuple[int, int, str]]) -> None:
    for place, length, insert in places:
        text = mine.text()
        start = place % (len(text) + 1)
        begin = len(text[:start].encode())
        mine.edit(SOURCE, begin, len(text[start : start + length].encode()), insert)


@given(steps, steps, st.integers(1, 5), st.integers(1, 5))
def test_h07_split_edits_converge_and_the_server_takes_each(
    before: list[tuple[int, int, str]],
    places: list[tuple[int, int, str]],
    structs_max: int,
    ranges_max: int,
) -> None:
    document = Document()
    document.write(SOURCE, "def f(x):\n    return 'é🙂'\n")
    mine = Replica(document.assign(), document.state())
    mine = Replica(mine.client, document.state(), lambda _: None)
    reader = Replica(document.assign(), document.state())
    for made in (before, places):
        edited(mine, made)
        update = mine.take()
        for part in split_update(update, structs_max, ranges_max) if update else ():
            read = read_update(part, structs_max, ranges_max)
            assert len(read.insertions) <= structs_max
            assert len(read.deletions) <= ranges_max
            document.apply(part, mine.client)
            reader.apply(part, 1)
            assert not document.is_miscounted
    assert document.texts == mine.texts == reader.texts


def test_h07_an_edit_within_the_limits_is_sent_as_it_is() -> None:
    mine = Replica(5, Doc[Text]().get_update(), lambda _: None)
    mine.edit(SOURCE, 0, 0, "hello")
    update = mine.take()
    assert update is not None
    assert split_update(update) == [update]


def test_h07_a_replacement_of_5000_places_arrives_and_is_undone_in_one_step() -> None:
    line, places = "a = foo\n", 5_000
    room = Room("room-a", 0.0)
    room.document.write(SOURCE, line * places)
    ana, ben = Writer(room, "ana"), Writer(room, "ben")
    settle([ana, ben])
    text_id = room.text_seq
    size = len(line) - 1
    ana.document.splice(SOURCE, [Splice(number * size + 4, 3, "ba") for number in range(places)])
    ana.send()
    settle([ana, ben])
    assert ana.view.conflicts == []
    assert ben.view.texts[SOURCE].decode() == room.document.texts[SOURCE] == "a = ba\n" * places
    assert room.text_seq > text_id + places // EDIT_STRUCTS_MAX
    ana.document.undo()
    settle([ana, ben])
    assert ben.view.texts[SOURCE].decode() == room.document.texts[SOURCE] == line * places


def test_h07_a_full_text_is_replaced_in_parts_that_never_exceed_the_limit() -> None:
    document = Document()
    line = "x" * 63 + "\n"
    document.write(SOURCE, line * (DOCUMENT_MAX // len(line)))
    mine = Replica(document.assign(), document.state(), lambda _: None)
    splices = [Splice(number * len(line), 1, "y") for number in range(EDIT_RANGES_MAX * 2)]
    mine.splice(SOURCE, splices)
    update = mine.take()
    assert update is not None
    parts = split_update(update)
    assert len(parts) > 2
    for part in parts:
        document.apply(part, mine.client)
    assert document.texts == mine.texts
