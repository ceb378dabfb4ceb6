"""Every numbered attack, fault and defect has a test whose name contains its number.

The numbers are those of the audit: A (attacks) and F (faults) of the threat model, H (defects of
version 0.1). A test has `_a58_` in its name; a hostile program of the corpus begins with it.
"""

import ast
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from codesync_attacks import CORPUS

HERE = Path(__file__).parent

WITHOUT_A_TEST = {
    "F17": "there is no Redis",
    "F18": "there is no Redis",
    "F19": "there is no Redis",
    "F20": "there is no Redis",
    "H24": "the docs only stop promising gVisor; the tiers are tested by a later issue",
}
"""Numbers that need no test, and why."""

DEFECTS = (*range(1, 20), 24, 25, 32, 33, 34, 35, 36, 38, 40, 41, 43)
"""The H numbers that are fixed so far."""

NUMBERS = (
    *(f"A{number:02}" for number in range(1, 81)),
    *(f"F{number:02}" for number in range(1, 40)),
    *(f"H{number:02}" for number in DEFECTS),
)


def names_of_tests() -> Iterator[str]:
    """Give the names of all test functions, and of the corpus."""
    for file in HERE.rglob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    if name.startswith("test_"):
                        yield name
                case _:
                    pass
    for attack in CORPUS:
        yield f"corpus_{attack.name}"


def numbers_in(name: str) -> list[str]:
    """The numbers in the name of a test."""
    return [found.upper() for found in re.findall(r"(?<=_)[afh]\d\d(?=_|$)", name)]


TESTED = frozenset(chain.from_iterable(map(numbers_in, names_of_tests())))


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_occurs_in_the_name_of_a_test(number: str) -> None:
    if number in WITHOUT_A_TEST:
        assert number not in TESTED, f"{number} has a test: take it out of the exceptions"
    else:
        assert number in TESTED


def test_the_names_of_tests_have_no_unknown_numbers() -> None:
    later = {f"H{number:02}" for number in range(1, 44)}
    assert set(NUMBERS) | later >= TESTED


def test_numbers_are_found_in_names() -> None:
    assert numbers_in("test_a49_a50_what_makes_no_sense_h15") == ["A49", "A50", "H15"]
    assert numbers_in("test_sha256_of_a5_and_a123") == []
