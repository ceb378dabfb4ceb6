"""`codesync pull` and `push` merge the changes of a room's text and of a file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from codesync_cli.exit_codes import ExitCode
from tests.cli.command import Done, codesync
from tests.cli.served import Served, serve


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("home")) as served:
        yield served


class Checkout:
    """A file of somebody's, and a room."""

    def __init__(self, served: Served, room: str, folder: Path, name: str = "main.py") -> None:
        self.file = folder / name
        self._served = served
        self._room = room

    def pull(self, *arguments: str) -> Done:
        return self._do("pull", *arguments)

    def push(self, *arguments: str) -> Done:
        return self._do("push", *arguments)

    def room_text(self) -> str:
        return self.pull().stdout.decode()

    def _do(self, *arguments: str) -> Done:
        where = (f"--server={self._served.address}", f"--room={self._room}")
        return codesync(*arguments, *where, home=self._served.home)


def room_of(folder: Path) -> str:
    """Each test has a room of its own."""
    return folder.name.replace("_", "-")


@pytest.fixture
def ana(served: Served, tmp_path: Path) -> Checkout:
    return Checkout(served, room_of(tmp_path), tmp_path)


@pytest.fixture
def ben(served: Served, tmp_path: Path) -> Checkout:
    return Checkout(served, room_of(tmp_path), tmp_path, "bens.py")


def test_a_new_room_has_a_program_in_it(ana: Checkout) -> None:
    assert "print" in ana.room_text()


def test_a_file_comes_back_byte_for_byte(ana: Checkout) -> None:
    text = "é 🙂\n\tx = '\u2028'\x0b\n\nno end"
    ana.file.write_bytes(text.encode())
    assert ana.push(str(ana.file)).status == 0
    assert ana.pull().stdout == text.encode()
    copy = ana.file.with_name("copy.py")
    assert ana.pull(str(copy)).status == 0
    assert copy.read_bytes() == text.encode()


def test_line_ends_of_a_file_stay_what_they_are(ana: Checkout) -> None:
    ana.file.write_bytes(b"a\r\nb\r\n")
    ana.push(str(ana.file))
    assert ana.room_text() == "a\nb\n"
    ana.file.write_bytes(b"a\r\nB\r\n")
    assert ana.pull(str(ana.file)).status == 0
    assert ana.file.read_bytes() == b"a\r\nB\r\n"


def test_what_two_push_is_merged(ana: Checkout, ben: Checkout) -> None:
    ana.file.write_text("one\ntwo\nthree\n")
    ana.push(str(ana.file))
    ben.pull(str(ben.file))
    ben.file.write_text("one\ntwo\nthree\nfour\n")
    ana.file.write_text("zero\none\ntwo\nthree\n")
    assert ana.push(str(ana.file)).status == 0
    assert ben.push(str(ben.file)).status == 0
    assert ana.room_text() == "zero\none\ntwo\nthree\nfour\n"
    assert ana.pull(str(ana.file)).status == 0
    assert ana.file.read_text() == ana.room_text()


def test_a_pull_keeps_what_changed_in_the_file(ana: Checkout, ben: Checkout) -> None:
    ana.file.write_text("one\ntwo\nthree\n")
    ana.push(str(ana.file))
    ben.pull(str(ben.file))
    ben.file.write_text("ONE\ntwo\nthree\n")
    ana.file.write_text("one\ntwo\nTHREE\n")
    ana.push(str(ana.file))
    assert ben.pull(str(ben.file)).status == 0
    assert ben.file.read_text() == "ONE\ntwo\nTHREE\n"


def test_the_same_lines_changed_differently_change_nothing(ana: Checkout, ben: Checkout) -> None:
    ana.file.write_text("one\n")
    ana.push(str(ana.file))
    ben.pull(str(ben.file))
    ana.file.write_text("ANA\n")
    ben.file.write_text("BEN\n")
    ana.push(str(ana.file))
    for done in (ben.push(str(ben.file)), ben.pull(str(ben.file))):
        assert done.status == ExitCode.FAILED
        assert "changed the same lines" in done.stderr
    assert (ana.room_text(), ben.file.read_text()) == ("ANA\n", "BEN\n")
    assert ben.push("--force", str(ben.file)).status == 0
    assert ana.room_text() == "BEN\n"


def test_a_file_that_was_never_pulled_is_not_written_over(ana: Checkout) -> None:
    ana.file.write_text("mine\n")
    done = ana.pull(str(ana.file))
    assert (done.status, ana.file.read_text()) == (ExitCode.FAILED, "mine\n")
    assert "never pulled or pushed" in done.stderr
    assert ana.pull("--force", str(ana.file)).status == 0
    assert "print" in ana.file.read_text()


def test_a_file_that_was_never_pulled_does_not_replace_what_others_wrote(
    ana: Checkout, ben: Checkout
) -> None:
    ana.file.write_text("somebody's work\n")
    ana.push(str(ana.file))
    ben.file.write_text("a program of ben's\n")
    pulled, pushed = ben.pull(str(ben.file)), ben.push(str(ben.file))
    for done in (pulled, pushed):
        assert done.status == ExitCode.FAILED
        assert "never pulled or pushed" in done.stderr
    assert "push" not in pulled.stderr.partition("never pulled or pushed")[2], "it would not help"
    assert (ana.room_text(), ben.file.read_text()) == ("somebody's work\n", "a program of ben's\n")
    assert ben.push("--force", str(ben.file)).status == 0
    assert ana.room_text() == "a program of ben's\n"


def test_a_file_that_says_what_the_room_says_is_in_step_from_then_on(
    ana: Checkout, ben: Checkout
) -> None:
    for each in (ana, ben):
        each.file.write_text("one\ntwo\nthree\n")
        assert each.push(str(each.file)).status == 0
    ana.file.write_text("ONE\ntwo\nthree\n")
    ben.file.write_text("one\ntwo\nTHREE\n")
    for each in (ana, ben):
        assert each.push(str(each.file)).status == 0
    assert ana.room_text() == "ONE\ntwo\nTHREE\n"


def test_line_ends_that_a_file_mixes_come_back(ana: Checkout, ben: Checkout) -> None:
    ana.file.write_bytes(b"a\nb\r\nc\nd\n")
    ana.push(str(ana.file))
    ben.pull(str(ben.file))
    ben.file.write_text(ben.file.read_text() + "e\n")
    ben.push(str(ben.file))
    assert ana.pull(str(ana.file)).status == 0
    assert ana.file.read_bytes() == b"a\nb\r\nc\nd\ne\n"


def test_a_file_that_is_not_there_or_no_text_is_named(ana: Checkout) -> None:
    assert "cannot open" in ana.push(str(ana.file)).stderr
    ana.file.write_bytes(b"\xff\xfe")
    assert "not UTF-8" in ana.push(str(ana.file)).stderr


def test_a_viewer_pushes_nothing(served: Served, ana: Checkout) -> None:
    line = codesync(
        "invite", "den", f"--server={served.address}", "--role=viewer", home=served.home
    ).stdout.decode()
    ana.file.write_text("x\n")
    done = codesync("push", str(ana.file), f"--server={line.split()[-1]}", home=served.home)
    assert done.status == ExitCode.FAILED
    assert "viewer" in done.stderr
