"""Typed lines are found at their position in the output, and their number is bounded."""

from codesync_protocol.messages import StdinEcho
from codesync_server.jobs.stdin_log import KEPT_BYTES, KEPT_MAX, StdinLog
from tests.server.making import job_id


def typed(stdin_log: StdinLog, offset: int, data: bytes = b"x") -> StdinEcho:
    """Somebody types when so much had been written."""
    return stdin_log.add(
        lambda number: StdinEcho(1, job_id(1), 1, "ana", data, offset=offset, number=number)
    )


def test_lines_lie_where_they_came() -> None:
    stdin_log = StdinLog()
    first, second, third = (typed(stdin_log, offset) for offset in (0, 7, 7))
    assert [each.number for each in (first, second, third)] == [0, 1, 2]
    assert stdin_log.within(0, 7) == (first,)
    assert stdin_log.within(0, None) == (first, second, third)
    assert stdin_log.within(7, 8) == (second, third)
    assert stdin_log.within(8, None) == ()


def test_the_oldest_go_first() -> None:
    stdin_log = StdinLog()
    for offset in range(KEPT_MAX + 10):
        typed(stdin_log, offset)
    assert len(stdin_log.within(0, None)) == KEPT_MAX
    assert stdin_log.within(0, None)[0].number == 10
    typed(stdin_log, 5000, bytes(KEPT_BYTES))
    assert [each.number for each in stdin_log.within(0, None)] == [KEPT_MAX + 10]
    assert stdin_log.total == KEPT_MAX + 11
