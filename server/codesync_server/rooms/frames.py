"""Encodes messages of a room, and skips those that no client would accept."""

import logging
from collections.abc import Iterable
from time import monotonic

from codesync_protocol.codec import encode
from codesync_protocol.errors import MessageTooLarge
from codesync_protocol.messages import ServerMessage

LOG_SECONDS = 60.0
"""Seconds between two log entries about the same type of message."""

log = logging.getLogger(__name__)

_logged_at: dict[str, float] = {}


def frame_of(message: ServerMessage) -> bytes | None:
    """Encode a message.

    All messages are bounded so that they fit; this check is the last line of defence. A message
    that is too large is lost, but the connections stay open: clients close a connection that sends
    them such a frame.

    Returns:
        The frame; None if it is too large. That is logged.
    """
    try:
        return encode(message)
    except MessageTooLarge as error:
        now = monotonic()
        if now - _logged_at.get(error.kind, -LOG_SECONDS) >= LOG_SECONDS:
            _logged_at[error.kind] = now
            log.error("not sent: %s", error)
        return None


def frames_of(messages: Iterable[ServerMessage]) -> list[bytes]:
    """Encode messages; those that are too large are omitted."""
    return [frame for each in messages if (frame := frame_of(each)) is not None]
