"""The shared texts of a room: the server's replica, which is authoritative.

An edit is checked against what the replica has before the CRDT library sees it, so that the
replica never waits for something missing: every edit that is relayed can be applied by everybody
who applied those before it.
"""

import secrets
from collections.abc import Iterable, Mapping

from pycrdt import Doc, Text

from codesync_protocol.errors import Code
from codesync_protocol.history_size import BLOCKS_LONG, BLOCKS_OVERLONG, CHEAP_BLOCKS, HistorySize
from codesync_protocol.limits import DOCUMENT_MAX
from codesync_protocol.shared_text import TEXTS, Digest, DocumentBroken, digest, no_panic
from codesync_protocol.yjs_update import (
    BadUpdate,
    TooComplex,
    Update,
    read_state,
    read_update,
)
from codesync_server.documents.live_text import LiveText

SERVER_CLIENT = 1
"""The CRDT id under which the server itself writes."""

BLOCK_BYTES = 350
"""What a piece of the history costs in memory besides its text: measured, 374 bytes with it."""

TAIL_MAX = 500
"""Updates behind the last saved state; both together rebuild a replica that broke."""

HISTORY_MAX = 32 * 1024 * 1024
"""Bytes of edits that one history may have; what was deleted is remembered too."""

HISTORY_LONG = 4 * 1024 * 1024
"""From this on a history had better begin anew."""

HISTORY_OVERLONG = 16 * 1024 * 1024
"""From this on it must, or nobody could write any more soon."""

_TOO_LARGE = f"the text would be over {DOCUMENT_MAX >> 20} MiB"


class EditRejected(Exception):
    """An edit is refused.

    Attributes:
        code: why, for programs.
        reason: why, for people.
    """

    def __init__(self, code: Code, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class EditBrokeReplica(EditRejected):
    """An edit made the CRDT library fail, and the replica had to be rebuilt.

    No client of ours makes such an edit.
    """


class UnreadableHistory(Exception):
    """The stored texts are invalid; the message states the reason."""


class Document:
    """The shared texts of one room.

    Attributes:
        edits: how many edits were taken.
        rebuilt: how often the replica was rebuilt.
    """

    def __init__(self) -> None:
        self.edits = 0
        self.rebuilt = 0
        self._live = LiveText()
        self._blocks = HistorySize()
        self._assigned = {0, SERVER_CLIENT}
        self._history = 0
        self._saved = b""
        self._tail: list[bytes] = []
        self._whole = b""  # the state as it was told last; empty when it is another now
        self._doc, self._texts = _replica()

    @classmethod
    def restored(cls, state: bytes, edits: Iterable[bytes], assigned: Iterable[int]) -> "Document":
        """The texts as they were kept.

        Args:
            state: one update; empty for nothing.
            edits: those behind it, in order.
            assigned: CRDT ids that were given out.

        Raises:
            UnreadableHistory: they are invalid.
        """
        document = cls()
        document._assigned.update(assigned)
        try:
            with no_panic():
                for update in (state, *edits):
                    if update:
                        document._doc.apply_update(update)
                        document._history += len(update)
                        document.edits += 1
            document._take_stock()
        except (DocumentBroken, ValueError, BadUpdate) as error:
            raise UnreadableHistory(str(error)) from None
        return document

    def _take_stock(self) -> None:
        """Count what the replica holds: it was not filled edit by edit."""
        self._saved, self._tail = self.state(), []
        clients, deletions = read_state(self._saved)
        self._live = LiveText()
        for each in clients:
            self._live.take(each)
            self._assigned.add(each.client or 0)
        self._live.delete(deletions)
        self._blocks = HistorySize()
        for each in clients:
            self._blocks.add(each)

    def assign(self) -> int:
        """Give out a CRDT id that was never in use here."""
        while True:
            client = secrets.randbits(32)
            if client not in self._assigned:
                self._assigned.add(client)
                return client

    @property
    def size(self) -> int:
        """Bytes of all texts together."""
        with no_panic():
            return sum(len(text) for text in self._texts.values())

    @property
    def texts(self) -> Mapping[str, str]:
        """Each of TEXTS by its name."""
        with no_panic():
            return {name: str(text) for name, text in self._texts.items()}

    @property
    def digest(self) -> Digest:
        """What the texts sum up to."""
        return digest(self.texts)

    @property
    def memory(self) -> int:
        """About how many bytes of memory the texts and their history use."""
        return BLOCK_BYTES * self._blocks.blocks + 2 * self._history

    @property
    def has_long_history(self) -> bool:
        """Whether the history had better begin anew: every newcomer has to take all of it in."""
        return self._history > HISTORY_LONG

    @property
    def pieces(self) -> int:
        """The number of blocks of the history, as an upper bound."""
        return self._blocks.blocks

    @property
    def has_many_blocks(self) -> bool:
        """Whether the history had better begin anew when nobody edits: edits become costly."""
        return self._blocks.blocks > BLOCKS_LONG

    @property
    def is_cheap_to_load(self) -> bool:
        """Whether the history loads within 50 ms, whatever is in it."""
        return self._blocks.blocks <= CHEAP_BLOCKS

    def counted(self, blocks: int) -> None:
        """Learn the exact number of blocks of the history as it is now."""
        self._blocks.counted(blocks)

    @property
    def is_overlong(self) -> bool:
        """Whether the history must begin anew."""
        return (
            self._history > HISTORY_OVERLONG
            or self._blocks.blocks > BLOCKS_OVERLONG
            or self.is_miscounted
        )

    @property
    def is_miscounted(self) -> bool:
        """Whether the library shows other texts than the edits add up to.

        No client of ours makes edits for which this happens.
        """
        return self.size != self._live.size

    @property
    def live_units(self) -> int:
        """The UTF-16 code units of all texts together, as the edits add up to them."""
        return self._live.units

    @property
    def is_sound(self) -> bool:
        """Whether a newcomer, who takes all edits in at once, gets the same texts.

        One can craft an edit that contradicts itself in where it belongs; where it ends up then
        depends on what else came when.
        """
        doc, texts = _replica()
        try:
            with no_panic():
                doc.apply_update(self.state())
                return all(str(text) == str(self._texts[name]) for name, text in texts.items())
        except (DocumentBroken, ValueError, EditRejected):
            return False

    def renewed(self) -> "Document":
        """The same texts with a history that begins here."""
        return Document.holding(self.texts)

    @classmethod
    def holding(cls, texts: Mapping[str, str]) -> "Document":
        """Make a document with some texts.

        Args:
            texts: any of TEXTS by their names.
        """
        document = cls()
        for name, text in texts.items():
            if text:
                document.write(name, text)
        return document

    def state(self) -> bytes:
        """Give the texts with their history, as one update."""
        if not self._whole:
            with no_panic():
                self._whole = self._doc.get_update()
        return self._whole

    def write(self, name: str, text: str) -> None:
        """Write into an empty text, as the server: what a room begins with."""
        with no_panic():
            before = self._doc.get_state()
            self._texts[name] += text
            update = self._doc.get_update(before)
        self._remember(update, read_update(update))

    def apply(self, data: bytes, client: int) -> None:
        """Take an edit.

        Args:
            data: a Yjs update.
            client: the CRDT id of whoever sent it.

        Raises:
            EditRejected: it is not one that everybody could apply; nothing was changed.
        """
        update = _read(data)
        self._check(update, client)
        if self._history + len(data) > HISTORY_MAX:
            raise EditRejected(Code.TOO_LARGE, "the history of the room's text is full")
        growth = self._live.growth(update)
        if growth > 0 and self._live.size + growth > DOCUMENT_MAX:
            raise EditRejected(Code.TOO_LARGE, _TOO_LARGE)
        try:
            with no_panic():
                self._doc.apply_update(data)
                for text in self._texts.values():
                    len(text)
        except (DocumentBroken, ValueError) as error:
            self._rebuild()
            reason = f"the edit cannot be applied: {error}"
            raise EditBrokeReplica(Code.BAD_EDIT, reason) from None
        self._remember(data, update)

    def _check(self, update: Update, client: int) -> None:
        end = self._live.end
        if update.client is not None:
            if update.client != client:
                raise EditRejected(Code.BAD_EDIT, "the edit bears somebody else's id")
            if update.clock > end(client):
                raise EditRejected(Code.BAD_EDIT, "edits before this one are missing")

        def known(other: int) -> int:
            return max(update.end, end(other)) if other == update.client else end(other)

        if any(clock >= known(other) for other, clock in update.references.items()):
            raise EditRejected(Code.BAD_EDIT, "the edit builds on one that nobody made")
        if any(each.end > known(each.client) for each in update.deletions):
            raise EditRejected(Code.BAD_EDIT, "the edit deletes what nobody wrote")
        if self._live.splits_character(update):
            raise EditRejected(Code.BAD_EDIT, "the edit cuts a character in two")

    def _remember(self, data: bytes, update: Update) -> None:
        self.edits += 1
        self._whole = b""
        self._history += len(data)
        self._live.take(update)
        self._blocks.add(update)
        self._tail.append(data)
        if len(self._tail) > TAIL_MAX:
            self._saved, self._tail = self.state(), []

    def _rebuild(self) -> None:
        """Make the replica anew from what it had before it broke."""
        self.rebuilt += 1
        self._whole = b""
        self._doc, self._texts = _replica()
        for update in (self._saved, *self._tail):
            if update:
                self._doc.apply_update(update)


def _read(data: bytes) -> Update:
    try:
        return read_update(data)
    except TooComplex as error:
        raise EditRejected(Code.TOO_LARGE, f"the edit is too complex: {error}") from None
    except BadUpdate as error:
        raise EditRejected(Code.BAD_EDIT, f"invalid edit: {error}") from None


def _replica() -> tuple[Doc[Text], dict[str, Text]]:
    doc: Doc[Text] = Doc(client_id=SERVER_CLIENT)
    return doc, {name: doc.get(name, type=Text) for name in TEXTS}
