"""The output of a job can be read again from any offset."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_protocol.messages import OutputChunk, Stream
from codesync_server.jobs import output_log as output_module
from codesync_server.jobs.output_log import OutputLog
from codesync_server.store.output_parts import CHUNKS_MAX

WRITES = st.lists(st.tuples(st.sampled_from(Stream), st.binary(max_size=5)), max_size=30)


def kept(writes: list[tuple[Stream, bytes]]) -> OutputLog:
    output = OutputLog()
    for stream, data in writes:
        output.add(stream, data)
    return output


def bytewise(chunks: tuple[OutputChunk, ...]) -> list[tuple[Stream, int]]:
    """Each byte with its stream."""
    return [(chunk.stream, byte) for chunk in chunks for byte in chunk.data]


@given(WRITES, st.integers(0, 200), st.integers(1, 50))
def test_reading_gives_what_was_written_there(
    writes: list[tuple[Stream, bytes]], offset: int, limit: int
) -> None:
    output = kept(writes)
    everything = [(stream, byte) for stream, data in writes for byte in data]
    start, chunks = output.read(offset, limit)
    assert output.total == output.held_bytes == len(everything)
    assert start == min(offset, len(everything))
    assert bytewise(chunks) == everything[offset : offset + limit]


@given(WRITES)
def test_each_write_is_told_its_offset(writes: list[tuple[Stream, bytes]]) -> None:
    output = OutputLog()
    at = 0
    for stream, data in writes:
        assert output.add(stream, data) == at
        at += len(data)


@given(WRITES, st.integers(1, 4))
def test_reading_on_from_the_end_of_each_part_gives_everything(
    writes: list[tuple[Stream, bytes]], limit: int
) -> None:
    output = kept(writes)
    position, read = 0, list[tuple[Stream, int]]()
    while position < output.total:
        start, chunks = output.read(position, limit)
        assert start == position
        assert chunks, "progress with every part"
        read += bytewise(chunks)
        position = start + sum(len(chunk.data) for chunk in chunks)
    assert read == [(stream, byte) for stream, data in writes for byte in data]


def test_one_stream_is_one_chunk_however_it_was_written() -> None:
    output = kept([(Stream.STDOUT, b"a"), (Stream.STDOUT, b"b"), (Stream.STDERR, b"c")])
    assert output.read(0, 100)[1] == (
        OutputChunk(Stream.STDOUT, b"ab"),
        OutputChunk(Stream.STDERR, b"c"),
    )


def test_output_that_changes_its_stream_all_the_time_comes_in_bounded_parts() -> None:
    output = kept([(Stream.STDOUT, b"o"), (Stream.STDERR, b"e")] * 5000)
    _, chunks = output.read(0, 1 << 16)
    assert len(chunks) <= 4096  # what one OutputPart may hold


def test_what_was_dropped_is_said_to_be_gone() -> None:
    output = kept([(Stream.STDOUT, b"abc")])
    output.drop()
    assert (output.held_bytes, output.total) == (0, 3)
    assert output.read(0, 100) == (3, ())


@given(WRITES, st.data())
def test_h34_evictions_of_a_running_jobs_output_leave_its_beginning_and_its_end(
    writes: list[tuple[Stream, bytes]], data: st.DataObject
) -> None:
    output = OutputLog()
    everything: list[tuple[Stream, int]] = []
    holes: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(output_module, "OUTPUT_HEAD", 4)
        patch.setattr(output_module, "OUTPUT_TAIL", 6)
        for stream, written in writes:
            output.add(stream, written)
            everything += [(stream, byte) for byte in written]
            if data.draw(st.booleans()):
                output.evict()
                holes = list(range(4, max(4, len(everything) - 6, len(holes) + 4)))
    assert output.held_bytes == len(everything) - len(holes)
    position = 0
    read: dict[int, tuple[Stream, int]] = {}
    while position < output.total:
        start, chunks = output.read(position, data.draw(st.integers(1, 9)))
        read |= dict(enumerate(bytewise(chunks), start))
        position = start + sum(len(chunk.data) for chunk in chunks)
    assert read == {n: each for n, each in enumerate(everything) if n not in holes}


def test_a_program_that_changes_streams_with_every_byte_makes_no_costly_answer() -> None:
    output = OutputLog()
    for number in range(1000):
        output.add((Stream.STDOUT, Stream.STDERR)[number % 2], b"x")
    offset, read = 0, 0
    while offset < output.total:
        _, chunks = output.read(offset, output.total)
        assert 0 < len(chunks) <= CHUNKS_MAX
        offset, read = offset + sum(len(chunk.data) for chunk in chunks), read + 1
    assert read == 8
