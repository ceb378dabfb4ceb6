"""The documentation: its links lead somewhere, and its generated pages are up to date."""

import subprocess
import sys
from pathlib import Path

import pytest
from scripts.docpages import changelog, links
from scripts.docpages.checkout import ROOT


def test_no_link_of_a_markdown_file_is_broken() -> None:
    assert list(links.problems()) == []


def test_generated_pages_are_up_to_date() -> None:
    command = [sys.executable, str(ROOT / "scripts/docs.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_nothing_names_a_file_outside_of_the_project() -> None:
    outside = ("../shared", "/work/")
    for name in set(links.tracked()) - {"tests/test_docs.py"}:
        text = (ROOT / name).read_text(encoding="utf-8", errors="replace")
        assert not any(each in text for each in outside), name


@pytest.fixture
def page(tmp_path: Path) -> Path:
    (tmp_path / "other.md").write_text("# A heading, with `code`\n\n```sh\n# not one\n```\n")
    return tmp_path / "page.md"


@pytest.mark.parametrize(
    "text",
    [
        "[it](other.md) and [a heading](other.md#a-heading-with-code)",
        "[![image](other.md)](https://example.org/missing)",
        "`[code](missing.md)`",
        "```\n[code](missing.md)\n```",
    ],
)
def test_good_links_are_accepted(page: Path, text: str) -> None:
    assert list(links.broken_links(page, text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "[it](missing.md)",
        "[it](other.md#not-one)",
        "[it](other.md#a-heading)",
        "![image](missing.png)",
        "[a [nested] text](missing.md)",
    ],
)
def test_broken_links_are_found(page: Path, text: str) -> None:
    assert len(list(links.broken_links(page, text))) == 1


def test_paths_of_files_that_do_not_exist_are_found() -> None:
    files = ["/tests/waiting.py", "/server/codesync_server/app.py"]
    text = "`tests/waiting.py`, `codesync_server/app.py::main`, `tests/*.py`, `a/missing.py`"
    assert list(links.missing_files(text, files)) == ["a/missing.py"]


def test_repeated_headings_have_numbered_anchors(page: Path) -> None:
    page.write_text("# One\n## Two\n## Two\n### Two\n")
    assert links.anchors(page) == {"one", "two", "two-1", "two-2"}


GOOD = "## 0.2.0 (unreleased)\n\nUpgrade: nothing.\n\n- One.\n- Two.\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (GOOD, []),
        (GOOD.replace("(unreleased)", ""), ["'0.2.0 ' is no version with a date"]),
        (GOOD.replace("Upgrade", "Note"), ["0.2.0 (unreleased) has no note on upgrading"]),
        (f"{GOOD}- One.\n", ["0.2.0 (unreleased) has the entry 'One.' 2 times"]),
    ],
    ids=["good", "without a date", "without a note", "repeated"],
)
def test_mistakes_in_a_changelog_are_found(text: str, found: list[str]) -> None:
    assert list(changelog.problems(text)) == found
