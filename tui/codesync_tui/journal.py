"""What we wrote that the server does not have yet, kept in files in case we never send it.

A note is a file of one session, in the user's state directory (XDG Base Directory), mode 0600,
replaced as a whole, and locked as long as its session lives: one that nobody holds was left behind.
Everything here blocks: call it off the event loop.
"""

import fcntl
import hashlib
import os
import secrets
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from codesync_client.whole_file import instead_of
from codesync_protocol.links import Link

NOTE_MAX = 64 * 1024 * 1024
"""Bytes; a larger file is not ours: two texts and their bases, all control characters."""


class Unsent(msgspec.Struct, frozen=True):
    """Texts that were not sent.

    Attributes:
        written_at: when, in seconds since the Unix epoch.
        mine: our texts, by name.
        base: the room's texts as we knew them then; without those that ours do not come from.
        text_id: which text the room had; see Welcome.
    """

    written_at: float
    mine: Mapping[str, str]
    base: Mapping[str, str]
    text_id: str = ""


class Note:
    """One file of the journal, which only one session writes.

    Args:
        path: where it is.
        unsent: what is in it.
        held: its descriptor, locked.

    Attributes:
        unsent: what is to be in it; `save` makes it so. None: there is to be no such file.
    """

    def __init__(self, path: Path, unsent: Unsent | None = None, held: int | None = None) -> None:
        self.unsent = unsent
        self._path = path
        self._saved = unsent
        self._held = held
        self._is_closed = False
        self._turn = threading.Lock()  # we may leave while a thread still saves

    def drop(self, name: str) -> None:
        """One of the texts is in the room, or is not wanted any more."""
        if self.unsent is not None:
            rest = {each: text for each, text in self.unsent.mine.items() if each != name}
            self.unsent = msgspec.structs.replace(self.unsent, mine=rest) if rest else None

    def save(self) -> None:
        """Have the file say what it should. That it fails is no reason to stop."""
        with self._turn, suppress(OSError):
            unsent = self.unsent
            if self._is_closed or unsent is self._saved:
                return
            if unsent is None:
                self._path.unlink(missing_ok=True)
                self._let_go()
            else:
                self._write(msgspec.json.encode(unsent))
            self._saved = unsent

    def close(self) -> None:
        """We leave: what is in it is for the next session."""
        self.save()
        with self._turn:
            self._is_closed = True
            self._let_go()

    def _write(self, data: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with instead_of(self._path, data) as descriptor:
            # The lock comes into its place with the file: it is never there without one.
            _lock(descriptor)
            held = os.dup(descriptor)
        self._let_go()
        self._held = held

    def _let_go(self) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None


class Journal:
    """Finds and makes the notes of one room.

    Args:
        link: the room.
    """

    def __init__(self, link: Link) -> None:
        state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
        self._folder = Path(state) / "codesync" / "unsent"
        self._room = hashlib.blake2b(
            f"{link.server}|{link.room}".encode(), digest_size=16
        ).hexdigest()

    def note(self) -> Note:
        """A new note of our own, with nothing in it."""
        return Note(self._folder / f"{self._room}-{secrets.token_hex(8)}.json")

    def left_behind(self) -> list[tuple[Note, Unsent]]:
        """Take the notes whose sessions are gone, the oldest first; nobody else gets them now."""
        taken = [_take(path) for path in self._folder.glob(f"{self._room}*.json")]
        found = [each for each in taken if each is not None]
        return sorted(found, key=lambda each: each[1].written_at)


def _take(path: Path) -> tuple[Note, Unsent] | None:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        _lock(descriptor)
        if os.path.samestat(os.fstat(descriptor), os.stat(path)):  # not just replaced or forgotten
            with open(descriptor, "rb", closefd=False) as file:
                unsent = msgspec.json.decode(file.read(NOTE_MAX), type=Unsent)
            return Note(path, unsent, descriptor), unsent
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        pass
    os.close(descriptor)
    return None


def _lock(descriptor: int) -> None:
    """Lock a file as long as it is open.

    Raises:
        BlockingIOError: somebody else has.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        pass  # a file system without locks: better asked twice than never
