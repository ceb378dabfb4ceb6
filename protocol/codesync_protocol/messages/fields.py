"""The bounded field types that messages are made of.

Lengths of text are code points, each of which takes up to 4 bytes in a frame. A test builds every
message at its maximum size and compares it with the largest frame.
"""

from typing import Annotated

from msgspec import Meta

from codesync_protocol.limits import (
    ARGS_MAX,
    CELLS_MAX,
    FILE_NAME_MAX,
    INVITE_SECONDS_MAX,
    OUTPUT_EVENT_MAX,
    PART_MAX,
    SOURCE_MAX,
)

JobId = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$", max_length=32)]
"""128 random bits chosen by the submitter, so that a retry is recognised."""

AnyJobId = Annotated[str, Meta(max_length=32)]
"""The id of a job as a client sent it, valid or not; empty for none."""

OptionalJobId = Annotated[str, Meta(pattern=r"^([0-9a-f]{32})?$", max_length=32)]

PublicId = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$", max_length=32)]
"""Identifies a client instance; knowing it is not sufficient to act as this client."""

Epoch = Annotated[str, Meta(max_length=32)]
"""Identifies the epoch of a room that a `seq` belongs to."""

Token = Annotated[str, Meta(max_length=1024)]
"""An invite, or the server's token."""

RoomName = Annotated[str, Meta(max_length=64)]
MemberName = Annotated[str, Meta(max_length=200)]
ClaimedIdentity = Annotated[str, Meta(max_length=400)]
"""The readable part of an invite; empty for the server's own token."""

HelloNonce = Annotated[bytes, Meta(max_length=32)]
"""32 random bytes; empty in a hello of version 1."""

Nonce = Annotated[bytes, Meta(min_length=32, max_length=32)]
"""Random bytes, fresh for each connection."""

ProofBytes = Annotated[bytes, Meta(min_length=32, max_length=32)]
"""HMAC-SHA256 over the transcript of a handshake."""

MaskedSecret = Annotated[bytes, Meta(min_length=16, max_length=16)]
"""128 bits that only the holder of the right key can read."""

OptionalMaskedSecret = Annotated[bytes, Meta(max_length=16)]

ShortText = Annotated[str, Meta(max_length=200)]
HeldUp = Annotated[str, Meta(max_length=100)]
"""Shorter than a Sentence: a message contains one for each job that waits."""

Sentence = Annotated[str, Meta(max_length=2000)]
FileName = Annotated[str, Meta(min_length=1, max_length=FILE_NAME_MAX)]
Argument = Annotated[bytes, Meta(max_length=ARGS_MAX)]
"""A command-line argument: bytes, as execve(2) takes them."""

Tag = Annotated[str, Meta(max_length=40)]
Word = Annotated[str, Meta(max_length=40)]
"""One of several known words; later versions may add words."""

Version = Annotated[int, Meta(ge=0, le=1 << 16)]

Seq = Annotated[int, Meta(ge=0, lt=1 << 53)]
"""Number of an event in the room's log; 53 bits, which every language can represent."""

Size = Annotated[int, Meta(ge=0, lt=1 << 53)]
Count = Annotated[int, Meta(ge=0, lt=1 << 53)]
MemberId = Annotated[int, Meta(ge=0, lt=1 << 53)]
CrdtClient = Annotated[int, Meta(ge=0, lt=1 << 32)]
"""Identifies the author of a piece of a shared text; 32 bits, as in Yjs."""

Moment = Annotated[float, Meta(ge=0, le=1e11)]
"""Seconds since the Unix epoch; never NaN or infinite, which some readers do not accept."""

Seconds = Annotated[float, Meta(ge=0, le=1e9)]
"""A duration."""

InviteLifetime = Annotated[float, Meta(ge=0, le=INVITE_SECONDS_MAX)]
"""Seconds until an invite expires."""

Cells = Annotated[int, Meta(ge=1, le=CELLS_MAX)]
"""Columns or rows of a terminal."""

SourceSize = Annotated[int, Meta(ge=0, le=SOURCE_MAX)]

Part = Annotated[bytes, Meta(max_length=PART_MAX)]
OutputData = Annotated[bytes, Meta(max_length=OUTPUT_EVENT_MAX)]
