"""All members have the same text in the end, and no text is lost, on any links."""

import string

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from codesync_protocol.limits import OUTPUT_EVENT_MAX
from codesync_protocol.messages import Output, Stream
from codesync_protocol.shared_text import SOURCE, STDIN, TEXTS
from codesync_server.rooms.event_log import KEPT_BYTES
from codesync_server.rooms.room import Room
from tests.convergence.members import Writer, settle

NASTY = [
    "🙂",
    "👩‍💻",
    "\r\n",
    "\x85",
    "\u2028",
    "\x1b[2J",
    "\x00",
    "\u202e",
    "é",
    "\n",
    "\U0001d4b3",
]

FLOOD = bytes(OUTPUT_EVENT_MAX)

words = st.one_of(
    st.text(string.ascii_letters + "\n", min_size=1, max_size=5), st.sampled_from(NASTY)
)
who = st.integers(0, 4)


class Sharing(RuleBasedStateMachine):
    """Two to five members, random edits, links that deliver late, in pieces, or not at all."""

    @initialize(count=st.integers(2, 5), starter=st.sampled_from(["", "print(1)\n", "🙂é\n"]))
    def open(self, count: int, starter: str) -> None:
        self.was_renewed = False
        self.room = Room("den", 0.0)
        if starter:
            self.room.document.write(SOURCE, starter)
        self.writers = [Writer(self.room, f"w{number}") for number in range(count)]
        for writer in self.writers:
            writer.connect()

    def _writer(self, number: int) -> Writer:
        return self.writers[number % len(self.writers)]

    @rule(number=who, at=st.integers(0, 200), deleted=st.integers(0, 3), word=words)
    def write(self, number: int, at: int, deleted: int, word: str) -> None:
        self._writer(number).write(at, deleted, word)

    @rule(number=who, at=st.integers(0, 200), deleted=st.integers(1, 20))
    def delete(self, number: int, at: int, deleted: int) -> None:
        self._writer(number).write(at, deleted, "")

    @rule(number=who, word=words)
    def prepare_stdin(self, number: int, word: str) -> None:
        self._writer(number).write(0, 0, word, STDIN)

    @rule(number=who)
    def undo(self, number: int) -> None:
        self._writer(number).document.undo()

    @rule(number=who)
    def redo(self, number: int) -> None:
        self._writer(number).document.redo()

    @rule(number=who)
    def end_group(self, number: int) -> None:
        self._writer(number).document.end_undo_group()

    @rule(number=who, caret=st.integers(0, 50))
    def move(self, number: int, caret: int) -> None:
        self._writer(number).document.move_caret(caret, caret)

    @rule(number=who, most=st.integers(1, 4))
    def send(self, number: int, most: int) -> None:
        self._writer(number).send(most)

    @rule(number=who, most=st.integers(1, 4))
    def arrive(self, number: int, most: int) -> None:
        self._writer(number).arrive_at_server(most)

    @rule(number=who, most=st.integers(1, 6), bulk=st.booleans())
    def read(self, number: int, most: int, bulk: bool) -> None:
        self._writer(number).read(most, prefers_bulk=bulk)

    @rule(number=who)
    def cut(self, number: int) -> None:
        self._writer(number).cut()

    @rule(number=who)
    def come_back(self, number: int) -> None:
        if not self._writer(number).is_connected:
            self._writer(number).connect()

    @rule()
    def forget_events(self) -> None:
        """Programs write so much that whoever is away cannot be told event by event any more."""
        for _ in range(KEPT_BYTES // OUTPUT_EVENT_MAX + 1):
            self.room.publish(lambda seq: Output(seq, "0" * 32, Stream.STDOUT, 0, FLOOD))

    @rule()
    def begin_history_anew(self) -> None:
        self.room.renew_document()
        self.was_renewed = True

    @invariant()
    def views_are_right(self) -> None:
        for writer in getattr(self, "writers", ()):
            for name in TEXTS:
                assert writer.view.texts[name].decode() == writer.document.text(name)

    def teardown(self) -> None:
        if not hasattr(self, "writers"):
            return
        settle(self.writers)
        for writer in self.writers:
            for name in TEXTS:
                assert writer.document.text(name) == self.room.document.texts[name]
                assert writer.view.texts[name].decode() == self.room.document.texts[name]
            if not self.was_renewed:
                assert not writer.view.conflicts, "nobody's words were set aside"
        assert self.room.document.is_sound
        self.room.check_document()
        for writer in self.writers:
            writer.read()
            assert not list(writer.document.parts()), "nobody has to fetch anything again"


TestSharing = Sharing.TestCase
TestSharing.settings = settings(max_examples=300, stateful_step_count=60, deadline=None)
