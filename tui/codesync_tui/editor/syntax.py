"""Loads grammars and highlight queries on demand."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Language, Query


@dataclass(frozen=True, slots=True)
class Syntax:
    """The grammar and the highlight query of a language.

    Attributes:
        name: the language's name, e.g. "cpp".
        language: its grammar.
        query: its highlight query.
    """

    name: str
    language: "Language"
    query: "Query"


# Several threads load syntaxes at once. Each query is compiled once and never deallocated:
# tree-sitter 0.26.1 frees memory twice when a query is deallocated.
_lock = Lock()
_loaded: dict[str, Syntax] = {}


def load_syntax(name: str) -> Syntax | None:
    """Load a grammar and compile its query, once per process.

    The first call per language takes tens of milliseconds and waits for other threads that load
    a syntax, so call it off the event loop.

    Args:
        name: a LanguageInfo.syntax.

    Returns:
        The syntax, the same object for every call; None if no grammar of that name is installed
        or its query does not compile.
    """
    if not name.isidentifier():
        return None  # the name comes from the server, and becomes part of a module name
    with _lock:
        syntax = _loaded.get(name) or _load(name)
        if syntax is not None:
            _loaded[name] = syntax
        return syntax


def _load(name: str) -> Syntax | None:
    try:
        from tree_sitter import Language, Query, QueryError

        grammar = import_module(f"tree_sitter_{name}")
    except ImportError:
        return None
    try:
        capsule: object = grammar.language()
        language = Language(capsule)
        return Syntax(name, language, Query(language, _query_source(name)))
    except (AttributeError, OSError, ValueError, QueryError):
        return None


def _query_source(name: str) -> str:
    if name == "cpp":
        # The C++ query holds only what C++ adds to C.
        c, cpp = import_module("tree_sitter_c"), import_module("tree_sitter_cpp")
        return f"{c.HIGHLIGHTS_QUERY}\n{cpp.HIGHLIGHTS_QUERY}"
    import textual

    folder = Path(textual.__file__).parent / "tree-sitter" / "highlights"
    return (folder / f"{name}.scm").read_text(encoding="utf-8")
