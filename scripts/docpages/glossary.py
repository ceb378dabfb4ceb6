"""The page of terms: what each means, and the place in the code that defines it."""

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from .checkout import GENERATED, PACKAGES, ROOT, Mistake
from .links import without_code

FILE = "docs/glossary.toml"

PRODUCTS = {"CodeSync"}
"""Names that look like those of classes."""

INTRODUCTION = """\
The terms of the code and of the documentation. Each links to the place that defines it.
"""


def page() -> str:
    """Give the page.

    Raises:
        Mistake: a term has no place in the code, or occurs twice.
    """
    terms = tomllib.loads((ROOT / FILE).read_text())["term"]
    names = [each["term"] for each in terms]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise Mistake(f"{FILE}: {', '.join(repeated)} occurs twice")
    lines = ["# Glossary\n", GENERATED, INTRODUCTION]
    lines += ["| term | meaning | defined by |", "| --- | --- | --- |"]
    for each in sorted(terms, key=lambda term: str(term["term"]).casefold()):
        place = located(each["term"], each["defined"])
        lines.append(f"| {each['term']} | {each['meaning']} | {place} |")
    return "\n".join([*lines, ""])


def discarded_words(text: str) -> Iterator[str]:
    """Give a sentence for each word of a page that the glossary discards."""
    words: dict[str, str] = tomllib.loads((ROOT / FILE).read_text())["discarded"]
    prose = without_code(text).lower()
    for word, instead in words.items():
        if re.search(rf"\b{word}\b", prose):
            yield f'the word "{word}": use {instead}'


def unknown_names(text: str) -> list[str]:
    """Give the names in CamelCase of a text that the code does not define."""
    names = set(re.findall(r"\b(?:[A-Z][a-z]+){2,}\b", text)) - PRODUCTS
    return sorted(name for name in names if name not in definitions())


def located(term: str, defined: str) -> str:
    """Give a link to the place in the code that a term names.

    Raises:
        Mistake: there is no such place, or more than one.
    """
    file, _, name = defined.partition("::")
    if "/" in file and not name:
        if not (ROOT / file).exists():
            raise Mistake(f"{FILE}: {term}: there is no {file}")
        return f"[{file.split('/', 1)[1]}](../{file})"
    name = name or file
    files = [each for each in definitions()[name] if file in (name, each)]
    if not files:
        raise Mistake(f"{FILE}: {term}: the code does not define {defined}")
    if len(files) > 1:
        raise Mistake(f"{FILE}: {term}: {defined} is ambiguous: {', '.join(files)}")
    return f"[`{name}`](../{files[0]})"


@cache
def definitions() -> defaultdict[str, list[str]]:
    """Give the files that define each class, function and constant, by name."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for name in names_defined_by(path):
                found[name].append(path.relative_to(ROOT).as_posix())
    return found


def names_defined_by(path: Path) -> Iterator[str]:
    """Give the names that a module defines at its top level."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case (
                ast.ClassDef(name=name)
                | ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.AnnAssign(target=ast.Name(id=name))
                | ast.Assign(targets=[ast.Name(id=name)])
            ):
                yield name
            case _:
                pass
