"""The page of hazards: every number in the names of tests, and the tests that cover it."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from codesync_attacks import CORPUS

from .checkout import GENERATED, ROOT, Mistake
from .tests import all_tests

FILE = "docs/hazards.toml"

INTRODUCTION = """\
The names of tests contain the numbers of the hazards that they cover: `test_a58_...` covers A58.
This page describes each number and lists its tests. `codesync attack` runs the entries "corpus";
[Attacks](reference/attacks.md) has their expected verdicts.
"""

GROUPS = {
    "attacks": (
        "Attacks (A)",
        "Attempts of hostile programs, clients, members, web pages and servers.",
    ),
    "faults": ("Faults (F)", "What can fail around the server."),
    "defects": ("Defects (H)", "What was wrong in version 0.1. Each has a test that fails there."),
    "members": ("Members who behave badly (B)", "Further cases of the corpus."),
}


@dataclass(frozen=True, slots=True)
class Hazards:
    """The hand-written part of the page.

    Attributes:
        groups: the description of each number, by group.
        without_test: why a number has no test.
    """

    groups: dict[str, dict[str, str]]
    without_test: dict[str, str]

    @property
    def numbers(self) -> dict[str, str]:
        """The description of every number."""
        return {number: text for group in self.groups.values() for number, text in group.items()}


def load() -> Hazards:
    """Read docs/hazards.toml."""
    tables = tomllib.loads((ROOT / FILE).read_text())
    return Hazards({name: tables[name] for name in GROUPS}, tables["without_test"])


def numbers_in(name: str) -> list[str]:
    """Give the numbers in the name of a test."""
    return [found.upper() for found in re.findall(r"(?<=_)[abfh]\d\d(?=_|$)", name)]


def covered() -> dict[str, list[str]]:
    """Give the tests, and the cases of the corpus, that cover each number."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for test in all_tests():
        for number in numbers_in(test.name):
            found[number].append(f"`{test.id}`")
    for attack in CORPUS:
        for number in numbers_in(f"_{attack.name}"):
            found[number].append(f"corpus: {attack.title}")
    return dict(found)


def mistakes(hazards: Hazards, tests: dict[str, list[str]]) -> Iterator[str]:
    """Give a sentence for each number on which the file and the tests disagree."""
    for number in hazards.numbers:
        if number in hazards.without_test and number in tests:
            yield f"{FILE}: {number} has a test now: remove it from [without_test]"
        elif number not in hazards.without_test and number not in tests:
            yield f"{FILE}: no name of a test contains {number}"
    for number in sorted(set(tests) - set(hazards.numbers)):
        yield f"{FILE}: {number} is not described, but {tests[number][0]} has it in its name"
    for number in sorted(set(hazards.without_test) - set(hazards.numbers)):
        yield f"{FILE}: [without_test] has {number}, which is not described"


def page() -> str:
    """Give the page.

    Raises:
        Mistake: the file and the tests disagree.
    """
    hazards, tests = load(), covered()
    wrong = list(mistakes(hazards, tests))
    if wrong:
        raise Mistake("\n".join(wrong))
    lines = ["# Hazards\n", GENERATED, INTRODUCTION]
    for group, (title, about) in GROUPS.items():
        lines += [
            f"## {title}\n",
            f"{about}\n",
            "| number | hazard | tests |",
            "| --- | --- | --- |",
        ]
        for number, text in hazards.groups[group].items():
            reason = hazards.without_test.get(number)
            cell = f"**no test**: {reason}" if reason else "<br>".join(tests[number])
            lines.append(f"| {number} | {text} | {cell} |")
        lines.append("")
    return "\n".join(lines)
