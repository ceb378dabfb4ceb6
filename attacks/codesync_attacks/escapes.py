"""Programs that access the runner, root rights and the network (A20 to A28).

Each prints what it was refused with the kernel's word for it; where the word differs between
kernels, it prints only what it was granted, and how many doors it tried.
"""

import json
import struct
from typing import Final

from codesync_attacks.attack import Attack, survives
from codesync_protocol.verdict import Verdict

HEADER: Final = struct.Struct(">cI")
"""The header of the runner's frames: a letter, and the length of the content."""


def forged_frames() -> bytes:
    """Return the bytes that the runner would write after a successful program."""
    report = {
        "stages": [
            {
                "name": "run",
                "wall": 0.001,
                "cpu": 0.001,
                "status": 0,
                "killed_for": "",
                "oom_kills": 0,
                "peak": 1,
                "source": "cgroup v1",
                "output_bytes": 0,
            }
        ]
    }
    payload = json.dumps(report).encode()
    output = b"you have won"
    return HEADER.pack(b"O", len(output)) + output + HEADER.pack(b"V", len(payload)) + payload


ESCAPES: Final = (
    Attack(
        "a20_open_the_runners_descriptors_and_memory",
        """
for name in "fd/0", "fd/1", "fd/2", "mem", "environ", "root", "cwd", "exe", "maps", "map_files":
    attempt(name, os.open, f"/proc/1/{name}", os.O_RDONLY)
for name in "fd/0", "fd/1", "mem", "oom_score_adj", "coredump_filter", "comm", "clear_refs":
    attempt(f"write {name}", os.open, f"/proc/1/{name}", os.O_WRONLY)
sys.exit(5)
""",
        Verdict.RUNTIME_ERROR,
        """\
fd/0 EACCES
fd/1 EACCES
fd/2 EACCES
mem EACCES
environ EACCES
root EACCES
cwd EACCES
exe EACCES
maps EACCES
map_files EACCES
write fd/0 EACCES
write fd/1 EACCES
write mem EACCES
write oom_score_adj EACCES
write coredump_filter EACCES
write comm EACCES
write clear_refs EACCES
""",
        exit_code=5,
    ),
    Attack(
        "a20_write_a_forged_verdict_into_everything_of_the_runner",
        f"frames = {forged_frames()!r}"
        """
tried = 0
for folder, _, files in os.walk("/proc/1"):
    for name in files:
        tried += 1
        try:
            descriptor = os.open(f"{folder}/{name}", os.O_WRONLY | os.O_NONBLOCK)
            os.write(descriptor, frames)
        except OSError:
            continue
        print("GRANTED", folder, name)
print(tried > 30)
sys.exit(5)
""",
        Verdict.RUNTIME_ERROR,
        "True\n",
        exit_code=5,
    ),
    Attack(
        "a20_print_a_forged_verdict",
        f"""
frames = {forged_frames()!r}
os.write(1, frames)
os.write(2, frames)
sys.exit(5)
""",
        Verdict.RUNTIME_ERROR,
        forged_frames().decode("latin-1"),
        stderr=forged_frames().decode("latin-1"),
        exit_code=5,
    ),
    Attack(
        "a20_borrow_the_runners_descriptors",
        """
import ctypes, platform
libc = ctypes.CDLL(None, use_errno=True)
runner = os.pidfd_open(1)
PIDFD_GETFD = 438
for descriptor in range(3):
    answer = libc.syscall(PIDFD_GETFD, runner, descriptor, 0)
    print(answer, errno.errorcode[ctypes.get_errno()])
sys.exit(5)
""",
        Verdict.RUNTIME_ERROR,
        "-1 EPERM\n" * 3,
        exit_code=5,
    ),
    Attack(
        "a21_trace_the_runner_and_write_its_memory",
        """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
buffer = ctypes.create_string_buffer(16)
class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
mine = Vector(ctypes.addressof(buffer), 16)
theirs = Vector(id(sys), 16)
TRACEME, ATTACH, SEIZE = 0, 16, 0x4206
for name, call, *arguments in (
    ("ptrace traceme", libc.ptrace, TRACEME, 0, None, None),
    ("ptrace attach", libc.ptrace, ATTACH, 1, None, None),
    ("ptrace seize", libc.ptrace, SEIZE, 1, None, None),
    ("readv", libc.process_vm_readv, 1, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0),
    ("writev", libc.process_vm_writev, 1, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0),
):
    ctypes.set_errno(0)
    print(name, call(*arguments), errno.errorcode[ctypes.get_errno()])
sys.exit(5)
""",
        Verdict.RUNTIME_ERROR,
        """\
ptrace traceme -1 EPERM
ptrace attach -1 EPERM
ptrace seize -1 EPERM
readv -1 EPERM
writev -1 EPERM
""",
        exit_code=5,
    ),
    Attack(
        "a21_limit_the_runner",
        """
import resource
for name in "CPU", "NOFILE", "AS", "FSIZE", "DATA", "STACK":
    limit = getattr(resource, f"RLIMIT_{name}")
    attempt(f"limit {name}", resource.prlimit, 1, limit, (0, 0))
attempt("priority", os.setpriority, os.PRIO_PROCESS, 1, 19)
attempt("priority of the user", os.setpriority, os.PRIO_USER, 0, 19)
attempt("scheduler", os.sched_setscheduler, 1, os.SCHED_IDLE, os.sched_param(0))
sys.exit(5)
""",
        Verdict.RUNTIME_ERROR,
        """\
limit CPU EPERM
limit NOFILE EPERM
limit AS EPERM
limit FSIZE EPERM
limit DATA EPERM
limit STACK EPERM
priority EPERM
priority of the user EPERM
scheduler EPERM
""",
        exit_code=5,
    ),
    survives(
        "a22_become_root",
        """
import stat
for folder in "/usr/bin", "/usr/sbin", "/usr/lib":
    modes = [os.lstat(f"{folder}/{name}").st_mode for name in os.listdir(folder)]
    print(folder, any(mode & (stat.S_ISUID | stat.S_ISGID) for mode in modes))
status = dict(line.split(":\\t") for line in open("/proc/self/status").read().splitlines())
for name in "NoNewPrivs", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "Seccomp":
    print(name, status[name])
attempt("setuid", os.setuid, 0)
attempt("setgid", os.setgid, 0)
attempt("setgroups", os.setgroups, [0])
attempt("chown", os.chown, "main.py", 0, 0)
for command in ["su", "-c", "true"], ["mount", "-t", "tmpfs", "none", "/tmp"], ["passwd"]:
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True)
    print(command[0], "failed" if ended.returncode else "GRANTED")
os.chmod("main.py", 0o4755)  # a mark without meaning: /tmp is nosuid
print("uid", os.getuid() != 0, os.getuid() == os.geteuid() == os.getgid() == os.getegid())
""",
        """\
/usr/bin False
/usr/sbin False
/usr/lib False
NoNewPrivs 1
CapInh 0000000000000000
CapPrm 0000000000000000
CapEff 0000000000000000
CapBnd 0000000000000000
CapAmb 0000000000000000
Seccomp 2
setuid EPERM
setgid EPERM
setgroups EPERM
chown EPERM
su failed
mount failed
passwd failed
uid True True
""",
    ),
    survives(
        "a23_write_where_nothing_may_be_written",
        """
targets = '''
    /x /bin/x /etc/x /etc/hosts /etc/resolv.conf /etc/hostname /etc/passwd /home/x /root/x /run/x
    /var/tmp/x /usr/bin/python3 /usr/lib/x /dev/x /dev/console /dev/mem /dev/kmsg /dev/mqueue/x
    /dev/pts/x /proc/sys/kernel/hostname /proc/sys/kernel/core_pattern /proc/sys/vm/drop_caches
    /proc/sysrq-trigger /proc/irq/default_smp_affinity /proc/kcore /sys/x /sys/power/state
    /sys/kernel/uevent_helper /sys/fs/cgroup/x /sys/fs/cgroup/cgroup.procs
    /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max
    /sys/fs/cgroup/devices/devices.allow /sys/fs/cgroup/memory/release_agent
'''.split()
for target in targets:
    for flags in os.O_WRONLY, os.O_WRONLY | os.O_CREAT, os.O_RDWR | os.O_TRUNC:
        try:
            os.open(target, flags)
        except OSError:
            continue
        print("GRANTED", target)
writable = []
for folder, folders, _ in os.walk("/"):
    if folder == "/":
        folders.remove("proc")
    if os.access(folder, os.W_OK):
        writable.append(folder)
print(len(targets), "tried; folders one may write to:", *sorted(writable))
attempt("node", os.mknod, "disk", 0o60600, os.makedev(254, 0))
attempt("program in /dev/shm", lambda: (
    open("/dev/shm/x", "w").write("#!/bin/true"), os.chmod("/dev/shm/x", 0o755),
    os.execv("/dev/shm/x", ["x"])))
""",
        """\
34 tried; folders one may write to: /dev/shm /tmp /tmp/job
node EPERM
program in /dev/shm EACCES
""",
    ),
    survives(
        "a24_reach_the_network",
        """
NOWHERE = {
    errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EINVAL,
    errno.EACCES,
}

def reach(family, kind, act):
    with socket.socket(family, kind) as door:
        door.settimeout(2)
        try:
            act(door)
        except OSError as refusal:
            if refusal.errno in NOWHERE:  # kernels name it differently
                raise OSError(errno.ENETUNREACH, "") from None
            raise

def connect(address, family=socket.AF_INET):
    reach(family, socket.SOCK_STREAM, lambda door: door.connect(address))

def send(address, family=socket.AF_INET):
    reach(family, socket.SOCK_DGRAM, lambda door: door.sendto(b"x", address))

def look_up(name):
    try:
        socket.getaddrinfo(name, 80)
    except socket.gaierror:
        raise OSError(errno.ENETUNREACH, "") from None

IPV6 = socket.AF_INET6
attempt("tcp", connect, ("1.1.1.1", 53))
attempt("the engine", connect, ("172.17.0.1", 2375))
attempt("metadata", connect, ("169.254.169.254", 80))
attempt("tcp over IPv6", connect, ("2606:4700:4700::1111", 53), IPV6)
attempt("link-local IPv6", connect, ("fe80::1", 80), IPV6)
attempt("udp", send, ("8.8.8.8", 53))
attempt("udp over IPv6", send, ("2001:4860:4860::8888", 53), IPV6)
attempt("broadcast", send, ("255.255.255.255", 9))
attempt("name", look_up, "example.org")
attempt("the host", look_up, "host.docker.internal")
attempt("raw", socket.socket, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
attempt("raw IPv6", socket.socket, IPV6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
attempt("ping", socket.socket, socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
attempt("packet", socket.socket, socket.AF_PACKET, socket.SOCK_RAW, 0)
attempt("vsock", socket.socket, 40, socket.SOCK_STREAM, 0)
print("interfaces", [name for _, name in socket.if_nameindex()])
print("the engine's socket", os.path.exists("/var/run/docker.sock"))
with socket.create_server(("127.0.0.1", 0)) as own:
    attempt("own loopback", connect, own.getsockname())
""",
        """\
tcp ENETUNREACH
the engine ENETUNREACH
metadata ENETUNREACH
tcp over IPv6 ENETUNREACH
link-local IPv6 ENETUNREACH
udp ENETUNREACH
udp over IPv6 ENETUNREACH
broadcast ENETUNREACH
name ENETUNREACH
the host ENETUNREACH
raw EPERM
raw IPv6 EPERM
ping EPERM
packet EPERM
vsock EPERM
interfaces ['lo']
the engine's socket False
own loopback GRANTED
""",
    ),
    survives(
        "a28_find_something_of_the_server",
        """
print(*sorted(os.environ))
print(*sorted(os.listdir("/tmp")), "|", *sorted(os.listdir(".")), "|", *os.listdir("/dev/shm"))
print("processes", sorted(int(name) for name in os.listdir("/proc") if name.isdigit())[0],
      len([name for name in os.listdir("/proc") if name.isdigit()]))
command = open("/proc/1/cmdline").read()
print("the source is in the runner's command:", "the quick brown fox" in command)
print(socket.gethostname())
""",
        """\
HOME LANG PATH TERM
job | main.py |
processes 1 2
the source is in the runner's command: False
sandbox
""",
    ),
)
