"""The bytes that a job takes in a store besides its source and output. Pure."""

from codesync_server.store.search_key import SEPARATOR, fold

ROW_BYTES = 400
"""Ids, numbers, the result and entries of indexes of one job, as measured in a SQLite file."""


def text_size(name: str, title: str, excerpt: str, search: str) -> int:
    """Count the texts of an accepted job, of which `search` is the search key."""
    return ROW_BYTES + sum(len(text.encode()) for text in (name, title, excerpt, search))


def ending_size(explanation: str) -> int:
    """Count what the search key has in addition once a job has ended."""
    return len((SEPARATOR + fold(explanation)).encode())
