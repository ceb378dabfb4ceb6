"""Direct access to a MongoDB database, bypassing the store."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from pymongo import AsyncMongoClient

from codesync_server.store.mongo.documents import Database, Document


@asynccontextmanager
async def raw(address: str) -> AsyncGenerator[Database, None]:
    """Give the database that an address names."""
    async with AsyncMongoClient[Document](address) as client:
        yield client.get_default_database()
