"""Tells whether a process of this machine has ended, as far as the kernel shows it."""

import os


def is_known_gone(pid: int) -> bool:
    """Tell whether no process has this id.

    It asks with kill(2), signal 0, and not through /proc: with `hidepid=2`, or under systemd's
    ProtectProc, the folders of other users' processes look as if they did not exist.

    Args:
        pid: a process id in our own pid namespace.

    Returns:
        False for a process of another user, and for what is no process id: those are not known.
    """
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False
