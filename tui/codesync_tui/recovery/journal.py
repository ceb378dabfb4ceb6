"""Saves texts that the server does not have yet in files, in case they are never sent.

An entry is a file of one session in the user's state directory (XDG Base Directory), mode 0600. It
is replaced atomically, and locked while its session lives: an entry without a lock is abandoned.
Everything here blocks: call it off the event loop.
"""

import fcntl
import hashlib
import os
import secrets
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from codesync_client.files.atomic import atomic_replacement
from codesync_protocol.links import Link

ENTRY_MAX = 64 * 1024 * 1024
"""Bytes: two texts and their bases, if all characters are control characters."""

_HYPHENS = 2
"""The number of hyphens in a file name; those of version 0.1 have fewer."""


class UnsentTexts(msgspec.Struct, frozen=True):
    """Texts that were not sent.

    Attributes:
        written_at: seconds since the Unix epoch.
        mine: our texts, by name.
        base: the room's texts that ours derive from; may lack some.
        text_id: the id of the room's text; see Welcome.
    """

    written_at: float
    mine: Mapping[str, str]
    base: Mapping[str, str]
    text_id: str = ""


class JournalEntry:
    """One file of the journal; only one session writes it.

    Args:
        path_for: returns the path of the file for a text id.
        path: the path of the existing file, if there is one.
        unsent: its content.
        held: the descriptor of the locked file.

    Attributes:
        unsent: the wanted content, which `save` writes; None if the file must not exist.
    """

    def __init__(
        self,
        path_for: Callable[[str], Path],
        path: Path | None = None,
        unsent: UnsentTexts | None = None,
        held: int | None = None,
    ) -> None:
        self.unsent = unsent
        self._path_for = path_for
        self._path = path
        self._saved = unsent
        self._lock_descriptor = held
        self._is_closed = False
        self._mutex = threading.Lock()  # the app may exit while a thread still saves

    def drop(self, name: str) -> None:
        """Remove a text that the room has, or that is not wanted any more."""
        if self.unsent is not None:
            rest = {each: text for each, text in self.unsent.mine.items() if each != name}
            self.unsent = msgspec.structs.replace(self.unsent, mine=rest) if rest else None

    def save(self) -> None:
        """Write `unsent` to the file, or delete the file. Errors are ignored."""
        with self._mutex, suppress(OSError):
            unsent = self.unsent
            if self._is_closed or unsent is self._saved:
                return
            if unsent is None:
                self._remove(self._path)
                self._path = None
                self._release_lock()
            else:
                self._write(self._path_for(unsent.text_id), msgspec.json.encode(unsent))
            self._saved = unsent

    def close(self) -> None:
        """Save a last time, and leave the file to the next session."""
        self.save()
        with self._mutex:
            self._is_closed = True
            self._release_lock()

    def _write(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with atomic_replacement(path, data) as descriptor:
            # The file is locked before it gets its name, so it never exists without a lock.
            _lock(descriptor)
            held = os.dup(descriptor)
        before, self._path = self._path, path
        self._release_lock()
        self._lock_descriptor = held
        if before != path:  # the room has another text now
            self._remove(before)

    def _remove(self, path: Path | None) -> None:
        if path is not None:
            path.unlink(missing_ok=True)

    def _release_lock(self) -> None:
        if self._lock_descriptor is not None:
            os.close(self._lock_descriptor)
            self._lock_descriptor = None


class Journal:
    """Finds and creates the entries of one room.

    The name of an entry contains hashes of the room's address and of the text id. The address of an
    embedded server changes with its port, so an entry is found by either.

    Args:
        link: the room.
    """

    def __init__(self, link: Link) -> None:
        state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
        self._folder = Path(state) / "codesync" / "unsent"
        self._room = link.room
        self._address = _hash(f"{link.server}|{link.room}")

    def new_entry(self) -> JournalEntry:
        """Create an empty entry for this session."""
        return JournalEntry(self._new_path_factory())

    def acquire_abandoned(self, text_id: str = "") -> list[tuple[JournalEntry, UnsentTexts]]:
        """Lock and read the entries whose sessions have ended.

        Args:
            text_id: the id of the room's text; empty if it is unknown.

        Returns:
            The entries of this address or this text, the oldest first.
        """
        paths = set(self._folder.glob(f"{self._address}*.json"))
        if text_id:
            paths.update(self._folder.glob(f"*-{self._text_hash(text_id)}-*.json"))
            # Version 0.1 did not put the text's id into the name.
            old = (path for path in self._folder.glob("*.json") if path.name.count("-") < _HYPHENS)
            paths.update(path for path in old if _text_id_in(path) == text_id)
        found = [each for path in paths if (each := self._acquire(path)) is not None]
        return sorted(found, key=lambda each: each[1].written_at)

    def _text_hash(self, text_id: str) -> str:
        return _hash(f"{self._room}|{text_id}")

    def _new_path_factory(self) -> Callable[[str], Path]:
        """Return a function that gives the path of one new entry for the id of a text."""
        unique = secrets.token_hex(8)
        return lambda text_id: (
            self._folder / f"{self._address}-{self._text_hash(text_id)}-{unique}.json"
        )

    def _acquire(self, path: Path) -> tuple[JournalEntry, UnsentTexts] | None:
        taken = _lock_and_read(path)
        if taken is None:
            return None
        unsent, held = taken
        # It keeps its path, whatever its text id is.
        return JournalEntry(lambda _: path, path, unsent, held), unsent


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _text_id_in(path: Path) -> str:
    """Return the id of the text that an entry belongs to; empty if it cannot be read."""
    with suppress(OSError, msgspec.DecodeError, UnicodeDecodeError), open(path, "rb") as file:
        return msgspec.json.decode(file.read(ENTRY_MAX), type=UnsentTexts).text_id
    return ""


def _lock_and_read(path: Path) -> tuple[UnsentTexts, int] | None:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        _lock(descriptor)
        if os.path.samestat(
            os.fstat(descriptor), os.stat(path)
        ):  # not replaced or removed meanwhile
            with open(descriptor, "rb", closefd=False) as file:
                unsent = msgspec.json.decode(file.read(ENTRY_MAX), type=UnsentTexts)
            return unsent, descriptor
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        pass
    os.close(descriptor)
    return None


def _lock(descriptor: int) -> None:
    """Lock a file until it is closed.

    Raises:
        BlockingIOError: another process has locked it.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        pass  # a file system without locks: asking twice is better than never
