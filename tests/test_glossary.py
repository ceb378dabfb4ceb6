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


def test_unknown_classes_of_a_text_are_found() -> None:
    text = "the FairQueue of CodeSync, a MissingClass, and `Session`"
    assert glossary.unknown_names(text) == ["MissingClass"]


def test_discarded_words_are_found_outside_of_code() -> None:
    assert list(glossary.discarded_words("The `gate` is open.")) == []
    assert list(glossary.discarded_words("Whoever opens the gate.")) == [
        'the word "gate": use publish barrier',
        'the word "whoever": use a noun, such as member or reader',
    ]
