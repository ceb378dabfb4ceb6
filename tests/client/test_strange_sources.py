"""Unusual sources are submitted byte for byte, or an error states the reason."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from codesync_client import Room, Submission, SubmissionRejected
from codesync_client.files.source_file import (
    FileError,
    SourceFile,
    read_source,
    replace_source,
    write_source,
)
from codesync_protocol.errors import Code
from codesync_protocol.limits import DOCUMENT_MAX, SOURCE_MAX
from codesync_protocol.shared_text import SOURCE, STDIN
from codesync_protocol.verdict import Verdict
from tests.programs import submit_and_wait
from tests.servers import RunningServer, running_server
from tests.waiting import eventually

STRANGE = {
    "NUL": b"print('a')\x00\n\x00",
    "CRLF": b"a\r\nb\r\n",
    "CR": b"a\rb\r",
    "a CR in front of CRLF": b"a\r\r\nb\n",
    "a byte order mark": b"\xef\xbb\xbfprint(1)\n",
    "line ends of Unicode": "a\u2028b\u2029c\x85d\x0be\x0cf\n".encode(),
    "escape sequences": b"print('\x1b[2J\x9b'.encode())\n".replace(b"\x9b", b"\xc2\x9b"),
    "nothing": b"",
    "one line of 1 MB": b"x" * SOURCE_MAX,
    "one line of 1 MB of wide letters": "世".encode() * (SOURCE_MAX // 3),
    "a million lines": b"\n" * SOURCE_MAX,
    "half a million lines of CRLF": b"\r\n" * (SOURCE_MAX // 2),
    "lines of all kinds": b"a\nb\r\nc\r" * (SOURCE_MAX // 7),
}

strange = pytest.mark.parametrize("data", STRANGE.values(), ids=STRANGE.keys())

FOREIGN = {
    "Latin 1": (b"caf\xe9", 3),
    "UTF-16": ("print(1)".encode("utf-16"), 0),
    "half a character": ("a é".encode()[:-1], 2),
    "a surrogate": (b"ab\xed\xa0\x80", 2),
    "an overlong NUL": (b"\xc0\x80", 0),
    "beyond Unicode": (b"\xf4\x90\x80\x80", 0),
}


# Files.


@strange
def test_a70_what_is_opened_and_saved_again_is_the_same(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "main.py"
    path.write_bytes(data)
    file = read_source(path)
    assert "\r" not in file.text
    write_source(file, overwrite=True)
    assert path.read_bytes() == data
    replace_source(read_source(path), file.text)
    assert path.read_bytes() == data


@strange
def test_a70_what_is_changed_in_a_strange_file_is_all_that_changes(
    tmp_path: Path, data: bytes
) -> None:
    path = tmp_path / "main.py"
    path.write_bytes(data)
    replace_source(read_source(path), read_source(path).text + "!")
    assert path.read_bytes() == data + b"!"


@pytest.mark.parametrize("size", [SOURCE_MAX + 1, 10_000_000])
def test_a70_a_file_of_10_mb_is_refused_with_what_a_program_may_have(
    tmp_path: Path, size: int
) -> None:
    path = tmp_path / "large.py"
    path.write_bytes(b"\n" * size)
    with pytest.raises(FileError) as trouble:
        read_source(path)
    assert str(trouble.value) == f"{path} is larger than a program may be (1 MiB)"


@pytest.mark.parametrize(("data", "at"), FOREIGN.values(), ids=FOREIGN.keys())
def test_a70_what_is_no_utf_8_is_refused_with_the_place_and_left_as_it_is(
    tmp_path: Path, data: bytes, at: int
) -> None:
    path = tmp_path / "main.py"
    path.write_bytes(data)
    with pytest.raises(FileError) as trouble:
        read_source(path)
    assert str(trouble.value) == f"{path} is not UTF-8 text (at byte {at})"
    with pytest.raises(FileExistsError):
        write_source(SourceFile(path, "text"), overwrite=False)
    assert path.read_bytes() == data


# The text that a room shares.


@pytest.fixture
async def server() -> AsyncGenerator[RunningServer, None]:
    async with running_server() as server:
        yield server


@pytest.fixture
async def ana(server: RunningServer) -> AsyncGenerator[Room, None]:
    async with server.room("ana", shares_text=True) as ana:
        await ana.text_settled()
        yield ana


@pytest.fixture
async def ben(server: RunningServer) -> AsyncGenerator[Room, None]:
    async with server.room("ben", shares_text=True) as ben:
        await ben.text_settled()
        yield ben


def writes(room: Room, text: str) -> None:
    room.document.replace(SOURCE, text)


@strange
async def test_a70_a_strange_text_reaches_everybody_as_it_is(
    ana: Room, ben: Room, server: RunningServer, data: bytes
) -> None:
    text = data.decode()
    writes(ana, text)
    await ana.text_settled()
    await eventually(lambda: ben.document.text() == text)
    async with server.room("cyd", shares_text=True) as cyd:
        await cyd.text_settled()
        assert cyd.document.text() == text
        cyd.document.edit(SOURCE, 0, min(1, len(text)), "")
        await cyd.text_settled()
        rest = cyd.document.text()
        await eventually(lambda: ana.document.text() == ben.document.text() == rest)
    assert not ana.document.conflict


@pytest.mark.parametrize("size", [DOCUMENT_MAX + 1, 2_000_000])
async def test_a70_more_than_a_room_shares_is_refused_and_kept_for_its_author(
    ana: Room, ben: Room, size: int
) -> None:
    before, large = ana.document.text(), "x" * size
    writes(ana, large)
    await eventually(lambda: ana.document.conflict)
    assert ana.document.conflict
    assert "1 MiB" in ana.document.conflict.reason
    assert ana.document.conflict.mine[SOURCE] == large
    await ana.text_settled()
    assert ana.document.text() == ben.document.text() == before
    writes(ben, "and on\n")
    await eventually(lambda: ana.document.text() == "and on\n")


async def test_a70_more_than_can_be_sent_is_kept_for_its_author_and_said_at_once(
    ana: Room, ben: Room
) -> None:
    before, large = ana.document.text(), "x" * 10_000_000
    writes(ana, large)
    await ana.text_settled()
    assert ana.document.conflict
    assert "too large" in ana.document.conflict.reason
    assert ana.document.conflict.mine[SOURCE] == large
    assert ana.document.text() == ben.document.text() == before
    writes(ana, "small\n")
    await eventually(lambda: ben.document.text() == "small\n")


async def test_a70_the_prepared_input_counts_too(ana: Room) -> None:
    ana.document.replace(STDIN, "4\n")
    writes(ana, "x" * (DOCUMENT_MAX - 1))
    await eventually(lambda: ana.document.conflict)
    writes(ana, "x" * (DOCUMENT_MAX - 2 - len(ana.document.text(STDIN))))
    await ana.text_settled()


# Submissions.


@strange
async def test_a70_a_strange_program_ends_with_a_verdict_about_itself(
    server: RunningServer, data: bytes
) -> None:
    async with server.room() as room:
        ended = await submit_and_wait(room, Submission("python", [("main.py", data)]))
    # What Python makes of half a million lines may be more than a program may have.
    assert ended.result.verdict in {Verdict.OK, Verdict.RUNTIME_ERROR, Verdict.MEMORY_LIMIT}


@pytest.mark.parametrize("data", [each for each, _ in FOREIGN.values()], ids=FOREIGN.keys())
async def test_a70_a_program_that_is_no_utf_8_is_the_languages_affair(
    server: RunningServer, data: bytes
) -> None:
    async with server.room() as room:
        ended = await submit_and_wait(room, Submission("python", [("main.py", data)]))
    assert ended.result.verdict is Verdict.RUNTIME_ERROR
    assert ended.stderr


@pytest.mark.parametrize("size", [SOURCE_MAX + 1, 10_000_000])
async def test_a70_a_program_of_10_mb_is_rejected_with_what_it_may_have(
    server: RunningServer, size: int
) -> None:
    async with server.room() as room:
        with pytest.raises(SubmissionRejected) as rejection:
            await room.submit(Submission("python", [("main.py", b"#" * size)]))
        assert rejection.value.code is Code.TOO_LARGE
        assert f"{size:,} bytes, at most {SOURCE_MAX:,} are allowed" in rejection.value.reason
        assert room.connected
