"""What a file and a room's text had in common when they last met: both can be merged by it.

One file for each pair, in the user's state directory (XDG Base Directory), mode 0600.
"""

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from codesync_protocol.links import Link


def recall(link: Link, file: Path) -> str | None:
    """The text that both had in common; None when they never met."""
    try:
        return _place(link, file).read_bytes().decode("utf-8", "replace")
    except OSError:
        return None


def remember(link: Link, file: Path, text: str) -> None:
    """Note down the text that both have in common. That it fails is no reason to stop."""
    place = _place(link, file)
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as note:
            note.write(text.encode("utf-8", "replace"))


def _place(link: Link, file: Path) -> Path:
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    pair = f"{link.server}|{link.room}|{file.absolute()}"
    name = hashlib.blake2b(pair.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
    return Path(state) / "codesync" / "pulled" / name
