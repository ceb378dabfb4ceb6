"""A program may write in bursts; one that never stops is held to a rate."""

from hypothesis import given
from hypothesis import strategies as st

from codesync_server.executors.output_pacing import BURST_BYTES, BYTES_PER_SECOND, OutputPacer

SIZES = st.integers(min_value=0, max_value=300_000)


@given(st.lists(st.tuples(SIZES, st.floats(min_value=0, max_value=1)), min_size=1))
def test_no_stretch_of_time_gets_more_than_a_burst_and_the_rate(
    writes: list[tuple[int, float]],
) -> None:
    now = 100.0
    pace = OutputPacer(now)
    taken: list[tuple[float, int]] = []
    for size, idle in writes:
        taken.append((now, size))
        now += pace.pause(size, now) + idle
    for first, (began, _) in enumerate(taken):
        total = 0
        for at, size in taken[first:]:
            total += size
            # The last piece may overdraw: what it costs is waited for after it.
            assert total - size <= BURST_BYTES + (at - began) * BYTES_PER_SECOND + 1


@given(st.lists(SIZES, min_size=1))
def test_whoever_writes_slowly_never_waits(sizes: list[int]) -> None:
    now = 0.0
    pace = OutputPacer(now)
    for size in sizes:
        now += size / BYTES_PER_SECOND + 0.001
        assert pace.pause(size, now) == 0.0
