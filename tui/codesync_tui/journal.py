"""What we wrote that the server does not have yet, kept in a file in case we never send it.

One file for each room, in the user's state directory (XDG Base Directory), mode 0600, replaced as a
whole. Everything here blocks: call it off the event loop.
"""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from codesync_protocol.links import Link

NOTE_MAX = 16 * 1024 * 1024
"""Bytes; a larger file is not ours."""


class Unsent(msgspec.Struct, frozen=True):
    """Texts that were not sent.

    Attributes:
        written_at: when, in seconds since the Unix epoch.
        mine: our texts, by name.
        base: the room's texts as we knew them then.
    """

    written_at: float
    mine: Mapping[str, str]
    base: Mapping[str, str]


class Journal:
    """Keeps what was not sent to one room.

    Args:
        link: the room.
    """

    def __init__(self, link: Link) -> None:
        state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
        name = hashlib.blake2b(f"{link.server}|{link.room}".encode(), digest_size=16).hexdigest()
        self._path = Path(state) / "codesync" / "unsent" / f"{name}.json"

    def keep(self, unsent: Unsent) -> None:
        """Write it down, in the place of what was there. That it fails is no reason to stop."""
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, name = tempfile.mkstemp(dir=self._path.parent)
            with open(descriptor, "wb") as file:
                file.write(msgspec.json.encode(unsent))
            os.replace(name, self._path)

    def recall(self) -> Unsent | None:
        """What was not sent the last time; None when everything was."""
        try:
            with self._path.open("rb") as file:
                return msgspec.json.decode(file.read(NOTE_MAX), type=Unsent)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return None

    def forget(self) -> None:
        """Everything was sent, or is not wanted any more."""
        with suppress(OSError):
            self._path.unlink()
