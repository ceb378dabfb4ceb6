"""Prevents programs from writing to /proc, which changes how the kernel treats a process.

A program that lowers its own oom_score_adj makes the runner the process that the kernel kills when
memory runs out (H18). Lowering it needs no privilege, and no seccomp filter sees paths. Landlock
does (landlock(7)): where the kernel has it, programs may write to files of /tmp and /dev only. The
rest of the sandbox is read-only anyway.
"""

import ctypes
import os
import struct

WRITABLE = ("/tmp", "/dev")

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # on every architecture
_VERSION_FLAG = 1
_PATH_BENEATH = 1
_WRITE_FILE, _REFER = 1 << 1, 1 << 13
_VERSION_WITH_REFER = 2  # the version before it would forbid to rename between two folders

_libc = ctypes.CDLL(None)
_libc.syscall.restype = ctypes.c_long


class LandlockRules:
    """The rule set, made once; each program is put under it before it starts."""

    def __init__(self) -> None:
        self._rules = -1
        if _call(_CREATE_RULESET, None, 0, _VERSION_FLAG) < _VERSION_WITH_REFER:
            return
        handled = struct.pack("Q", _WRITE_FILE | _REFER)
        self._rules = _call(_CREATE_RULESET, handled, len(handled), 0)
        for folder in WRITABLE:
            file = os.open(folder, os.O_PATH | os.O_CLOEXEC)
            rule = struct.pack("=Qi", _WRITE_FILE | _REFER, file)
            _call(_ADD_RULE, self._rules, _PATH_BENEATH, rule, 0)
            os.close(file)

    def apply(self) -> None:
        """Put this process, and all that it starts, under the rules; for ever.

        Raises:
            OSError: there are rules, and the kernel does not take them.
        """
        if self._rules >= 0 and _call(_RESTRICT_SELF, self._rules, 0) != 0:
            raise OSError("landlock_restrict_self failed")


def _call(number: int, *arguments: int | bytes | None) -> int:
    plain = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    return int(_libc.syscall(ctypes.c_long(number), *plain))
