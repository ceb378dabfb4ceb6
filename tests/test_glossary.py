"""The glossary: every term names a place in the code that exists."""

import pytest
from scripts.docpages import glossary
from scripts.docpages.checkout import ROOT, Mistake


def test_every_term_is_defined_by_the_code() -> None:
    assert (ROOT / "docs/glossary.md").read_text() == glossary.page()


@pytest.mark.parametrize(
    ("defined", "link"),
    [
        ("Verdict", "[`Verdict`](../protocol/codesync_protocol/verdict.py)"),
        (
            "protocol/codesync_protocol/verdict.py::Verdict",
            "[`Verdict`](../protocol/codesync_protocol/verdict.py)",
        ),
        (
            "protocol/codesync_protocol/verdict.py",
            "[codesync_protocol/verdict.py](../protocol/codesync_protocol/verdict.py)",
        ),
        (
            "protocol/codesync_protocol/messages/",
            "[codesync_protocol/messages/](../protocol/codesync_protocol/messages/)",
        ),
    ],
)
def test_a_place_is_found(defined: str, link: str) -> None:
    assert glossary.located("term", defined) == link


@pytest.mark.parametrize(
    "defined",
    ["Missing", "protocol/missing.py", "protocol/codesync_protocol/verdict.py::Missing", "__all__"],
)
def test_a_place_that_is_missing_or_ambiguous_is_a_mistake(defined: str) -> None:
    with pytest.raises(Mistake, match="term"):
        glossary.located("term", defined)
