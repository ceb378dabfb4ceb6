"""Programs that use rare features of the kernel, and read facts of the host (A05 to A29)."""

from typing import Final

from codesync_attacks.attack import Attack, survives
from codesync_protocol.verdict import Verdict

KERNEL: Final = (
    Attack(
        "a05_hoard_in_files_and_in_memory",
        """
with open("/tmp/hoard", "wb", buffering=0) as file:
    for _ in range(12):
        file.write(bytes(1 << 20))
hoard = bytearray(b"x") * (1 << 28)
""",
        Verdict.MEMORY_LIMIT,
        exit_code=-1,
    ),
    survives(
        "a08_files_that_are_larger_than_disks",
        """
file = os.open("sparse", os.O_RDWR | os.O_CREAT)
attempt("1 TiB", os.ftruncate, file, 1 << 40)
attempt("2^62", os.ftruncate, file, 1 << 62)
attempt("write far out", os.pwrite, file, b"x", 1 << 40)
attempt("allocate", os.posix_fallocate, file, 0, 1 << 40)
""",
        "1 TiB EFBIG\n2^62 EFBIG\nwrite far out EFBIG\nallocate EFBIG\n",
    ),
    survives(
        "a09_folders_two_thousand_deep_with_hostile_names",
        """
for name in "\\n\\x1b[2J", "$(reboot)", "-rf", "..\\u202e", "\\udcff":
    os.mkdir(name)
depth = 0
while depth < 2000:
    os.mkdir("x")
    os.chdir("x")
    depth += 1
print(depth)
""",
        "2000\n",
    ),
    survives(
        "a19_leave_a_daemon_that_holds_stdout",
        """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(60)
    os._exit(0)
os.wait()
print("done", flush=True)
os._exit(0)
""",
        "done\n",
    ),
    survives(
        "a25_system_calls_that_nobody_needs",
        """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
CALLS = {
    "io_uring_setup": (425, 8, 0), "keyctl": (250, 0, 0), "userfaultfd": (323, 0, 0),
    "unshare": (272, 0x10000000, 0), "bpf": (321, 0, 0), "perf_event_open": (298, 0, 0),
    "memfd_secret": (447, 0, 0), "ptrace": (101, 0, 0), "mount": (165, 0, 0), "setns": (308, 0, 0),
    "kexec_load": (246, 0, 0), "init_module": (175, 0, 0), "swapon": (167, 0, 0),
    "add_key": (248, 0, 0), "open_by_handle_at": (304, 0, 0), "chroot": (161, 0, 0),
}
for name, (number, *arguments) in CALLS.items():
    if libc.syscall(number, *arguments, 0, 0, 0) >= 0:
        print("GRANTED", name)
    elif ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS):
        print(name, "was looked at:", errno.errorcode[ctypes.get_errno()])
print(len(CALLS), "tried")
""",
        "16 tried\n",
    ),
    survives(
        "a25_every_address_family",
        """
KINDS = socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET, 6, 10
USUAL = {socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK}
for family in range(64):  # Linux 6.18 has 46; VSOCK is 40, ALG 38, PACKET 17, XDP 44
    for kind in KINDS:
        try:
            socket.socket(family, kind, 0)
        except OSError as refusal:
            if family not in USUAL and refusal.errno != errno.EPERM:
                print(family, kind, "was looked at:", refusal)
        else:
            if family not in USUAL or kind in (socket.SOCK_RAW, 6, 10) and family in (2, 10):
                print("GRANTED", family, kind)
for protocol in range(1, 32):  # of netlink: all but that of routes
    attempt("netlink", socket.socket, socket.AF_NETLINK, socket.SOCK_RAW, protocol)
""",
        "netlink EPERM\n" * 31,
    ),
    survives(
        "a25_calls_with_the_numbers_of_other_architectures",
        """
import ctypes, mmap
I386 = {
    "socket": 359, "socketcall": 102, "io_uring_setup": 425, "keyctl": 288, "userfaultfd": 374,
    "unshare": 310, "bpf": 357, "perf_event_open": 336, "ptrace": 26, "mount": 21, "getpid": 20,
}
X32 = {
    "socket": 41, "io_uring_setup": 425, "keyctl": 250, "userfaultfd": 323, "unshare": 272,
    "bpf": 321, "perf_event_open": 298, "ptrace": 521, "mount": 165, "getpid": 39,
}
libc = ctypes.CDLL(None, use_errno=True)

def interrupt(number):
    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(bytes([0xB8]) + number.to_bytes(4, "little") + bytes([0xCD, 0x80, 0xC3]))
    address = ctypes.addressof(ctypes.c_char.from_buffer(code))
    ctypes.CFUNCTYPE(ctypes.c_int)(address)()

def with_the_bit_of_x32(number):
    libc.syscall(ctypes.c_long(number | 0x40000000), 0, 0, 0, 0, 0)

for door, calls in (interrupt, I386), (with_the_bit_of_x32, X32):
    for name, number in calls.items() if os.uname().machine == "x86_64" else ():
        child = os.fork()
        if child == 0:
            door(number)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        # SIGSYS is our filter; SIGSEGV a kernel that has no such door.
        if not os.WIFSIGNALED(status) or os.WTERMSIG(status) not in (31, 11):
            print("GRANTED", door.__name__, name, status)
print("done")
""",
        "done\n",
    ),
    survives(
        "a29_read_what_the_host_keeps_to_itself",
        """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print("dmesg", libc.klogctl(3, ctypes.create_string_buffer(64), 64), ctypes.get_errno())
for name in "/proc/kcore", "/proc/kmsg", "/proc/sysrq-trigger", "/proc/timer_list", "/dev/mem":
    try:
        with open(name, "rb") as file:
            print(name, "GRANTED" if file.read(64) else "is empty or refused")
    except OSError:
        print(name, "is empty or refused")
for name in "/sys/firmware", "/proc/acpi", "/proc/scsi":
    print(name, os.listdir(name) if os.path.isdir(name) else [])
""",
        """\
dmesg -1 1
/proc/kcore is empty or refused
/proc/kmsg is empty or refused
/proc/sysrq-trigger is empty or refused
/proc/timer_list is empty or refused
/dev/mem is empty or refused
/sys/firmware []
/proc/acpi []
/proc/scsi []
""",
    ),
    Attack(
        "a30_burn_with_sixty_processes",
        "for _ in range(60):\n    if os.fork() == 0: break\nwhile True: pass",
        Verdict.TIME_LIMIT,
    ),
    Attack("a33_end_with_code_255", "os._exit(255)", Verdict.RUNTIME_ERROR, exit_code=255),
    Attack("a33_dump_core", "os.abort()", Verdict.SIGNALLED),
    Attack(
        "a39_a_number_without_end",
        "print(len(str(9 ** 9 ** 9)))",
        (Verdict.TIME_LIMIT, Verdict.MEMORY_LIMIT),
        None,
    ),
    Attack(
        "a39_a_hundred_thousand_parentheses",
        "eval('(' * 100_000)",
        (Verdict.RUNTIME_ERROR, Verdict.SIGNALLED),
        None,
        exit_code=-1,
    ),
    Attack(
        "a39_a_pattern_that_goes_back_for_ever",
        "import re\nre.match(r'(a+)+$', 'a' * 64 + 'b')",
        Verdict.TIME_LIMIT,
    ),
    Attack(
        "a39_unpack_a_bomb",
        """
import zlib
packer = zlib.compressobj(1, zlib.DEFLATED, -15)
bomb = (packer.compress(bytes(1 << 25)) + packer.flush(zlib.Z_FULL_FLUSH)) * 12
zlib.decompressobj(-15).decompress(bomb)
""",
        Verdict.MEMORY_LIMIT,
        exit_code=-1,
    ),
    Attack(
        "a40_heap_bomb_in_java",
        """
import java.util.*;
public class Main {
    public static void main(String[] args) {
        List<byte[]> hoard = new ArrayList<>();
        while (true) { byte[] b = new byte[1 << 20]; Arrays.fill(b, (byte) 1); hoard.add(b); }
    }
}
""",
        (Verdict.RUNTIME_ERROR, Verdict.MEMORY_LIMIT),
        exit_code=-1,
        language="java",
    ),
    Attack(
        "a40_heap_bomb_in_javascript",
        "const hoard = []; while (true) hoard.push(new Array(1 << 20).fill(hoard.length));",
        (Verdict.MEMORY_LIMIT, Verdict.SIGNALLED),
        exit_code=-1,
        language="javascript",
    ),
)
