"""Text is made to fit exactly, whatever is in it."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from codesync_tui.panels.fit import fit, shorten


@given(st.text(max_size=40), st.integers(0, 30))
def test_text_fits(text: str, width: int) -> None:
    assert cell_len(shorten(text, width)) <= width
    assert cell_len(fit(text, width)) == width
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in fit(text, width))


def test_what_is_cut_ends_in_an_ellipsis() -> None:
    assert shorten("abcdef", 4) == "abc…"
    assert shorten("世界世界", 4) == "世…"
    assert fit("ab", 4) == "ab  "
