"""Tests merging by lines, and differences between texts."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_client.document import line_changes
from codesync_client.document.merge import merge, splices

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
        patched.setattr(line_changes, "LOOKS_MAX", -1)
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


FREQUENT = ("\n", "}\n", "    pass\n")


@st.composite
def edited(draw: st.DrawFn) -> tuple[list[str], list[str], list[str]]:
    """A text with frequent lines in it, and what two made of it, each on their own."""
    base = draw(st.lists(st.sampled_from([*FREQUENT, "one\n", "two\n"]), max_size=20))
    return base, _made_of(base, "mine", draw), _made_of(base, "theirs", draw)


def _made_of(base: Sequence[str], who: str, draw: st.DrawFn) -> list[str]:
    text: list[str] = []
    for number, line in enumerate(base):
        fate = draw(st.sampled_from(["stays"] * 6 + ["goes", "is written after"]))
        text += [line] if fate != "goes" else []
        text += ["\n", f"{who} {number}\n", "}\n"] if fate == "is written after" else []
    return text


@given(edited())
def test_no_line_of_either_side_is_lost(texts: tuple[list[str], list[str], list[str]]) -> None:
    base, mine, theirs = texts
    merged = merge(*("".join(each) for each in texts))
    if merged is None:
        return
    lines = merged.splitlines(keepends=True)
    for side, who in ((mine, "mine"), (theirs, "theirs")):
        wrote = [line for line in side if line.startswith(who)]
        assert [line for line in lines if line.startswith(who)] == wrote
    removed = (Counter(base) - Counter(mine)) + (Counter(base) - Counter(theirs))
    assert not Counter(base) - removed - Counter(lines), "what both left is there"


@given(st.data())
def test_changes_with_a_line_between_them_that_is_like_no_other_are_both_made(
    data: st.DataObject,
) -> None:
    frequent = st.lists(st.sampled_from(FREQUENT), max_size=4)
    base, mine, theirs, both = list[str](), list[str](), list[str](), list[str]()
    for number in range(data.draw(st.integers(1, 8))):
        before, after = data.draw(frequent), data.draw(frequent)
        writer = data.draw(st.sampled_from([mine, theirs]))
        for text in (base, mine, theirs, both):
            text += after if text in (writer, both) else before
            text.append(f"line {number}\n")
    assert merge("".join(base), "".join(mine), "".join(theirs)) == "".join(both)


@pytest.mark.parametrize("count", [3_000, 10_000])
def test_long_files_with_many_equal_lines_are_merged(count: int) -> None:
    """A fifth of them is empty, a tenth is a brace: millions of pairs of equal lines."""
    base = [
        "\n" if index % 5 == 0 else "}\n" if index % 10 == 3 else f"value_{index} = {index}\n"
        for index in range(count)
    ]
    mine, theirs, both = base.copy(), base.copy(), base.copy()
    for lines in (mine, both):
        lines[count - 10 : count - 10] = ["\n", "mine\n", "}\n"]
        lines[12] = "mine\n"
    for lines in (theirs, both):
        del lines[count // 2 : count // 2 + 7]
        lines[count // 3] = "theirs\n"
    assert merge("".join(base), "".join(mine), "".join(theirs)) == "".join(both)
    assert len(splices("".join(base), "".join(mine))) == 2
