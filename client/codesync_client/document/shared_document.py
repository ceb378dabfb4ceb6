"""The shared texts of a room, kept in step with the server. Pure: no sockets, no clock.

Two copies are held: one is what the server has, edit by edit in its order; the other has our own
edits besides, from the moment they are made. While nothing of ours is on the way, both are equal.
When our edits cannot be merged one by one any more (the server forgot us, or the text has another
history), the first says what we changed, and that is done again to the text as it is then.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from codesync_client.document.carets import CaretPlace, Carets
from codesync_client.document.change import Change, Splice
from codesync_client.document.edit_pieces import EditPieces
from codesync_client.document.fetch import DocumentFetch
from codesync_client.document.listener import Conflict, DocumentListener
from codesync_client.document.merge import merge, splices
from codesync_client.document.own_edits import OwnEdits
from codesync_client.document.replica import Replica
from codesync_client.document.text_bounds import TextBounds, check_size
from codesync_protocol.history_size import CHEAP_BLOCKS
from codesync_protocol.messages import (
    Caret,
    ClientMessage,
    DocumentCheck,
    DocumentPart,
    DocumentReset,
    Edited,
    EditRefused,
    MemberCarets,
    Members,
    ServerMessage,
    Welcome,
)
from codesync_protocol.shared_text import SOURCE, TEXTS, DocumentBroken, digest

_NO_TEXT = -1
"""Comes before every event: nothing counts in a text that is not here yet."""

_SEVERAL = 0
"""The author of a change that results from several members."""


class SharedDocument:
    """The shared texts of a room.

    Args:
        wake: called after each own change, when there is a message to send.

    Attributes:
        carets: the carets of the other members in the source.
        conflict: the last conflict; None if there was none.
    """

    def __init__(self, wake: Callable[[], None] = lambda: None) -> None:
        self._wake = wake
        self._listener: DocumentListener | None = None
        self.carets = Carets()
        self.conflict: Conflict | None = None
        self._epoch = ""
        self._text_id = ""
        self._seq = 0  # the last edit that we have
        self._fetched = 0  # the last one that came with the texts
        self._mine: Replica | None = None
        self._confirmed: Replica | None = None
        self._own = OwnEdits()
        self._caret: CaretPlace | None = None
        self._caret_is_due = self._caret_is_news = False
        self._here: set[int] = set()
        self._pieces = EditPieces()
        self._bounds = TextBounds()
        self._fetch = DocumentFetch()
        self._reason = ""
        self._was_refused = False
        self._is_forgotten = False
        self._me = 0

    def attach(self, listener: DocumentListener) -> None:
        """Set the listener that shows the texts; there is one at most."""
        self._listener = listener

    # The present texts.

    @property
    def is_there(self) -> bool:
        """Whether the texts have arrived."""
        return self._mine is not None

    @property
    def unsent(self) -> int:
        """The number of own edits that the server has not published yet."""
        return self._own.count + self._has_pending

    @property
    def oldest_unsent(self) -> int | None:
        """The number of the first own edit that is not published; None if there is none.

        While it stays the same, no own edit has arrived.
        """
        if (oldest := self._own.oldest) is not None:
            return oldest
        return self._own.number + 1 if self._has_pending else None

    @property
    def is_settled(self) -> bool:
        """Whether the texts have arrived, and the server has all own edits."""
        return self.is_there and not self._fetch.goes_on and not self.unsent

    @property
    def _has_pending(self) -> bool:
        # What was refused is not among what waits any more, and nobody has been asked about it yet.
        return self._mine is not None and (self._mine.has_pending or self._was_refused)

    def text(self, name: str = SOURCE) -> str:
        """Return one of the texts; empty until they have arrived."""
        return self._mine.text(name) if self._mine else ""

    @property
    def base(self) -> Mapping[str, str]:
        """The texts without own unpublished edits; empty until they have arrived."""
        return self._confirmed.texts if self._confirmed else dict.fromkeys(TEXTS, "")

    # Own edits.

    def edit(self, name: str, at: int, deleted: int, inserted: str) -> None:
        """Replace a piece of a text, if the texts have arrived; see Replica.splice."""
        self.splice(name, (Splice(at, deleted, inserted),))

    def splice(self, name: str, splices: Sequence[Splice]) -> None:
        """Replace pieces of a text in one step, if the texts have arrived; see Replica.splice."""
        self._write(lambda mine: mine.splice(name, splices))

    def replace(self, name: str, text: str) -> None:
        """Change a text into another one with few edits."""
        self.splice(name, splices(self.text(name), text))

    def replace_in_own_step(self, name: str, text: str) -> None:
        """Replace a text as `replace` does, in an undo step of its own."""
        self.end_undo_group()
        self.replace(name, text)
        self.end_undo_group()

    def undo(self, name: str = SOURCE) -> None:
        """Undo the last own edit of a text."""
        self._write(lambda mine: mine.undo(name))

    def redo(self, name: str = SOURCE) -> None:
        """Redo the last undone edit of a text."""
        self._write(lambda mine: mine.redo(name))

    def end_undo_group(self) -> None:
        """Undo later edits separately from earlier ones."""
        if self._mine:
            self._mine.end_undo_group()

    def move_caret(self, anchor: int, head: int, *, send_now: bool = True) -> None:
        """Set the own caret in the source, in bytes; it is sent if the others do not know it.

        Args:
            anchor: the position where the selection begins.
            head: the position of the caret.
            send_now: send it now; otherwise `send_caret` does. Set the caret with every change of
                the text in any case, because a waiting one would refer to an older text.
        """
        self._caret = CaretPlace(anchor, head)
        self._caret_is_due |= send_now
        if send_now:
            self._wake()

    def send_caret(self, *, again: bool = False) -> None:
        """Send the own caret, if the others do not know it.

        Args:
            again: send it even if they know it.
        """
        self._caret_is_due = True
        self._caret_is_news |= again
        self._wake()

    def _write(self, act: Callable[[Replica], object]) -> None:
        if self._mine is None:
            return
        try:
            act(self._mine)
        except DocumentBroken:
            self._start_over()
        self._wake()

    # What goes out.

    def parts(self) -> Iterator[ClientMessage]:
        """What may be sent now."""
        if request := self._fetch.request():
            yield request
        if self._fetch.goes_on:
            return
        self._collect()
        if request := self._fetch.request():
            yield request
            return
        yield from self._own.send()
        if self._caret_is_due and not self._own.are_unconfirmed and self._mine:
            caret, self._caret = self._caret or self.carets.own, None
            is_news = self._caret_is_news or caret != self.carets.own
            self._caret_is_due = self._caret_is_news = False
            if caret and is_news:
                self.carets.own = caret
                yield Caret(self._seq, caret.anchor, caret.head)

    def _collect(self) -> None:
        update = self._mine.take() if self._mine else None
        if update is None:
            return
        first = self._own.number + 1
        if not self._own.add(update):
            self._was_refused = True
            self._start_over("one edit was too large to be sent")
            return
        self.carets.split(first, self._own.number)

    # What comes in.

    def enter(self, welcome: Welcome) -> None:
        """Take a welcome: the first one, or that of a return."""
        self._me = welcome.member
        self._pieces.clear()
        self._own.confirm(welcome.edits_taken)
        known = self._text_id == welcome.text and self._mine is not None and not self._is_forgotten
        self._is_forgotten = False
        resumed = self._epoch == welcome.epoch and welcome.resumed
        if known and resumed and not self._fetch.goes_on:
            self._own.send_again()
            return
        if self._mine is not None and self._text_id != welcome.text:
            self._reason = "the room has another text than before"
        self._epoch, self._text_id = welcome.epoch, welcome.text
        self.carets.forget_early()
        self._fetch.begin(fresh=not known)

    def forgotten(self) -> None:
        """Enter as a new member: our edits are not known to be ours any more.

        Under the old CRDT id nothing can be sent again. What we changed is applied to the text as
        a difference once it is here.
        """
        self._is_forgotten = True

    def receive(self, message: ServerMessage) -> None:
        """Take a message; those that are about something else are ignored."""
        try:
            match message:
                case Edited():
                    self._edited(message)
                case DocumentPart():
                    self._part(message)
                case MemberCarets():
                    self._carets_moved(message)
                case Members(members=members):
                    self._members({each.member for each in members})
                case DocumentCheck():
                    self._check(message)
                case DocumentReset():
                    self._start_over()
                case EditRefused(reason=reason) if not self._fetch.goes_on:
                    self._was_refused = True
                    self._start_over(reason)
                case _:
                    pass
        except (DocumentBroken, ValueError):
            self._start_over()

    def _carets_moved(self, moved: MemberCarets) -> None:
        seq = _NO_TEXT if self._fetch.goes_on else self._seq
        for caret in moved.carets:
            if caret.member != self._me:
                place = CaretPlace(caret.anchor, caret.head)
                self.carets.arrived(caret.member, caret.base, place, seq)
        self._notify_carets_moved()

    def _check(self, check: DocumentCheck) -> None:
        """See whether our copy is right; one that is older than our copy says nothing."""
        if self._confirmed is None or self._fetch.goes_on or check.seq < self._seq:
            return
        if digest(self._confirmed.texts) != check.digest:
            self._start_over()

    def _members(self, members: set[int]) -> None:
        has_come, self._here = bool(members - self._here), members
        self.carets.keep(members)
        self._notify_carets_moved()
        if has_come and self._listener:
            self._listener.member_joined()

    def _edited(self, edited: Edited) -> None:
        if edited.member == self._me and not edited.more:
            self._own.confirm(edited.number)
        if self._fetch.goes_on:
            self._fetch.keep(edited)
            return
        if edited.seq <= self._fetched:
            return  # the texts that were fetched have it
        if (update := self._pieces.add(edited)) is not None:
            self._apply(update, edited)

    def _apply(self, update: bytes, edited: Edited) -> None:
        assert self._confirmed
        assert self._mine
        self._bounds.add(update)
        self._confirmed.apply(update, edited.member)
        check_size(self._confirmed.size)
        if self._bounds.is_full:
            self._bounds.count(self._confirmed.state())
        self._seq = edited.seq
        self._mine.apply(update, edited.member)  # it knows our own ones, and changes nothing
        if edited.member == self._me:
            self.carets.confirmed(edited.number, edited.seq)

    def _part(self, part: DocumentPart) -> None:
        whole = self._fetch.part(part)
        if whole is not None:
            self._arrived(whole, part, CHEAP_BLOCKS)

    @property
    def unchecked_history(self) -> bytes | None:
        """The texts as they came, if they may be costly to load: see `history_checked`."""
        return self._fetch.unchecked[0] if self._fetch.unchecked else None

    def history_checked(self, blocks: int) -> None:
        """Load the `unchecked_history`.

        Args:
            blocks: at most so many blocks are in it.
        """
        if self._fetch.unchecked is None:
            return  # it is of no use any more
        try:
            self._arrived(*self._fetch.unchecked, blocks)
        except (DocumentBroken, ValueError):
            self._start_over()

    def _arrived(self, whole: bytes, part: DocumentPart, blocks: int) -> None:
        self._bounds = TextBounds(blocks, len(whole))
        early = self._fetch.end(part.seq)
        self._pieces.clear()
        if self._mine and self._mine.client == part.client:
            self._catch_up(whole, part.seq)
        else:
            self._begin_anew(whole, part)
        for edited in early:
            self._edited(edited)

    def _catch_up(self, whole: bytes, seq: int) -> None:
        """The text is the one that we know: what we missed is merged, what we did is sent again."""
        assert self._mine
        self._confirmed = Replica(self._mine.client, whole)
        self._seq = self._fetched = seq
        self._mine.apply(whole, _SEVERAL)
        self.carets.begin(self._seq)
        self._own.send_again()
        if not self.unsent and self._mine.texts != self._confirmed.texts:
            # Sent again one by one it would come twice: everybody who was here has it.
            self._was_refused = True
            self._start_over("the server has lost something that was in the room")
            return
        self._notify_loaded()

    def _begin_anew(self, whole: bytes, part: DocumentPart) -> None:
        """The text is another one: what we changed in the old one is done to it again."""
        before, base = self._mine, self.base
        mine = before.texts if before else None
        self._confirmed = Replica(part.client, whole)
        self._mine = Replica(part.client, whole, self._changed)
        self._seq = self._fetched = part.seq
        self._own.clear()
        self.carets.begin(self._seq)
        reason, self._reason = self._reason, ""
        self._notify_loaded()
        if mine is not None and not self._merge(base, mine, reason):
            self.conflict = Conflict(mine, reason or "somebody else changed the same lines")
            if self._listener:
                self._listener.document_in_conflict(self.conflict)
        self._was_refused = False

    def _merge(self, base: Mapping[str, str], mine: Mapping[str, str], reason: str) -> bool:
        """Do again what we did; tell whether nothing of it is lost."""
        theirs = self.base
        if reason and (self._was_refused or dict(base) != dict(theirs)):
            return dict(mine) == dict(theirs)  # else people decide
        merged = {name: merge(base[name], mine[name], theirs[name]) for name in TEXTS}
        if any(text is None for text in merged.values()):
            return False
        for name, text in merged.items():
            self.replace(name, text or "")
        return True

    def _start_over(self, reason: str = "") -> None:
        self._reason = reason or self._reason
        self._fetch.begin(fresh=True)

    # What is told.

    def _changed(self, change: Change) -> None:
        if change.text != SOURCE or change.member == _SEVERAL:
            pass  # carets are not in it, or begin anew
        elif change.member is None:
            self.carets.wrote(change.splices, self._own.number + 1)
        else:
            self.carets.edited(change.splices, change.member, self._seq)
        if self._listener:
            self._listener.document_changed(change)

    def _notify_carets_moved(self) -> None:
        if self._listener:
            self._listener.carets_moved()

    def _notify_loaded(self) -> None:
        if self._listener:
            self._listener.document_loaded()
