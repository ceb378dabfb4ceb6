"""Repeated log lines are counted instead of written."""

import io
import logging
from collections.abc import Callable, Generator

import pytest

from codesync_server.repeated_lines import KINDS_MAX, WINDOW_SECONDS, RepeatedLines


class Time:
    """A clock, and what is to be called later."""

    def __init__(self) -> None:
        self.now = 0.0
        self.scheduled: list[tuple[float, Callable[[], None]]] = []

    def schedule(self, seconds: float, act: Callable[[], None]) -> None:
        self.scheduled.append((self.now + seconds, act))

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        due = [act for at, act in self.scheduled if at <= self.now]
        self.scheduled = [each for each in self.scheduled if each[0] > self.now]
        for act in due:
            act()


class Log:
    """A logger that writes into memory, with the filter."""

    def __init__(self) -> None:
        self.time = Time()
        self.stream = io.StringIO()
        self.handler = logging.StreamHandler(self.stream)
        self.lines_filter = RepeatedLines(self.handler, lambda: self.time.now, self.time.schedule)
        self.handler.addFilter(self.lines_filter)
        self.logger = logging.getLogger("tests.repeated")
        self.logger.propagate = False
        self.logger.setLevel("INFO")
        self.logger.addHandler(self.handler)

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()


@pytest.fixture
def log() -> Generator[Log, None, None]:
    log = Log()
    yield log
    log.logger.removeHandler(log.handler)


def refuse(log: Log, count: int) -> None:
    for number in range(count):
        log.logger.info("refused %s: busy", f"10.0.0.{number}")


def test_h35_the_first_line_is_written_and_the_others_are_counted(log: Log) -> None:
    refuse(log, 41_370)
    assert log.lines == ["refused 10.0.0.0: busy"]
    log.time.pass_by(WINDOW_SECONDS)
    assert log.lines[1:] == ["refused 10.0.0.41369: busy … 41369 more in the last 60 s"]
    assert not log.time.scheduled, "nothing is left to be counted"


def test_h35_a_new_window_begins_with_the_next_line(log: Log) -> None:
    refuse(log, 3)
    log.time.now += WINDOW_SECONDS
    refuse(log, 2)
    assert log.lines == [
        "refused 10.0.0.0: busy",
        "refused 10.0.0.2: busy … 2 more in the last 60 s",
        "refused 10.0.0.0: busy",
    ]
    log.time.pass_by(WINDOW_SECONDS)
    assert len(log.lines) == 4


def test_h35_a_line_that_is_not_repeated_is_written_once(log: Log) -> None:
    log.logger.info("the server listens")
    log.time.pass_by(10 * WINDOW_SECONDS)
    log.lines_filter.flush()
    assert log.lines == ["the server listens"]


def test_h35_lines_of_other_kinds_are_not_held_back(log: Log) -> None:
    refuse(log, 100)
    log.logger.warning("refused %s: busy", "10.0.0.1")
    log.logger.info("the store is away")
    log.logger.info("the store is slow")
    assert len(log.lines) == 4


def test_h35_numbers_do_not_make_another_kind_of_a_formatted_line(log: Log) -> None:
    for number in range(100):
        log.logger.error(f"socket.accept() failed: <socket fd={number}, at {hex(number)}>\nmore")  # noqa: G004 # as asyncio does
    assert len(log.lines) == 2


def test_h35_the_counts_are_written_when_the_server_ends(log: Log) -> None:
    refuse(log, 5)
    log.lines_filter.flush()
    assert log.lines[-1].endswith("… 4 more in the last 60 s")


def test_h35_an_exception_is_shown_once(log: Log) -> None:
    for _ in range(10):
        try:
            raise OSError("too many open files")
        except OSError:
            log.logger.exception("a connection failed")
    log.time.pass_by(WINDOW_SECONDS)
    assert log.stream.getvalue().count("Traceback") == 1
    assert log.lines[-1] == "a connection failed … 9 more in the last 60 s"


def test_h35_the_number_of_kinds_is_bounded(log: Log) -> None:
    names = [f"{chr(0x4E00 + number)} happened" for number in range(3 * KINDS_MAX)]
    for name in names:
        log.logger.info(name)
        log.logger.info(name)
    assert len(log.lines) == 3 * KINDS_MAX + 2 * KINDS_MAX
