"""Tests the log of an image build; no engine is needed."""

from collections.abc import Mapping

from codesync_server.executors.docker.build_log import BuildLog


def tell(*events: Mapping[str, object]) -> tuple[list[str], BuildLog]:
    log = BuildLog()
    return [line for event in events for line in log.note(dict(event))], log


def streamed(*pieces: str) -> tuple[list[str], BuildLog]:
    return tell(*({"stream": piece} for piece in pieces))


def test_steps_and_packages_are_told_and_the_rest_is_kept_for_the_log() -> None:
    lines, log = streamed(
        "Step 3/8 : RUN apt-get update",
        "\n",
        " ---> Running in 0123456789ab\n",
        "Get:12 http://deb.debian.org/debian bookworm/main amd64 libc6 amd64 2.36-9 [2,758 kB]\n",
        "Unpacking libc6:amd64 (2.36-9) ...\n",
        "Setting up libc6:amd64 (2.36-9) ...\n",
    )
    assert lines == [
        "step 3/8: RUN apt-get update",
        "step 3/8: fetched libc6",
        "step 3/8: installed libc6:amd64",
    ]
    assert "Unpacking libc6:amd64 (2.36-9) ..." in log.tail
    assert not any("0123456789ab" in line for line in log.tail)


def test_a_line_in_pieces_is_one_line() -> None:
    assert streamed("Setting ", "up no", "dejs (18)", "\n")[0] == ["installed nodejs"]


def test_a_line_that_never_ends_does_not_pile_up() -> None:
    _, log = streamed(*["x" * 1000] * 100, "\nend\n")
    assert len(log.tail) == 2
    assert len(log.tail[0]) == 200


def test_a_pull_is_told_without_its_moving_bars() -> None:
    lines, _ = tell(
        {"status": "Pulling from library/debian", "id": "bookworm-slim"},
        {"status": "Downloading", "progress": "[=>   ] 1MB/28MB", "id": "5a1f"},
        {"status": "Pull complete", "progressDetail": {}, "id": "5a1f"},
    )
    assert lines == ["Pulling from library/debian bookworm-slim", "Pull complete 5a1f"]


def test_the_failure_names_the_step_its_status_and_its_last_words() -> None:
    _, log = tell(
        {"stream": "Step 1/2 : FROM x\nStep 2/2 : RUN apt-get update\n"},
        {"stream": "\x1b[91mW: slow mirror\nE: no mirror\n\x1b[0m"},
        {"stream": "Reading package lists...\n"},
        {"error": "The command returned a non-zero code: 100", "errorDetail": {"code": 100}},
    )
    assert log.failure == "step 2/2: the command ended with status 100: E: no mirror"
    assert "network" in log.remedy


def test_a_failure_without_a_command_is_told_in_the_engines_words() -> None:
    _, log = tell({"error": "manifest unknown\x1b[2J", "errorDetail": {"message": "x"}})
    assert log.failure == "manifest unknown\N{SYMBOL FOR ESCAPE}[2J"
    assert "base image" in log.remedy
