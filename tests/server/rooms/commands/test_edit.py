"""Edits and requests of one member, and their cost for others."""

import asyncio
from collections.abc import Callable

import pytest
from pycrdt import Doc, Text

from codesync_protocol.codec import decode_from_server
from codesync_protocol.limits import PART_MAX
from codesync_protocol.messages import (
    DocumentPart,
    DocumentReset,
    Edit,
    Edited,
    FetchDocument,
    Role,
)
from codesync_protocol.shared_text import SOURCE
from codesync_server.documents import document as document_module
from codesync_server.documents.document import Document
from codesync_server.rooms.commands.edit import EditCommands
from codesync_server.rooms.publish_barrier import Durable
from codesync_server.rooms.room import Room
from codesync_server.rooms.seat import Seat
from codesync_server.store.changes import AddEdit, Change
from tests.server.making import key_of
from tests.server.outlets import Ear
from tests.waiting import eventually


class Slow(Ear):
    """A member whose turn for what is large comes when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.bulk: list[Callable[[], bytes | None]] = []

    def put_bulk(
        self, make: Callable[[], bytes | None], size: int = 0, source: bytes = b""
    ) -> bool:
        self.bulk.append(make)
        return True

    def take(self) -> None:
        """Have the next turn."""
        if frame := self.bulk.pop(0)():
            self.heard.append(decode_from_server(frame))


class Pen:
    """A member who edits, and has a replica."""

    def __init__(self, room: Room, name: str) -> None:
        self.ear = Slow()
        room.enter(key_of(name), name, Role.EDITOR, self.ear)
        self.editing = EditCommands(Seat(room, key_of(name), self.ear))
        self._number = 0

    def fetches(self, request: int, *, fresh: bool = False) -> None:
        self.editing.fetch(FetchDocument(request, fresh=fresh))

    def has(self) -> Doc[Text]:
        """Have the texts, under an id of one's own."""
        self.fetches(1)
        while self.ear.bulk:
            self.ear.take()
        parts = self.ear.of(DocumentPart)
        doc: Doc[Text] = Doc(client_id=parts[-1].client)
        doc.apply_update(b"".join(part.data for part in parts))
        return doc

    def sends(self, update: bytes) -> None:
        self._number += 1
        for start in range(0, len(update), PART_MAX):
            more = start + PART_MAX < len(update)
            self.editing.edit(Edit(self._number, update[start : start + PART_MAX], more))


@pytest.fixture
def room() -> Room:
    room = Room("room-a", 0.0)
    room.document.write(SOURCE, "x" * (2 * PART_MAX))
    return room


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """How often the texts were put together."""
    states: list[bytes] = []
    put_together = Document.state

    def state(document: Document) -> bytes:
        states.append(put_together(document))
        return states[-1]

    monkeypatch.setattr(Document, "state", state)
    return states


def test_nothing_is_put_together_before_its_turn(room: Room, made: list[bytes]) -> None:
    eve = Pen(room, "eve")
    for request in range(1, 60):
        eve.fetches(request, fresh=True)
    assert made == []
    while eve.ear.bulk:
        eve.ear.take()
    assert len(made) == 1, "only the latest question is answered"
    assert {part.request for part in eve.ear.of(DocumentPart)} == {59}


def test_a_newer_question_ends_the_answer_to_an_older_one(room: Room) -> None:
    eve = Pen(room, "eve")
    eve.fetches(1)
    eve.ear.take()
    eve.ear.take()
    eve.fetches(2)
    while eve.ear.bulk:
        eve.ear.take()
    parts = eve.ear.of(DocumentPart)
    assert [(part.request, part.offset) for part in parts] == [
        (1, 0),
        (2, 0),
        (2, PART_MAX),
        (2, 2 * PART_MAX),
    ]


def test_what_is_the_same_for_all_is_put_together_once(room: Room) -> None:
    assert room.document.state() is room.document.state()
    before = room.document.state()
    Pen(room, "ana").has()
    room.document.write("stdin", "y")
    assert room.document.state() != before


def test_the_texts_are_as_they_are_in_their_turn_and_say_up_to_which_edit(room: Room) -> None:
    ana, ben = Pen(room, "ana"), Pen(room, "ben")
    doc = ana.has()
    ben.fetches(1)
    before = doc.get_state()
    text = doc.get(SOURCE, type=Text)
    text.insert(0, "new ")
    ana.sends(doc.get_update(before))
    while ben.ear.bulk:
        ben.ear.take()
    parts = ben.ear.of(DocumentPart)
    assert parts[0].seq == ana.ear.last(Edited).seq == room.text_seq
    copy: Doc[Text] = Doc()
    copy.apply_update(b"".join(part.data for part in parts))
    assert str(copy.get(SOURCE, type=Text)).startswith("new x")


async def test_what_is_not_kept_yet_is_not_among_the_texts_either() -> None:
    waiting: list[asyncio.Future[None]] = []

    def keep(change: Change) -> Durable:
        if not isinstance(change, AddEdit):
            return None
        waiting.append(asyncio.get_running_loop().create_future())
        return waiting[-1]

    room = Room("room-a", 0.0, keep)
    ana, ben = Pen(room, "ana"), Pen(room, "ben")
    doc = ana.has()
    before = doc.get_state()
    doc.get(SOURCE, type=Text).insert(0, "new")
    ana.sends(doc.get_update(before))
    ben.fetches(1)
    waiting.pop().set_result(None)
    await eventually(lambda: ben.ear.bulk)
    before = doc.get_state()
    doc.get(SOURCE, type=Text).insert(0, "even ")
    ana.sends(doc.get_update(before))
    ben.ear.take()  # the second edit is in them now
    assert not ben.ear.bulk
    waiting.pop().set_result(None)
    await eventually(lambda: ben.ear.bulk)
    assert len(ben.ear.of(Edited)) == 2, "both were told before"
    ben.ear.take()
    part = ben.ear.last(DocumentPart)
    copy: Doc[Text] = Doc()
    copy.apply_update(part.data)
    assert str(copy.get(SOURCE, type=Text)) == "even new"
    assert part.seq == ben.ear.of(Edited)[-1].seq


def test_a62_a_history_that_is_overlong_begins_anew_at_once(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document_module, "HISTORY_OVERLONG", 7 * PART_MAX)
    eve = Pen(room, "eve")
    doc = eve.has()
    text = doc.get(SOURCE, type=Text)
    for _ in range(2):
        before = doc.get_state()
        del text[: len(text) - 2 * PART_MAX]
        text.insert(0, "y" * (3 * PART_MAX))
        eve.sends(doc.get_update(before))
    assert len(eve.ear.of(DocumentReset)) == 1
    assert room.document.texts[SOURCE].startswith("yyy")
    assert not room.document.is_overlong
