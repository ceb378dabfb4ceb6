"""Every numbered hazard has a test with its number in the name, or a reason why not.

docs/hazards.toml describes the numbers; docs/hazards.md lists their tests.
"""

from scripts.docpages import hazards
from scripts.docpages.hazards import Hazards, mistakes, numbers_in

SOME = Hazards({"attacks": {"A01": "", "A02": ""}, "faults": {"F01": ""}}, {"F01": "no Redis"})


def test_every_number_has_a_test_or_a_reason() -> None:
    assert list(mistakes(hazards.load(), hazards.covered())) == []


def test_the_numbers_have_no_gaps() -> None:
    for numbers in hazards.load().groups.values():
        letter = next(iter(numbers))[0]
        assert list(numbers) == [f"{letter}{count:02}" for count in range(1, len(numbers) + 1)]


def test_agreement_is_no_mistake() -> None:
    assert list(mistakes(SOME, {"A01": ["x"], "A02": ["y"]})) == []


def test_a_number_without_a_test_and_a_test_without_a_number_are_mistakes() -> None:
    found = list(mistakes(SOME, {"A01": ["x"], "A77": ["y"], "F01": ["z"]}))
    assert [problem.partition(" ")[2][:30] for problem in found] == [
        "no name of a test contains A02",
        "F01 has a test now: remove it ",
        "A77 is not described, but y ha",
    ]


def test_numbers_are_found_in_names() -> None:
    assert numbers_in("test_a49_a50_what_makes_no_sense_h15") == ["A49", "A50", "H15"]
    assert numbers_in("test_sha256_of_a5_and_a123") == []
