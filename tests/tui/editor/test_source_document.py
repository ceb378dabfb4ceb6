"""Source text is stored unchanged, and shown filtered with the same columns."""

from hypothesis import given
from hypothesis import strategies as st

from codesync_protocol.printable import show_line
from codesync_tui.editor.highlights import HighlightedDocument
from codesync_tui.editor.source_document import SourceDocument
from codesync_tui.editor.syntax import load_syntax

texts = st.text(
    st.sampled_from([*"ab(){}:'#\n", "é", "世", "\x1b", "\u2028", "\x0c", "\x85", "\t"]),
    max_size=40,
)
PYTHON = load_syntax("python")


def place(document: SourceDocument, index: int) -> tuple[int, int]:
    """A place in a document: any number means one."""
    row = index % document.line_count
    return row, (index // 7) % (len(document[row]) + 1)


def offset(document: SourceDocument, location: tuple[int, int]) -> int:
    """Where a place is in the text."""
    row, column = location
    return sum(len(line) + 1 for line in document.lines[:row]) + column


@given(texts, st.lists(st.tuples(st.integers(0), st.integers(0), texts), max_size=6))
def test_edits_do_to_the_text_what_they_say(text: str, edits: list[tuple[int, int, str]]) -> None:
    assert PYTHON is not None
    document, expected = HighlightedDocument(text, PYTHON), text
    for first, second, insert in edits:
        start, end = sorted((place(document, first), place(document, second)))
        document.captures(0, document.line_count)
        a, b = offset(document, start), offset(document, end)
        result = document.replace_range(start, end, insert)
        assert result.replaced_text == expected[a:b]
        expected = expected[:a] + insert + expected[b:]
        assert offset(document, result.end_location) == a + len(insert)
        assert document.text == expected
        assert document.lines == [show_line(line) for line in expected.split("\n")]
    document.discard_stale()
    fresh = HighlightedDocument(expected, PYTHON)
    kept, anew = document.highlights, fresh.highlights
    for row in range(document.line_count):
        assert sorted(kept[row], key=str) == sorted(anew[row], key=str)


def test_nothing_but_a_line_feed_ends_a_line() -> None:
    document = SourceDocument("a\r\nb\rc\u2028d\x0ce")
    assert document.text == "a\r\nb\rc\u2028d\x0ce"
    assert document.line_count == 2
    assert "\r" not in "".join(document.lines)
    document.replace_range((0, 0), (0, 1), "x\ny")
    assert document.text == "x\ny\r\nb\rc\u2028d\x0ce"


@given(texts, st.integers(0, 200))
def test_places_in_bytes_and_locations_are_the_same(text: str, index: int) -> None:
    document = SourceDocument(text)
    location = place(document, index)
    size = document.offset_of(location)
    assert size == len(document.get_text_range((0, 0), location).encode())
    assert document.location_of(size) == location
    end = len(text.encode())
    last = (document.line_count - 1, len(document[document.line_count - 1]))
    assert document.location_of(end + index) == last
    assert document.offset_of((document.line_count, 0)) == end


def test_a_range_may_reach_behind_the_last_line() -> None:
    document = SourceDocument("a\nb")
    assert document.get_text_range((1, 0), (2, 0)) == "b"
    assert document.replace_range((1, 0), (2, 0), "").replaced_text == "b"
    assert document.text == "a\n"


def test_what_is_known_of_lines_moves_along_with_them() -> None:
    assert PYTHON is not None
    document = HighlightedDocument("import a\nx = 1  # one\nreturn x\n", PYTHON)
    known = document.highlights

    def names(row: int) -> set[tuple[str, str]]:
        line = document[row].encode()
        return {(line[begin:end].decode(), name) for begin, end, name in known[row]}

    assert ("import", "include") in names(0) or ("import", "keyword.import") in names(0)
    before = [names(row) for row in range(3)]
    document.replace_range((0, 0), (0, 0), "é = 0\n\n")
    assert [names(row) for row in range(5)] == [set(), set(), *before]
    document.replace_range((3, 9), (3, 9), "éé")
    assert ("# ééone", "comment") in names(3)
    document.replace_range((3, 0), (4, 0), "")
    assert names(3) == before[2]
    document.discard_stale()
    assert ("0", "number") in names(0)
