"""The server's replica accepts exactly the edits that every client can apply."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Doc, Text

from codesync_protocol.errors import Code
from codesync_protocol.limits import DOCUMENT_MAX
from codesync_protocol.shared_text import SOURCE, STDIN, digest
from codesync_server.documents.document import Document, EditRejected


class Member:
    """Somebody with a replica; what they write waits in `updates`."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.client = document.assign()
        self.doc: Doc[Text] = Doc(client_id=self.client)
        self.doc.apply_update(document.state())
        self.text = self.doc.get(SOURCE, type=Text)
        self.updates: list[bytes] = []
        self.doc.observe(lambda event: self.updates.append(event.update))

    def write(self, text: str, at: int = 0) -> bytes:
        self.text.insert(at, text)
        return self.updates[-1]

    def send(self) -> None:
        for update in self.updates:
            self.document.apply(update, self.client)
        self.updates.clear()


@pytest.fixture
def document() -> Document:
    document = Document()
    document.write(SOURCE, "print(1)\n")
    return document


def refusal(document: Document, data: bytes, client: int) -> Code:
    """How an edit is refused; nothing is changed by it."""
    texts, state = document.texts, document.state()
    with pytest.raises(EditRejected) as refused:
        document.apply(data, client)
    assert document.texts == texts
    assert document.state() == state
    return refused.value.code


def test_a_room_begins_with_what_the_server_wrote(document: Document) -> None:
    assert document.texts == {SOURCE: "print(1)\n", STDIN: ""}
    assert document.size == 9
    assert document.digest == digest({SOURCE: "print(1)\n", STDIN: ""})


def test_edits_are_taken(document: Document) -> None:
    ana = Member(document)
    ana.write("import os\n")
    del ana.text[0:6]
    ana.send()
    assert document.texts[SOURCE] == " os\nprint(1)\n"


def test_ids_are_never_given_out_twice(document: Document) -> None:
    ids = [document.assign() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert not {0, 1} & set(ids)


def test_an_edit_that_comes_again_changes_nothing(document: Document) -> None:
    ana = Member(document)
    update = ana.write("x")
    ana.send()
    document.apply(update, ana.client)
    assert document.texts[SOURCE] == "xprint(1)\n"


def test_a59_an_edit_under_another_members_id_is_refused(document: Document) -> None:
    ana, eve = Member(document), Member(document)
    ana.write("aaa")
    ana.send()
    forged: Doc[Text] = Doc(client_id=ana.client)
    updates: list[bytes] = []
    forged.observe(lambda event: updates.append(event.update))
    forged.get(SOURCE, type=Text).insert(0, "bbb")
    assert refusal(document, updates[0], eve.client) is Code.BAD_EDIT


def test_a61_a_gap_is_refused_and_what_follows_it(document: Document) -> None:
    ana = Member(document)
    ana.write("a")
    ana.write("b")
    ana.write("c", 5)
    first, second, third = ana.updates
    assert refusal(document, second, ana.client) is Code.BAD_EDIT
    assert refusal(document, third, ana.client) is Code.BAD_EDIT
    for update in (first, second, third):
        document.apply(update, ana.client)
    assert document.texts[SOURCE] == str(ana.text)


def test_a61_an_edit_that_builds_on_one_that_never_came_is_refused(document: Document) -> None:
    ana, ben = Member(document), Member(document)
    ben.doc.apply_update(ana.write("never sent"))
    assert refusal(document, ben.write("behind it", 5), ben.client) is Code.BAD_EDIT


def test_a61_a_deletion_of_what_nobody_wrote_is_refused(document: Document) -> None:
    ana = Member(document)
    assert refusal(document, b"\x00\x01\x01\x01\x05\x7f", ana.client) is Code.BAD_EDIT
    assert refusal(document, b"\x00\x01\xe7\x07\x01\x00\x01", ana.client) is Code.BAD_EDIT


def test_a62_more_than_a_document_may_have_is_refused(document: Document) -> None:
    ana = Member(document)
    ana.write("x" * (DOCUMENT_MAX - 9))
    ana.send()
    assert refusal(document, ana.write("y"), ana.client) is Code.TOO_LARGE


def test_a_large_text_may_be_replaced_by_another_large_one(document: Document) -> None:
    ana = Member(document)
    ana.write("é" * (DOCUMENT_MAX // 2 - 10))
    ana.send()
    with ana.doc.transaction():
        del ana.text[:]
        ana.text.insert(0, "y" * (DOCUMENT_MAX - 10))
    ana.send()
    assert document.size == DOCUMENT_MAX - 10


def test_a62_whoever_deletes_what_is_gone_already_makes_no_room_by_it(document: Document) -> None:
    ana, ben = Member(document), Member(document)
    ana.write("x" * (DOCUMENT_MAX - 1000))
    ana.send()
    ben.doc.apply_update(document.state())
    for member, size in ((ana, 0), (ben, DOCUMENT_MAX - 500)):
        with member.doc.transaction():
            del member.text[: DOCUMENT_MAX - 1000]
            member.text.insert(0, "y" * size)
    ana.write("z" * (DOCUMENT_MAX - 1000))
    ana.send()
    assert refusal(document, ben.updates[-1], ben.client) is Code.TOO_LARGE
    ana.write("!")
    ana.send()
    assert document.texts[SOURCE].startswith("!z")


def test_a_history_that_begins_anew_has_the_same_texts(document: Document) -> None:
    ana = Member(document)
    ana.write("import os\n")
    ana.send()
    renewed = document.renewed()
    assert renewed.texts == document.texts
    assert renewed.is_sound
    assert refusal(renewed, ana.write("y", 30), ana.client) is Code.BAD_EDIT


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 255)), min_size=1, max_size=4))
def test_a60_mutated_updates_change_nothing_or_what_their_author_may(
    mutations: list[tuple[int, int]],
) -> None:
    document = Document()
    document.write(SOURCE, "hello wörld")
    ana, eve = Member(document), Member(document)
    ana.write("ana 🙂")
    ana.send()
    eve.write("eve", 5)
    honest = bytearray(eve.updates[0])
    for place, byte in mutations:
        honest[place % len(honest)] = byte
    before = document.texts
    try:
        document.apply(bytes(honest), eve.client)
    except EditRejected:
        assert document.texts == before
    if not document.is_sound:
        document = document.renewed()
        ana = Member(document)
    late = Member(document)
    assert str(late.text) == document.texts[SOURCE], "a newcomer has what the server has"
    ana.doc.apply_update(document.state())
    ana.updates.clear()  # what came is not for sending
    ana.write("!")
    ana.send()
    assert document.texts[SOURCE] == str(ana.text), "everybody can go on"
