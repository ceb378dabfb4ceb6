"""Every accepted name can be shown everywhere."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_protocol import names
from codesync_protocol.limits import NAME_COLUMNS_MAX
from codesync_protocol.names import clean_name, columns, distinct_name, is_room_name

ANY_TEXT = st.text(st.characters(exclude_categories=()))
MARKED = st.text(st.sampled_from("ae\u0301\u0308\u0323\u200b\u20dd \u1100\u1161\u11a8\u4e2d"))

# Rooms.


@pytest.mark.parametrize("name", ["abc", "a-b", "---", "0" * 64, "lab-3", "123"])
def test_a_room_is_called_by_small_letters_digits_and_hyphens(name: str) -> None:
    assert is_room_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "ab",
        "a" * 65,
        "a" * 1_000_000,
        "../x",
        "a/b",
        "$where",
        '{"$gt":""}',
        "abc\x00",
        "abc\n",
        "abc\n\n",
        "\nabc",
        "a b c",
        "Abc",
        "ABC",
        "a_b_c",
        "a.b.c",
        "äbc",
        "\u0430bc",  # a Cyrillic twin of a
        "\u0660\u0661\u0662",  # digits of another script
        "\uff41bc",
        "abc\u200b",
        "\u212aelvin",  # the Kelvin sign, which is a k for re.IGNORECASE
    ],
)
def test_a67_anything_else_is_no_name_of_a_room(name: str) -> None:
    assert not is_room_name(name)


@given(ANY_TEXT)
def test_a67_a_rooms_name_never_needs_quoting(name: str) -> None:
    if is_room_name(name):
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


# Members.


@pytest.mark.parametrize(
    "name", ["ana", "Ana Maria", "李雷", "Søren", "O'Brien", "x (y)", "🦊 fox"]
)
def test_names_of_people_stay_as_they_are(name: str) -> None:
    assert clean_name(name) == name


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("", ""),
        (" \t\n ", ""),
        ("\x1b[31mana\x1b[0m", "[31mana[0m"),
        ("ana\n\nben", "ana ben"),
        ("a\x00b", "ab"),
        ("\u202eana", "ana"),
        ("\u2066ana\u2069", "ana"),
        ("a\u200bn\u200da", "ana"),
        ("ana\ufeff", "ana"),
        ("\ue000ana", "ana"),  # private use
        ("\udcffana", "ana"),  # not Unicode
        ("  ana   maria ", "ana maria"),
        ("ana\u3000maria", "ana maria"),
        ("[@click=app.quit]ana", "[@click=app.quit]ana"),  # markup is off where names are shown
        ("👩\u200d👩\u200d👧", "👩👩👧"),
        ("❤\ufe0f", "❤"),
    ],
)
def test_a66_what_is_not_printable_is_dropped(name: str, cleaned: str) -> None:
    assert clean_name(name) == cleaned


@pytest.mark.parametrize(
    "blank",
    ["\u3164", "\u115f", "\u1160", "\uffa0", "\u2800", "\u034f", "\u17b4", "\u180e", "\U000e0100"],
)
def test_a66_a_name_of_letters_that_nobody_sees_is_empty(blank: str) -> None:
    assert clean_name(blank * 5) == ""
    assert clean_name(f"a{blank}na") == "ana"


def test_a66_spellings_that_look_the_same_become_the_same() -> None:
    assert clean_name("Zoe\u0308") == clean_name("Zo\u00eb") == "Zo\u00eb"
    assert clean_name("Zoe\u200b\u0308") == "Zo\u00eb"  # the mark was kept apart by nothing


def test_a66_marks_do_not_pile_up() -> None:
    assert clean_name("z" + "\u0321" * 200) == "z\u0321\u0321"


def test_a_mark_without_a_letter_is_dropped_and_cannot_sit_on_what_stands_before() -> None:
    assert clean_name("\u0301ana") == "ana"
    assert clean_name("ana \u0301\u0301maria") == "ana maria"


def test_a66_a_long_name_is_cut() -> None:
    assert clean_name("x" * 10_000) == "x" * NAME_COLUMNS_MAX


def test_wide_characters_count_twice() -> None:
    assert columns("abc") == 3
    assert columns("李雷") == 4
    assert columns("e\u0301") == 1
    assert clean_name("李" * 100) == "李" * (NAME_COLUMNS_MAX // 2)
    assert clean_name("x" + "李" * 100) == "x" + "李" * 15  # half a character is none


@pytest.mark.parametrize("name", ["a" + "\u0300\u0316" * 500_000, "\u1100\u1161" * 500_000])
def test_a66_a_name_that_is_hard_to_normalise_costs_nothing(name: str) -> None:
    began = time.perf_counter()
    clean_name(name)
    assert time.perf_counter() - began < 0.1


@given(ANY_TEXT | MARKED)
def test_a66_a_cleaned_name_is_harmless(name: str) -> None:
    cleaned = clean_name(name)
    assert columns(cleaned) <= NAME_COLUMNS_MAX
    assert unicodedata.is_normalized("NFC", cleaned)
    assert {unicodedata.category(char)[0] for char in cleaned} <= set("LMNPSZ")
    assert " ".join(cleaned.split()) == cleaned
    assert clean_name(cleaned) == cleaned


# Telling members apart.


def test_a_newcomer_keeps_a_name_that_nobody_has() -> None:
    assert distinct_name("ana", {"ben"}) == "ana"


def test_a_newcomer_whose_name_is_taken_gets_the_first_free_number() -> None:
    assert distinct_name("ana", {"ana"}) == "ana-2"
    assert distinct_name("ana", {"ana", "ana-2", "ana-4"}) == "ana-3"


@given(st.lists(ANY_TEXT.map(clean_name).filter(bool), min_size=1, max_size=12))
def test_a66_all_names_in_a_room_are_distinct_and_fit(wanted: list[str]) -> None:
    taken: set[str] = set()
    for name in wanted + wanted:
        distinct = distinct_name(name, taken)
        assert distinct not in taken
        assert columns(distinct) <= NAME_COLUMNS_MAX
        taken.add(distinct)


def test_a66_long_twins_are_shortened_to_make_place_for_their_number() -> None:
    name = "x" * NAME_COLUMNS_MAX
    assert distinct_name(name, {name}) == "x" * (NAME_COLUMNS_MAX - 2) + "-2"
    assert distinct_name("李" * 16, {"李" * 16}) == "李" * 15 + "-2"


def test_h07_a_name_that_everybody_has_costs_little(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = 0

    def count(text: str) -> int:
        nonlocal measured
        measured += 1
        return columns(text)

    name = "x" * NAME_COLUMNS_MAX
    taken = {name, *(f"{name[:-2]}-{number}" for number in range(2, 10))}
    taken |= {f"{name[:-3]}-{number}" for number in range(10, 100)}
    taken |= {f"{name[:-4]}-{number}" for number in range(100, 441)}
    monkeypatch.setattr(names, "columns", count)
    assert distinct_name(name, taken) == f"{name[:-4]}-441"
    assert measured < 20
