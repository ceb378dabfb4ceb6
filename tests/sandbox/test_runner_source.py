"""The source of the runner is one program without the server; and its frames."""

import ast
import asyncio
import os
import re
import sys
from importlib import resources
from pathlib import Path

import docker
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_server.executors.local import LocalExecutor
from codesync_server.executors.request import RunnerStream, frame
from codesync_server.executors.runner import PARTS, source
from codesync_server.executors.runner.processes import descendants
from codesync_server.executors.runner.wire import FRAME_MAX, HEADER, FromRunner
from tests.sandbox.engine_view import EngineView
from tests.sandbox.sandboxes import acquire, running_executor


def test_it_is_one_program_that_compiles() -> None:
    tree = ast.parse(source())
    compile(tree, "runner", "exec")
    names = [
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)
    ] + [
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    assert len(names) == len(set(names)), "two parts define the same name"


def test_it_imports_nothing_but_the_standard_library() -> None:
    imported: set[str] = set()
    for node in ast.walk(ast.parse(source())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add(str(node.module).partition(".")[0])
    assert imported <= sys.stdlib_module_names
    assert "codesync" not in source()


def test_it_holds_every_part_and_no_docstring() -> None:
    folder = resources.files("codesync_server.executors.runner")
    present = {Path(str(each)).stem for each in folder.iterdir() if str(each).endswith(".py")}
    assert present == {*PARTS, "__init__"}
    tree = ast.parse(source())
    documented = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and ast.get_docstring(node) is not None
    ]
    assert documented == []
    for part in PARTS:
        for name in re.findall(
            r"(?m)^(?:class|def) (\w+)", folder.joinpath(f"{part}.py").read_text()
        ):
            assert re.search(rf"(?m)^(?:class|def) {name}\b", source()), name


def test_it_fits_into_a_command_line() -> None:
    assert len(source().encode()) < 128 * 1024  # MAX_ARG_STRLEN


async def test_it_is_what_runs_locally() -> None:
    executor = LocalExecutor()
    sandbox = await executor.acquire()
    try:
        assert (await sandbox.read())[:1] == FromRunner.READY
        commands = await asyncio.to_thread(_commands_of_children)
        assert [b"-I", b"-S", b"-c", source().encode(), b""] in [each[1:] for each in commands]
    finally:
        await sandbox.destroy(reported=False)


def _commands_of_children() -> list[list[bytes]]:
    children = descendants(os.getpid())
    return [Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") for pid in children]


@pytest.mark.docker
async def test_it_is_what_runs_in_a_container(
    executor_image: str, docker_client: docker.APIClient
) -> None:
    async with running_executor(executor_image) as executor:
        sandbox = await acquire(executor)
        inspected = EngineView(docker_client).inspect(sandbox.container)
        await sandbox.destroy(reported=False)
    assert inspected["Path"] == "python3"
    assert inspected["Args"] == ["-I", "-S", "-c", source()]


_frames = st.lists(st.tuples(st.binary(min_size=1, max_size=1), st.binary(max_size=200)))


@given(_frames, st.data())
def test_any_split_of_the_bytes_gives_the_same_frames(
    frames: list[tuple[bytes, bytes]], data: st.DataObject
) -> None:
    wire = b"".join(frame(kind, payload) for kind, payload in frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)))))
    stream, received = RunnerStream(), list[tuple[bytes, bytes]]()
    for start, end in zip([0, *cuts], [*cuts, len(wire)], strict=True):
        received.extend(stream.feed(wire[start:end]))
    assert received == frames


def test_the_largest_frame_is_taken_and_a_larger_one_refused_before_it_comes() -> None:
    largest = bytes(FRAME_MAX)
    assert list(RunnerStream().feed(frame(FromRunner.STDOUT, largest))) == [
        (FromRunner.STDOUT, largest)
    ]
    for length in (FRAME_MAX + 1, (1 << 32) - 1):
        with pytest.raises(ValueError, match=str(length)):
            list(RunnerStream().feed(HEADER.pack(FromRunner.STDOUT, length)))


def test_frames_before_a_refused_one_are_given() -> None:
    received: list[tuple[bytes, bytes]] = []
    with pytest.raises(ValueError, match="a runner's frame"):
        received.extend(
            RunnerStream().feed(
                frame(FromRunner.STDOUT, b"good") + HEADER.pack(FromRunner.STDOUT, 1 << 31)
            )
        )
    stream = RunnerStream()
    generator = stream.feed(
        frame(FromRunner.STDOUT, b"good") + HEADER.pack(FromRunner.STDOUT, 1 << 31)
    )
    assert next(generator) == (FromRunner.STDOUT, b"good")
