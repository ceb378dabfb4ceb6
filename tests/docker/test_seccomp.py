"""The seccomp profile, tested from inside a container with the flags of a sandbox."""

import errno
import json
import platform
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from codesync_server.executors.docker.profile import seccomp_profile
from tests.docker.closed import ClosedContainer

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300, func_only=True)]

PROBES = Path(__file__).with_name("probes.py").read_text()

X86_ONLY = {"ioperm", "iopl", "modify_ldt"}
# An engine whose libseccomp does not know a recent number answers as if the kernel did not either.
RECENT = {"memfd_secret", "process_madvise", "process_mrelease"}

Answers = dict[str, int | str]


def ask(container: ClosedContainer, *names: str, seccomp: str | None = None) -> Answers:
    outcome = container.run("python3", "-I", "-S", "-c", PROBES, *names, seccomp=seccomp)
    assert outcome.stderr == ""
    answers: Answers = json.loads(outcome.stdout)
    return answers


@pytest.fixture(scope="module")
def answers(closed_container: ClosedContainer) -> Answers:
    return ask(closed_container)


def named(answers: Answers, *names: str) -> dict[str, str]:
    """Pick answers, with words for numbers."""
    if platform.machine() != "x86_64":
        names = tuple(name for name in names if name not in X86_ONLY)
    words: dict[str, str] = {}
    for name in names:
        answer = answers[name]
        if name in RECENT and answer == errno.ENOSYS:
            answer = errno.EPERM
        words[name] = errno.errorcode.get(answer, "ok") if isinstance(answer, int) else answer
    return words


def test_a21_no_process_can_trace_or_read_another(answers: Answers) -> None:
    names = (
        "ptrace",
        "ptrace attach runner",
        "ptrace seize runner",
        "process_vm_readv",
        "process_vm_readv runner",
        "process_vm_writev",
        "process_vm_writev runner",
        "pidfd_getfd runner",
        "kcmp",
        "kcmp runner",
        "process_madvise",
        "process_mrelease",
        "migrate_pages",
        "move_pages",
    )
    assert named(answers, *names) == dict.fromkeys(named(answers, *names), "EPERM")


def test_a21_limits_and_priority_of_the_runner_are_out_of_reach(answers: Answers) -> None:
    names = (
        "prlimit64 runner",
        "prlimit64 runner, high bit",
        "prlimit64 own pid",
        "setpriority runner",
        "setpriority runner, high bit",
        "setpriority group",
        "setpriority user",
        "sched_setscheduler runner",
        "sched_setparam runner",
        "sched_setattr runner",
        "ioprio_set runner",
    )
    assert named(answers, *names) == dict.fromkeys(names, "EPERM")


def test_a17_the_runner_cannot_be_killed_from_inside(answers: Answers) -> None:
    # The call is granted, and the kernel drops the signal: it was PID 1 that printed the answers.
    assert named(answers, "kill runner") == {"kill runner": "ok"}


def test_a24_only_tcp_udp_and_unix_sockets_can_be_made(answers: Answers) -> None:
    sockets = named(answers, *(name for name in answers if name.startswith("socket")))
    assert {name for name, answer in sockets.items() if answer == "EPERM"} == {
        "socket",  # of no family
        "socketpair",
        "socketpair tipc",
        "socket netlink diag",
        "socket netlink audit",
        "socket netlink netfilter",
        "socket netlink uevent",
        "socket netlink generic",
        "socket inet raw",
        "socket inet ping",
        "socket inet packet",
        "socket inet sctp",
        "socket inet dccp",
        "socket inet mptcp",
        "socket inet6 raw",
    }


def test_a25_every_other_address_family_is_refused(answers: Answers) -> None:
    families = {name: answer for name, answer in answers.items() if name.startswith("family ")}
    looked_at = {name.split()[1] for name, answer in families.items() if answer != errno.EPERM}
    # AF_UNIX, AF_INET, AF_INET6, AF_NETLINK. AF_PACKET 17, AF_ALG 38, AF_VSOCK 40, AF_XDP 44 are
    # refused by the filter, for every kind of socket, before the kernel looks at them.
    assert looked_at <= {"1", "2", "10", "16"}
    assert len(families) == 64 * 7


def test_a25_the_kernels_dangerous_corners_are_refused(answers: Answers) -> None:
    names = (
        "io_uring_setup",
        "io_uring_enter",
        "io_uring_register",
        "io_setup",
        "add_key",
        "request_key",
        "keyctl",
        "userfaultfd",
        "bpf",
        "perf_event_open",
        "memfd_secret",
        "seccomp",
        "fanotify_init",
        "name_to_handle_at",
        "open_by_handle_at",
        "personality no-randomize",
        "modify_ldt",
        "iopl",
        "ioperm",
        "splice",
        "tee",
        "vmsplice",
    )
    assert named(answers, *names) == dict.fromkeys(named(answers, *names), "EPERM")


def test_a25_no_namespace_and_no_mount_can_be_made(answers: Answers) -> None:
    names = (
        "unshare",
        "unshare user namespace",
        "setns",
        "clone user namespace",
        "clone network namespace",
        "mount",
        "umount2",
        "fsopen",
        "move_mount",
        "mount_setattr",
        "open_tree",
        "pivot_root",
        "chroot",
    )
    assert named(answers, *names) == dict.fromkeys(names, "EPERM")


def test_clone3_is_said_not_to_exist_so_that_clone_is_used(answers: Answers) -> None:
    assert named(answers, "clone3") == {"clone3": "ENOSYS"}


def test_a26_no_kernel_objects_outlive_a_process_or_are_counted_by_uid(answers: Answers) -> None:
    names = ("msgget", "semget", "shmget", "mq_open")
    assert named(answers, *names) == dict.fromkeys(names, "EPERM")


def test_the_machine_itself_cannot_be_administered(answers: Answers) -> None:
    names = (
        "acct",
        "adjtimex",
        "clock_adjtime",
        "clock_settime",
        "settimeofday",
        "delete_module",
        "finit_module",
        "init_module",
        "kexec_load",
        "quotactl",
        "reboot",
        "swapon",
        "sync",
        "syncfs",
        "syslog",
        "mbind",
        "set_mempolicy",
    )
    assert named(answers, *names) == dict.fromkeys(names, "EPERM")


@pytest.mark.skipif(platform.machine() != "x86_64", reason="x86-64 has these doors")
def test_a25_calls_of_32_bit_and_x32_end_the_process(answers: Answers) -> None:
    doors = named(answers, *(name for name in answers if name.startswith(("32-bit ", "x32 "))))
    assert {"32-bit socket", "32-bit socketcall", "x32 socket", "x32 io_uring_setup"} <= set(doors)
    assert set(doors.values()) == {"signal 31"}


def test_what_programs_need_is_granted(answers: Answers) -> None:
    names = (
        "personality query",
        "prlimit64 self",
        "setpriority self",
        "sched_setscheduler self",
        "socketpair unix",
        "socket unix",
        "socket inet stream",
        "socket inet tcp",
        "socket inet datagram",
        "socket inet udp",
        "socket netlink route",
    )
    assert named(answers, *names) == dict.fromkeys(names, "ok")


def test_the_probes_would_notice_an_open_kernel(
    closed_container: ClosedContainer, answers: Answers
) -> None:
    """What holds without any profile is not the profile's merit, nor proof that it works."""
    # Not among them: attaching to the runner, which would succeed, and stop it for ever.
    names = (
        "ptrace",
        "process_vm_readv runner",
        "prlimit64 runner",
        "prlimit64 runner, high bit",
        "setpriority runner",
        "setpriority runner, high bit",
        "setpriority user",
        "sched_setscheduler runner",
        "ioprio_set runner",
        "personality no-randomize",
        "splice",
        "tee",
        "vmsplice",
        "msgget",
        "semget",
        "shmget",
        "sync",
        "socket netlink audit",
        "socket inet ping",
    )
    without = ask(closed_container, *names, seccomp="unconfined")
    assert named(without, *names) == dict.fromkeys(names, "ok")
    assert named(answers, *names) == dict.fromkeys(names, "EPERM")


def test_the_profile_is_an_allow_list_of_known_names() -> None:
    profile: dict[str, Any] = json.loads(seccomp_profile())
    rules: list[dict[str, Any]] = profile["syscalls"]
    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"
    assert profile["defaultErrnoRet"] == errno.EPERM
    assert all(not each["subArchitectures"] for each in profile["archMap"])
    assert [rule["names"] for rule in rules if rule["action"] != "SCMP_ACT_ALLOW"] == [["clone3"]]
    unconditional = [name for rule in rules if "args" not in rule for name in rule["names"]]
    assert len(unconditional) == len(set(unconditional))
    conditional = {name for rule in rules if "args" in rule for name in rule["names"]}
    assert conditional.isdisjoint(unconditional)


def test_every_group_of_the_profile_says_why() -> None:
    folder = resources.files("codesync_server.executors.docker")
    rules: list[dict[str, Any]] = json.loads(folder.joinpath("seccomp.json").read_text())[
        "syscalls"
    ]
    said: set[str] = set()
    for rule in rules:
        # The rules of one call stand together; the first of them speaks for all.
        assert "comment" in rule or set(rule["names"]) <= said, rule["names"]
        said = said | set(rule["names"]) if "comment" not in rule else set(rule["names"])
