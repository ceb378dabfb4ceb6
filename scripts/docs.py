#!/usr/bin/env python3
"""Generate the pages of docs/ that follow from the code, or check all Markdown files.

scripts/docs.py           write the generated pages
scripts/docs.py --check   exit 1 if a generated page is out of date, a link is broken, or a page
                          uses a word that docs/glossary.toml discards
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from docpages import changelog, code, commands, glossary, hazards, keys, links, security
from docpages.checkout import ROOT, Mistake
from docpages.sections import with_section

from codesync_server.configuration.show import as_tables

ARCHITECTURE = "docs/architecture.md"
SETTINGS = "docs/reference/settings.md"


def generated() -> dict[str, str]:
    """Give the text of every generated page by its path.

    Raises:
        Mistake: a hand-written file does not agree with the code.
    """
    return {
        "docs/glossary.md": glossary.page(),
        "docs/hazards.md": hazards.page(),
        "docs/reference/commands.md": commands.commands(),
        "docs/reference/exit-statuses.md": commands.exit_statuses(),
        "docs/reference/keys.md": keys.page(),
        "docs/reference/map.md": code.module_map(),
        "docs/reference/messages.md": code.messages(),
        SETTINGS: with_section(SETTINGS, "settings", as_tables()),
        "docs/reference/attacks.md": security.attacks(),
        "docs/reference/threat-model.md": security.threat_model(),
    }


def main() -> int:
    """Write or check the pages; give the exit status."""
    try:
        pages = generated()
    except Mistake as mistake:
        print(mistake, file=sys.stderr)
        return 1
    stale = [name for name, text in pages.items() if not is_current(ROOT / name, text)]
    if "--check" in sys.argv:
        mistakes = [f"{name} is out of date: run scripts/docs.py" for name in stale]
        mistakes += links.problems()
        mistakes += words()
        text = (ROOT / links.HISTORY).read_text(encoding="utf-8")
        mistakes += [f"{links.HISTORY}: {problem}" for problem in changelog.problems(text)]
        print("\n".join(mistakes), file=sys.stderr, end="\n" if mistakes else "")
        return 1 if mistakes else 0
    for name in stale:
        (ROOT / name).write_text(pages[name])
        print(f"wrote {name}")
    return 0


def words() -> Iterator[str]:
    """Give one line for each discarded word, and for each unknown class of the architecture.

    CONTRIBUTING.md quotes discarded words.
    """
    for name in links.tracked("*.md"):
        if name != "CONTRIBUTING.md":
            for problem in glossary.discarded_words((ROOT / name).read_text(encoding="utf-8")):
                yield f"{name}: {problem}"
    for unknown in glossary.unknown_names((ROOT / ARCHITECTURE).read_text(encoding="utf-8")):
        yield f"{ARCHITECTURE}: the code defines no {unknown}"


def is_current(path: Path, text: str) -> bool:
    """Tell whether a file contains exactly this text."""
    return path.exists() and path.read_text() == text


if __name__ == "__main__":
    sys.exit(main())
