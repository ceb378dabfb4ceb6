"""Programs that fill kernel memory with buffers, sockets, terminals and locks (A07).

Some of that memory is charged to the sandbox: then the kernel ends it. What is not charged is
limited in number, and the runner ends a program that holds more.
"""

from typing import Final

from codesync_attacks.attack import Attack, survives
from codesync_protocol.verdict import Verdict

SOCKETS: Final = """
for _ in range(%d):
    if os.fork() == 0:
        pairs = [socket.socketpair() for _ in range(120)]
        for pair in pairs:
            for end in pair:
                end.setblocking(False)
                try:
                    while True:
                        end.send(bytes(4096))
                except BlockingIOError:
                    pass
        time.sleep(60)
for _ in range(%d):
    os.wait()
"""

MANY: Final = """
held = []

def fill(end):
    end.setblocking(False)
    try:
        while True:
            end.send(bytes(4096))
    except OSError:
        pass

def in_sixty_processes(hoard):
    for _ in range(60):
        if os.fork() == 0:
            while True:
                hoard()
    time.sleep(60)

"""

TCP: Final = """
def hoard():
    with socket.create_server((%r, 0), family=%s) as listener:
        for _ in range(100):
            try:
                held.append(socket.create_connection(listener.getsockname()[:2]))
                held.append(listener.accept()[0])
            except OSError:
                return time.sleep(1)
            for end in held[-2:]:
                fill(end)

in_sixty_processes(hoard)
"""

NOT_ACCEPTED: Final = """
def hoard():
    try:
        held.append(socket.create_server(("127.0.0.1", 0), backlog=4096))
    except OSError:
        return time.sleep(1)
    for _ in range(4096):
        with socket.socket() as client:
            client.setblocking(False)
            client.connect_ex(held[-1].getsockname())
            fill(client)

in_sixty_processes(hoard)
"""

UDP: Final = """
def hoard():
    try:
        held.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        held[-1].bind(("127.0.0.1", 0))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.connect(held[-1].getsockname())
            for _ in range(1000):
                sender.send(bytes(1000))
    except OSError:
        time.sleep(1)

in_sixty_processes(hoard)
"""

NETLINK: Final = """
import struct

def hoard():
    try:
        held.append(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0))
        held[-1].setblocking(False)
        for number in range(3000):  # each is answered, and nobody reads the answers
            held[-1].send(struct.pack("IHHII", 1016, 99, 5, number, 0) + bytes(1000))
    except OSError:
        time.sleep(0.01)

in_sixty_processes(hoard)
"""

TERMINALS: Final = """
def hoard():
    try:
        pair = os.openpty()
    except OSError:
        return time.sleep(1)
    for end in pair:
        os.set_blocking(end, False)
        try:
            while True:
                os.write(end, bytes(4096))
        except OSError:
            pass

in_sixty_processes(hoard)
"""

LOCKS: Final = """
import fcntl, itertools
number = itertools.count()

def hoard():
    file = os.open(str(os.getpid()), os.O_RDWR | os.O_CREAT)
    for _ in range(500):
        fcntl.lockf(file, fcntl.LOCK_EX, 1, 2 * next(number))
    held.append(os.dup(file))  # to close any would let go of all locks

in_sixty_processes(hoard)
"""

HOARDS: Final = (
    survives(
        "a07_pipes_of_one_process",
        """
pipes = []
try:
    for _ in range(10_000):
        pipes.append(os.pipe())
except OSError as refusal:
    print(len(pipes) * 2 + 3, errno.errorcode[refusal.errno])
""",
        "255 EMFILE\n",
    ),
    Attack("a07_full_sockets_of_ten_processes", SOCKETS % (10, 10), Verdict.MEMORY_LIMIT),
    # So many processes run out of memory at once that the kernel may need seconds to end them.
    Attack("a07_full_sockets_of_sixty_processes", SOCKETS % (60, 60), Verdict.MEMORY_LIMIT),
    survives(
        "a07_shared_memory_by_key",
        """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print(libc.shmget(0, 1 << 20, 0o1600), errno.errorcode[ctypes.get_errno()])
""",
        "-1 EPERM\n",
    ),
    Attack(
        "a07_full_tcp_sockets",
        MANY + TCP % ("127.0.0.1", "socket.AF_INET"),
        Verdict.MEMORY_LIMIT,
    ),
    Attack(
        "a07_full_tcp_sockets_over_ipv6",
        MANY + TCP % ("::1", "socket.AF_INET6"),
        Verdict.MEMORY_LIMIT,
    ),
    Attack("a07_full_tcp_sockets_that_nobody_accepts", MANY + NOT_ACCEPTED, Verdict.MEMORY_LIMIT),
    Attack("a07_full_udp_sockets", MANY + UDP, Verdict.MEMORY_LIMIT),
    Attack("a07_full_netlink_sockets", MANY + NETLINK, Verdict.MEMORY_LIMIT),
    Attack("a07_full_pseudo_terminals", MANY + TERMINALS, Verdict.MEMORY_LIMIT),
    Attack("a07_file_locks", MANY + LOCKS, Verdict.MEMORY_LIMIT),
    survives(
        "a07_larger_buffers_and_filters_of_sockets",
        """
import ctypes, struct
libc = ctypes.CDLL(None, use_errno=True)
code = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0xFFFF))
program = struct.pack("HxxxxxxQ", 1, ctypes.addressof(code))
NUMBER = ctypes.c_long(208 if os.uname().machine == "aarch64" else 54)
OPTIONS = {"SO_SNDBUF": 7, "SO_RCVBUF": 8, "SO_SNDBUFFORCE": 32, "SO_RCVBUFFORCE": 33}
FILTERS = {"SO_ATTACH_FILTER": 26, "SO_ATTACH_REUSEPORT_CBPF": 51}
for family in socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK:
    with socket.socket(family, socket.SOCK_DGRAM) as own:
        refused = []
        for name, option in (OPTIONS | FILTERS).items():
            value = program if name in FILTERS else struct.pack("I", 1 << 22)
            for level in socket.SOL_SOCKET, socket.SOL_SOCKET + (1 << 32):
                # By number: the library would not pass on the upper half of the level.
                answer = libc.syscall(NUMBER, ctypes.c_long(own.fileno()),
                    ctypes.c_long(level), ctypes.c_long(option), value, ctypes.c_long(len(value)))
                refused.append(answer == -1 and ctypes.get_errno() == errno.EPERM)
        print(family.name, refused.count(True), "of", len(refused))
for name, option in ("PR_SET_SECCOMP", 22), ("PR_SET_VMA", 0x53564D41):
    answer = libc.prctl(option, 2, program, 0, 0)
    print(name, answer, errno.errorcode[ctypes.get_errno()])
""",
        """\
AF_INET 12 of 12
AF_INET6 12 of 12
AF_UNIX 12 of 12
AF_NETLINK 12 of 12
PR_SET_SECCOMP -1 EPERM
PR_SET_VMA -1 EPERM
""",
    ),
)
