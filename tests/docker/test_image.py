"""The executor image and its builder, on a real engine."""

import gc
import inspect as introspection
import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docker
import pytest

from codesync_server.executors.choice import ensure_image
from codesync_server.executors.docker import image
from codesync_server.executors.docker.engine import Engine
from codesync_server.executors.docker.sdk import ApiClient
from tests.docker import programs
from tests.docker.closed import ClosedContainer
from tests.sandbox.sandboxes import acquire, running_executor

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300, func_only=True)]

BASE = "FROM debian:bookworm-slim"


def audit() -> None:
    """Runs in the image, as root: print every file that lends its owner's rights."""
    import os
    import stat

    for folder, folders, files in os.walk("/"):
        if folder == "/":
            folders[:] = [name for name in folders if name not in {"proc", "sys", "dev"}]
        for name in (*folders, *files):
            path = os.path.join(folder, name)
            mode = os.lstat(path).st_mode
            if stat.S_ISLNK(mode):
                continue
            if mode & (stat.S_ISUID | stat.S_ISGID):
                print("mode", path)
            if "security.capability" in os.listxattr(path):
                print("capability", path)


def audit_after(docker_client: docker.APIClient, tag: str, command: str) -> list[str]:
    """Run a shell command as root in a throw-away container of the image, then the audit."""
    source = introspection.getsource(audit) + "\naudit()\n"
    outcome = ClosedContainer(docker_client, tag).run(
        "sh",
        "-c",
        f'{command}; exec python3 -I -S -c "$1"',
        "sh",
        source,
        uid=0,
        seccomp="unconfined",
        # It must read folders of every user, and once plant what it is to find.
        cap_drop=[],
        read_only=False,
    )
    assert (outcome.status, outcome.stderr) == (0, "")
    return outcome.stdout.splitlines()


def test_a22_no_file_lends_the_rights_of_its_owner(
    docker_client: docker.APIClient, executor_image: str
) -> None:
    assert audit_after(docker_client, executor_image, ":") == []


def test_a22_the_audit_finds_what_is_planted(
    docker_client: docker.APIClient, executor_image: str
) -> None:
    plant = (
        "cd /var/lib && cp /bin/true a && chmod u+s a && mkdir b && chmod g+s b && cp /bin/true c"
        ' && python3 -c \'import os; os.setxattr("c", "security.capability",'
        ' bytes.fromhex("0100000200200000000000000000000000000000"))\''
    )
    assert sorted(audit_after(docker_client, executor_image, plant)) == [
        "capability /var/lib/c",
        "mode /var/lib/a",
        "mode /var/lib/b",
    ]


def test_a28_the_image_says_nothing_but_path_home_and_language(
    docker_client: docker.APIClient, executor_image: str
) -> None:
    api: Any = docker_client
    config = api.inspect_image(executor_image)["Config"]
    assert {each.partition("=")[0] for each in config["Env"]} == {"PATH", "HOME", "LANG"}
    assert not config["Entrypoint"]
    assert config["User"] == "65534:65534"
    assert config["Labels"][image.LABEL] == image.image_hash()


def test_python_never_compiles_its_own_library(closed_container: ClosedContainer) -> None:
    """The root is read-only: what is not compiled in the image would be compiled at every start."""
    check = """
import importlib.util, os, pathlib, sysconfig
for path in pathlib.Path(sysconfig.get_path("stdlib")).rglob("*.py"):
    compiled = importlib.util.cache_from_source(path)
    written = os.path.exists(compiled) and open(compiled, "rb").read(12)[8:]
    if written != int(path.stat().st_mtime).to_bytes(4, "little"): print(path)
"""
    outcome = closed_container.run("python3", "-I", "-S", "-c", check)
    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, "", "")


LANGUAGES = {
    "python": ("cat > main.py; python3 main.py", programs.PYTHON, programs.PYTHON_SAYS),
    "node": ("cat > main.js; node main.js", programs.NODE, programs.NODE_SAYS),
    "c++": (
        "cat > main.cpp; g++ -O2 -std=c++20 -o program main.cpp && ./program",
        programs.CPP,
        programs.CPP_SAYS,
    ),
    "java": (
        "cat > Main.java; javac -J-XX:+UseSerialGC Main.java && java -XX:+UseSerialGC Main",
        programs.JAVA,
        programs.JAVA_SAYS,
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_threads_processes_and_sockets_work_in_every_language(
    closed_container: ClosedContainer, language: str
) -> None:
    command, source, says = LANGUAGES[language]
    outcome = closed_container.run("sh", "-c", f'printf %s "$1" | {{ {command}; }}', "sh", source)
    assert (outcome.stdout, outcome.stderr, outcome.status) == (says, "", 0)


def test_the_package_ships_the_dockerfile_of_the_top_level() -> None:
    top = Path(__file__).parents[2] / "executor.Dockerfile"
    assert image.dockerfile() == top.read_bytes()


def test_the_tag_changes_with_what_the_image_is_built_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = image.image_tag()
    assert before.startswith("codesync-executor:")
    assert len(before.partition(":")[2]) == 12
    monkeypatch.setattr(image, "dockerfile", lambda: b"FROM scratch\n")
    assert image.image_tag() != before


BuildFrom = Callable[[str], str]


@pytest.fixture
def build_from(
    docker_client: docker.APIClient, monkeypatch: pytest.MonkeyPatch
) -> Iterator[BuildFrom]:
    """Makes the module build from another text, which nobody built from before."""
    api: Any = docker_client
    tags: list[str] = []

    def replace(text: str) -> str:
        unique = f"{text}\n# {uuid.uuid4()}\n".encode()
        monkeypatch.setattr(image, "dockerfile", lambda: unique)
        tags.append(image.image_tag())
        return tags[-1]

    yield replace
    for tag in tags:
        if any(tag in (each["RepoTags"] or ()) for each in api.images()):
            api.remove_image(tag, force=True)


def test_a_built_image_is_present_and_says_how_it_went(
    docker_client: docker.APIClient, build_from: BuildFrom
) -> None:
    tag = build_from(f"{BASE}\nRUN echo Setting up thing '(1.0)'; echo not worth telling")
    assert not image.inspect(docker_client).present
    lines: list[str] = []
    image.build(docker_client, network="none", progress=lines.append)
    assert image.inspect(docker_client).present
    assert lines[:3] == [
        "step 1/3: FROM debian:bookworm-slim",
        "step 2/3: RUN echo Setting up thing '(1.0)'; echo not worth telling",
        "step 2/3: installed thing",
    ]
    assert tag in image.inspect(docker_client).tag


def test_a79_an_image_whose_label_disagrees_with_its_tag_is_missing_and_stale(
    docker_client: docker.APIClient, executor_image: str, build_from: BuildFrom
) -> None:
    api: Any = docker_client
    tag = build_from(BASE)
    repository, _, version = tag.partition(":")
    api.tag(executor_image, repository, version)
    state = image.inspect(docker_client)
    assert not state.present
    assert tag in state.stale
    assert executor_image in state.stale  # of this made-up version


async def test_a79_a_tag_that_is_moved_later_changes_nothing(
    docker_client: docker.APIClient, executor_image: str, build_from: BuildFrom
) -> None:
    api: Any = docker_client
    repository, _, version = build_from(f"FROM {executor_image}").partition(":")
    engine = await Engine.connect()
    try:
        verified = await ensure_image(engine, "none", lambda _: None)
    finally:
        engine.close()
    async with running_executor(verified) as executor:
        sandbox = await acquire(executor)
        try:
            api.tag("debian:bookworm-slim", repository, version)  # another image takes the name
            later = await acquire(executor)
            try:
                images = {
                    api.inspect_container(each.container)["Image"] for each in (sandbox, later)
                }
            finally:
                await later.destroy(reported=False)
        finally:
            await sandbox.destroy(reported=False)
    assert images == {verified}


def test_a_failing_step_is_told_with_the_end_of_the_log(
    docker_client: docker.APIClient, build_from: BuildFrom
) -> None:
    build_from(f"{BASE}\nRUN seq 100; echo no route to mirror >&2; exit 7")
    with pytest.raises(image.ImageBuildError) as caught:
        image.build(docker_client, network="none", progress=lambda _: None)
    assert caught.value.reason == ("step 2/3: the command ended with status 7: no route to mirror")
    assert "network" in caught.value.remedy
    assert "100" in caught.value.log
    assert len(caught.value.log) < 20


def test_a_missing_base_image_is_told(
    docker_client: docker.APIClient, build_from: BuildFrom
) -> None:
    build_from("FROM localhost:1/no/such:image")
    with pytest.raises(image.ImageBuildError) as caught:
        image.build(docker_client, network="none", progress=lambda _: None)
    assert "localhost:1" in caught.value.reason
    assert "base image" in caught.value.remedy


def test_an_engine_that_is_not_there_is_told() -> None:
    nobody = ApiClient(base_url="unix:///tmp/no-such-engine.sock", version="1.41")
    try:
        with pytest.raises(image.ImageBuildError, match="Docker broke the build off"):
            image.build(nobody, network=None, progress=lambda _: None)
    finally:
        nobody.close()
        del nobody
        gc.collect()


def test_a14_what_a_build_prints_reaches_nobody_raw(
    docker_client: docker.APIClient, build_from: BuildFrom
) -> None:
    hostile = r"Setting up \033]52;c;aGk=\007\302\233x (1)\nlast\033[2J\n"
    build_from(f"{BASE}\nRUN printf '{hostile}'; exit 1")
    lines: list[str] = []
    with pytest.raises(image.ImageBuildError) as caught:
        image.build(docker_client, network="none", progress=lines.append)
    shown = "".join((*lines, *caught.value.log, str(caught.value)))
    assert "aGk=" in shown
    assert not [char for char in shown if not char.isprintable()]


def test_a_silent_step_may_take_longer_than_a_call(build_from: BuildFrom) -> None:
    build_from(f"{BASE}\nRUN sleep 2")
    hasty = docker.APIClient(version="auto", timeout=1)
    try:
        image.build(hasty, network="none", progress=lambda _: None)
        assert image.inspect(hasty).present
    finally:
        hasty.close()


def test_a_build_that_hangs_is_broken_off_and_leaves_no_container(
    docker_client: docker.APIClient, build_from: BuildFrom
) -> None:
    api: Any = docker_client
    marker = str(uuid.uuid4())
    build_from(f"{BASE}\nRUN : {marker}; sleep 600")
    running: list[str] = []

    def note_container(line: str) -> None:
        if line.startswith("step 2/"):
            running.append(line)

    with pytest.raises(image.ImageBuildError, match="longer than 2 s"):
        image.build(docker_client, network="none", progress=note_container, deadline=2)
    assert running
    assert api.hooks["response"] == []
    for container in api.containers(all=True):
        if marker in container["Command"]:
            api.wait(container["Id"], timeout=30, condition="removed")


def test_a_listener_that_raises_ends_the_build(
    docker_client: docker.APIClient, build_from: BuildFrom
) -> None:
    build_from(f"{BASE}\nRUN sleep 600")

    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        image.build(docker_client, network="none", progress=interrupt)
    assert not image.inspect(docker_client).present


@pytest.mark.parametrize(
    ("setting", "networks", "chosen"),
    [
        ("auto", ["host", "none", "bridge"], None),
        ("auto", ["host", "none"], "host"),
        ("default", ["host"], None),
        ("host", ["bridge"], "host"),
        ("mirrors", ["bridge"], "mirrors"),
    ],
)
def test_the_network_of_a_build_is_the_engines_own_where_it_has_one(
    setting: str, networks: list[str], chosen: str | None
) -> None:
    engine: Any = SimpleNamespace(networks=lambda: [{"Name": name} for name in networks])
    assert image.resolve_network(engine, setting) == chosen


def test_the_state_is_plain_data(docker_client: docker.APIClient, executor_image: str) -> None:
    state = image.inspect(docker_client)
    assert state.tag == executor_image
    assert state.image_id is not None
    assert state.image_id.startswith("sha256:")
    assert executor_image not in state.stale
    assert json.dumps(state.stale)
