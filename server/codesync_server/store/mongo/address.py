"""Parses the address of a MongoDB, which is never printed, because it contains passwords."""

import asyncio
from typing import Any, NamedTuple

from pymongo import AsyncMongoClient
from pymongo.errors import ConfigurationError
from pymongo.uri_parser import parse_uri

from codesync_server.store.contract import StoreUnusable

DATABASE = "codesync"
"""Which database, if the address names none."""

Client = AsyncMongoClient[dict[str, Any]]


class MongoAddress(NamedTuple):
    """Where things are kept.

    Attributes:
        database: the database's name.
        about: hosts and database, for people.
    """

    database: str
    about: str


async def read(address: str) -> MongoAddress:
    """Read an address.

    Raises:
        StoreUnusable: the address is invalid.
    """
    try:
        # In a thread: mongodb+srv asks the DNS.
        parsed = await asyncio.to_thread(parse_uri, address)
    except OSError as error:
        raise _unreadable(error) from None
    except (ConfigurationError, ValueError):
        raise _unfit() from None
    database = parsed.get("database") or DATABASE
    if "@" in database:  # what stands before is no host, but half of a password with a / in it
        raise _unfit()
    hosts = ",".join(f"{host}:{port}" for host, port in parsed["nodelist"])
    return MongoAddress(database, f"MongoDB at {hosts}, database {database}")


def connect(address: str, seconds: float) -> Client:
    """Make a client, which connects when it is used.

    Args:
        address: one that `read` has read.
        seconds: how long one request may take, retries included.

    Raises:
        StoreUnusable: a file named in the address cannot be used.
    """
    try:
        return AsyncMongoClient(
            address,
            timeoutMS=int(seconds * 1000),
            serverSelectionTimeoutMS=int(seconds * 1000),
            retryWrites=True,
            appname="codesync",
        )
    except OSError as error:
        raise _unreadable(error) from None
    except (ConfigurationError, ValueError):
        raise _unfit() from None


def _unfit() -> StoreUnusable:
    return StoreUnusable(
        "cannot use the store: its address is invalid; write"
        " mongodb://USER:PASSWORD@HOST:PORT/DATABASE, what is special in the password as %XX"
        " (@ is %40, / is %2F), and look at the options behind it and the files that they name"
    )


def _unreadable(error: OSError) -> StoreUnusable:
    file = f" {error.filename}" if error.filename else ""
    return StoreUnusable(
        f"cannot use the store: the file{file} that its address names cannot be read:"
        f" {error.strerror or 'it is of another kind'}"
    )
