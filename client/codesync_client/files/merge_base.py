"""Stores the common base of a file and a room's text, with which both are merged.

One file for each pair, in the user's state directory (XDG Base Directory), mode 0600. It knows
which text of the room it was: a room of the same name may come back with another one, which has
nothing in common with the file. Everything here blocks.
"""

import hashlib
import os
from contextlib import suppress
from pathlib import Path

import msgspec

from codesync_client.files.atomic import atomic_replacement
from codesync_protocol.links import Link


class _Note(msgspec.Struct, frozen=True):
    text_id: str
    text: str


def load_merge_base(link: Link, file: Path, text_id: str) -> str | None:
    """Return the common base.

    Args:
        link: the room.
        file: the file.
        text_id: the id of the room's text; see Welcome.

    Returns:
        None when they never met, or the room had another text then.
    """
    for place in (_place(link, file, text_id), _old_place(link, file)):
        with suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
            note = msgspec.json.decode(place.read_bytes(), type=_Note)
            if note.text_id == text_id:
                return note.text
    return None


def save_merge_base(link: Link, file: Path, text_id: str, text: str) -> None:
    """Store the common base. Failures are ignored."""
    place = _place(link, file, text_id)
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with atomic_replacement(place, msgspec.json.encode(_Note(text_id, text))):
            pass


def _place(link: Link, file: Path, text_id: str) -> Path:
    # Without the address, because the port of an embedded server changes.
    return _named(f"{link.room}|{text_id}|{file.absolute()}")


def _old_place(link: Link, file: Path) -> Path:
    """Return the path that version 0.1 used."""
    return _named(f"{link.server}|{link.room}|{file.absolute()}")


def _named(pair: str) -> Path:
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    name = hashlib.blake2b(pair.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
    return Path(state) / "codesync" / "pulled" / name
