"""`codesync push` and `pull` with unusual files."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from codesync_cli.exit_codes import ExitCode
from codesync_protocol.limits import SOURCE_MAX
from tests.cli.served import Served, serve
from tests.cli.test_shared_text import Checkout, room_of

STRANGE = {
    "NUL": b"print('a')\x00\n\x00",
    "BOM": b"\xef\xbb\xbfprint(1)\n",
    "CRLF": b"a\r\nb\r\n",
    "CRLF and LF": b"a\r\nb\nc",
    "one line of 1 MB": b"x" * SOURCE_MAX,
    "a million lines": b"\n" * SOURCE_MAX,
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("home")) as served:
        yield served


@pytest.fixture
def ana(served: Served, tmp_path: Path) -> Checkout:
    return Checkout(served, room_of(tmp_path), tmp_path)


@pytest.fixture
def ben(served: Served, tmp_path: Path) -> Checkout:
    return Checkout(served, room_of(tmp_path), tmp_path, "bens.py")


@pytest.mark.parametrize("data", STRANGE.values(), ids=STRANGE.keys())
def test_a70_a_strange_file_goes_into_a_room_and_comes_out_again(
    ana: Checkout, ben: Checkout, data: bytes
) -> None:
    ana.file.write_bytes(data)
    pushed = ana.push(str(ana.file))
    assert (pushed.status, pushed.stderr) == (0, "")
    assert ben.pull(str(ben.file)).status == 0
    assert ben.file.read_bytes() == data.replace(b"\r\n", b"\n"), "a room has line feeds"
    assert ana.pull(str(ana.file)).status == 0
    assert ana.file.read_bytes() == data, "and a file what it had"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"#" * 10_000_000, "is larger than a program may be (1 MiB)"),
        (b"\n" * (SOURCE_MAX + 1), "is larger than a program may be (1 MiB)"),
        (b"caf\xe9", "is not UTF-8 text (at byte 3)"),
        ("print(1)".encode("utf-16"), "is not UTF-8 text (at byte 0)"),
    ],
    ids=["10 MB", "a line too many", "Latin 1", "UTF-16"],
)
def test_a70_what_a_room_cannot_have_is_refused_with_a_sentence(
    ana: Checkout, data: bytes, why: str
) -> None:
    before = ana.room_text()
    ana.file.write_bytes(data)
    pushed = ana.push("--force", str(ana.file))
    assert pushed.status == ExitCode.USAGE
    assert f"{ana.file} {why}" in pushed.stderr
    assert pushed.stderr.count("\n") == 1
    assert ana.room_text() == before
