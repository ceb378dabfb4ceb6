"""Checks the form of CHANGELOG.md: dated versions, notes on upgrading, and no repeated entry."""

import re
from collections import Counter
from collections.abc import Iterator

VERSION = re.compile(r"^## (.*)$", re.MULTILINE)
TITLE = re.compile(r"\d+\.\d+\.\d+ \((\d{4}-\d\d-\d\d|unreleased)\)")
ENTRY = re.compile(r"^- (.*?)(?=^- |^#|\Z)", re.MULTILINE | re.DOTALL)


def problems(text: str) -> Iterator[str]:
    """Give a sentence for each mistake in the text of a changelog."""
    _, *sections = VERSION.split(text)
    for title, section in zip(sections[::2], sections[1::2], strict=True):
        if not TITLE.fullmatch(title):
            yield f"{title!r} is no version with a date"
        if "upgrade" not in section.lower():
            yield f"{title} has no note on upgrading"
        entries = Counter(" ".join(entry.split()) for entry in ENTRY.findall(section))
        for entry, count in entries.items():
            if count > 1:
                yield f"{title} has the entry {entry[:60]!r} {count} times"
