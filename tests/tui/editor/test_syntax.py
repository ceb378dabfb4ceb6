"""The four languages are highlighted, and other names are not."""

import pytest

from codesync_tui.editor.highlights import HighlightedDocument, LazyHighlights
from codesync_tui.editor.syntax import load_syntax
from codesync_tui.editor.syntax_theme import DottedStyles, syntax_themes

SOURCES = {
    "python": "def f(x):\n    return 'é'  # why\n",
    "javascript": "function f(x) { return 'é'; } // why\n",
    "java": 'class A { String f() { return "é"; } } // why\n',
    "cpp": '#include <vector>\nclass A : B { virtual int f() { return "é"[0]; } }; // why\n',
}


@pytest.mark.parametrize("name", SOURCES)
def test_keywords_strings_and_comments_have_colours(name: str) -> None:
    syntax = load_syntax(name)
    assert syntax is not None
    document = HighlightedDocument(SOURCES[name], syntax)
    lines = LazyHighlights(document)
    named = {what for row in range(document.line_count) for _, _, what in lines[row]}
    styles = syntax_themes()["codesync-dark"].syntax_styles
    for kind in ("keyword", "string", "comment"):
        assert any(styles.get(what) is styles.get(kind) for what in named), (kind, named)


def test_c_plus_plus_has_what_it_adds_to_c_and_what_it_has_from_c() -> None:
    syntax = load_syntax("cpp")
    assert syntax is not None
    lines = LazyHighlights(HighlightedDocument("virtual int f() { return 0; }", syntax))
    assert {start for start, _, what in lines[0] if what == "keyword"} == {0, 18}


@pytest.mark.parametrize("name", ["klingon", "os.path", "", "../x", "\x1b"])
def test_what_is_no_language_is_not_loaded(name: str) -> None:
    assert load_syntax(name) is None


def test_only_the_lines_that_are_looked_at_are_worked_out() -> None:
    syntax = load_syntax("python")
    assert syntax is not None
    lines = LazyHighlights(HighlightedDocument("x = 1\n" * 1000, syntax))
    assert lines
    assert lines[500]
    assert len(lines) == 64


def test_names_fall_back_to_what_stands_before_the_dot() -> None:
    styles = syntax_themes()["codesync-light"].syntax_styles
    assert isinstance(styles, DottedStyles)
    assert styles.get("function.method.call") is styles.get("function")
    assert styles.get("variable") is None
