"""The name of a file never becomes an option, a path or a command."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_server.languages.language import Language, is_harmless_file_name
from codesync_server.languages.registry import built_in

ANY_NAME = st.text(st.characters(exclude_categories=()), max_size=40)
LANGUAGES = {language.name: language for language in built_in()}
EACH = pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)


@pytest.mark.parametrize(
    ("language", "submitted", "used"),
    [
        ("python", "main.py", "main.py"),
        ("python", "solution_2.py", "solution_2.py"),
        ("python", "Upper.PY", "Upper.PY"),
        ("java", "Main.java", "Main.java"),
        ("java", "Solution.java", "Solution.java"),
        ("cpp", "a.c++", "a.c++"),
        ("python", "main.cpp", "main.py"),
        ("python", "a b.py", "main.py"),
        ("python", "-o.py", "main.py"),
        ("python", "-o", "main.py"),
        ("python", "@file.py", "main.py"),
        ("python", "../x.py", "main.py"),
        ("python", "/tmp/x.py", "main.py"),
        ("python", "a/b.py", "main.py"),
        ("python", ".py", "main.py"),
        ("python", "1.py", "main.py"),
        ("python", "é.py", "main.py"),
        ("python", "main.py\n", "main.py"),
        ("python", "a.b.py", "main.py"),
        ("python", "x" * 200 + ".py", "main.py"),
        ("java", "Main", "Main.java"),
        ("java", "-J-Xmx9g.java", "Main.java"),
        ("cpp", "@response.cpp", "main.cpp"),
        ("cpp", "-fplugin=x.cpp", "main.cpp"),
    ],
)
def test_the_name_in_the_sandbox(language: str, submitted: str, used: str) -> None:
    assert LANGUAGES[language].main_file(submitted) == used


@EACH
@given(ANY_NAME)
def test_no_name_becomes_an_option_a_path_or_a_response_file(
    language: Language, submitted: str
) -> None:
    for name in (submitted, submitted + language.extensions[0]):
        used = language.main_file(name)
        assert used[0] not in "-@.~/"
        assert not set(used) & set("/\\\0\n {}'\"$`;&|<>*?")
        assert used.isascii()


@EACH
@given(ANY_NAME, st.lists(st.binary(max_size=10), max_size=4))
def test_the_submitters_words_stand_behind_the_languages_own(
    language: Language, submitted: str, args: list[bytes]
) -> None:
    main_file = language.main_file(submitted)
    commands = language.commands(main_file, args, 256 << 20)
    plain = language.commands(main_file, [], 256 << 20)
    assert commands["run"] == [*plain["run"], *args]
    assert commands.get("compile") == plain.get("compile")
    for command in plain.values():
        assert not any(b"{" in part for part in command), "every placeholder is filled in"


def test_java_is_run_by_the_name_of_its_file() -> None:
    commands = LANGUAGES["java"].commands("Solution.java", [], 256 << 20)
    assert commands["compile"][-1] == b"Solution.java"
    assert commands["run"][-1] == b"Solution"
    assert b"-Xmx256m" in commands["run"]


@pytest.mark.parametrize("name", ["util.py", "data.txt", "a-b_c.1", "Makefile", "0", "x" * 100])
def test_harmless_names_of_further_files(name: str) -> None:
    assert is_harmless_file_name(name)


@given(ANY_NAME)
def test_a_harmless_name_stays_in_its_folder_and_is_no_option(name: str) -> None:
    if is_harmless_file_name(name):
        assert name[0] not in "-.@"
        assert not set(name) & set("/\\\0\n ")


@EACH
def test_members_are_told_what_a_language_is(language: Language) -> None:
    info = language.info(available=False)
    assert (info.name, info.extensions, info.available) == (
        language.name,
        language.extensions,
        False,
    )
    assert not info.starter.startswith("\n")
