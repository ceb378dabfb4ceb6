"""Helps connections that have ended to be freed at once, without the garbage collector."""

import asyncio


def do_nothing() -> None:
    """Stand for a callback that is not needed any more."""


def forget_reader(transport: asyncio.Transport) -> None:
    """Have a TCP transport that is closing not refer to its own method.

    asyncio keeps the method that reads in an attribute, and does not clear it.

    Args:
        transport: reads nothing any more.
    """
    if "_read_ready_cb" in vars(transport):
        vars(transport)["_read_ready_cb"] = do_nothing
