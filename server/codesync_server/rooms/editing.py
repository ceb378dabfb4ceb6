"""What one member does with the texts of a room: every edit is checked, numbered and relayed."""

import msgspec

from codesync_protocol.codec import encode
from codesync_protocol.errors import Code, FrameError
from codesync_protocol.limits import EDIT_MAX, PART_MAX
from codesync_protocol.messages import (
    DocumentPart,
    Edit,
    Edited,
    EditRefused,
    Fault,
    FetchDocument,
)
from codesync_server.documents.document import EditNotTaken
from codesync_server.rooms.gate import Kept
from codesync_server.rooms.outlet import Outlet
from codesync_server.rooms.room import Room


class Editing:
    """One member's pen.

    Args:
        room: the room.
        member: the member's id.
        key: the member's client key.
        outlet: the way back to the member.
    """

    def __init__(self, room: Room, member: int, key: str, outlet: Outlet) -> None:
        self._room = room
        self._member = member
        self._key = key
        self._identity = room.identity(key)
        self._outlet = outlet
        self._pieces = bytearray()
        self._whole: bytes | None = None

    def edit(self, edit: Edit) -> None:
        """Take an edit, or a piece of one; what cannot be taken is answered, never raised."""
        if edit.number <= self._identity.edits_taken:
            return  # sent again after a cut in which our word of it was lost
        self._pieces += edit.data
        if edit.more and len(self._pieces) <= EDIT_MAX:
            return
        whole = bytes(self._pieces)
        self._pieces.clear()
        try:
            self._take(edit.number, whole)
        except EditNotTaken as error:
            self.refuse(edit.number, error.code, str(error))

    def refuse(self, number: int, code: Code, reason: str) -> None:
        """Say that an edit is not taken, behind what made it one that cannot be."""
        refusal = encode(EditRefused(number, code, reason))
        self._room.after(None, lambda: self._outlet.put_reply(refusal))

    def _take(self, number: int, whole: bytes) -> None:
        if len(whole) > EDIT_MAX:
            raise EditNotTaken(Code.TOO_LARGE, f"one edit may have {EDIT_MAX >> 20} MiB")
        if not self._identity.crdt:
            raise EditNotTaken(Code.BAD_EDIT, "nobody edits a text that they did not ask for")
        self._room.document.apply(whole, self._identity.crdt)
        self._identity.edits_taken = number
        kept = self._room.edited(self._key, number, whole)
        for start in range(0, len(whole), PART_MAX):
            more = start + PART_MAX < len(whole)
            self._relay(number, whole[start : start + PART_MAX], more, kept)

    def _relay(self, number: int, piece: bytes, more: bool, kept: Kept) -> None:
        member, identity = self._member, self._identity

        def make(seq: int) -> Edited:
            identity.edits_told = number
            return Edited(seq, member, number, piece, more)

        self._room.publish(make, kept)

    def fetch(self, request: FetchDocument) -> None:
        """Send the texts, in parts, as they are now.

        Raises:
            FrameError: the request makes no sense, or too much was asked for already.
        """
        document, identity = self._room.document, self._identity
        try:
            whole = document.state(request.vector)
        except EditNotTaken as error:
            raise FrameError(error.code, str(error)) from None
        kept: Kept = None
        if request.fresh or not identity.crdt:
            identity.crdt = document.assign()
            kept = self._room.save_member(self._key)
        self._pieces.clear()
        self._whole = whole
        head = DocumentPart(
            request.request,
            self._room.log.seq,
            identity.crdt,
            offset=0,
            total=len(whole),
            data=b"",
        )
        # Whoever edits under an id must find it known, whatever becomes of this server meanwhile.
        self._room.after(kept, lambda: self._send_part(head, whole))

    def _send_part(self, head: DocumentPart, whole: bytes) -> None:
        def make() -> bytes:
            end = head.offset + PART_MAX
            if end < len(whole) and self._whole is whole:  # else a newer request took its place
                self._send_part(msgspec.structs.replace(head, offset=end), whole)
            return encode(msgspec.structs.replace(head, data=whole[head.offset : end]))

        if not self._outlet.put_bulk(make):
            reason = "too many requests for old output and texts at once"
            self._outlet.put_reply(encode(Fault(Code.TOO_FAST, reason)))
