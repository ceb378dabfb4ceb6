"""The cost of an edit is bounded before the CRDT library sees it."""

import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Doc, Text

from codesync_protocol.codec import decode_from_client
from codesync_protocol.errors import Code, FrameError
from codesync_protocol.history_size import BLOCKS_OVERLONG
from codesync_protocol.limits import DOCUMENT_MAX, EDIT_RANGES_MAX, EDIT_STRUCTS_MAX
from codesync_protocol.messages import FetchDocument
from codesync_protocol.shared_text import SOURCE
from codesync_protocol.yjs_update import BadUpdate, read_state, read_update
from codesync_server.documents.document import Document, EditBrokeReplica, EditRejected
from tests.server.documents.crafted import insertion, number, update

MANY = number(900_000_000)


def refusal(document: Document, data: bytes, client: int) -> Code:
    """The code with which an edit is refused; it changes nothing."""
    texts = document.texts
    with pytest.raises(EditRejected) as refused:
        document.apply(data, client)
    assert document.texts == texts
    return refused.value.code


def test_h06_a_client_has_no_state_vector_to_send() -> None:
    assert FetchDocument.__struct_fields__ == ("request", "fresh")
    vector = b"\xc4\x07" + MANY + b"\x01\x01"  # msgpack: 7 bytes
    with pytest.raises(FrameError):
        decode_from_client(b"\x94\xaefetch_document\x01" + vector + b"\xc3")


@pytest.mark.parametrize("read", [read_update, read_state])
@pytest.mark.parametrize(
    "data",
    [
        MANY + b"\x01\x05\x00",  # clients
        b"\x01" + MANY + b"\x05\x00",  # structs
        b"\x00" + MANY,  # clients that delete
        b"\x00\x01\x05" + MANY,  # deleted ranges
        b"\x01\x01\x05\x00\x04\x01\x06source" + MANY,  # bytes of a text
    ],
)
def test_h06_a_count_beyond_the_bytes_is_refused_before_anything_is_allocated(
    read: Callable[[bytes], object], data: bytes
) -> None:
    tracemalloc.start()
    with pytest.raises(BadUpdate):
        read(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000


def test_h07_an_edit_of_many_structs_is_refused_unread() -> None:
    document = Document()
    document.write(SOURCE, "ab")
    eve = document.assign()
    far_apart = [insertion("x", (1, 0)) for _ in range(16_000)]
    assert refusal(document, update(eve, 0, far_apart), eve) is Code.TOO_LARGE
    ranges = [(1, 0, 1)] * (EDIT_RANGES_MAX + 1)
    assert refusal(document, update(eve, 0, [], ranges), eve) is Code.TOO_LARGE
    document.apply(update(eve, 0, far_apart[:EDIT_STRUCTS_MAX]), eve)


def test_h07_the_history_is_renewed_before_it_has_too_many_blocks() -> None:
    document = Document()
    document.write(SOURCE, "ab")
    eve = document.assign()
    clock = 0
    while not document.is_overlong:
        # Neighbours at which no two structs can be merged into one block.
        ends = [(1, 1), None]
        structs = [insertion("x", (eve, clock - 1) if clock else (1, 0), ends[clock % 2])]
        for number_of_struct in range(1, EDIT_STRUCTS_MAX):
            at = clock + number_of_struct
            structs.append(insertion("x", (eve, at - 1), ends[at % 2]))
        document.apply(update(eve, clock, structs), eve)
        clock += EDIT_STRUCTS_MAX
        assert clock <= 2 * BLOCKS_OVERLONG, "it is never overlong"
    clients, _ = read_state(document.state())
    blocks = sum(len(each.insertions) for each in clients)
    assert BLOCKS_OVERLONG * 0.9 < blocks <= BLOCKS_OVERLONG + 3 * EDIT_STRUCTS_MAX
    renewed = document.renewed()
    assert renewed.texts == document.texts
    assert not renewed.has_many_blocks


def test_h07_typing_on_does_not_make_the_history_longer() -> None:
    document = Document()
    document.write(SOURCE, "ab")
    ana = document.assign()
    for clock in range(20_000):
        left = (ana, clock - 1) if clock else (1, 0)
        document.apply(update(ana, clock, [insertion("x", left, (1, 1))]), ana)
    assert not document.has_many_blocks


def test_h08_deleting_what_is_dead_never_rebuilds_the_replica() -> None:
    document = Document()
    document.write(SOURCE, "x" * DOCUMENT_MAX)
    eve = document.assign()
    half = DOCUMENT_MAX // 2
    document.apply(update(eve, 0, [], [(1, 0, half)]), eve)
    document.apply(update(eve, 0, [insertion("y" * half, (1, 0), (1, 1))]), eve)
    # It "deletes" 512 KiB that are gone already, to insert some bytes more.
    attack = update(eve, half, [insertion("!" * 50, (1, 0), (1, 1))], [(1, 0, half)])
    assert len(attack) < 90
    for _ in range(20):
        assert refusal(document, attack, eve) is Code.TOO_LARGE
    twice = update(eve, half, [insertion("!" * 50)], [(1, half, 26)] * 2)
    assert refusal(document, twice, eve) is Code.TOO_LARGE
    assert document.rebuilt == 0
    document.apply(update(eve, half, [insertion("!" * 50)], [(1, half, 50)]), eve)


def test_h08_what_an_edit_inserts_and_deletes_itself_is_counted_once() -> None:
    document = Document()
    document.write(SOURCE, "x" * (DOCUMENT_MAX - 10))
    eve = document.assign()
    own = update(eve, 0, [insertion("y" * 100)], [(eve, 0, 95), (eve, 0, 50)])
    document.apply(own, eve)
    assert document.size == DOCUMENT_MAX - 5
    assert refusal(document, update(eve, 100, [insertion("y" * 6)]), eve) is Code.TOO_LARGE


def test_h08_an_edit_that_cuts_a_character_in_two_is_refused() -> None:
    document = Document()
    document.write(SOURCE, "a🙂b")
    eve = document.assign()
    for attack in (
        update(eve, 0, [], [(1, 2, 1)]),
        update(eve, 0, [], [(1, 1, 1)]),
        update(eve, 0, [insertion("x", (1, 1), (1, 2))]),
        update(eve, 0, [insertion("🙂"), insertion("x", (eve, 0), (eve, 1))]),
    ):
        assert refusal(document, attack, eve) is Code.BAD_EDIT
    document.apply(update(eve, 0, [insertion("x", (1, 2), (1, 3))], [(1, 1, 2)]), eve)
    assert document.texts[SOURCE] == "axb"


def test_f34_an_edit_that_makes_the_library_panic_is_refused_and_undone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No bytes are known that pass our checks and make pycrdt panic: it panics here otherwise."""
    document = Document()
    document.write(SOURCE, "é")
    eve = document.assign()
    broken = update(eve, 0, [insertion("x", (1, 0))])
    apply = Doc[Text].apply_update

    def panic(doc: Doc[Text], data: bytes) -> None:
        apply(doc, data)
        if data == broken:
            del doc.get(SOURCE, type=Text)[0:99]  # a deletion that is too long

    monkeypatch.setattr(Doc, "apply_update", panic)
    with pytest.raises(EditBrokeReplica):
        document.apply(broken, eve)
    assert document.texts[SOURCE] == "é"
    assert document.rebuilt == 1
    document.apply(update(eve, 0, [insertion("y", (1, 0))]), eve)
    assert document.texts[SOURCE] == "éy"
    assert not document.is_miscounted


def test_h08_a_resent_edit_that_resumes_within_a_character_is_refused() -> None:
    document = Document()
    eve = document.assign()
    document.apply(update(eve, 0, [insertion("aaa")]), eve)
    with pytest.raises(EditRejected, match="cuts a character"):
        document.apply(update(eve, 0, [insertion("aa"), insertion("🙂")]), eve)
    document.apply(update(eve, 0, [insertion("a"), insertion("🙂x")]), eve)
    assert document.texts[SOURCE] == "aaax"
    assert not document.is_miscounted


clocks = st.integers(0, 40)
pieces = st.text("ab\né🙂", min_size=1, max_size=6)
edits = st.lists(
    st.tuples(
        st.booleans(),
        st.lists(st.tuples(pieces, st.none() | clocks, st.none() | clocks), max_size=3),
        st.lists(st.tuples(st.booleans(), clocks, st.integers(0, 20)), max_size=4),
        st.integers(0, 3),
    ),
    max_size=12,
)


@given(edits)
def test_h08_the_account_of_live_text_equals_the_librarys(
    steps: list[
        tuple[
            bool,
            list[tuple[str, int | None, int | None]],
            list[tuple[bool, int, int]],
            int,
        ]
    ],
) -> None:
    """Any crafted edits that are accepted, resent ones and those that contradict themselves."""
    document = Document()
    document.write(SOURCE, "hé🙂o\n")
    authors = document.assign(), document.assign()
    ends = dict.fromkeys(authors, 0)
    for first, structs, ranges, back in steps:
        client = authors[first]
        clock = max(0, ends[client] - back)
        data = update(
            client,
            clock,
            [
                insertion(
                    text,
                    None if left is None else (authors[left % 2], left // 2),
                    None if right is None else (1, right),
                )
                for text, left, right in structs
            ],
            [(1 if server else client, start, length) for server, start, length in ranges],
        )
        try:
            document.apply(data, client)
        except EditRejected:
            continue
        ends[client] = max(ends[client], read_update(data).end)
        assert not document.is_miscounted
    assert document.rebuilt == 0
    text = "".join(document.texts.values())
    assert document.live_units == len(text.encode("utf-16-le")) // 2
    assert document.size == len(text.encode())
    restored = Document.restored(document.state(), (), ())
    assert restored.live_units == document.live_units
    assert not restored.is_miscounted
