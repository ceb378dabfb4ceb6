"""Slices of input end where frames end, or within the last one."""

from hypothesis import given
from hypothesis import strategies as st

from codesync_server.connections.frame_slices import FRAMES_A_SLICE, SLICE_BYTES, FrameSlices
from tests.server.connections.wire import BINARY, raw_frame

sizes = st.lists(st.sampled_from([0, 1, 125, 126, 1000, 65_535, 65_536, 70_000]), max_size=40)


@given(sizes, st.lists(st.integers(1, 5000), min_size=1))
def test_a47_no_slice_has_more_frames_or_bytes_than_it_may(
    sizes: list[int], pieces: list[int]
) -> None:
    frames = [raw_frame(BINARY, bytes(size)) for size in sizes]
    starts = [sum(map(len, frames[:number])) for number in range(len(frames))]
    sent, unparsed, taken = b"".join(frames), bytearray(), 0
    slices = FrameSlices()
    at = turn = 0
    while at < len(sent):
        piece = pieces[turn % len(pieces)]
        unparsed += sent[at : at + piece]
        at, turn = at + piece, turn + 1
        while size := slices.next_size(unparsed):
            assert size <= SLICE_BYTES
            assert sum(taken <= start < taken + size for start in starts) <= FRAMES_A_SLICE
            taken += size
            del unparsed[:size]
    assert taken == len(sent)


def test_an_incomplete_length_is_waited_for() -> None:
    frame = raw_frame(BINARY, bytes(70_000))
    slices = FrameSlices()
    assert [slices.next_size(bytearray(frame[:size])) for size in range(10)] == [0] * 10
    assert slices.next_size(bytearray(frame[:10])) == 10
