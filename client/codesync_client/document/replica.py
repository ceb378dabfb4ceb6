"""The client's copy of the shared texts: edited here, merged with edits of others.

Positions are bytes of UTF-8, as the CRDT library counts them. Nothing else in the client needs the
library: it is loaded only by those who share the text.
"""

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from pycrdt import Doc, Text, TransactionEvent, UndoManager, merge_updates

from codesync_client.document.change import Change, Splice
from codesync_protocol.shared_text import SOURCE, TEXTS, no_panic

_OWN: Final = "own"
_OTHERS: Final = "others"

UNDO_GROUP_MS: Final = 500
"""Edits that follow each other this closely are undone together."""

_GROUP_END_MS: Final = 10 * UNDO_GROUP_MS

PENDING_MAX: Final = 200
"""Waiting own updates; more of them are merged into one."""

_RUN: Final = 128
"""Splices that are applied from front to back; see `_in_runs`."""


class Replica:
    """The client's copy of the shared texts.

    Args:
        client: the CRDT id from the server.
        state: the texts as one Yjs update.
        changed: called after every change, including own ones.

    Raises:
        DocumentBroken, ValueError: the state is invalid.
    """

    def __init__(
        self, client: int, state: bytes, changed: Callable[[Change], None] | None = None
    ) -> None:
        self.client = client
        self._changed = changed
        self._pending: list[bytes] = []
        self._deltas: list[tuple[str, list[dict[str, Any]]]] = []
        self._is_own = False
        self._undo_clock = _UndoClock()
        with no_panic():
            self._doc: Doc[Text] = Doc(client_id=client)
            self._texts = {name: self._doc.get(name, type=Text) for name in TEXTS}
            self._doc.apply_update(state)
            self._undo = {name: self._undo_manager(text) for name, text in self._texts.items()}

    def _undo_manager(self, text: Text) -> UndoManager:
        # Its callback must not refer to the replica: cycles through the library are not collected.
        manager = UndoManager(
            scopes=[text], capture_timeout_millis=UNDO_GROUP_MS, timestamp=self._undo_clock.now
        )
        manager.include_origin(_OWN)  # without it, what others do would be undone too
        return manager

    @property
    def texts(self) -> Mapping[str, str]:
        """The texts by name."""
        with no_panic():
            return {name: str(text) for name, text in self._texts.items()}

    @property
    def size(self) -> int:
        """The size of all texts in bytes."""
        with no_panic():
            return sum(len(text) for text in self._texts.values())

    def state(self) -> bytes:
        """Return the texts with their history as one update."""
        with no_panic():
            return self._doc.get_update()

    def text(self, name: str = SOURCE) -> str:
        """Return one of the texts."""
        with no_panic():
            return str(self._texts[name])

    # Own edits.

    def edit(self, name: str, at: int, deleted: int, inserted: str) -> None:
        """Replace a piece of a text; see `splice`."""
        self.splice(name, (Splice(at, deleted, inserted),))

    def splice(self, name: str, splices: Sequence[Splice]) -> None:
        """Replace pieces of a text in one step, which is sent, reported and undone as one.

        Args:
            name: which of TEXTS.
            splices: the pieces, each behind the one before, none of them within a character. What
                is no Unicode in them becomes a question mark.

        Raises:
            DocumentBroken: a place is not between characters; the replica is of no use now.
        """
        text = self._texts[name]

        def write() -> None:
            with self._doc.transaction(origin=_OWN):
                for splice in _in_runs([_clean(splice) for splice in splices]):
                    if splice.deleted:
                        del text[splice.at : splice.at + splice.deleted]
                    if splice.inserted:
                        text.insert(splice.at, splice.inserted)

        self._do(write, own=True)

    def undo(self, name: str = SOURCE) -> bool:
        """Undo the last own edit of a text; return whether there was one."""
        return self._do(self._undo[name].undo, own=True)

    def redo(self, name: str = SOURCE) -> bool:
        """Redo the last undone edit of a text; return whether there was one."""
        return self._do(self._undo[name].redo, own=True)

    def end_undo_group(self) -> None:
        """Undo later edits separately from earlier ones."""
        self._undo_clock.ahead_ms += _GROUP_END_MS

    def take(self) -> bytes | None:
        """Return the own edits since the last call as one update; None if there are none."""
        if not self._pending:
            return None
        pending, self._pending = self._pending, []
        with no_panic():
            return pending[0] if len(pending) == 1 else merge_updates(*pending)

    @property
    def has_pending(self) -> bool:
        """Whether there are own edits to collect."""
        return bool(self._pending)

    # Edits of others.

    def apply(self, update: bytes, member: int | None) -> None:
        """Apply an edit of a member.

        Args:
            update: a Yjs update; those before it have been applied.
            member: the author.

        Raises:
            DocumentBroken, ValueError: it cannot be applied; the replica is of no use any more.
        """

        def merge() -> None:
            with self._doc.transaction(origin=_OTHERS):
                self._doc.apply_update(update)

        self._do(merge, own=False, member=member)

    # Reports of the CRDT library.

    def _do(self, act: Callable[[], bool | None], *, own: bool, member: int | None = None) -> bool:
        self._is_own = own
        try:
            with no_panic(), self._observed():
                done = act()
        finally:
            deltas, self._deltas = self._deltas, []
        for name, delta in deltas:
            splices = tuple(_splices(delta))
            if splices and self._changed:
                self._changed(Change(name, splices, member))
        return bool(done)

    @contextmanager
    def _observed(self) -> Generator[None]:
        """Observe changes during the block.

        The library keeps a document in memory for as long as it is observed, even when nothing
        else refers to it.
        """
        if self._changed is None:
            yield
            return
        transactions = self._doc.observe(self._transacted)
        deltas = [(text, text.observe(self._watcher(name))) for name, text in self._texts.items()]
        try:
            yield
        finally:
            self._doc.unobserve(transactions)
            for text, subscription in deltas:
                text.unobserve(subscription)

    def _transacted(self, event: TransactionEvent) -> None:
        if self._is_own:
            self._pending.append(event.update)
            if len(self._pending) > PENDING_MAX:
                self._pending = [merge_updates(*self._pending)]

    def _watcher(self, name: str) -> Callable[[Any], None]:
        # The document must not be changed during its report: the change is only recorded.
        return lambda event: self._deltas.append((name, list(event.delta)))


class _UndoClock:
    """The clock by which the undo manager groups edits; moved forward to end a group."""

    def __init__(self) -> None:
        self.ahead_ms = 1

    def now(self) -> int:
        return time.monotonic_ns() // 1_000_000 + self.ahead_ms


def _clean(splice: Splice) -> Splice:
    if splice.inserted.isascii():
        return splice
    inserted = splice.inserted.encode("utf-8", "replace").decode()
    return Splice(splice.at, splice.deleted, inserted)


def _in_runs(splices: Sequence[Splice]) -> Iterator[Splice]:
    """Order splices so that many of them take little longer, each, than one.

    The library walks through all pieces of the text before a place to find it, and a splice makes
    one more: front to back, the time grows with the square of their number. Back to front it does,
    too, since what is before each is copied to be cut. So: the last run of them first, and each run
    front to back.
    """
    runs: list[list[Splice]] = []
    grown = 0
    for start in range(0, len(splices), _RUN):
        run = splices[start : start + _RUN]
        runs.append([Splice(each.at - grown, each.deleted, each.inserted) for each in run])
        grown += sum(len(each.inserted.encode()) - each.deleted for each in run)
    for run in reversed(runs):
        yield from run


def _splices(delta: list[dict[str, Any]]) -> list[Splice]:
    """Convert the library's description of a change to splices.

    What went and what came at one place are one: whoever stood behind what went stands behind what
    came, and to show 5,000 places takes half as long.
    """
    splices: list[Splice] = []
    start = deleted = 0
    inserted = ""
    for step in [*delta, {"retain": 0}]:
        if "delete" in step:
            deleted += int(step["delete"])
        elif "insert" in step:
            inserted += str(step["insert"])
        else:
            if deleted or inserted:
                splices.append(Splice(start, deleted, inserted))
            start += len(inserted.encode()) + int(step["retain"])
            deleted, inserted = 0, ""
    return splices
