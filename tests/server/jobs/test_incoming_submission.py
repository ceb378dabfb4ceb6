"""Every claim of a submission is checked before anything is queued."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_protocol.errors import Code
from codesync_protocol.limits import ARGS_MAX, SOURCE_MAX
from codesync_protocol.messages import RunLimits, StdinMode, Submit, SubmitFile, SubmitPart
from codesync_server.configuration.limits import RUN, Caps, JobLimits
from codesync_server.jobs.incoming_submission import IncomingSubmission, SubmissionRefused
from codesync_server.jobs.job import Job, Submitter
from codesync_server.jobs.limit_policy import LimitPolicy
from codesync_server.languages.registry import Languages, built_in
from tests.server.making import all_languages, job_id, make_submit

LIMIT_POLICY = LimitPolicy(JobLimits(), Caps())
ANA = Submitter("a" * 32, 1, "ana")


def refusal(submit: Submit, languages: Languages | None = None) -> SubmissionRefused:
    with pytest.raises(SubmissionRefused) as caught:
        IncomingSubmission(submit, languages or all_languages(), LIMIT_POLICY)
    return caught.value


def job_of(incoming: IncomingSubmission) -> Job:
    return incoming.job(room="test-room", submitter=ANA, wall=1000.0, clock=5.0)


def announced(source: int, *, prepared: int = 0, body: bytes = b"") -> Submit:
    """A submission whose body is still to come."""
    files = (SubmitFile("main.py", source),)
    return Submit(job_id(1), "python", files, stdin_size=prepared, body=body)


# What is right.


def test_a_submission_becomes_a_job() -> None:
    submit = make_submit(
        7,
        source=b"print()",
        others=(("data.txt", b"abc"),),
        args=(b"-x", b"\xff"),
        prepared=b"input",
        stdin=StdinMode.SHARED,
    )
    incoming = IncomingSubmission(submit, all_languages(), LIMIT_POLICY)
    assert incoming.is_complete
    job = job_of(incoming)
    assert (job.id, job.room, job.submitter, job.title) == (job_id(7), "test-room", ANA, "main.py")
    assert list(job.files) == [("main.py", b"print()"), ("data.txt", b"abc")]
    assert (list(job.args), job.prepared_stdin) == ([b"-x", b"\xff"], b"input")
    assert (job.input.mode, job.submitted_at, job.queued_at) == (StdinMode.SHARED, 1000.0, 5.0)


@given(st.binary(max_size=200), st.integers(1, 60), st.integers(0, 200))
def test_a_body_that_comes_in_parts_comes_out_whole(body: bytes, size: int, first: int) -> None:
    incoming = IncomingSubmission(
        announced(len(body), body=body[:first]), all_languages(), LIMIT_POLICY
    )
    while not incoming.is_complete:
        at = incoming.received
        incoming.add(SubmitPart(job_id(1), at, body[at : at + size]))
    assert list(job_of(incoming).files) == [("main.py", body)]


def test_a_job_has_the_limits_that_it_was_granted_and_tells_the_room() -> None:
    asked = RunLimits(wall_seconds=1.0, memory=1 << 50)
    submit = msgspec.structs.replace(make_submit(), limits=asked)
    job = job_of(IncomingSubmission(submit, all_languages(), LIMIT_POLICY))
    assert job.limits == replace(RUN, wall=1.0)
    assert job.summary().limits == RunLimits(1.0, RUN.cpu, RUN.memory, RUN.output, RUN.processes)


def test_parts_that_come_again_are_taken_once() -> None:
    incoming = IncomingSubmission(announced(6, body=b"01"), all_languages(), LIMIT_POLICY)
    incoming.add(SubmitPart(job_id(1), 1, b"123"))
    incoming.add(SubmitPart(job_id(1), 0, b"0123"))
    incoming.add(SubmitPart(job_id(1), 0, b""))
    incoming.add(SubmitPart(job_id(1), 4, b"45"))
    assert list(job_of(incoming).files) == [("main.py", b"012345")]


def test_a_name_with_blanks_is_shown_and_not_used() -> None:
    job = job_of(IncomingSubmission(make_submit(name="a b.py"), all_languages(), LIMIT_POLICY))
    assert job.title == "a b.py"
    assert [name for name, _ in job.files] == ["main.py"]


# What is not.


def test_a_body_that_is_longer_than_announced_is_refused() -> None:
    assert refusal(announced(2, body=b"012")).code is Code.BAD_SUBMISSION
    incoming = IncomingSubmission(announced(4, body=b"01"), all_languages(), LIMIT_POLICY)
    with pytest.raises(SubmissionRefused, check=lambda error: error.code is Code.BAD_SUBMISSION):
        incoming.add(SubmitPart(job_id(1), 2, b"234"))


def test_a_part_behind_a_hole_is_refused() -> None:
    incoming = IncomingSubmission(announced(10), all_languages(), LIMIT_POLICY)
    for offset in (1, 10, (1 << 53) - 1):
        with pytest.raises(
            SubmissionRefused, check=lambda error: error.code is Code.BAD_SUBMISSION
        ):
            incoming.add(SubmitPart(job_id(1), offset, b"x"))
    assert incoming.received == 0


def test_a_source_that_is_too_large_in_all_is_refused_before_it_is_sent() -> None:
    files = (SubmitFile("main.py", SOURCE_MAX), SubmitFile("b.py", 1))
    error = refusal(Submit(job_id(1), "python", files))
    assert error.code is Code.TOO_LARGE
    assert error.reason == "the source: 1,048,577 bytes, at most 1,048,576 are allowed"


def test_arguments_that_are_too_large_in_all_are_refused() -> None:
    assert refusal(make_submit(args=(b"x" * ARGS_MAX, b"y"))).code is Code.TOO_LARGE
    IncomingSubmission(make_submit(args=(b"x" * ARGS_MAX,)), all_languages(), LIMIT_POLICY)


def test_an_argument_with_a_nul_is_refused() -> None:
    assert refusal(make_submit(args=(b"a\0b",))).code is Code.BAD_SUBMISSION


def test_an_unknown_language_is_refused_with_the_known_ones() -> None:
    error = refusal(make_submit(language="cobol"))
    assert error.code is Code.LANGUAGE
    assert "python" in error.remedy


def test_a_language_that_is_not_installed_is_refused() -> None:
    without_java = Languages(built_in(), lambda command: command != "javac")
    error = refusal(make_submit(language="java", name="Main.java"), without_java)
    assert error.code is Code.LANGUAGE
    assert "Java is not installed" in error.reason


@pytest.mark.parametrize(
    "name",
    [
        "-o",
        "--help",
        "@file",
        "../x",
        "..",
        ".",
        "a/b.py",
        "/etc/passwd",
        "a\\b",
        "a b.py",
        "a\nb",
        "a\0b",
        "",
        ".hidden",
        "\u202egnp.py",
        "é.py",
        "a" * 101,
        "$(id)",
        "a;b",
        "{file}",
        "x\n",
    ],
)
def test_a_further_file_with_such_a_name_is_refused(name: str) -> None:
    error = refusal(make_submit(others=((name, b""),)))
    assert error.code is Code.BAD_SUBMISSION


@pytest.mark.parametrize("name", ["util.py", "data.txt", "a-b_c.1", "Makefile", "0", "a..b"])
def test_a_further_file_with_a_plain_name_is_taken(name: str) -> None:
    job = job_of(
        IncomingSubmission(make_submit(others=((name, b"x"),)), all_languages(), LIMIT_POLICY)
    )
    assert job.files[1] == (name, b"x")


def test_two_files_of_one_name_are_refused() -> None:
    twice = (("a.py", b""), ("a.py", b""))
    assert refusal(make_submit(others=twice)).code is Code.BAD_SUBMISSION
    assert refusal(make_submit(others=(("main.py", b""),))).code is Code.BAD_SUBMISSION
    # The main file's name will not do, so it takes the language's own, which is taken.
    assert refusal(make_submit(name="-x", others=(("main.py", b""),))).reason == (
        "two files have the same name"
    )


def test_limits_under_which_no_program_runs_are_refused() -> None:
    error = refusal(msgspec.structs.replace(make_submit(), limits=RunLimits(memory=1)))
    assert (error.code, error.reason[:7]) == (Code.BAD_SUBMISSION, "memory:")
    assert error.remedy == "ask for another limit, or for none"


def test_a_refusal_says_what_to_do_about_it() -> None:
    error = refusal(make_submit(others=(("a b", b""),)))
    assert error.remedy == "use letters, digits, dot, hyphen and underscore"
