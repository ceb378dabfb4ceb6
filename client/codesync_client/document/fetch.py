"""Fetches the shared texts: parts of the answer, and edits that arrive meanwhile. Pure."""

from codesync_protocol.errors import Code, FrameError
from codesync_protocol.history_size import is_cheap
from codesync_protocol.messages import DocumentPart, Edited, FetchDocument
from codesync_protocol.yjs_update import BadUpdate, read_state

STATE_MAX = 36 * 1024 * 1024
"""The most bytes of texts with their history that are accepted. A server keeps at most 32 MiB."""

EARLY_ENTRY_BYTES = 500
"""Memory of an edit besides its bytes."""

EARLY_MAX = 8 * 1024 * 1024
"""Bytes of edits that may arrive during a fetch; after more, the texts are fetched again."""


class DocumentFetch:
    """At most one request for the texts at a time.

    Attributes:
        goes_on: whether the texts are requested, or will be, and have not arrived.
        unchecked: the texts, if they have arrived and may be expensive to load.
    """

    def __init__(self) -> None:
        self.goes_on = False
        self.unchecked: tuple[bytes, DocumentPart] | None = None
        self._is_due = False
        self._is_postponed = False
        self._fresh = False
        self._request = 0
        self._whole = bytearray()
        self._early: list[Edited] = []
        self._early_bytes = 0

    def begin(self, *, fresh: bool) -> None:
        """Request the texts, again if a fetch is in progress.

        Args:
            fresh: whether to request an unused CRDT id.
        """
        self._fresh = fresh or (self.goes_on and self._fresh)
        self.postpone()
        self._is_due, self._is_postponed = True, False

    def postpone(self) -> None:
        """Drop the fetched texts, until `begin` or `resume` requests them again."""
        self.goes_on = self._is_postponed = True
        self._is_due = False
        self._request += 1
        self.unchecked = None
        self._whole.clear()
        self._early.clear()
        self._early_bytes = 0

    def resume(self) -> None:
        """Request the texts, if the fetch was postponed."""
        if self._is_postponed:
            self.begin(fresh=self._fresh)

    def request(self) -> FetchDocument | None:
        """Return the request to send now, if any."""
        if not self._is_due:
            return None
        self._is_due = False
        return FetchDocument(self._request, fresh=self._fresh)

    def keep(self, edited: Edited) -> None:
        """Store an edit that arrives during the fetch."""
        if self._is_postponed:
            return  # the texts that are fetched later contain it
        self._early.append(edited)
        self._early_bytes += len(edited.data) + EARLY_ENTRY_BYTES
        if self._early_bytes > EARLY_MAX:
            self.begin(fresh=self._fresh)

    def part(self, part: DocumentPart) -> bytes | None:
        """Receive a part.

        Returns:
            The whole, when it is complete and certainly cheap to load; one that is not is left in
            `unchecked`. Parts of older requests are ignored.

        Raises:
            ValueError: the parts do not follow each other.
            FrameError: the server claims more than a server keeps, or sent nonsense; it is not to
                be asked again on this connection.
        """
        if not self.goes_on or part.request != self._request:
            return None
        if part.total > STATE_MAX:
            limit = STATE_MAX >> 20
            reason = f"the room's texts are said to have {part.total:,} bytes; {limit} MiB may come"
            raise FrameError(Code.TOO_LARGE, reason)
        if part.offset != len(self._whole) or not part.data:
            raise ValueError("the parts of the room's texts are invalid")
        self._whole += part.data
        if len(self._whole) < part.total:
            return None
        whole = bytes(self._whole)
        self._whole.clear()
        if not is_cheap([whole]):
            self.unchecked = whole, part
            return None
        try:
            read_state(whole)
        except BadUpdate as error:
            reason = f"the room's texts are invalid: {error}"
            raise FrameError(Code.BAD_FRAME, reason) from None
        return whole

    def end(self, seq: int) -> list[Edited]:
        """Finish the fetch.

        Args:
            seq: the last event that they contain.

        Returns:
            The edits that came meanwhile and are not contained.
        """
        early, self._early = self._early, []
        self.goes_on = False
        self.unchecked = None
        self._whole.clear()
        return [edited for edited in early if edited.seq > seq]
