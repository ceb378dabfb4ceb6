"""Reports of crashes of the screen, in the user's state directory (XDG Base Directory)."""

import os
import time
from contextlib import suppress
from pathlib import Path

SIZE_MAX = 64 * 1024
"""Stored bytes of a trace."""

KEPT = 5
"""Number of stored reports; older ones are removed."""


def save(trace: bytes) -> Path | None:
    """Save the trace of a crash, readable only by the user.

    Args:
        trace: the output of faulthandler: names of files and functions, no data.

    Returns:
        The file; None if there is no trace or it cannot be written.
    """
    if not trace:
        return None
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    folder = Path(state) / "codesync" / "crashes"
    file = folder / f"{time.time_ns()}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(trace[:SIZE_MAX])
        for old in sorted(folder.glob("*.txt"))[:-KEPT]:
            with suppress(OSError):
                old.unlink()
    except OSError:
        return None
    return file
