"""A room has line feeds, and a file keeps its own line ends."""

from hypothesis import given
from hypothesis import strategies as st

from codesync_client.files.line_ends import as_line_feeds, prevailing, restored

ENDS = ("\n", "\r\n", "\r")

files = st.lists(st.sampled_from([*ENDS, "a", "b\n", "b\r\n"]), max_size=12).map("".join)


@given(files)
def test_what_nobody_changed_comes_back_as_it_was(file: str) -> None:
    assert restored(as_line_feeds(file), file, prevailing(file)) == file


@given(files, files, st.sampled_from(ENDS))
def test_whatever_ends_lines_get_the_text_stays_the_same(
    text: str, file: str, newline: str
) -> None:
    text = as_line_feeds(text)
    assert as_line_feeds(restored(text, file, newline)) == text


def test_a_line_that_is_changed_keeps_its_end_and_a_new_one_gets_the_usual_one() -> None:
    assert prevailing("a\r\nb\nc\r\n") == "\r\n"
    assert restored("a\nB\nnew\nc\n", "a\r\nb\nc\r\n", "\r\n") == "a\r\nB\nnew\r\nc\r\n"
