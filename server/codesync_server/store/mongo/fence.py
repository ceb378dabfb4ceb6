"""Fences writes: a write fails if the lease was lost, however late it arrives.

Each transaction begins with a change of the lease. If another server takes it before the end, both
have written to one document, and the database lets only one of them through; if it was taken
before, the transaction finds another epoch and changes nothing. Source:
https://www.mongodb.com/docs/manual/core/transactions-production-consideration/ (write conflicts).
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pymongo
from pymongo import WriteConcern
from pymongo.asynchronous.client_session import AsyncClientSession

from codesync_server.store.mongo.lease import WriteLease

SURELY = WriteConcern("majority", j=True)

_T = TypeVar("_T")


class Fence:
    """The one way to write.

    Args:
        session: all is written in it, one after the other: so whatever we left unfinished when
            the line was cut ends when we begin anew.
        lease: the right to write, which we have.
        seconds: how long a transaction may take, retries included.
    """

    def __init__(self, session: AsyncClientSession, lease: WriteLease, seconds: float) -> None:
        self._session = session
        self._lease = lease
        self._seconds = seconds
        self._turn = asyncio.Lock()

    async def write(self, act: Callable[[AsyncClientSession], Awaitable[_T]]) -> _T:
        """Write in a transaction.

        Args:
            act: writes in the session that it is given; is called again if that is necessary.

        Raises:
            StoreLost: another server has the store; nothing is written.
            PyMongoError: nobody knows whether it is.
        """

        async def fenced(session: AsyncClientSession) -> _T:
            await self._lease.confirm(session)
            return await act(session)

        async with self._turn:
            with pymongo.timeout(self._seconds):
                return await self._session.with_transaction(fenced, write_concern=SURELY)

    async def renew(self) -> None:
        """Keep the lease.

        Raises:
            StoreLost: another server has the store.
        """
        async with self._turn:
            await self._lease.renew()
