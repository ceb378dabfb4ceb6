"""Counts repeated log lines, so that a flood of refusals or errors does not fill the log.

The first line of a kind is written, further ones within a minute are counted, and the count is
written once. Lines are of the same kind if they have the same logger, level and format.
"""

import logging
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

WINDOW_SECONDS = 60.0
KINDS_MAX = 500
"""Kinds that are counted at the same time; the oldest is written and forgotten first."""

KIND_LENGTH_MAX = 200

_VARYING = re.compile(r"0x[0-9a-f]+|\d+", re.IGNORECASE)

Schedule = Callable[[float, Callable[[], None]], object]
_Kind = tuple[str, int, str]


@dataclass(slots=True)
class _Interval:
    ends_at: float
    last: logging.LogRecord
    repeats: int = 0


def _on_timer(seconds: float, act: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()


class RepeatedLines(logging.Filter):
    """A filter of one handler that lets one line of each kind through in a window.

    Args:
        handler: the handler; counts are written to it.
        clock: seconds of a monotonic clock.
        schedule: calls a function after some seconds, in any thread.
    """

    def __init__(
        self,
        handler: logging.Handler,
        clock: Callable[[], float] = time.monotonic,
        schedule: Schedule = _on_timer,
    ) -> None:
        super().__init__()
        self._handler = handler
        self._clock = clock
        self._schedule = schedule
        self._lock = threading.Lock()
        self._windows: OrderedDict[_Kind, _Interval] = OrderedDict()  # the first to end first
        self._is_scheduled = False

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a line is to be written now."""
        kind = _kind_of(record)
        with self._lock:
            ended = self._dequeue_ended()
            window = self._windows.get(kind)
            if window is None:
                self._windows[kind] = _Interval(self._clock() + WINDOW_SECONDS, record)
                while len(self._windows) > KINDS_MAX:
                    ended.append(self._windows.popitem(last=False)[1])
            else:
                window.repeats += 1
                window.last = record
            must_schedule = bool(window) and not self._is_scheduled
            self._is_scheduled |= must_schedule
        if must_schedule:
            self._schedule(WINDOW_SECONDS, self._on_schedule)
        self._write(ended)
        return window is None

    def flush(self) -> None:
        """Write all counts now, before the process ends."""
        with self._lock:
            ended = list(self._windows.values())
            self._windows.clear()
        self._write(ended)

    def _on_schedule(self) -> None:
        with self._lock:
            ended = self._dequeue_ended()
            self._is_scheduled = any(window.repeats for window in self._windows.values())
            must_schedule = self._is_scheduled
        if must_schedule:
            self._schedule(WINDOW_SECONDS, self._on_schedule)
        self._write(ended)

    def _dequeue_ended(self) -> list[_Interval]:
        now, ended = self._clock(), list[_Interval]()
        while self._windows:
            kind, window = next(iter(self._windows.items()))
            if window.ends_at > now:
                break
            ended.append(self._windows.pop(kind))
        return ended

    def _write(self, windows: list[_Interval]) -> None:
        for window in windows:
            if not window.repeats:
                continue
            record = logging.makeLogRecord(window.last.__dict__)
            more = f"{window.repeats} more in the last {WINDOW_SECONDS:.0f} s"
            record.msg, record.args = f"{_first_line(window.last)} … {more}", ()
            record.exc_info = record.exc_text = record.stack_info = None
            with self._handler.lock or threading.Lock():
                self._handler.emit(record)


def aggregate_repeated_lines() -> list[RepeatedLines]:
    """Aggregate the repeated lines of all handlers of the root logger.

    Returns:
        The filters; flush them before the process ends.
    """
    filters: list[RepeatedLines] = []
    for handler in logging.getLogger().handlers:
        filters.append(RepeatedLines(handler))
        handler.addFilter(filters[-1])
    return filters


def _kind_of(record: logging.LogRecord) -> _Kind:
    template = str(record.msg)
    if not record.args or template == "%s":  # formatted by the caller
        template = _VARYING.sub("#", _first_line(record))
    return record.name, record.levelno, template[:KIND_LENGTH_MAX]


def _first_line(record: logging.LogRecord) -> str:
    return record.getMessage().partition("\n")[0][: 2 * KIND_LENGTH_MAX]
