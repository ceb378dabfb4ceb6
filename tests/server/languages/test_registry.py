"""The built-in languages, and their availability on a server."""

import re

import msgspec
import pytest

from codesync_client import detect_language
from codesync_protocol.codec import decode_from_server, encode
from codesync_protocol.messages import ExecutorInfo, LimitsInfo, Members, Queue, Role, Welcome
from codesync_server.languages.language import Language
from codesync_server.languages.registry import Languages, built_in

EACH = pytest.mark.parametrize("language", built_in(), ids=[each.name for each in built_in()])


def test_the_four_languages_are_there() -> None:
    names = [language.name for language in built_in()]
    assert {"python", "javascript", "cpp", "java"} <= set(names)
    assert len(names) == len(set(names))


def test_each_ending_tells_one_language() -> None:
    endings = [ending for language in built_in() for ending in language.extensions]
    assert len(endings) == len(set(endings))


@EACH
def test_a_language_is_described_as_it_must_be(language: Language) -> None:
    assert re.fullmatch("[a-z0-9]+", language.name)
    assert all(re.fullmatch(r"\.[a-z0-9+]+", ending) for ending in language.extensions)
    assert language.main_file(language.file_name) == language.file_name
    assert language.run
    assert language.starter.strip()
    assert language.self_test.source.strip()
    assert language.self_test.stdout
    for command in (language.compile, language.run):
        placeholders = set(re.findall(r"\{[^}]*\}", " ".join(command)))
        assert placeholders <= {"{file}", "{stem}", "{memory_mb}"}


@EACH
def test_the_client_finds_a_language_by_its_file_name(language: Language) -> None:
    infos = Languages(built_in(), lambda _: True).infos()
    for ending in language.extensions:
        assert detect_language(f"main{ending}", infos) == language.name
    assert detect_language(language.file_name, infos) == language.name


def test_what_members_are_told_survives_the_wire() -> None:
    welcome = Welcome(
        version=1,
        room="room",
        epoch="e",
        seq=0,
        resumed=False,
        member=1,
        role=Role.VIEWER,
        members=Members(),
        queue=Queue(),
        jobs=(),
        languages=Languages(built_in(), lambda _: True).infos(),
        limits=LimitsInfo(5, 300, 5, 1, 1),
        executor=ExecutorInfo("local", sandboxed=False),
    )
    assert decode_from_server(encode(welcome)) == welcome


def test_a_language_is_available_where_all_its_commands_are() -> None:
    languages = Languages(built_in(), lambda command: command in ("python3", "javac", "g++"))
    assert {each.name for each in languages if languages.is_available(each.name)} == {
        "python",
        "cpp",  # what it runs is what it has compiled
    }
    assert [info.available for info in languages.infos()] == [
        languages.is_available(each.name) for each in languages
    ]


def test_an_unknown_language_is_none() -> None:
    languages = Languages(built_in(), lambda _: True)
    assert languages.get("cobol") is None
    assert not languages.is_available("cobol")


def test_a_field_that_nobody_knows_is_an_error_and_not_ignored() -> None:
    known = msgspec.to_builtins(built_in()[0])
    with pytest.raises(msgspec.ValidationError, match="unknown field `optoins`"):
        msgspec.convert({**known, "optoins": []}, Language)
