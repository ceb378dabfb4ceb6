"""The shared texts of a room, kept in step with the server. Pure: no sockets, no clock.

There are two copies. The server's copy has the published edits in the server's order. The own copy
has the own edits too, from the moment they are made; without unpublished edits both are equal.
Sometimes own edits cannot be sent again one by one: the server does not know this member any more,
or the text has another history. Then the difference between the copies is applied to the new text.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from codesync_client.document.carets import CaretPlace, Carets
from codesync_client.document.change import Change, Splice
from codesync_client.document.fetch import DocumentFetch
from codesync_client.document.listener import Conflict, DocumentListener
from codesync_client.document.merge import merge, splices
from codesync_client.document.own_caret import OwnCaret
from codesync_client.document.own_edits import OwnEdits
from codesync_client.document.replica import Replica
from codesync_client.document.server_copy import ServerCopy
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
from codesync_protocol.shared_text import SOURCE, TEXTS, DocumentBroken

_NO_TEXT = -1
"""Less than every event: a caret that arrives without the texts waits for them."""

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
        self._mine: Replica | None = None
        self._server = ServerCopy()
        self._own = OwnEdits()
        self._caret = OwnCaret()
        self._present: set[int] = set()
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
        # A refused edit is removed from the own edits before the user is asked about it.
        return self._mine is not None and (self._mine.has_pending or self._was_refused)

    def text(self, name: str = SOURCE) -> str:
        """Return one of the texts; empty until they have arrived."""
        return self._mine.text(name) if self._mine else ""

    @property
    def base(self) -> Mapping[str, str]:
        """The texts without own unpublished edits; empty until they have arrived."""
        return self._server.texts

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
        self._caret.move(CaretPlace(anchor, head), send_now=send_now)
        if send_now:
            self._wake()

    def send_caret(self, *, again: bool = False) -> None:
        """Send the own caret, if the others do not know it.

        Args:
            again: send it even if they know it.
        """
        self._caret.request(again=again)
        self._wake()

    def _write(self, act: Callable[[Replica], object]) -> None:
        if self._mine is None:
            return
        try:
            act(self._mine)
        except DocumentBroken:
            self._start_over()
        self._wake()

    # Messages to the server.

    def parts(self) -> Iterator[ClientMessage]:
        """Yield the messages that may be sent now."""
        if request := self._fetch.request():
            yield request
        if self._fetch.goes_on:
            return
        self._collect()
        if request := self._fetch.request():
            yield request
            return
        yield from self._own.send()
        if self._own.are_unconfirmed or self._mine is None:
            return
        if caret := self._caret.due(self.carets.own):
            self.carets.own = caret
            yield Caret(self._server.seq, caret.anchor, caret.head)

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

    # Messages from the server.

    def enter(self, welcome: Welcome) -> None:
        """Receive a welcome: the first one, or one after a reconnection."""
        self._me = welcome.member
        self._server.drop_pieces()
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
        """Prepare to enter as a new member.

        The server accepts no edits of the old CRDT id any more. The own changes are applied as a
        difference to the text when it arrives.
        """
        self._is_forgotten = True

    def receive(self, message: ServerMessage) -> None:
        """Receive a message; messages about other things than the texts are ignored."""
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
        seq = _NO_TEXT if self._fetch.goes_on else self._server.seq
        for caret in moved.carets:
            if caret.member != self._me:
                place = CaretPlace(caret.anchor, caret.head)
                self.carets.arrived(caret.member, caret.base, place, seq)
        self._notify_carets_moved()

    def _check(self, check: DocumentCheck) -> None:
        if not self._fetch.goes_on and self._server.contradicts(check):
            self._start_over()

    def _members(self, members: set[int]) -> None:
        has_joined, self._present = bool(members - self._present), members
        self.carets.keep(members)
        self._notify_carets_moved()
        if has_joined and self._listener:
            self._listener.member_joined()

    def _edited(self, edited: Edited) -> None:
        if edited.member == self._me and not edited.more:
            self._own.confirm(edited.number)
        if self._fetch.goes_on:
            self._fetch.keep(edited)
            return
        update = self._server.receive(edited)
        if update is None or self._mine is None:
            return
        self._mine.apply(update, edited.member)  # no effect for own edits, which it contains
        if edited.member == self._me:
            self.carets.confirmed(edited.number, edited.seq)

    def _part(self, part: DocumentPart) -> None:
        whole = self._fetch.part(part)
        if whole is not None:
            self._arrived(whole, part, CHEAP_BLOCKS)

    @property
    def unchecked_history(self) -> bytes | None:
        """The fetched texts, if they may be costly to load: see `history_checked`."""
        return self._fetch.unchecked[0] if self._fetch.unchecked else None

    def history_checked(self, blocks: int) -> None:
        """Load the `unchecked_history`.

        Args:
            blocks: an upper bound of its blocks.
        """
        if self._fetch.unchecked is None:
            return  # another fetch has begun since
        try:
            self._arrived(*self._fetch.unchecked, blocks)
        except (DocumentBroken, ValueError):
            self._start_over()

    def postpone_fetch(self) -> None:
        """Do not load the `unchecked_history`."""
        if self._fetch.unchecked is not None:
            self._fetch.postpone()

    def fetch_again(self) -> None:
        """Fetch the texts if the fetch was postponed."""
        self._fetch.resume()
        self._wake()

    def _arrived(self, state: bytes, part: DocumentPart, blocks: int) -> None:
        base = self.base
        early = self._fetch.end(part.seq)
        self._server.load(part.client, state, part.seq, blocks)
        if self._mine and self._mine.client == part.client:
            self._merge_state(self._mine, state)
        else:
            self._replace_texts(base, state, part.client)
        for edited in early:
            self._edited(edited)

    def _merge_state(self, mine: Replica, state: bytes) -> None:
        """Merge what this member missed of the same texts; send unconfirmed edits again."""
        mine.apply(state, _SEVERAL)
        self.carets.begin(self._server.seq)
        self._own.send_again()
        if not self.unsent and mine.texts != self.base:
            # Sent again as edits, the lost text would come twice: other members have it too.
            self._was_refused = True
            self._start_over("the server has lost something that was in the room")
            return
        self._notify_loaded()

    def _replace_texts(self, base: Mapping[str, str], state: bytes, client: int) -> None:
        """Show other texts; apply the unpublished changes of the previous ones to them."""
        mine = self._mine.texts if self._mine else None
        self._mine = Replica(client, state, self._changed)
        self._own.clear()
        self.carets.begin(self._server.seq)
        reason, self._reason = self._reason, ""
        self._notify_loaded()
        if mine is not None and not self._merge(base, mine, reason):
            self.conflict = Conflict(mine, reason or "somebody else changed the same lines")
            if self._listener:
                self._listener.document_in_conflict(self.conflict)
        self._was_refused = False

    def _merge(self, base: Mapping[str, str], mine: Mapping[str, str], reason: str) -> bool:
        """Apply own changes to the present texts; return whether none of them is lost."""
        theirs = self.base
        if reason and (self._was_refused or dict(base) != dict(theirs)):
            return dict(mine) == dict(theirs)  # if they differ, the user decides
        merged = {name: merge(base[name], mine[name], theirs[name]) for name in TEXTS}
        if any(text is None for text in merged.values()):
            return False
        for name, text in merged.items():
            self.replace(name, text or "")
        return True

    def _start_over(self, reason: str = "") -> None:
        self._reason = reason or self._reason
        self._fetch.begin(fresh=True)

    # Notifications of the listener.

    def _changed(self, change: Change) -> None:
        if change.text != SOURCE or change.member == _SEVERAL:
            pass  # no carets in this text, or `Carets.begin` follows
        elif change.member is None:
            self.carets.wrote(change.splices, self._own.number + 1)
        else:
            self.carets.edited(change.splices, change.member, self._server.seq)
        if self._listener:
            self._listener.document_changed(change)

    def _notify_carets_moved(self) -> None:
        if self._listener:
            self._listener.carets_moved()

    def _notify_loaded(self) -> None:
        if self._listener:
            self._listener.document_loaded()
