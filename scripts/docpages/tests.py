"""The test functions of the repository, found without importing them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache

from .checkout import ROOT


@dataclass(frozen=True, slots=True)
class Test:
    """A test function, and the file that defines it."""

    file: str
    name: str

    @property
    def id(self) -> str:
        """The name that pytest accepts on its command line."""
        return f"{self.file}::{self.name}"


@cache
def all_tests() -> tuple[Test, ...]:
    """Give all test functions, sorted by file, in the order of their definition."""
    return tuple(_tests())


def _tests() -> Iterator[Test]:
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if "node_modules" in path.parts:
            continue
        file = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    if name.startswith("test_"):
                        yield Test(file, name)
                case _:
                    pass


def matching(pattern: str) -> list[Test]:
    """Give the tests that FILE::PATTERN names; PATTERN may contain `*`."""
    file, _, name = pattern.partition("::")
    return [each for each in all_tests() if each.file == file and fnmatchcase(each.name, name)]
