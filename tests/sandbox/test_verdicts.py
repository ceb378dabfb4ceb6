"""Output, exit status and verdict for each language and each way to end, on both executors.

The table of programs and how each must end is verdict_programs.py; this module only runs it.
"""

import pytest

from codesync_client import JobOutput, Submission
from codesync_protocol.messages import StdinMode
from codesync_protocol.verdict import Verdict
from codesync_server.configuration.limits import RUN
from tests.conftest import require_command
from tests.programs import Outcome, outcome, python, submit_and_wait, until
from tests.sandbox.conftest import HASTY_WALL_SECONDS
from tests.sandbox.verdict_programs import COMMANDS, COMPILED, PROMPTS, Case, cases, main_file
from tests.servers import RunningServer

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300, func_only=True)]

ENDLESS = [case for case in cases() if case.expected.verdict is Verdict.TIME_LIMIT]
ENDING = [case for case in cases() if case.expected.verdict is not Verdict.TIME_LIMIT]


def require_toolchain(language: str, kind: str) -> None:
    """Skip (or fail) where a language is not on this machine; the image has all."""
    if kind == "local":
        for command in COMMANDS[language]:
            require_command(command)


async def run(case: Case, server: RunningServer, kind: str) -> Outcome:
    """Run a case and hold its end against what is expected."""
    require_toolchain(case.language, kind)
    async with server.room() as room:
        ended = await submit_and_wait(room, case.submission())
    result, expected = ended.result, case.expected
    assert result.verdict is expected.verdict, (result, ended.stderr, ended.compiler)
    assert (result.exit_code, result.signal) == (expected.exit_code, expected.signal)
    if expected.stdout is not None:
        assert ended.stdout == expected.stdout
    assert expected.complaint in (ended.stderr or ended.compiler)
    assert result.output_bytes == len(ended.stdout + ended.stderr + ended.compiler)
    return ended


@pytest.mark.parametrize("case", ENDING, ids=lambda case: case.id)
async def test_a_program_ends_as_it_should(case: Case, server: RunningServer, kind: str) -> None:
    ended = await run(case, server, kind)
    compiled = case.expected.verdict is not Verdict.COMPILE_ERROR
    assert [stage.name for stage in ended.result.stages[2:]] == [
        *(["compiled"] if case.language in COMPILED else []),
        *(["ran"] if compiled else []),
    ]
    assert ended.result.cpu_seconds > 0
    assert ended.result.peak_memory > 1_000_000
    if case.expected.verdict is Verdict.OK:
        assert ended.stderr == b""


@pytest.mark.parametrize("case", ENDLESS, ids=lambda case: case.id)
async def test_an_endless_loop_ends_at_the_limit(
    case: Case, hasty_server: RunningServer, kind: str
) -> None:
    ended = await run(case, hasty_server, kind)
    assert ended.result.wall_seconds >= HASTY_WALL_SECONDS
    assert "wall time limit" in ended.result.explanation


async def test_by_default_an_endless_loop_ends_after_five_seconds(
    default_server: RunningServer,
) -> None:
    async with default_server.room() as room:
        ended = await submit_and_wait(room, python("while True: pass"))
    assert ended.result.verdict is Verdict.TIME_LIMIT
    assert ended.result.wall_seconds >= RUN.wall == 5.0
    assert ended.result.cpu_seconds > 0.2


@pytest.mark.parametrize("language", PROMPTS)
async def test_a_prompt_shows_before_it_is_answered(
    language: str, server: RunningServer, kind: str
) -> None:
    require_toolchain(language, kind)
    submission = Submission(
        language,
        [(main_file(language), PROMPTS[language].encode())],
        stdin=StdinMode.SHARED,
        tty=True,
    )
    async with server.room() as room:
        await room.submit(submission)
        prompt = b""
        while b"name? " not in prompt:
            prompt += (await until(room, JobOutput)).data
        await room.send_stdin(submission.job, b"Ana\n")
        ended = await outcome(room, submission.job)
    assert ended.result.verdict is Verdict.OK
    assert b"hello Ana" in ended.stdout
