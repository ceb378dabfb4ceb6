"""Bursts of output are read at once; further output is read at a rate shared by the room."""

from hypothesis import given
from hypothesis import strategies as st

from codesync_server.executors.output_pacing import (
    ALLOWANCE_PER_SECOND,
    BURST_BYTES,
    BYTES_PER_SECOND,
    OutputPacer,
    OutputPacers,
    RoomOutputRate,
)

SIZE_MAX = 300_000
SIZES = st.integers(min_value=0, max_value=SIZE_MAX)
IDLE = st.floats(min_value=0, max_value=1)


@given(st.integers(1, 5), st.lists(st.tuples(st.integers(0, 4), SIZES, IDLE), min_size=1))
def test_no_stretch_of_time_gets_more_than_the_bursts_and_the_rate_of_the_room(
    programs: int, writes: list[tuple[int, int, float]]
) -> None:
    room = RoomOutputRate(0.0)
    paces = [OutputPacer(room, 0.0) for _ in range(programs)]
    next_read = [0.0] * programs
    taken: list[tuple[float, int]] = []
    now = 0.0
    for number, size, idle in writes:
        program = number % programs
        now = max(now, next_read[program])
        taken.append((now, size))
        next_read[program] = now + paces[program].pause(size, now) + idle
    for first, (began, _) in enumerate(taken):
        total = 0
        for at, size in taken[first:]:
            total += size
            seconds = at - began
            own = BURST_BYTES + seconds * ALLOWANCE_PER_SECOND
            # The last piece of each program is paid for after it.
            assert total <= programs * (own + 2 * SIZE_MAX) + seconds * BYTES_PER_SECOND + 1


@given(st.lists(SIZES, min_size=1))
def test_a_program_that_writes_slowly_never_waits(sizes: list[int]) -> None:
    now = 0.0
    pace = OutputPacer(RoomOutputRate(now), now)
    for size in sizes:
        now += size / ALLOWANCE_PER_SECOND + 0.001
        assert pace.pause(size, now) == 0.0


def test_a_single_flood_is_read_at_the_rate_after_its_burst() -> None:
    pace = OutputPacer(RoomOutputRate(0.0), 0.0)
    assert pace.pause(BURST_BYTES, 0.0) == 0.0
    assert pace.pause(BYTES_PER_SECOND, 0.0) == 1.0


def test_floods_of_one_room_share_its_rate_and_others_do_not_wait_for_them() -> None:
    paces = OutputPacers()
    with (
        paces.program("floods", 0.0) as first,
        paces.program("floods", 0.0) as second,
        paces.program("floods", 0.0) as quick,
        paces.program("other", 0.0) as other,
    ):
        for each in (first, second, other):
            assert each.pause(BURST_BYTES, 0.0) == 0.0
        assert first.pause(BYTES_PER_SECOND, 0.0) == 1.0
        assert second.pause(BYTES_PER_SECOND, 0.0) == 2.0
        assert quick.pause(100_000, 0.0) == 0.0
        assert other.pause(BYTES_PER_SECOND, 0.0) == 1.0
        assert len(paces) == 2
    assert len(paces) == 0
