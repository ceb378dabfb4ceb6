"""The lag of the event loop is measured, reported and logged (F33)."""

import logging
import time

import pytest

from codesync_client import Submission
from codesync_server.loop_lag import ALARM_PAUSE_SECONDS, ALARM_SECONDS, LoopLag
from tests.servers import running_server
from tests.waiting import eventually

BURN = b"""\
import multiprocessing, time
def burn():
    end = time.monotonic() + 0.7
    while time.monotonic() < end:
        pass
if __name__ == "__main__":
    each = [multiprocessing.Process(target=burn) for _ in range(8)]
    for process in each: process.start()
    for process in each: process.join()
"""


def lag(stats: object) -> dict[str, float]:
    assert isinstance(stats, dict)
    return stats["loop_lag"]  # type: ignore[no-any-return]  # as JSON has it


def test_f33_figures_are_those_of_the_last_minute() -> None:
    lags = LoopLag()
    assert lags.figures() == {"p50_ms": 0, "p99_ms": 0, "max_ms": 0}
    lags.add(9.0, 0.0)
    for tick in range(1199):
        lags.add(0.002, tick)
    assert lags.figures() == {"p50_ms": 2, "p99_ms": 2, "max_ms": 9000}
    lags.add(0.002, 60.0)
    assert lags.figures()["max_ms"] == 2, "a minute later it is forgotten"


def test_f33_a_blocked_loop_is_logged_but_does_not_fill_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lags = LoopLag()
    with caplog.at_level(logging.WARNING):
        lags.add(ALARM_SECONDS * 0.9, 0.0)
        assert not caplog.records
        for tick in range(100):
            lags.add(ALARM_SECONDS * 2, tick * ALARM_PAUSE_SECONDS / 50)
    assert [record.getMessage() for record in caplog.records] == [
        "the event loop was blocked for 500 ms",
        "the event loop was blocked for 500 ms (49 more since the last such line)",
    ]


async def test_f33_a_server_under_load_reports_its_lag_and_notices_that_it_was_blocked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with running_server() as server, server.room() as ana:
        await ana.submit(Submission("python", [("main.py", BURN)]))
        await eventually(lambda: server.app.stats()["finished"])
        quiet = lag(server.app.stats())
        assert 0 <= quiet["p50_ms"] <= quiet["p99_ms"] <= quiet["max_ms"]
        blocked = max(quiet["max_ms"] / 1000, ALARM_SECONDS) + 0.2
        time.sleep(blocked)  # noqa: ASYNC251  # this is what is to be noticed
        await eventually(lambda: lag(server.app.stats())["max_ms"] > (blocked - 0.1) * 1000)
        assert "the event loop was blocked" in caplog.text
