"""Chooses the store from the settings."""

import os
import re
from pathlib import Path

from codesync_server.store.contract import Store, StoreUnusable
from codesync_server.store.sqlite import SqliteStore

MEMORY, SQLITE = "memory", "sqlite"

_MONGODB = re.compile(r"mongodb(\+srv)?(:|//)", re.IGNORECASE)
"""What is meant as an address, also if it is not quite one: a file that is called so would show a
password in every listing."""


def choose_store(setting: str) -> Store:
    """Make the store that a setting names; it is not opened yet.

    Args:
        setting: "sqlite" (the file in the user's data directory), the path of an SQLite file,
            "memory", or an address that begins with `mongodb://` or `mongodb+srv://`.

    Raises:
        StoreUnusable: it names none.
    """
    if setting == MEMORY:
        return SqliteStore(None)
    if _MONGODB.match(setting):
        if not setting.startswith(("mongodb://", "mongodb+srv://")):
            raise StoreUnusable("the address of a MongoDB begins with mongodb:// or mongodb+srv://")
        from codesync_server.store.mongo import MongoStore  # slow to import

        return MongoStore(setting)
    if setting == SQLITE:
        return SqliteStore(default_path())
    if "://" in setting:
        raise StoreUnusable(
            f"no store is called {setting.split('@')[-1]}:"
            " give sqlite, a file, memory, or mongodb://…"
        )
    return SqliteStore(Path(setting).expanduser())


def default_path() -> Path:
    """The file of a user's own rooms (XDG Base Directory)."""
    data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data) / "codesync" / "rooms.db"
