"""Keeps the pauses of Python's garbage collector short in a server process."""

import gc

THRESHOLDS = (5000, 10, 10)
"""Objects that are allocated and not freed before a collection of the youngest, and how many of
these collections precede one of the next older generation. Hardly anything in the server is
garbage that reference counts do not free, so Python's 700 only costs time."""


def exempt_loaded_objects() -> None:
    """Exempt from collection what exists now, mostly modules, and collect less often.

    A full collection looks at all objects, and stops the event loop: for 100 ms and more while
    modules count.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
