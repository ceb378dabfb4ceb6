"""Tells whether a program has a file open for writing."""

import fcntl
import os
import signal
import sys
from pathlib import Path


def has_writer(path: Path) -> bool:
    """Tell whether a program has a file open for writing.

    Linux gives a lease to read only while nobody can write; it is given back at once. Where that
    cannot be asked (another system, a file system without leases, somebody else's file) it is no.
    """
    if sys.platform != "linux":
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        # The kernel sends a signal when another program opens the file: choose a harmless one.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return isinstance(error, BlockingIOError)
    finally:
        os.close(descriptor)
    return False
