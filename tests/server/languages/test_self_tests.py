"""The self-test of every language passes on every executor."""

import shutil
from collections.abc import AsyncGenerator

import pytest

from codesync_client import JobOutput, Submission
from codesync_protocol.messages import StdinMode
from codesync_protocol.verdict import Verdict
from codesync_server.configuration.settings import Settings
from codesync_server.languages.language import Language
from codesync_server.languages.registry import built_in
from tests.conftest import missing
from tests.programs import outcome, submit_and_wait, until
from tests.servers import RunningServer, running_server

EACH = pytest.mark.parametrize("language", built_in(), ids=[each.name for each in built_in()])


@pytest.fixture
async def server(executor_kind: str) -> AsyncGenerator[RunningServer, None]:
    settings = Settings(port=0, executor=executor_kind, drain_seconds=1.0, pool_size=1)
    async with running_server(settings) as server:
        yield server


@pytest.fixture(autouse=True)
def installed(executor_kind: str, language: Language) -> None:
    """On this machine a language may be missing; in the image it may not."""
    commands = [command[0] for command in (language.compile, language.run) if command]
    absent = [c for c in commands if not c.startswith("./") and shutil.which(c) is None]
    if executor_kind == "local" and absent:
        missing(f"{', '.join(absent)} is not installed on this machine")


@EACH
async def test_the_self_test_passes(server: RunningServer, language: Language) -> None:
    test = language.self_test
    submission = Submission(
        language.name,
        [(language.file_name, test.source.encode())],
        prepared_stdin=test.stdin.encode(),
    )
    async with server.room() as room:
        ended = await submit_and_wait(room, submission)
    assert (ended.result.verdict, ended.stdout.decode()) == (Verdict.OK, test.stdout)


@EACH
async def test_the_starter_asks_at_once_and_greets(
    server: RunningServer, language: Language
) -> None:
    starter = language.info(available=True).starter
    submission = Submission(
        language.name, [(language.file_name, starter.encode())], stdin=StdinMode.SHARED, tty=True
    )
    async with server.room() as room:
        await room.submit(submission)
        prompt = await until(room, JobOutput)
        assert prompt.data == b"What is your name? "
        await room.send_stdin(submission.job, "Zoë\n".encode())
        ended = await outcome(room, submission.job)
    assert (ended.result.verdict, ended.stdout.decode()) == (Verdict.OK, "Hello, Zoë!\n")
