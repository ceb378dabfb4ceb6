"""Starts a process with its limits, and finds and kills its remaining descendants."""

import contextlib
import ctypes
import fcntl
import os
import resource
import signal
import struct
import termios
from typing import NoReturn

from codesync_server.executors.runner.cgroup import read_number
from codesync_server.executors.runner.landlock import LandlockRules

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 1, 4, 36
IGNORED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
RESTORED = (*IGNORED, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD)  # Python ignores SIGPIPE

libc = ctypes.CDLL(None)


def start(
    argv: list[bytes],
    env: dict[str, str],
    fds: list[int],
    rlimits: dict[str, int],
    *,
    write_rules: LandlockRules | None,
    tty: bool,
) -> int:
    """Start a program in a session of its own.

    Args:
        argv: what to run.
        env: its environment.
        fds: its stdin, stdout and stderr; closed here when it runs.
        rlimits: name of a resource limit to its value.
        write_rules: those of the sandbox that we are PID 1 of; None outside one.
        tty: whether its stdin is a terminal to take control of.

    Returns:
        The process id.

    Raises:
        OSError: it could not be started.
    """
    error_read, error_write = os.pipe()  # closes on exec; what comes before that is an error
    pid = os.fork()
    if pid == 0:
        _exec_program(argv, env, fds, rlimits, write_rules, tty, error_write)
    for fd in {*fds, error_write}:
        os.close(fd)
    failure = os.read(error_read, 500)
    os.close(error_read)
    if failure:
        raise OSError(failure.decode(errors="replace"))
    return pid


def _exec_program(
    argv: list[bytes],
    env: dict[str, str],
    fds: list[int],
    rlimits: dict[str, int],
    write_rules: LandlockRules | None,
    tty: bool,
    error_write: int,
) -> NoReturn:
    try:
        if write_rules:
            # Programs, not the runner, are what the kernel should kill when memory runs out. Only
            # a dumpable process may ask for that itself; exec makes it dumpable anyway.
            libc.prctl(PR_SET_DUMPABLE, 1)
            with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
                file.write("1000")
            write_rules.apply()
        else:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.setsid()
        for target, fd in enumerate(fds):
            os.dup2(fd, target)
        if tty:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        signal.set_wakeup_fd(-1)
        for number in RESTORED:
            signal.signal(number, signal.SIG_DFL)
        for name, value in rlimits.items():
            resource.setrlimit(getattr(resource, name), (value, value))
        os.execvpe(argv[0], argv, env)
    except BaseException as error:
        os.write(
            error_write, f"cannot start {os.fsdecode(argv[0])}: {error}".encode(errors="replace")
        )
    finally:
        os._exit(127)


def open_terminal(columns: int, rows: int) -> tuple[int, int]:
    """Make a pseudo-terminal that neither echoes nor rewrites line ends.

    Args:
        columns: its width.
        rows: its height.

    Returns:
        Our end and the program's end.
    """
    master, slave = os.openpty()
    mode = termios.tcgetattr(slave)
    mode[1] &= ~termios.OPOST
    mode[3] &= ~termios.ECHO
    termios.tcsetattr(slave, termios.TCSANOW, mode)
    resize_terminal(slave, columns, rows)
    return master, slave


def resize_terminal(fd: int, columns: int, rows: int) -> None:
    """Change the size of a terminal; what runs in its foreground gets SIGWINCH."""
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def own_cpu_seconds() -> float:
    """The runner's own cpu seconds so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def kill_all(contained: bool) -> None:
    """Kill every process but this one."""
    if contained:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        return
    for pid in descendants(os.getpid()):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def descendants(root: int) -> set[int]:
    """Find every process below `root`; a subreaper's orphans are its children: none is missed."""
    found: set[int] = set()
    unseen = [root]
    while unseen:
        pid = unseen.pop()
        with contextlib.suppress(OSError):
            for thread in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{thread}/children") as file:
                    fresh = {int(child) for child in file.read().split()} - found
                found |= fresh
                unseen.extend(fresh)
    return found


def resident_bytes(root: int) -> int:
    """Resident memory of all processes below `root`; what several share counts for each."""
    pages = 0
    for pid in descendants(root):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/statm") as file:
            pages += int(file.read().split()[1])
    return pages * resource.getpagesize()


def proportional_bytes(root: int) -> int:
    """Resident memory of all processes below `root`; what several share counts once. Not quick."""
    kilobytes = 0
    for pid in descendants(root):
        kilobytes += read_number(f"/proc/{pid}/smaps_rollup", "Pss:") or 0
    return kilobytes * 1024


def living_cpu_seconds(root: int) -> float:
    """Cpu seconds of all processes below `root`, and of those that they have collected."""
    ticks = 0
    for pid in descendants(root):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/stat") as file:
            ticks += sum(int(field) for field in file.read().rpartition(")")[2].split()[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def threads_of_this_user() -> int:
    """Count this user's threads on the machine: RLIMIT_NPROC counts them all."""
    count = 0
    for entry in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if entry.isdigit() and os.stat(f"/proc/{entry}").st_uid == os.getuid():
                count += len(os.listdir(f"/proc/{entry}/task"))
    return count
