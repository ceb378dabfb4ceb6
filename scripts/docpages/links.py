"""Finds broken links, and paths of files that do not exist, in Markdown files."""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from .checkout import ROOT

FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"(`+)(.+?)\1", re.DOTALL)
LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*\s*$", re.MULTILINE)
FILE_NAME = re.compile(r"^[\w.*/-]+/[\w.-]+\.(py|md)(?=::|$)")
HISTORY = "CHANGELOG.md"
"""Names files as they were called when a version was released."""


def tracked(*patterns: str) -> list[str]:
    """Give the files that Git tracks or would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted({name for name in done.stdout.splitlines() if (ROOT / name).exists()})


def problems() -> Iterator[str]:
    """Give one line for each broken link or path in the Markdown files of the repository."""
    files = [f"/{name}" for name in tracked()]
    for name in tracked("*.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for problem in broken_links(ROOT / name, text):
            yield f"{name}: {problem}"
        if name != HISTORY:
            for path in missing_files(text, files):
                yield f"{name}: there is no file {path}"


def broken_links(page: Path, text: str) -> Iterator[str]:
    """Give a sentence for each relative link of a page that leads nowhere."""
    for target in LINK.findall(without_code(text)):
        if re.match(r"[a-z][a-z+.-]*:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists():
            yield f"the link to {target} names no file"
        elif anchor and file.suffix == ".md" and anchor not in anchors(file):
            yield f"the link to {target} names no heading"


def missing_files(text: str, files: list[str]) -> Iterator[str]:
    """Give each path in code font that is no end of a path of the repository."""
    for _, code in CODE.findall(FENCE.sub("", text)):
        found = FILE_NAME.match(code)
        if found and "*" not in code.partition("::")[0]:
            path = found.group()
            if not any(name.endswith(f"/{path}") for name in files):
                yield path


@cache
def anchors(page: Path) -> frozenset[str]:
    """Give the anchors of a page's headings, as GitHub makes them."""
    found: list[str] = []
    for heading in HEADING.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        repeated = sum(each == slug or each.startswith(f"{slug}-") for each in found)
        found.append(f"{slug}-{repeated}" if slug in found else slug)
    return frozenset(found)


def without_code(text: str) -> str:
    """Give a page without its code, in which nothing is a link."""
    return CODE.sub("", FENCE.sub("", text))
