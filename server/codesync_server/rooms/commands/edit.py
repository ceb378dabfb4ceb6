"""Edits of one member: each is checked, numbered and relayed."""

import logging
import time
from collections.abc import Callable

import msgspec

from codesync_protocol.codec import encode
from codesync_protocol.errors import Code
from codesync_protocol.limits import EDIT_MAX, PART_MAX
from codesync_protocol.messages import (
    DocumentPart,
    Edit,
    Edited,
    EditRefused,
    Fault,
    FetchDocument,
    Notice,
    Role,
)
from codesync_server.documents.document import EditBrokeReplica, EditRejected
from codesync_server.rooms.commands.edit_charges import EditCharges
from codesync_server.rooms.deliveries import deliveries
from codesync_server.rooms.publish_barrier import Durable
from codesync_server.rooms.seat import Seat

log = logging.getLogger(__name__)


class EditCommands:
    """Applies one member's edits to the document.

    Args:
        seat: the member's place.
        charges: charges the edits; None: edits are free.
        clock: returns the seconds of a monotonic clock.
    """

    def __init__(
        self,
        seat: Seat,
        charges: EditCharges | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._charges = charges
        self._clock = clock
        self._room = seat.room
        self._member = seat.member.member
        self._key = seat.key
        self._identity = seat.room.identity(seat.key)
        self._channel = seat.channel
        self._pieces = bytearray()
        self._wanted: FetchDocument | None = None

    @property
    def unfinished_bytes(self) -> int:
        """Bytes of an edit whose last piece has not arrived."""
        return len(self._pieces)

    def edit(self, edit: Edit) -> None:
        """Apply an edit, or a piece of one; refusals are sent as replies, never raised."""
        if edit.number <= self._identity.edits_taken:
            return  # sent again after a reconnect: the confirmation was lost
        self._pieces += edit.data
        if edit.more and len(self._pieces) <= EDIT_MAX:
            return
        whole = bytes(self._pieces)
        self._pieces.clear()
        try:
            self._take(edit.number, whole)
        except EditRejected as error:
            self.refuse(edit.number, error.code, str(error))

    def refuse(self, number: int, code: Code, reason: str) -> None:
        """Send the refusal of an edit, after all earlier events."""
        if number <= self._identity.edits_taken:
            return  # it was accepted before a reconnect, and is sent again
        refusal = encode(EditRefused(number, code, reason))
        self._room.after(None, lambda: self._channel.put_reply(refusal))

    def _take(self, number: int, whole: bytes) -> None:
        if len(whole) > EDIT_MAX:
            raise EditRejected(Code.TOO_LARGE, f"one edit may have {EDIT_MAX >> 20} MiB")
        if not self._identity.crdt and self._wanted:
            return  # the texts were renewed meanwhile: a DocumentReset follows
        if not self._identity.crdt:
            raise EditRejected(Code.BAD_EDIT, "nobody edits a text that they did not ask for")
        self._apply(whole)
        self._identity.edits_taken = number
        durable = self._room.edited(self._key, number, whole)
        for start in range(0, len(whole), PART_MAX):
            more = start + PART_MAX < len(whole)
            self._relay(number, whole[start : start + PART_MAX], more, durable)
        if self._room.document.is_miscounted:
            self._offend()
        if self._room.document.is_overlong:
            self._room.renew_document()

    def _apply(self, whole: bytes) -> None:
        """Apply an edit, and charge its author for the time.

        Raises:
            EditRejected: the edit is refused.
        """
        document = self._room.document
        began, pieces, cost = time.thread_time(), document.pieces, 0
        try:
            document.apply(whole, self._identity.crdt)
            cost = deliveries(len(whole)) * self._room.size
        except EditBrokeReplica:
            log.warning("room %s: an edit made the CRDT library fail", self._room.name)
            self._offend()
            raise
        finally:
            if self._charges:
                seconds, pieces = time.thread_time() - began, document.pieces - pieces
                self._charges.worked(seconds, self._clock(), pieces, cost)

    def _offend(self) -> None:
        """Count an edit that no correct client makes; a repeated offender becomes a viewer."""
        role = self._room.member_of(self._key).role
        if self._charges is None or not self._charges.offend(self._clock()) or role != Role.EDITOR:
            return
        name = self._room.member_of(self._key).name
        # The link stays valid: other people have it too. Its budget bounds new keys.
        kept = self._room.set_role(self._key, Role.VIEWER, caps_links=False)
        text = f"{name} may only watch from now on: several of their edits damaged the text"
        self._room.after(kept, lambda: self._room.notify(Notice("warning", text)))

    def _relay(self, number: int, piece: bytes, more: bool, durable: Durable) -> None:
        member, identity = self._member, self._identity

        def make(seq: int) -> Edited:
            identity.edits_published = number
            return Edited(seq, member, number, piece, more)

        self._room.publish(make, durable)

    def fetch(self, request: FetchDocument) -> None:
        """Send the texts in parts. The snapshot is made when the first part is sent.

        A newer request replaces an older one that waits, so a client that asks often gets the texts
        once, not once for each request.
        """
        durable: Durable = None
        if request.fresh or not self._identity.crdt:
            self._identity.crdt = self._room.document.assign()
            durable = self._room.save_member(self._key)
        self._pieces.clear()
        self._wanted = request
        # The CRDT id must be stored before it is used, in case this server ends.
        self._room.after(durable, lambda: self._queue(lambda: self._put_together(request)))

    def _queue(self, make: Callable[[], bytes | None], source: bytes = b"") -> None:
        if not self._channel.put_bulk(make, source=source):
            reason = "too many requests for old output and texts at once"
            self._channel.put_reply(encode(Fault(Code.TOO_FAST, reason)))

    def _put_together(self, request: FetchDocument) -> bytes | None:
        if not self._is_wanted(request):
            return None
        whole = self._room.document.state()
        # Events of these edits are sent first, so the edits are durable: otherwise the reader could
        # have edits that a crash of the server loses.
        self._room.after(None, lambda: self._send(request, whole))
        return None

    def _send(self, request: FetchDocument, whole: bytes) -> None:
        if not self._is_wanted(request):
            return
        head = DocumentPart(
            request.request,
            self._room.text_seq,
            self._identity.crdt,
            offset=0,
            total=len(whole),
            data=b"",
        )
        self._queue(lambda: self._part(request, head, whole), whole)

    def _is_wanted(self, request: FetchDocument) -> bool:
        """Return whether a request is the newest one, and still refers to the current texts."""
        return request is self._wanted and bool(self._identity.crdt)

    def _part(self, request: FetchDocument, head: DocumentPart, whole: bytes) -> bytes | None:
        if request is not self._wanted:
            return None
        end = head.offset + PART_MAX
        if end < len(whole):
            following = msgspec.structs.replace(head, offset=end)
            self._queue(lambda: self._part(request, following, whole), whole)
        return encode(msgspec.structs.replace(head, data=whole[head.offset : end]))
