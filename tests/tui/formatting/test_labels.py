"""Numbers and states as text."""

import pytest

from codesync_protocol.messages import JobState, LimitsInfo, QueuedJob
from codesync_protocol.verdict import MemorySource, Result, Verdict
from codesync_tui.formatting import labels


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1.0 kB"), (999_949, "999.9 kB"),
     (999_950, "1.0 MB"), (1_234_567, "1.2 MB"), (10**10, "10.0 GB")],
)  # fmt: skip
def test_sizes(count: int, text: str) -> None:
    assert labels.size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.017, "0.02 s"), (12.34, "12.3 s"), (61, "1:01 min"), (300, "5:00 min")]
)
def test_durations(seconds: float, text: str) -> None:
    assert labels.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.017, "0.02 s"), (59.94, "59.9 s"), (59.96, "0:59"), (163, "2:43"), (3720, "1:02h")],
)
def test_how_long_something_took_fits_into_a_narrow_column(seconds: float, text: str) -> None:
    assert labels.short_duration(seconds) == text
    assert len(text) <= 6


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "0:00"), (7.9, "0:07"), (3599, "59:59"), (3720, "1:02h"), (10**6, "11d")],
)
def test_ages(seconds: float, text: str) -> None:
    assert labels.age(seconds) == text


def test_states() -> None:
    assert labels.state(JobState.QUEUED) == "waiting"
    assert labels.state("\x1bodd") == "␛odd"


def test_an_ending_says_what_is_known() -> None:
    result = Result(
        Verdict.RUNTIME_ERROR,
        "the program returned 3",
        exit_code=3,
        cpu_seconds=0.1,
        wall_seconds=0.2,
        peak_memory=9_100_000,
        memory_source=MemorySource.RUSAGE,
    )
    ending = labels.ending(result)
    assert ending.word == "runtime error"
    assert ending.figures == ("exit 3", "cpu 0.10 s", "wall 0.20 s", "memory 9.1 MB")
    assert ending.explanation == "the program returned 3"


def test_an_ending_that_says_it_all_is_not_explained() -> None:
    assert labels.ending(Result(Verdict.OK, "all is well")).explanation == ""
    assert labels.ending(Result(Verdict.CANCELLED, ""), by="ben\x1b").figures == ("by ben␛",)


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (Result(Verdict.CANCELLED, "cancelled"), ""),
        (Result(Verdict.CANCELLED, "cancelled before it ran"), "cancelled before it ran"),
        (Result(Verdict.RUNTIME_ERROR, "exit code 1", exit_code=1), ""),
        (Result(Verdict.COMPILE_ERROR, "the compiler ended with exit code 1", exit_code=1), ""),
        (Result(Verdict.SIGNALLED, "ended by signal 11 (SIGSEGV)", signal="SIGSEGV"), ""),
        (Result(Verdict.TIME_LIMIT, "cpu time limit: 5.0 of 5 s"), "cpu time limit: 5.0 of 5 s"),
    ],
)
def test_what_verdict_and_figures_say_is_not_said_again(result: Result, told: str) -> None:
    assert labels.ending(result).explanation == told


def test_limits() -> None:
    text = labels.limits(LimitsInfo(5.0, 300.0, 5.0, 256_000_000, 10_000_000))
    assert text.startswith("5.00 s (5:00 min when it may be typed to)")


def test_a_place_in_the_queue_and_when_it_is_ones_turn() -> None:
    assert labels.queue_position(QueuedJob("0" * 32, "queued", 1)) == "waits #1"
    assert labels.queue_position(QueuedJob("0" * 32, "queued", 12, starts_in=40.2)) == "#12 in 40s"
    assert labels.queue_position(QueuedJob("0" * 32, "queued", 99, starts_in=260.0)) == "#99 in 4m"
    held_up = QueuedJob("0" * 32, "queued", 2, held_up="programs with a terminal: 12, the limit")
    assert labels.queue_position(held_up) == "#2 held up"
