"""Encodes messages of a room, and skips those that no client would accept."""

import logging
from collections.abc import Iterable
from time import monotonic

from codesync_protocol.codec import encode
from codesync_protocol.errors import MessageTooLarge
from codesync_protocol.messages import ServerMessage

LOG_SECONDS = 60.0
"""A kind of message that is too large is logged at most this often."""

log = logging.getLogger(__name__)

_logged_at: dict[str, float] = {}


def frame_of(message: ServerMessage) -> bytes | None:
    """Encode a message.

    All messages are bounded so that they fit; this is the last line of defence. The message is
    lost, but the connections of the room stay open: a client ends a connection over which it gets
    a frame that is too large.

    Returns:
        The frame; None if it would be too large, which is logged.
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
    """Encode messages that belong together; without those that are too large."""
    return [frame for each in messages if (frame := frame_of(each)) is not None]
