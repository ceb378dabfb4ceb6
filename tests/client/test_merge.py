"""Merging texts by lines, and telling how one becomes another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_client import merge as merging
from codesync_client.merge import merge, splices

texts = st.lists(st.sampled_from(["a\n", "b\n", "é🙂\n", "\u2028\n", "c", "\r\n"]), max_size=8).map(
    "".join
)


def applied(before: str, after: str) -> str:
    """What the splices make of a text."""
    data = before.encode()
    for splice in splices(before, after):
        end = splice.at + splice.deleted
        data = data[: splice.at] + splice.inserted.encode() + data[end:]
    return data.decode()


@given(texts, texts)
def test_splices_make_the_one_text_of_the_other(before: str, after: str) -> None:
    assert applied(before, after) == after


@given(texts, texts)
def test_splices_of_texts_that_are_not_compared_do_so_too(before: str, after: str) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(merging, "PAIRS_MAX", -1)
        assert applied(before, after) == after


def test_a_splice_is_as_small_as_it_can_be() -> None:
    (splice,) = splices("def f(é):\n    return 1\n", "def f(é):\n    return 12\n")
    assert (splice.deleted, splice.inserted) == (0, "2")


def test_long_texts_of_equal_lines_take_no_time() -> None:
    before = "x\n" * 100_000
    assert applied(before, "y\n" + before + "z\n") == "y\n" + before + "z\n"


@given(texts, texts)
def test_what_only_one_changed_is_what_comes_out(base: str, mine: str) -> None:
    assert merge(base, mine, base) == mine
    assert merge(base, base, mine) == mine
    assert merge(base, mine, mine) == mine


@given(texts, texts, texts)
def test_merging_knows_no_sides(base: str, mine: str, theirs: str) -> None:
    assert merge(base, mine, theirs) == merge(base, theirs, mine)


def test_changes_apart_from_each_other_are_both_kept() -> None:
    base = "one\ntwo\nthree\nfour\n"
    assert merge(base, "ONE\ntwo\nthree\nfour\n", "one\ntwo\nthree\n") == "ONE\ntwo\nthree\n"


def test_changes_of_the_same_line_are_for_people() -> None:
    assert merge("one\n", "mine\n", "theirs\n") is None
