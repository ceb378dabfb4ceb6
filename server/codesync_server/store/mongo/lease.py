"""One server at a time writes: a lease in the database, timed by the database's own clock."""

import asyncio
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

from pymongo import ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

LEASE_SECONDS = 15.0
RENEW_SECONDS = 4.0

_NOW = {"$toLong": "$$NOW"}
"""The database's own clock, in milliseconds since the Unix epoch."""


class Lease:
    """The right to write a database.

    Args:
        database: the database.
    """

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._leases = database["leases"]
        self._me = secrets.token_hex(8)
        self._here = ""

    async def take(self) -> str:
        """Take it, or keep it.

        A server that died on this machine loses it at once; one that we cannot see, when it has
        not renewed it for LEASE_SECONDS.

        Returns:
            Who else has it; empty if it is ours now.
        """
        self._here = self._here or await asyncio.to_thread(_here)
        holder = await self._leases.find_one({"_id": "server"})
        gone = self._me
        if holder is not None:
            is_dead = await asyncio.to_thread(self._is_dead, str(holder["process"]))
            gone = holder["owner"] if is_dead else self._me
        is_ours = {
            "$or": [
                {"$lt": ["$expires", _NOW]},  # also when nobody has had it yet
                {"$in": ["$owner", [self._me, gone]]},
            ]
        }
        ours = {
            "owner": self._me,
            "process": f"{self._here}/{os.getpid()}",
            "expires": {"$add": [_NOW, int(LEASE_SECONDS * 1000)]},
        }
        try:
            lease = await self._leases.find_one_and_update(
                {"_id": "server"},
                [
                    {"$set": {"is_ours": is_ours}},
                    {
                        "$set": {
                            field: {"$cond": ["$is_ours", value, f"${field}"]}
                            for field, value in ours.items()
                        }
                    },
                    {"$unset": "is_ours"},
                ],
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        except DuplicateKeyError:  # somebody else was the first at the same time
            return "another server"
        assert lease is not None  # it is there by now
        return "" if lease["owner"] == self._me else str(lease["process"])

    async def give_back(self) -> None:
        """Give it back, if it is ours."""
        await self._leases.delete_one({"_id": "server", "owner": self._me})

    def _is_dead(self, process: str) -> bool:
        here, _, pid = process.rpartition("/")
        return here == self._here and pid.isdigit() and not Path(f"/proc/{pid}").exists()


def _here() -> str:
    """This machine since it was booted, and which of its worlds of process numbers we live in."""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{os.readlink('/proc/self/ns/pid')}"
    return secrets.token_hex(8)
