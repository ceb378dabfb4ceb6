"""Parts of stored output are cut out without reading what lies before them."""

from typing import Any

from codesync_protocol.limits import PART_MAX
from codesync_protocol.messages import FetchOutput, Stream
from codesync_protocol.messages.lists import TYPED_LINES
from codesync_server.store.output_parts import CHUNKS_MAX
from codesync_server.store.records import OutputRun
from codesync_server.store.stored_output import StoredOutput

JOB = "0" * 32
STREAMS = (Stream.STDOUT, Stream.STDERR)


class CountedList(list[OutputRun]):
    """Counts how many of its items are read."""

    read = 0

    def __getitem__(self, index: Any) -> Any:
        self.read += 1
        return list[Any].__getitem__(self, index)


def test_f29_a_part_from_the_middle_reads_only_its_own_pieces() -> None:
    runs = [OutputRun(at, STREAMS[at % 2], b"x") for at in range(100_000)]
    output = StoredOutput(runs, len(runs))
    counted = CountedList(runs)
    vars(output)["_runs"] = counted
    part = output.part(FetchOutput(JOB, 90_000))
    assert (part.offset, len(part.chunks), part.end) == (90_000, CHUNKS_MAX, 90_000 + CHUNKS_MAX)
    assert counted.read <= CHUNKS_MAX + 1
    assert output.pieces(FetchOutput(JOB, 90_000)) == CHUNKS_MAX


def test_f29_all_parts_together_are_the_whole_output_with_its_hole() -> None:
    first = [OutputRun(at * 7, STREAMS[at % 2], bytes([at % 256]) * 7) for at in range(1000)]
    last = [OutputRun(900_000, Stream.STDOUT, b"z" * (2 * PART_MAX))]
    total = 900_000 + 2 * PART_MAX
    output, at, data, jumps = StoredOutput([*first, *last], total), 0, b"", 0
    while at < total:
        part = output.part(FetchOutput(JOB, at))
        jumps += part.offset != at
        data += b"".join(chunk.data for chunk in part.chunks)
        at = part.end
    assert data == b"".join(run.data for run in (*first, *last))
    assert jumps == 1


def test_f29_typed_lines_come_with_their_numbers_however_many_there_are() -> None:
    many = 3 * TYPED_LINES.items
    lines = [OutputRun(1, Stream.STDOUT, b"%d\n" % number, "ana") for number in range(many)]
    output, line = StoredOutput([OutputRun(0, Stream.STDOUT, b"ab"), *lines], 2), 0
    typed: list[tuple[int, bytes]] = []
    more = True
    while more:
        part = output.part(FetchOutput(JOB, 0, line))
        assert 0 < len(part.typed) <= TYPED_LINES.items
        pieces = output.pieces(FetchOutput(JOB, 0, line))
        assert pieces == len(part.chunks) + len(part.typed), "what is charged is what is sent"
        typed += [(each.number, each.data) for each in part.typed]
        line, more = typed[-1][0] + 1, part.more_typed
    assert typed == [(number, b"%d\n" % number) for number in range(many)]
