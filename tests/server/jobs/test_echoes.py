"""Typed lines are found where they came in the output, and are not kept without end."""

from codesync_protocol.messages import StdinEcho
from codesync_server.jobs.echoes import KEPT_BYTES, KEPT_MAX, Echoes
from tests.server.making import job_id


def typed(echoes: Echoes, offset: int, data: bytes = b"x") -> StdinEcho:
    """Somebody types when so much had been written."""
    return echoes.add(
        lambda number: StdinEcho(1, job_id(1), 1, "ana", data, offset=offset, number=number)
    )


def test_lines_lie_where_they_came() -> None:
    echoes = Echoes()
    first, second, third = (typed(echoes, offset) for offset in (0, 7, 7))
    assert [each.number for each in (first, second, third)] == [0, 1, 2]
    assert echoes.within(0, 7) == (first,)
    assert echoes.within(0, None) == (first, second, third)
    assert echoes.within(7, 8) == (second, third)
    assert echoes.within(8, None) == ()


def test_the_oldest_go_first() -> None:
    echoes = Echoes()
    for offset in range(KEPT_MAX + 10):
        typed(echoes, offset)
    assert len(echoes.within(0, None)) == KEPT_MAX
    assert echoes.within(0, None)[0].number == 10
    typed(echoes, 5000, bytes(KEPT_BYTES))
    assert [each.number for each in echoes.within(0, None)] == [KEPT_MAX + 10]
    assert echoes.total == KEPT_MAX + 11
