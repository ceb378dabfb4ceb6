"""A submission is checked without a server where possible."""

import re

import pytest

from codesync_client.errors import SubmissionRejected
from codesync_client.submission import Submission, detect_language, new_job_id
from codesync_protocol.errors import Code
from codesync_protocol.limits import ARGS_COUNT_MAX, ARGS_MAX, PREPARED_STDIN_MAX, SOURCE_MAX
from tests.client.rooms import CPP, PYTHON


@pytest.mark.parametrize(
    ("file_name", "language"),
    [
        ("main.py", "python"),
        ("MAIN.PY", "python"),
        ("a.b.py", "python"),
        ("/home/ana/x.cpp", "cpp"),
        ("x.cc", "cpp"),
    ],
)
def test_the_ending_tells_the_language(file_name: str, language: str) -> None:
    assert detect_language(file_name, [PYTHON, CPP]) == language


@pytest.mark.parametrize("file_name", ["main.rs", "Makefile", "py", ".py", "", "main."])
def test_an_unknown_ending_is_refused_with_the_known_ones(file_name: str) -> None:
    with pytest.raises(SubmissionRejected) as caught:
        detect_language(file_name, [PYTHON, CPP])
    assert caught.value.code is Code.LANGUAGE
    assert caught.value.reason == (
        f"cannot tell the language of {file_name} by its ending (known: .cc, .cpp, .py)"
    )
    assert caught.value.remedy == "name it with --language, one of python, cpp"
    assert str(caught.value) == f"{caught.value.reason}; {caught.value.remedy}"


def test_each_submission_has_an_id_of_its_own() -> None:
    ids = {new_job_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in ids)
    assert Submission("python", []).job != Submission("python", []).job


LARGEST = Submission(
    "python",
    [("a.py", bytes(SOURCE_MAX - 1)), ("b.py", b"x")],
    args=[bytes(ARGS_MAX)] + [b""] * (ARGS_COUNT_MAX - 1),
    prepared_stdin=bytes(PREPARED_STDIN_MAX),
)


def test_the_largest_submission_is_not_refused() -> None:
    LARGEST.check()


@pytest.mark.parametrize(
    ("submission", "reason"),
    [
        (
            Submission("python", [("a.py", bytes(SOURCE_MAX)), ("b.py", b"x")]),
            "the source: 1,048,577 bytes, at most 1,048,576 are allowed",
        ),
        (
            Submission("python", [], prepared_stdin=bytes(PREPARED_STDIN_MAX + 1)),
            "the prepared stdin: 10,485,761 bytes, at most 10,485,760 are allowed",
        ),
        (
            Submission("python", [], args=[b"x" * ARGS_MAX, b"x"]),
            "the arguments: 8,193 bytes, at most 8,192 are allowed",
        ),
        (
            Submission("python", [], args=[b""] * (ARGS_COUNT_MAX + 1)),
            "257 arguments, at most 256 are allowed",
        ),
    ],
    ids=["source", "stdin", "arguments", "number of arguments"],
)
def test_what_is_over_a_limit_is_refused_with_the_limit(
    submission: Submission, reason: str
) -> None:
    with pytest.raises(SubmissionRejected) as caught:
        submission.check()
    assert (caught.value.code, caught.value.reason) == (Code.TOO_LARGE, reason)
