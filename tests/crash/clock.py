"""A wall clock that a test sets for its processes; monotonic clocks are unaffected."""

import mmap
import subprocess
from pathlib import Path

import pytest

from tests.conftest import require_command

_SOURCE = """\
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile long *ahead;

__attribute__((constructor)) static void begin(void) {
    int file = open(getenv("CODESYNC_TEST_CLOCK"), O_RDONLY);
    ahead = mmap(0, sizeof *ahead, PROT_READ, MAP_SHARED, file, 0);
    close(file);
}

int clock_gettime(clockid_t which, struct timespec *now) {
    int result = (int)syscall(SYS_clock_gettime, which, now);
    if (which == CLOCK_REALTIME) now->tv_sec += *ahead;
    return result;
}

int gettimeofday(struct timeval *now, void *zone) {
    int result = (int)syscall(SYS_gettimeofday, now, zone);
    now->tv_sec += *ahead;
    return result;
}

time_t time(time_t *there) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (there) *there = now.tv_sec;
    return now.tv_sec;
}
"""


class WallClock:
    """The wall clock of what is started while it is there.

    Args:
        folder: for its files.
        monkeypatch: puts it between new processes and the system.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        require_command("gcc")
        source, library, ahead = folder / "clock.c", folder / "clock.so", folder / "ahead"
        source.write_text(_SOURCE)
        ahead.write_bytes(bytes(mmap.PAGESIZE))
        subprocess.run(
            ["gcc", "-shared", "-fPIC", "-O1", "-o", str(library), str(source)], check=True
        )
        with ahead.open("r+b") as file:
            self._ahead = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        monkeypatch.setenv("CODESYNC_TEST_CLOCK", str(ahead))
        monkeypatch.setenv("LD_PRELOAD", str(library))

    def jump(self, seconds: int) -> None:
        """Set it to so much more than the system's, or less; all see it at once."""
        self._ahead[:8] = seconds.to_bytes(8, "little", signed=True)
