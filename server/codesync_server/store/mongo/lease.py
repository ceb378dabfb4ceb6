"""One server at a time writes: a lease in the database, timed by the database's own clock.

Whoever takes it raises its epoch, which never falls again. So a server that had it once, and finds
another epoch there, knows that somebody else had it since, even if it is free again.
"""

import asyncio
import os
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError, OperationFailure

from codesync_server.process_state import is_known_gone
from codesync_server.store.contract import StoreLost

LEASE_SECONDS = 15.0
RENEW_SECONDS = 4.0

_LEASE = {"_id": "server"}
_NOW = {"$toLong": "$$NOW"}
"""The database's own clock, in milliseconds since the Unix epoch."""


class WriteLease:
    """The right to write a database.

    Args:
        database: the database.
        about: where that is, for people.
    """

    def __init__(self, database: AsyncDatabase[dict[str, Any]], about: str) -> None:
        self._database = database
        self._leases = database["leases"]
        self._about = about
        self._epoch = 0

    async def acquire(self, session: AsyncClientSession) -> str:
        """Take it.

        A server that died on this machine loses it at once; one that we cannot see, when it has
        not renewed it for LEASE_SECONDS.

        Args:
            session: the one in which we will write.

        Returns:
            Who else has it; empty if it is ours now.
        """
        nobody = {"epoch": 0, "process": "", "expires": 0}
        with suppress(DuplicateKeyError):  # somebody else was the first at the same time
            await self._leases.update_one(_LEASE, {"$setOnInsert": nobody}, upsert=True)
        held = await self._leases.find_one(_LEASE) or nobody
        here, process = await asyncio.to_thread(_here), str(held["process"])
        dead = process if await asyncio.to_thread(is_known_dead, process, here) else None
        is_free = {"$or": [{"$expr": {"$lt": ["$expires", _NOW]}}, {"process": dead}]}
        as_it_was = {**_LEASE, "epoch": held.get("epoch"), **is_free}
        if not await self._leases.find_one(as_it_was):
            return process
        await self._end_writing(held)
        ours = {
            **_LEASE,
            "epoch": {"$add": [{"$ifNull": ["$epoch", 0]}, 1]},
            "process": {"$literal": f"{here}/{os.getpid()}"},
            "session": {"$literal": session.session_id},
            "expires": _in_time(),
            "writes": 0,
        }
        lease = await self._leases.find_one_and_update(
            as_it_was, [{"$replaceWith": ours}], return_document=ReturnDocument.AFTER
        )
        if lease is None:
            return process or "another server"
        self._epoch = int(lease["epoch"])
        return ""

    async def _end_writing(self, held: Mapping[str, Any]) -> None:
        """Break off what the server before us was writing.

        It would be in our way until the database gives it up, after a minute.
        """
        if session := held.get("session"):
            with suppress(OperationFailure):  # another user's; then we wait
                await self._database.client.admin.command({"killSessions": [session]})

    async def renew(self) -> None:
        """Go on having it.

        Raises:
            StoreLost: somebody else has had it.
        """
        await self._change([{"$set": {"expires": _in_time()}}])

    async def confirm(self, session: AsyncClientSession) -> None:
        """Let a transaction count only if we have it until its end.

        Raises:
            StoreLost: somebody else has had it.
        """
        # A change, not a question: whoever takes it meanwhile changes it too, and of the two the
        # database lets only one through.
        await self._change({"$inc": {"writes": 1}}, session)

    async def _change(
        self,
        change: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        session: AsyncClientSession | None = None,
    ) -> None:
        ours = {**_LEASE, "epoch": self._epoch}
        done = await self._leases.update_one(ours, change, session=session)
        if not done.matched_count:
            raise StoreLost(
                f"another codesync server has taken over the store {self._about}, which this one"
                " could not reach for a while; so this one ends: one server at a time has a store"
            )

    async def release(self) -> None:
        """Give it back, if it is ours."""
        await self._leases.update_one(
            {**_LEASE, "epoch": self._epoch}, {"$set": {"process": "", "expires": 0}}
        )


def _in_time() -> Mapping[str, Any]:
    return {"$add": [_NOW, int(LEASE_SECONDS * 1000)]}


def is_known_dead(process: str, here: str) -> bool:
    """Tell whether the process that holds a lease has ended, which only its own machine knows.

    Args:
        process: machine, boot and pid namespace, and process id, as a lease names them.
        here: the same of our own machine, without a process id.
    """
    where, _, pid = process.rpartition("/")
    return where == here and pid.isdecimal() and is_known_gone(int(pid))


def _here() -> str:
    """This machine since it was booted, and which of its worlds of process numbers we live in."""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{os.readlink('/proc/self/ns/pid')}"
    return secrets.token_hex(8)
