"""Encodes messages as frames, and decodes frames.

msgpack packs messages. msgspec decodes frames directly into the message types, and checks every
type, length and bound meanwhile. Building plain objects first would turn 1 MiB of nested empty maps
into 72 MB.
"""

from typing import Final, TypeVar, get_args

import msgpack
import msgspec

from codesync_protocol.errors import Code, FrameError, MessageTooLarge
from codesync_protocol.fitting import fit
from codesync_protocol.limits import FRAME_MAX
from codesync_protocol.messages import ClientMessage, ServerMessage

_from_client: Final[msgspec.msgpack.Decoder[ClientMessage]] = msgspec.msgpack.Decoder(ClientMessage)
_SERVER_KINDS: Final[tuple[type, ...]] = get_args(ServerMessage)
_from_server: Final[msgspec.msgpack.Decoder[ServerMessage]] = msgspec.msgpack.Decoder(ServerMessage)


def encode(message: ClientMessage | ServerMessage, limit: int = FRAME_MAX) -> bytes:
    """Pack a message into a frame.

    Args:
        message: any message. Texts of a server's message are cut to the bounds of their fields;
            messages of clients are not changed.
        limit: the largest frame that the receiver accepts, in bytes.

    Returns:
        A MessagePack array: the tag, then the fields. Invalid Unicode in a text (a file name may
        be any bytes) becomes a question mark.

    Raises:
        MessageTooLarge: the frame would be larger than `limit`.
    """
    packed = _pack(fit(message) if isinstance(message, _SERVER_KINDS) else message)
    if len(packed) > limit:
        raise MessageTooLarge(type(message).__name__, len(packed), limit)
    return packed


def encoded_size(*parts: msgspec.Struct) -> int:
    """Return the number of bytes that parts of a message take in its frame."""
    packed = _pack(tuple(map(fit, parts)))  # as a server sends them
    return len(packed) - _header_size(len(parts))


def _header_size(items: int) -> int:
    """Return the size of the header of a MessagePack array."""
    return 1 if items < 1 << 4 else 3 if items < 1 << 16 else 5


def _pack(value: object) -> bytes:
    plain = msgspec.to_builtins(value, builtin_types=(bytes,))
    packed: bytes = msgpack.packb(plain, use_bin_type=True, unicode_errors="replace")
    return packed


def decode_from_client(frame: bytes | str) -> ClientMessage:
    """Read a frame that a client sent.

    Args:
        frame: the payload of a websocket message.

    Returns:
        The message.

    Raises:
        FrameError: the frame is not one of the messages that a client may send.
    """
    return _decode(_from_client, frame)


def decode_from_server(frame: bytes | str) -> ServerMessage:
    """Read a frame that a server sent.

    Args:
        frame: the payload of a websocket message.

    Returns:
        The message.

    Raises:
        FrameError: the frame is not one of the messages that a server may send.
    """
    return _decode(_from_server, frame)


_Message = TypeVar("_Message")


def _decode(decoder: msgspec.msgpack.Decoder[_Message], frame: bytes | str) -> _Message:
    if isinstance(frame, str):
        raise FrameError(Code.BAD_FRAME, "the frame is text; messages are binary MessagePack")
    try:
        return decoder.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError) as error:
        # The error may quote the frame, which may be long.
        raise FrameError(Code.BAD_FRAME, f"invalid frame: {error}"[:300]) from None
