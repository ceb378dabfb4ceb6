"""Sources and outputs as bytes: MessagePack, compressed with zlib (RFC 1950), capped."""

import zlib
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from codesync_protocol.limits import ARGS_MAX, MIB, PREPARED_STDIN_MAX, SOURCE_MAX
from codesync_server.store.records import JobSource, OutputRun

OUTPUT_HEAD = 512 * 1024
"""Bytes from the beginning of a job's output that are kept."""

OUTPUT_TAIL = 512 * 1024
"""Bytes from its end, if it is longer."""

EXCERPT_CHARS = 2000
"""Code points of a source that can be searched."""

SOURCE_PACKED_MAX = SOURCE_MAX + PREPARED_STDIN_MAX + ARGS_MAX + MIB
"""MessagePack of a source: the files, stdin and arguments, and some more for names."""

OUTPUT_PACKED_MAX = 64 * (OUTPUT_HEAD + OUTPUT_TAIL)
"""MessagePack of an output: each of its bytes may be a run of its own, with a name."""

LARGE_BYTES = 256 * 1024
"""Larger data is compressed at the fastest level."""

_T = TypeVar("_T")

_encoder = msgspec.msgpack.Encoder()
_sources = msgspec.msgpack.Decoder(JobSource)
_outputs = msgspec.msgpack.Decoder(tuple[OutputRun, ...])


def pack_source(source: JobSource) -> bytes:
    """Pack what a job runs."""
    return _compress(_encoder.encode(source))


def unpack_source(data: bytes) -> JobSource:
    """Unpack what a job runs.

    Raises:
        ValueError: the bytes were not made by `pack_source`.
    """
    return _unpack(_sources, data, SOURCE_PACKED_MAX)


def pack_output(output: Sequence[OutputRun]) -> bytes:
    """Pack what a job wrote."""
    return _compress(_encoder.encode(tuple(output)))


def unpack_output(data: bytes) -> tuple[OutputRun, ...]:
    """Unpack what a job wrote.

    Raises:
        ValueError: the bytes were not made by `pack_output`.
    """
    return _unpack(_outputs, data, OUTPUT_PACKED_MAX)


def _compress(data: bytes) -> bytes:
    return zlib.compress(data, 1 if len(data) > LARGE_BYTES else 3)


def _unpack(decoder: "msgspec.msgpack.Decoder[_T]", data: bytes, size_max: int) -> _T:
    try:
        stream = zlib.decompressobj()
        packed = stream.decompress(data, size_max + 1)  # one more, so that it reaches the end
        if not stream.eof:
            what = "is too large" if stream.unconsumed_tail else "ends too early"
            raise ValueError(f"the compressed data {what}")
        return decoder.decode(packed)
    except (zlib.error, msgspec.MsgspecError) as error:
        raise ValueError(str(error)) from None


def excerpt(source: JobSource) -> str:
    """What of a source can be searched."""
    return source.files[0][1][: 4 * EXCERPT_CHARS].decode("utf-8", "replace")[:EXCERPT_CHARS]
