"""H36: compressed data of a store is unpacked within bounds."""

import zlib

import pytest

from codesync_protocol.limits import PREPARED_STDIN_MAX, SOURCE_MAX
from codesync_protocol.messages import Stream
from codesync_server.store.packing import (
    OUTPUT_PACKED_MAX,
    SOURCE_PACKED_MAX,
    pack_output,
    pack_source,
    unpack_output,
    unpack_source,
)
from codesync_server.store.records import JobSource, OutputRun


def bomb(size: int) -> bytes:
    """Compressed MessagePack of a source with one file of many zeros."""
    packer = zlib.compressobj(9)
    head = b"\x91\x91\x92\xa7main.py\xc6" + size.to_bytes(4, "big")
    zeros = b"".join(packer.compress(bytes(1 << 20)) for _ in range(size >> 20))
    return packer.compress(head) + zeros + packer.flush()


def test_h36_the_largest_source_is_unpacked() -> None:
    name = "\U0001f600" * 100
    files = ((name, bytes(SOURCE_MAX)), *((f"{each}{name}", b"") for each in range(31)))
    source = JobSource(files, (b"x",) * 256, prepared=bytes(PREPARED_STDIN_MAX))
    assert unpack_source(pack_source(source)) == source


def test_h36_an_output_of_many_short_runs_is_unpacked() -> None:
    runs = [OutputRun(each, Stream.STDOUT, b"x", "\U0001f600" * 32) for each in range(10_000)]
    assert unpack_output(pack_output(runs)) == tuple(runs)


def test_h36_a_source_that_unpacks_to_too_much_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        unpack_source(bomb(SOURCE_PACKED_MAX + (1 << 20)))


def test_h36_an_output_that_unpacks_to_too_much_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        unpack_output(bomb(OUTPUT_PACKED_MAX + (1 << 20)))


def test_h36_data_that_ends_too_early_is_refused() -> None:
    with pytest.raises(ValueError, match="ends too early"):
        unpack_source(pack_source(JobSource((("main.py", b"text"),)))[:-3])
