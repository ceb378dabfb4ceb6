"""Updates of plain text editors are read, all other updates are refused."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Doc, Map, Text, get_state, merge_updates

from codesync_protocol.limits import EDIT_RANGES_MAX
from codesync_protocol.shared_text import SOURCE, STDIN
from codesync_protocol.yjs_update import BadUpdate, Deletion, TooComplex, read_state, read_update

ME = 77


def editor(client: int = ME) -> tuple[Doc[Text], Text, list[bytes]]:
    """A replica, its source, and the updates that it makes."""
    doc: Doc[Text] = Doc(client_id=client)
    updates: list[bytes] = []
    text = doc.get(SOURCE, type=Text)
    doc.observe(lambda event: updates.append(event.update))
    return doc, text, updates


def test_an_insertion_is_read() -> None:
    _, text, updates = editor()
    text += "héllo 🙂"
    update = read_update(updates[0])
    assert (update.client, update.clock, update.end) == (ME, 0, 8), "clocks count UTF-16"
    assert update.inserted == len("héllo 🙂".encode())
    assert update.references == {}
    assert update.deletions == []


def test_an_insertion_in_the_middle_refers_to_both_neighbours() -> None:
    _, text, updates = editor()
    text += "ab"
    text.insert(1, "X")
    update = read_update(updates[1])
    assert (update.client, update.clock, update.end) == (ME, 2, 3)
    assert update.references == {ME: 1}


def test_a_deletion_is_read() -> None:
    _, text, updates = editor()
    text += "hello"
    del text[1:3]
    update = read_update(updates[1])
    assert update.client is None
    assert update.deletions == [Deletion(ME, 1, 2)]


def test_both_texts_may_be_edited() -> None:
    doc, _, updates = editor()
    doc.get(STDIN, type=Text).insert(0, "1 2 3\n")
    assert read_update(updates[0]).inserted == 6


def test_a_replica_that_forgot_what_was_deleted_is_read() -> None:
    doc, text, _ = editor()
    text += "hello"
    del text[0:5]
    text += "x"
    update = read_update(doc.get_update())
    assert (update.clock, update.end, update.inserted) == (0, 6, 1)


def test_other_types_are_refused() -> None:
    doc: Doc[Map[int]] = Doc(client_id=ME)
    updates: list[bytes] = []
    doc.observe(lambda event: updates.append(event.update))
    doc.get("other", type=Map)["key"] = 1
    with pytest.raises(BadUpdate, match="something else than the room's texts"):
        read_update(updates[0])


def test_formats_are_refused() -> None:
    doc, text, updates = editor()
    text.insert(0, "bold", {"bold": True})
    with pytest.raises(BadUpdate, match="something else than text"):
        read_update(updates[0])
    del doc


def test_edits_of_two_clients_in_one_update_are_refused() -> None:
    _, mine, my_updates = editor()
    _, theirs, their_updates = editor(ME + 1)
    mine += "a"
    theirs += "b"
    with pytest.raises(BadUpdate, match="several clients"):
        read_update(merge_updates(my_updates[0], their_updates[0]))


def test_a_merged_update_with_a_gap_is_refused() -> None:
    _, text, updates = editor()
    text += "a"
    text += "b"
    text += "c"
    with pytest.raises(BadUpdate):
        read_update(merge_updates(updates[0], updates[2]))


def read_as_state(data: bytes) -> object:
    """Read an update as a state with the limits of an edit."""
    return read_state(data, EDIT_RANGES_MAX)


@pytest.mark.parametrize("read", [read_update, read_as_state])
def test_h07_clients_without_deleted_ranges_are_limited(read: Callable[[bytes], object]) -> None:
    """An attacker: an edit of 2 MB with a million of them blocked the server for half a second."""
    no_structs, section = b"\0", bytes((1, 0))
    read(no_structs + bytes((EDIT_RANGES_MAX,)) + EDIT_RANGES_MAX * section)
    with pytest.raises(TooComplex, match="deletes from 65 clients"):
        read(no_structs + bytes((EDIT_RANGES_MAX + 1,)) + (EDIT_RANGES_MAX + 1) * section)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        b"\x00\x00\x00",
        b"\xff" * 12,
        b"\x01\xff\xff\xff\xff\xff\xff\xff\x0f\x01\x00",
        b"\x00\x01\x4d\xff\xff\xff\xff\xff\xff\x7f",
    ],
)
def test_malformed_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(BadUpdate):
        read_update(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        update = read_update(data)
    except BadUpdate:
        return
    assert update.clock <= update.end


edits = st.lists(
    st.tuples(st.integers(0, 1000), st.integers(0, 5), st.text(max_size=6)), max_size=30
)


@given(edits)
def test_every_edit_of_a_replica_is_read_as_the_library_reads_it(
    steps: list[tuple[int, int, str]],
) -> None:
    doc, text, updates = editor()
    for place, length, insert in steps:
        characters = str(text)
        start = place % (len(characters) + 1)
        begin = len(characters[:start].encode("utf-8", "replace"))
        end = begin + len(characters[start : start + length].encode("utf-8", "replace"))
        with doc.transaction():
            if end > begin:
                del text[begin:end]
            if insert := insert.encode("utf-8", "replace").decode():
                text.insert(begin, insert)
    clock = 0
    for data in updates:
        update = read_update(data)
        if update.client is not None:
            assert (update.client, update.clock) == (ME, clock)
            clock = update.end
        assert all(each.end <= clock for each in update.deletions)
    merged = merge_updates(*updates) if updates else b""
    if merged:
        assert read_update(merged, structs_max=1000, ranges_max=1000).end == clock
        assert get_state(merged) == doc.get_state()
