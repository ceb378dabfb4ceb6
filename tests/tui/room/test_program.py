"""The text of a member, and whether it is worth storing."""

from pathlib import Path

from codesync_protocol.messages import StdinMode
from codesync_tui.room.program import Program
from tests.tui.room_server import CPP, JAVA, LANGUAGES, PYTHON


def test_starter_text_changes_with_the_language_until_somebody_writes() -> None:
    program = Program()
    assert program.choose_language(PYTHON, "", LANGUAGES) == PYTHON.starter
    assert program.choose_language(CPP, PYTHON.starter, LANGUAGES) == CPP.starter
    assert program.choose_language(JAVA, "int x;", LANGUAGES) is None
    assert program.language == JAVA
    assert program.choose_language(PYTHON, "  \n", LANGUAGES) == PYTHON.starter


def test_a_file_is_never_replaced_by_starter_text() -> None:
    program = Program(path=Path("a.py"), saved_text="print()")
    assert program.choose_language(CPP, "print()", LANGUAGES) is None
    assert program.choose_language(CPP, "", LANGUAGES) is None


def test_only_what_somebody_wrote_is_unsaved() -> None:
    program = Program(saved_text="starter")
    assert not program.is_unsaved("starter")
    assert not program.is_unsaved(" \n")
    assert program.is_unsaved("mine")


def test_the_file_s_own_name_is_used_if_it_fits_the_language() -> None:
    program = Program(language=CPP, path=Path("/tmp/solve.CPP"))
    assert program.file_name(LANGUAGES) == "solve.CPP"
    program.language = PYTHON
    assert program.file_name(LANGUAGES) == "main.py"
    program.path = Path("/tmp/" + "x" * 120 + ".py")
    assert program.file_name(LANGUAGES) == "main.py"


def test_without_prepared_input_the_program_is_typed_to() -> None:
    program = Program(language=PYTHON)
    submission = program.submission("print('é')", "", LANGUAGES)
    assert submission.files == [("main.py", "print('é')".encode())]
    assert (submission.stdin, submission.tty) == (StdinMode.SHARED, True)


def test_prepared_input_is_all_that_the_program_gets() -> None:
    submission = Program(language=PYTHON).submission("x", "19 23\n", LANGUAGES)
    assert submission.prepared_stdin == b"19 23\n"
    assert (submission.stdin, submission.tty) == (StdinMode.CLOSED, False)
