"""File locks are counted when a program may have many (H17), not in short runs.

To read /proc/locks takes the kernel from 10 to 80 ms, in which the runner does nothing else.
"""

from pathlib import Path

from codesync_server.executors.runner.uncharged_memory import (
    LOCKS_CPU_SECONDS,
    UNCHARGED_FAST_POLL_SECONDS,
    UNCHARGED_MAX,
    UNCHARGED_POLL_SECONDS,
    UnchargedMemory,
)

LINE = "1: POSIX  ADVISORY  WRITE 1 00:01:1 0 0\n"
TOO_MANY = UNCHARGED_MAX["locks"] + 2


def test_h17_locks_are_not_counted_for_a_program_that_used_little_cpu(tmp_path: Path) -> None:
    locks = tmp_path / "locks"
    locks.write_text(LINE)
    uncharged = UnchargedMemory(str(locks))
    locks.write_text(LINE * TOO_MANY)
    assert uncharged.exceeded(100.0, LOCKS_CPU_SECONDS * 0.9) == ""
    assert uncharged.poll_seconds == UNCHARGED_POLL_SECONDS


def test_h17_locks_are_counted_again_after_some_cpu_time(tmp_path: Path) -> None:
    locks = tmp_path / "locks"
    locks.write_text(LINE)
    uncharged = UnchargedMemory(str(locks))
    assert uncharged.exceeded(100.0, LOCKS_CPU_SECONDS) == ""
    locks.write_text(LINE * TOO_MANY)
    assert uncharged.exceeded(101.0, LOCKS_CPU_SECONDS * 1.9) == ""
    assert uncharged.exceeded(102.0, LOCKS_CPU_SECONDS * 2) == "locks"


def test_h17_many_locks_are_looked_at_sooner(tmp_path: Path) -> None:
    locks = tmp_path / "locks"
    locks.write_text("")
    uncharged = UnchargedMemory(str(locks))
    locks.write_text(LINE * (UNCHARGED_MAX["locks"] // 2))
    assert uncharged.exceeded(100.0, LOCKS_CPU_SECONDS) == ""
    assert uncharged.poll_seconds == UNCHARGED_FAST_POLL_SECONDS


def test_h17_the_cpu_time_of_the_next_stage_begins_at_zero(tmp_path: Path) -> None:
    locks = tmp_path / "locks"
    locks.write_text("")
    uncharged = UnchargedMemory(str(locks))
    assert uncharged.exceeded(100.0, 10.0) == ""  # the compiler
    locks.write_text(LINE * TOO_MANY)
    assert uncharged.exceeded(101.0, LOCKS_CPU_SECONDS / 2) == "locks"
