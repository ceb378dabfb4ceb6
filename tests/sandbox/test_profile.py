"""The engine's description of a pooled container equals the frozen profile."""

import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import docker
import pytest
import pytest_asyncio

from codesync_protocol.verdict import Verdict
from codesync_server.executors.docker.executor import DockerExecutor
from codesync_server.executors.docker.owner import EXPIRES_LABEL, LABEL, OWNER_LABEL, this_process
from codesync_server.executors.docker.profile import MIB, SYSCTLS, SandboxProfile, seccomp_profile
from codesync_server.executors.docker.uids import MAPPED, UNUSED
from codesync_server.executors.runner import source
from tests.sandbox.engine_view import EngineView
from tests.sandbox.sandboxes import acquire, python_spec, run_in, run_on, running_executor
from tests.waiting import eventually

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300, func_only=True)]
in_the_modules_loop = pytest.mark.asyncio(loop_scope="module")

PROFILE = SandboxProfile()


@pytest.fixture(scope="module")
def engine(docker_client: docker.APIClient) -> EngineView:
    """The engine as a witness."""
    return EngineView(docker_client)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def executor(executor_image: str) -> AsyncGenerator[DockerExecutor, None]:
    """An executor with two parked containers."""
    async with running_executor(executor_image, pool_size=2) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def inspected(
    executor: DockerExecutor, engine: EngineView
) -> AsyncGenerator[list[dict[str, Any]], None]:
    """Everything that the engine knows of two containers of the pool."""
    taken = [await acquire(executor) for _ in range(2)]
    yield [engine.inspect(sandbox.container) for sandbox in taken]
    for sandbox in taken:
        await sandbox.destroy(reported=False)


@pytest.fixture(scope="module")
def container(inspected: list[dict[str, Any]]) -> dict[str, Any]:
    """One container of the pool."""
    return inspected[0]


@pytest.fixture(scope="module")
def host(container: dict[str, Any]) -> dict[str, Any]:
    """Its HostConfig."""
    config: dict[str, Any] = container["HostConfig"]
    return config


def test_it_has_no_network_and_no_port(container: dict[str, Any], host: dict[str, Any]) -> None:
    assert host["NetworkMode"] == "none"
    assert container["Config"]["NetworkDisabled"] is True
    assert not host.get("PublishAllPorts")
    assert not host.get("PortBindings")
    assert not container["NetworkSettings"]["Ports"]
    assert set(container["NetworkSettings"]["Networks"] or {}) <= {"none"}
    assert not host.get("Links")
    assert not host.get("ExtraHosts")


def test_it_has_no_privileges(host: dict[str, Any]) -> None:
    assert host["Privileged"] is False
    assert host["CapDrop"] == ["ALL"]
    assert not host.get("CapAdd")
    assert "no-new-privileges" in host["SecurityOpt"]
    assert not host.get("GroupAdd")
    assert not host.get("Devices")
    assert not host.get("DeviceRequests")
    assert not host.get("DeviceCgroupRules")
    assert host["Sysctls"] == SYSCTLS
    assert {name.split(".")[0] for name in SYSCTLS} == {"net"}  # of its own network namespace
    assert not host.get("UsernsMode")
    assert not host.get("CgroupParent")
    assert {"/proc/kcore", "/proc/keys", "/sys/firmware"} <= set(host["MaskedPaths"])
    assert {"/proc/sys", "/proc/sysrq-trigger"} <= set(host["ReadonlyPaths"])


def test_it_shares_no_namespace(host: dict[str, Any]) -> None:
    assert host["IpcMode"] == "private"
    assert host["PidMode"] == ""
    assert host["UTSMode"] == ""
    assert host["CgroupnsMode"] in ("", "private", "host")  # cgroup v1 knows but the host's


def test_its_seccomp_profile_is_ours_and_given_inline(host: dict[str, Any]) -> None:
    given = [each for each in host["SecurityOpt"] if each.startswith("seccomp=")]
    assert given == [f"seccomp={seccomp_profile()}"]
    assert json.loads(given[0].removeprefix("seccomp="))["defaultAction"] == "SCMP_ACT_ERRNO"
    assert len(host["SecurityOpt"]) == 2


def test_nothing_is_writable_but_what_is_thrown_away(
    container: dict[str, Any], host: dict[str, Any]
) -> None:
    assert host["ReadonlyRootfs"] is True
    assert container["Mounts"] == []
    assert not host.get("Binds")
    assert not host.get("Mounts")
    assert not host.get("VolumesFrom")
    assert not host.get("VolumeDriver")
    assert not container["Config"]["Volumes"]
    assert set(host["Tmpfs"]) == {"/tmp", "/dev/shm", "/dev/mqueue"}


@pytest.mark.parametrize(
    ("folder", "wanted"),
    [
        ("/tmp", "rw exec nosuid nodev size=67108864 nr_inodes=4096 mode=0700"),
        ("/dev/shm", "rw noexec nosuid nodev size=16777216 nr_inodes=256 mode=0700"),
        ("/dev/mqueue", "ro noexec nosuid nodev size=4096 nr_inodes=1"),
    ],
)
def test_what_is_writable_is_small_and_belongs_to_its_user_alone(
    folder: str, wanted: str, container: dict[str, Any], host: dict[str, Any]
) -> None:
    options = set(host["Tmpfs"][folder].split(","))
    owned = {f"{kind}id={container['Config']['User'].split(':')[0]}" for kind in "ug"}
    assert options == set(wanted.split()) | (owned if folder != "/dev/mqueue" else set())


def test_what_it_may_use_up(host: dict[str, Any]) -> None:
    assert host["Memory"] == host["MemorySwap"] == 256 * MIB
    assert host["OomKillDisable"] is not True
    assert host["OomScoreAdj"] == 500
    assert host["CpuPeriod"] == 20_000
    assert host["CpuQuota"] == 10_000
    assert host["PidsLimit"] == 64
    limits = {each["Name"]: (each["Soft"], each["Hard"]) for each in host["Ulimits"]}
    assert limits == {
        "core": (0, 0),
        "nofile": (512, 512),
        "memlock": (0, 0),
        "msgqueue": (0, 0),
    }


def test_the_engine_logs_nothing_and_restarts_nothing(host: dict[str, Any]) -> None:
    assert host["LogConfig"]["Type"] == "none"
    assert host["RestartPolicy"]["Name"] in ("", "no")
    assert host["AutoRemove"] is False
    assert host["Runtime"] == "runc"


def test_what_runs_in_it_is_the_runner_and_nothing_of_the_server(container: dict[str, Any]) -> None:
    config = container["Config"]
    assert config["Cmd"] == ["python3", "-I", "-S", "-c", source()]
    assert not config["Entrypoint"]
    assert config["WorkingDir"] == "/tmp"
    assert {each.partition("=")[0] for each in config["Env"]} == {"PATH", "LANG", "HOME"}
    assert config["Tty"] is False
    # When the server dies, the engine closes stdin, and the runner ends.
    assert (config["OpenStdin"], config["StdinOnce"]) == (True, True)
    assert config["Hostname"] == "sandbox"


def test_each_has_a_numeric_user_of_its_own(inspected: list[dict[str, Any]]) -> None:
    users = [each["Config"]["User"] for each in inspected]
    assert len(set(users)) == 2
    for user in users:
        uid, _, gid = user.partition(":")
        assert uid == gid
        assert int(uid) in UNUSED or int(uid) in MAPPED


def test_its_labels_say_whose_it_is_and_until_when(container: dict[str, Any]) -> None:
    labels = container["Config"]["Labels"]
    assert labels[LABEL] == "1"
    assert labels[OWNER_LABEL] == str(this_process())
    assert labels["codesync.profile"] == PROFILE.fingerprint
    assert labels[EXPIRES_LABEL].isdigit()


def test_the_fingerprint_changes_with_any_part_of_the_profile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    changed: dict[str, Any] = {
        "memory": 1,
        "cpus": 0.1,
        "processes": 1,
        "tmp": 1,
        "tmp_files": 1,
        "shared_memory": 1,
        "open_files": 1,
        "runtime": "runsc",
    }
    assert set(changed) == set(PROFILE.__dataclass_fields__)
    prints = {replace(PROFILE, **{name: value}).fingerprint for name, value in changed.items()}
    monkeypatch.setattr("codesync_server.executors.docker.profile.seccomp_profile", lambda: "{}")
    prints |= {PROFILE.fingerprint}
    monkeypatch.undo()
    assert len(prints | {PROFILE.fingerprint}) == len(changed) + 2


# What may happen to a sandbox in its whole life. No exec_create, exec_start, archive-path,
# extract-to-dir, copy, export, commit, update, restart, pause, rename or stop is among it.
LIFE = ["create", "attach", "start", "oom", "kill", "die", "detach", "destroy"]


@in_the_modules_loop
async def test_a_container_takes_one_job_and_is_gone(
    executor_image: str, engine: EngineView
) -> None:
    jobs = 4
    with engine.watched() as story:
        async with running_executor(executor_image, pool_size=1) as executor:
            used: list[str] = []
            for number in range(jobs):
                sandbox = await acquire(executor)
                used.append(sandbox.container)
                result, heard = await run_in(sandbox, python_spec(f"print({number})"))
                assert (result.verdict, heard.stdout) == (Verdict.OK, b"%d\n" % number)
                await eventually(lambda: engine.is_gone(used[-1]))
    assert len(set(used)) == jobs
    for container in story.containers:
        assert set(story.of(container)) <= set(LIFE)
    for container in used:
        happened = story.of(container)
        assert [happened.count(once) for once in ("create", "attach", "start", "destroy")] == [
            1
        ] * 4


@in_the_modules_loop
async def test_no_trace_of_one_job_is_found_by_the_next(executor: DockerExecutor) -> None:
    leave = python_spec(
        "import os\nfor folder in '/tmp', '/tmp/job', '/dev/shm':\n"
        "    open(folder + '/left', 'w').write('secret')\nprint(os.getuid())"
    )
    find = python_spec(
        "import os\nfor folder in '/tmp', '/tmp/job', '/dev/shm':\n"
        "    print(os.path.exists(folder + '/left'))"
    )
    (left, _), (found, heard) = await run_on(executor, leave, find)
    assert (left.verdict, found.verdict) == (Verdict.OK, Verdict.OK)
    assert heard.stdout == b"False\n" * 3


@in_the_modules_loop
async def test_the_engines_events_would_tell_of_an_exec_and_of_a_copy(
    executor: DockerExecutor, engine: EngineView, docker_client: docker.APIClient
) -> None:
    """What the test above would miss is no proof. Nothing has run in this container yet."""
    client: Any = docker_client
    sandbox = await acquire(executor)
    with engine.watched() as story:
        execution = client.exec_create(sandbox.container, ["true"])
        client.exec_start(execution["Id"])
        _, meta = client.get_archive(sandbox.container, "/etc/hostname")
    assert meta
    await sandbox.destroy(reported=False)
    assert {"exec_create", "exec_start", "archive-path"} <= set(story.of(sandbox.container))
