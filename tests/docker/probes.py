"""Runs inside a container: tries forbidden system calls, and prints the results.

Standard library only; the tests pass this file's text to the image's own python3. It prints a JSON
object of all probes, or of those that its arguments name: probe to errno (0: it was granted), or to
"signal N" when the asking process was killed.
"""

import ctypes
import json
import mmap
import os
import platform
import signal
import socket
import sys
from collections.abc import Callable

ARM = platform.machine() == "aarch64"
HIGH_BIT = 1 << 32  # the kernel looks at the lower half of a pid, a filter at the whole register
RUNNER = 1  # what the probes must not reach; here it is the process that forks them
X32 = 0x40000000

# Numbers of the same calls for 32-bit programs.
I386 = {
    "bpf": 357,
    "getpid": 20,
    "io_uring_setup": 425,
    "keyctl": 288,
    "mount": 21,
    "perf_event_open": 336,
    "ptrace": 26,
    "socket": 359,
    "socketcall": 102,
    "unshare": 310,
    "userfaultfd": 374,
}

FAMILIES = 64  # Linux 6.18 has 46
KINDS = (1, 2, 3, 4, 5, 6, 10)  # stream, datagram, raw, RDM, seqpacket, DCCP, packet

# Numbers of the two architectures; None where the second has no such call.
NUMBERS: dict[str, tuple[int, int | None]] = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "adjtimex": (159, 171),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "clone": (56, 220),
    "clone3": (435, 435),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "finit_module": (313, 273),
    "fsopen": (430, 430),
    "init_module": (175, 105),
    "io_setup": (206, 0),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioperm": (173, None),
    "iopl": (172, None),
    "ioprio_set": (251, 30),
    "kcmp": (312, 272),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "landlock_create_ruleset": (444, 444),
    "mbind": (237, 235),
    "memfd_secret": (447, 447),
    "migrate_pages": (256, 238),
    "modify_ldt": (154, None),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "move_pages": (279, 239),
    "mq_open": (240, 180),
    "msgget": (68, 186),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "prlimit64": (302, 261),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "sched_setattr": (314, 274),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "seccomp": (317, 277),
    "semget": (64, 190),
    "set_mempolicy": (238, 237),
    "setns": (308, 268),
    "setpriority": (141, 140),
    "settimeofday": (164, 170),
    "shmget": (29, 194),
    "socket": (41, 198),
    "socketpair": (53, 199),
    "splice": (275, 76),
    "swapon": (167, 224),
    "sync": (162, 81),
    "syncfs": (306, 267),
    "syslog": (103, 116),
    "tee": (276, 77),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
    "vmsplice": (278, 75),
}

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def call(name: str, *arguments: int | bytes, flag: int = 0) -> int:
    """Make a system call by number; give its errno."""
    number = NUMBERS[name][ARM]
    assert number is not None
    ctypes.set_errno(0)
    plain = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    answer = libc.syscall(ctypes.c_long(number | flag), *plain)
    return ctypes.get_errno() if answer == -1 else 0


def family(number: int, kind: int = socket.SOCK_DGRAM, protocol: int = 0) -> int:
    """Ask for a socket; give the errno."""
    try:
        socket.socket(number, kind, protocol).close()
    except OSError as error:
        return error.errno or -1
    return 0


def trap_into_32_bit(number: int) -> int:
    """Make a call through the 32-bit door, whose numbers mean other calls."""
    code = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    # mov eax, number; int 0x80; ret
    code.write(b"\xb8" + number.to_bytes(4, "little") + b"\xcd\x80\xc3")
    address = ctypes.addressof(ctypes.c_char.from_buffer(code))
    return 0 if ctypes.CFUNCTYPE(ctypes.c_int)(address)() else -1


def borrow_descriptor() -> int:
    return call("pidfd_getfd", os.pidfd_open(RUNNER), 0, 0)


def pipe_pages(name: str) -> int:
    """Move nothing between two pipes (splice, tee) or out of memory (vmsplice)."""
    (source, _), (_, sink) = os.pipe(), os.pipe()
    arguments = {
        "splice": (source, 0, sink, 0, 0, 0),
        "tee": (source, sink, 0, 0),
        "vmsplice": (sink, 0, 0, 0),
    }
    return call(name, *arguments[name])


def of(name: str, *arguments: int | bytes) -> Callable[[], int]:
    """Make a probe of a plain call."""
    return lambda: call(name, *arguments)


def probes() -> dict[str, Callable[[], int]]:
    """All probes by name."""
    own = os.getpid()
    table: dict[str, Callable[[], int]] = {
        # Each call that needs no care, with arguments that an open kernel would at least look at.
        **{
            name: of(name, 0, 0, 0, 0, 0)
            for name, (_, arm) in NUMBERS.items()
            if (arm is not None or not ARM) and name not in {"clone", "reboot", "sync"}
        },
        "reboot": of("reboot", 0, 0, 0, 0),  # wrong magic numbers: harmless where it is open
        "sync": of("sync"),
        "personality no-randomize": of("personality", 0x0040000),
        "personality query": of("personality", 0xFFFFFFFF),
        "clone user namespace": of("clone", 0x10000000 | signal.SIGCHLD, 0, 0, 0, 0),
        "clone network namespace": of("clone", 0x40000000 | signal.SIGCHLD, 0, 0, 0, 0),
        "unshare user namespace": of("unshare", 0x10000000),
        "ptrace attach runner": of("ptrace", 16, RUNNER, 0, 0),
        "ptrace seize runner": of("ptrace", 0x4206, RUNNER, 0, 0),
        "process_vm_readv runner": of("process_vm_readv", RUNNER, 0, 0, 0, 0, 0),
        "process_vm_writev runner": of("process_vm_writev", RUNNER, 0, 0, 0, 0, 0),
        "pidfd_getfd runner": borrow_descriptor,
        "kcmp runner": of("kcmp", own, RUNNER, 0, 0, 0),
        "prlimit64 runner": of("prlimit64", RUNNER, 7, 0, 0),
        "prlimit64 runner, high bit": of("prlimit64", RUNNER | HIGH_BIT, 7, 0, 0),
        "prlimit64 own pid": of("prlimit64", own, 7, 0, 0),
        "prlimit64 self": of("prlimit64", 0, 7, 0, 0),
        "setpriority runner": of("setpriority", 0, RUNNER, 19),
        "setpriority runner, high bit": of("setpriority", 0, RUNNER | HIGH_BIT, 19),
        "setpriority group": of("setpriority", 1, 0, 19),
        "setpriority user": of("setpriority", 2, 0, 19),
        "setpriority self": of("setpriority", 0, 0, 19),
        "sched_setscheduler runner": of("sched_setscheduler", RUNNER, 5, b"\0\0\0\0"),
        "sched_setscheduler self": of("sched_setscheduler", 0, 5, b"\0\0\0\0"),
        "sched_setparam runner": of("sched_setparam", RUNNER, b"\0\0\0\0"),
        "sched_setattr runner": of("sched_setattr", RUNNER, 0, 0),
        "ioprio_set runner": of("ioprio_set", 1, RUNNER, 3 << 13),
        "kill runner": lambda: _kill(RUNNER),
        "splice": lambda: pipe_pages("splice"),
        "tee": lambda: pipe_pages("tee"),
        "vmsplice": lambda: pipe_pages("vmsplice"),
        "msgget": of("msgget", 0, 0o1600),
        "semget": of("semget", 0, 1, 0o1600),
        "shmget": of("shmget", 0, 4096, 0o1600),
        "socketpair unix": of("socketpair", 1, 1, 0, bytes(8)),
        "socketpair tipc": of("socketpair", 30, 1, 0, bytes(8)),
        "socket unix": lambda: family(1, socket.SOCK_STREAM),
        "socket inet stream": lambda: family(2, socket.SOCK_STREAM),
        "socket inet tcp": lambda: family(2, socket.SOCK_STREAM, 6),
        "socket inet datagram": lambda: family(2),
        "socket inet udp": lambda: family(2, socket.SOCK_DGRAM, 17),
        "socket inet6 stream": lambda: family(10, socket.SOCK_STREAM),
        "socket inet6 udp": lambda: family(10, socket.SOCK_DGRAM, 17),
        "socket netlink route": lambda: family(16, socket.SOCK_RAW, 0),
        "socket netlink diag": lambda: family(16, socket.SOCK_RAW, 4),
        "socket netlink audit": lambda: family(16, socket.SOCK_RAW, 9),
        "socket netlink netfilter": lambda: family(16, socket.SOCK_RAW, 12),
        "socket netlink uevent": lambda: family(16, socket.SOCK_RAW, 15),
        "socket netlink generic": lambda: family(16, socket.SOCK_RAW, 16),
        "socket inet raw": lambda: family(2, socket.SOCK_RAW, 1),
        "socket inet ping": lambda: family(2, socket.SOCK_DGRAM, 1),
        "socket inet packet": lambda: family(2, 10),
        "socket inet sctp": lambda: family(2, socket.SOCK_STREAM, 132),
        "socket inet dccp": lambda: family(2, 6),
        "socket inet mptcp": lambda: family(2, socket.SOCK_STREAM, 262),
        "socket inet6 raw": lambda: family(10, socket.SOCK_RAW, 58),
        **{
            f"family {number} kind {kind}": _family(number, kind)
            for number in range(FAMILIES)
            for kind in KINDS
        },
    }
    if not ARM:
        table |= {f"32-bit {name}": _in_32_bit(number) for name, number in I386.items()}
        table |= {f"x32 {name}": _in_x32(name) for name in NUMBERS}
    return table


def _family(number: int, kind: int) -> Callable[[], int]:
    return lambda: family(number, kind)


def _in_32_bit(number: int) -> Callable[[], int]:
    return lambda: trap_into_32_bit(number)


def _in_x32(name: str) -> Callable[[], int]:
    return lambda: call(name, flag=X32)


def _kill(pid: int) -> int:
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError as error:
        return error.errno or -1
    return 0


def ask(probe: Callable[[], int]) -> int | str:
    """Ask in a process of its own, so that what is granted changes nothing for the next."""
    child = os.fork()
    if child == 0:
        status = 255
        try:
            status = probe()
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status if status >= 0 else f"signal {-status}"


if __name__ == "__main__":
    wanted = set(sys.argv[1:])
    chosen = {name: probe for name, probe in probes().items() if not wanted or name in wanted}
    print(json.dumps({name: ask(probe) for name, probe in chosen.items()}))
