"""Encodes carets: as many as fit into each frame."""

from collections.abc import Iterable

from codesync_protocol.messages import MemberCaret, MemberCarets
from codesync_protocol.messages.lists import CARETS
from codesync_protocol.paging import pages
from codesync_server.rooms.frames import frames_of


def caret_frames(carets: Iterable[MemberCaret]) -> list[bytes]:
    """Encode carets. The result is empty if there are no carets."""
    return frames_of(MemberCarets(page) for page in pages(carets, CARETS) if page)
