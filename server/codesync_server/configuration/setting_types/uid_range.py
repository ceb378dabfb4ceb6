"""The setting type for a range of numeric user ids: FIRST-LAST."""

import re
from dataclasses import dataclass
from typing import Any

from codesync_server.configuration.setting_types import SettingType

UID_MAX = (1 << 31) - 1
"""The highest user id that Docker accepts."""

UIDS_MIN = 1000
"""The smallest range: each container has a user id of its own."""

_RANGE = re.compile(r"\s*(\d{1,10})\s*-\s*(\d{1,10})\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class UidRange(SettingType):
    """A range of numeric user ids."""

    @property
    def allowed(self) -> str:
        """The form and the bounds."""
        return f"FIRST-LAST, at least {UIDS_MIN} user ids from 1 to {UID_MAX}"

    def check(self, value: object) -> range:
        """Check a range."""
        match = _RANGE.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise self.invalid(value)
        uids = range(int(match[1]), int(match[2]) + 1)
        if not 1 <= uids.start <= uids.stop - UIDS_MIN <= UID_MAX + 1 - UIDS_MIN:
            raise self.invalid(value)
        return uids

    def format(self, value: Any) -> str:
        """Format a range as text that `parse` accepts."""
        return show_uids(value)


def show_uids(uids: range) -> str:
    """Format a range as FIRST-LAST."""
    return f"{uids.start}-{uids.stop - 1}"
