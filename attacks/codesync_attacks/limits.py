"""Programs that exceed limits on processes, memory, files and time (A01 to A18)."""

from typing import Final

from codesync_attacks.attack import Attack, survives
from codesync_attacks.kernel_memory import HOARDS
from codesync_protocol.verdict import Verdict

LIMITS: Final = (
    # A01: the limit is 64 processes, of which one is the runner and one the program.
    Attack(
        "a01_fork_bomb",
        """
children = 0
while True:
    try:
        if os.fork() == 0:
            time.sleep(60)
        children += 1
    except OSError as refusal:
        print(children, errno.errorcode[refusal.errno], flush=True)
        break
while True:
    try:
        os.fork()
    except OSError:
        pass
""",
        Verdict.TIME_LIMIT,
        "62 EAGAIN\n",
    ),
    Attack(
        "a01_fork_bomb_in_a_shell",
        "os.execlp('bash', 'bash', '-c', ':(){ :|:& };: ; while :; do :|:; done')",
        Verdict.TIME_LIMIT,
        stderr="fork: retry: Resource temporarily unavailable",
    ),
    Attack(
        "a02_thread_bomb",
        """
import threading
threads = 0
try:
    while True:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        threads += 1
except RuntimeError as refusal:
    print(threads, refusal, flush=True)
while True:
    try:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    except RuntimeError:
        pass
""",
        Verdict.TIME_LIMIT,
        "62 can't start new thread\n",
    ),
    survives(
        "a02_thread_bomb_in_java",
        """
public class Main {
    public static void main(String[] args) {
        try {
            while (true) {
                Thread thread = new Thread(() -> {
                    try { Thread.sleep(60_000); } catch (InterruptedException e) { }
                });
                thread.setDaemon(true);
                thread.start();
            }
        } catch (OutOfMemoryError refusal) {
            System.err.print("refused");
        }
        Runtime.getRuntime().halt(0);
    }
}
""",
        None,  # the virtual machine has its own words for it
        stderr="refused",
        language="java",
    ),
    Attack(
        "a03_memory_bomb",
        "hoard = bytearray(1 << 30)\nfor page in range(0, 1 << 30, 4096): hoard[page] = 1",
        Verdict.MEMORY_LIMIT,
    ),
    Attack(
        "a03_memory_bomb_in_a_child_that_the_program_survives",
        """
if os.fork() == 0:
    hoard = []
    while True:
        hoard.append(bytearray(b"x") * (4 << 20))
print("child ended with", os.wait()[1])
""",
        Verdict.MEMORY_LIMIT,
        "child ended with 9\n",
        exit_code=0,
    ),
    # Lower its own score as far as the kernel lets it, so that the runner looks more expendable.
    Attack(
        "a03_memory_bomb_of_sixty_that_spare_themselves",
        """
for score in range(1000, -1001, -1):
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write(str(score))
    except OSError:
        pass
hoard = []
for _ in range(60):
    if os.fork() == 0:
        break
else:
    os.wait()
    os.kill(-1, signal.SIGKILL)
    sys.exit()
while True:
    hoard.append(bytearray(b"x") * (64 << 10))
""",
        Verdict.MEMORY_LIMIT,
        exit_code=-1,
    ),
    Attack(
        "a03_memory_bomb_in_javascript",
        "const hoard = []; while (true) hoard.push(Buffer.alloc(1 << 26, 1));",
        Verdict.MEMORY_LIMIT,
        language="javascript",
    ),
    survives(
        "a04_fill_every_writable_place",
        """
def fill(folder):
    written = 0
    try:
        for number in range(1000):
            with open(f"{folder}/{number}", "wb", buffering=0) as file:
                for _ in range(8):
                    written += file.write(bytes(1 << 20))
    except OSError as refusal:
        print(folder, -(-written >> 20), errno.errorcode[refusal.errno])

fill("/tmp")
fill("/dev/shm")
os.remove("/tmp/0")
with open("/tmp/large", "wb", buffering=0) as file:
    print("one file", sum(file.write(bytes(1 << 20)) for _ in range(8)) >> 20)
""",
        "/tmp 64 ENOSPC\n/dev/shm 16 ENOSPC\none file 8\n",
    ),
    survives(
        "a04_one_file_larger_than_files_may_be",
        """
with open("large", "wb", buffering=0) as file:
    for _ in range(16):
        file.write(bytes(1 << 20))
    attempt("more than 16 MiB", file.write, b"x")
attempt("a file of 2^62 bytes", os.truncate, "large", 1 << 62)
""",
        "more than 16 MiB EFBIG\na file of 2^62 bytes EFBIG\n",
    ),
    # A06: 4,096 inodes, of which three are /tmp, the job's folder and main.py.
    survives(
        "a06_a_million_files",
        """
for number in range(1_000_000):
    try:
        open(str(number), "x").close()
    except OSError as refusal:
        print(number, errno.errorcode[refusal.errno])
        break
attempt("a folder", os.mkdir, "folder")
""",
        "4093 ENOSPC\na folder ENOSPC\n",
    ),
    *HOARDS,
    Attack("a15_sleep_for_ever", "while True: time.sleep(60)", Verdict.TIME_LIMIT),
    Attack(
        "a15_close_everything_and_sleep",
        "os.closerange(0, 256)\nwhile True: time.sleep(60)",
        Verdict.TIME_LIMIT,
    ),
    Attack(
        "a15_close_everything_and_spin",
        "os.closerange(0, 256)\nwhile True: pass",
        Verdict.TIME_LIMIT,
    ),
    Attack(
        "a16_ignore_every_signal_that_can_be",
        """
for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
print("deaf", flush=True)
while True: time.sleep(60)
""",
        Verdict.TIME_LIMIT,
        "deaf\n",
    ),
    survives(
        "a17_signals_for_the_runner_and_for_everybody",
        """
child = os.fork()
if child == 0:
    time.sleep(60)
os.kill(-1, signal.SIGKILL)
print("child ended with", os.waitpid(child, 0)[1])
for number in range(1, signal.NSIG):
    if number not in (32, 33):
        os.kill(1, number)
descriptor = os.pidfd_open(1)
signal.pidfd_send_signal(descriptor, signal.SIGKILL)
signal.pidfd_send_signal(descriptor, signal.SIGSTOP)
print("the runner lives", os.getppid())
""",
        "child ended with 9\nthe runner lives 1\n",
    ),
    Attack(
        "a18_stop_oneself_and_everybody",
        """
for _ in range(3):
    if os.fork() == 0:
        os.kill(os.getpid(), signal.SIGSTOP)
for _ in range(3):
    print(os.WIFSTOPPED(os.waitpid(-1, os.WUNTRACED)[1]), flush=True)
os.kill(0, signal.SIGSTOP)
print("never")
""",
        Verdict.TIME_LIMIT,
        "True\nTrue\nTrue\n",
    ),
)
