"""Docstrings name only exceptions that exist: a rename changes no text."""

import ast
import builtins
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("protocol", "client", "attacks", "server", "tui", "cli")


@pytest.fixture(scope="module")
def trees() -> dict[Path, ast.Module]:
    """The syntax tree of each module by its path."""
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return {path: ast.parse(path.read_text()) for path in paths}


def names_in(tree: ast.Module) -> set[str]:
    """Return the names that a module defines or imports, and the attributes that it uses."""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) | ast.Attribute(attr=name):
                names.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names |= {alias.asname or alias.name for alias in aliases}
            case _:
                pass
    return names


def raised_in(docstring: str) -> set[str]:
    """Return the names of exceptions in the section Raises of a docstring."""
    section = docstring.partition("Raises:")[2]
    found = re.findall(r"^    ([\w.]+(?:, [\w.]+)*):", section, re.MULTILINE)
    return {name.rpartition(".")[2] for names in found for name in names.split(", ")}


def test_every_exception_in_a_docstring_exists(trees: dict[Path, ast.Module]) -> None:
    known = set(dir(builtins)).union(*map(names_in, trees.values()))
    unknown = [
        f"{path.relative_to(ROOT)}: {node.name}: {name}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        for name in raised_in(ast.get_docstring(node) or "") - known
    ]
    assert unknown == []


def test_the_section_is_read() -> None:
    """A check that finds nothing would pass as well."""
    text = "Run.\n\nRaises:\n    OSError, lib.Gone: no file.\n        It is missing.\n    Two: why."
    assert raised_in(text) == {"OSError", "Gone", "Two"}
