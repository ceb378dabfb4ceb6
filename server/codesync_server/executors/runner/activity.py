"""Decides by cpu time whether the program computes or is idle."""

import contextlib
import os
from collections.abc import Callable

from codesync_server.executors.runner.processes import descendants

IDLE_WINDOW_SECONDS = 0.5
"""A program that uses hardly any cpu time for so long is idle."""

IDLE_CPUS = 0.025
"""Hardly any: this share of one cpu, 5 % of the default share of a program."""

BUSY_CPUS = 0.05
"""An idle program that uses more computes again. Twice the share above, so that a program whose use
lies between them does not change back and forth."""

MEMORY_STEP = 8 << 20
"""An idle program whose memory has changed by more is reported again."""


class Activity:
    """The activity of one program, all of its processes together.

    Args:
        now: monotonic seconds.
        cpu: cpu seconds of the program so far.
        memory: reads how many bytes of memory the program has in use.
        runnable: tells whether a thread of the program runs or is ready to run.

    Attributes:
        computes: False while the program is idle. A program begins as one that computes.
        memory: bytes in use when the program was last found idle; 0 before.
    """

    def __init__(
        self,
        now: float,
        cpu: float,
        memory: Callable[[], int],
        runnable: Callable[[], bool] | None = None,
    ) -> None:
        self.computes = True
        self.memory = 0
        self._read_memory = memory
        self._is_runnable = runnable or _descendants_are_runnable
        self._since, self._cpu = now, cpu  # the window that is being measured

    def check(self, now: float, cpu: float) -> bool:
        """Measure the cpu time and, of an idle program, the memory.

        Args:
            now: monotonic seconds.
            cpu: cpu seconds of the program so far.

        Returns:
            Whether there is something to report: `computes` has changed, or `memory` has by far.
        """
        used = cpu - self._cpu
        seconds = max(now - self._since, IDLE_WINDOW_SECONDS)
        limit = (IDLE_CPUS if self.computes else BUSY_CPUS) * seconds
        if used <= limit and now - self._since < IDLE_WINDOW_SECONDS:
            return False
        self._since, self._cpu = now, cpu
        if used > limit:
            was_idle, self.computes = not self.computes, True
            return was_idle
        # A program that is denied the cpu uses none either.
        if self.computes and self._is_runnable():
            return False
        return self._found_idle()

    def _found_idle(self) -> bool:
        memory = self._read_memory()
        if not self.computes and abs(memory - self.memory) <= MEMORY_STEP:
            return False
        self.computes, self.memory = False, memory
        return True


def _descendants_are_runnable() -> bool:
    return any(_is_runnable(pid) for pid in descendants(os.getpid()))


def _is_runnable(pid: int) -> bool:
    """Tell whether a thread of a process runs, or would if it were given the cpu."""
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/stat") as file:
                if file.read().rpartition(")")[2].split()[0] == "R":
                    return True
    return False
