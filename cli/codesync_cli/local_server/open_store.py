"""Opens the store that a command reads: that of this user, or the one of --store."""

import argparse
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from codesync_cli.process import extras
from codesync_server.configuration import load

if TYPE_CHECKING:
    from codesync_server.store.contract import Store


def add_store_argument(parser: argparse.ArgumentParser) -> None:
    """Add --store."""
    parser.add_argument(
        "--store",
        metavar="S",
        help="store of rooms and jobs: sqlite, a file, or mongodb://… (default: as"
        " CODESYNC_STORE or the settings file say, else your own file)",
    )


@asynccontextmanager
async def open_store(
    args: argparse.Namespace, *, alone: bool = False
) -> "AsyncGenerator[Store, None]":
    """Open the store that the arguments of `add_store` name.

    Args:
        args: the arguments.
        alone: open it for writing, while no server uses it.

    Raises:
        MissingExtra: the server's part is not installed.
        SettingsError: a setting is invalid.
        StoreUnusable: it cannot be opened.
    """
    extras.require_extra("server")
    from codesync_server.store.choice import choose_store

    flags = {"store": args.store} if args.store else {}
    settings = load(environment=os.environ, flags=flags, embedded=True).settings
    store = choose_store(settings.store)
    await store.open(alone=alone)
    try:
        yield store
    finally:
        await store.close()
