"""Messages to frames and back.

msgpack packs. Frames are decoded straight into the message types by msgspec, which checks every
type, length and bound on the way: building plain objects first would let 1 MiB of nested empty maps
become 72 MB.
"""

from typing import Final, TypeVar

import msgpack
import msgspec

from codesync_protocol.errors import Code, FrameError
from codesync_protocol.messages import ClientMessage, ServerMessage

_from_client: Final[msgspec.msgpack.Decoder[ClientMessage]] = msgspec.msgpack.Decoder(ClientMessage)
_from_server: Final[msgspec.msgpack.Decoder[ServerMessage]] = msgspec.msgpack.Decoder(ServerMessage)


def encode(message: ClientMessage | ServerMessage) -> bytes:
    """Pack a message into a frame.

    Args:
        message: any message.

    Returns:
        A MessagePack array: the tag, then the fields. What in a text is no Unicode (a file name
        may be any bytes) becomes a question mark.
    """
    plain = msgspec.to_builtins(message, builtin_types=(bytes,))
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
        raise FrameError(Code.BAD_FRAME, f"the frame makes no sense: {error}"[:300]) from None
