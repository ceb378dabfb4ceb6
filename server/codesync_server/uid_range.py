"""A range of numeric users as a setting: FIRST-LAST."""

import re
from dataclasses import dataclass
from typing import Any

from codesync_server.kinds import Kind

UID_MAX = (1 << 31) - 1
"""The highest uid that Docker takes."""

UIDS_MIN = 1000
"""A range has at least so many: each container has one for itself."""

_RANGE = re.compile(r"\s*(\d{1,10})\s*-\s*(\d{1,10})\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class UidRange(Kind):
    """Numeric users from the first to the last."""

    @property
    def allowed(self) -> str:
        """Its form and bounds."""
        return f"FIRST-LAST, at least {UIDS_MIN} user ids from 1 to {UID_MAX}"

    def take(self, value: object) -> range:
        """Check a range."""
        match = _RANGE.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise self.unfit(value)
        uids = range(int(match[1]), int(match[2]) + 1)
        if not 1 <= uids.start <= uids.stop - UIDS_MIN <= UID_MAX + 1 - UIDS_MIN:
            raise self.unfit(value)
        return uids

    def write(self, value: Any) -> str:
        """Write a range so that `read` gives it again."""
        return show_uids(value)


def show_uids(uids: range) -> str:
    """Write a range as FIRST-LAST."""
    return f"{uids.start}-{uids.stop - 1}"
