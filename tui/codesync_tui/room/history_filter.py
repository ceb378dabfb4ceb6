"""Parses searches for past jobs: words, and who:, lang: and is: filters. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from codesync_protocol.messages import LanguageInfo
from codesync_protocol.verdict import Verdict


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """A search for past jobs; empty fields match everything.

    Attributes:
        text: occurs in the source's beginning, the file name, the name or the explanation.
        name: the name of the member who submitted the job.
        language: a LanguageInfo.name.
        verdict: a Verdict.
    """

    text: str = ""
    name: str = ""
    language: str = ""
    verdict: str = ""


def parse_filter(typed: str, languages: Sequence[LanguageInfo]) -> HistoryFilter:
    """Parse a search.

    Args:
        typed: e.g. "who:ana lang:c++ is:timeout fibonacci".
        languages: the languages of the room; names, titles and extensions are recognized.
    """
    found = {"who": "", "lang": "", "is": ""}
    text: list[str] = []
    for word in typed.split():
        key, colon, value = word.partition(":")
        if colon and value and key.lower() in found:
            found[key.lower()] = value
        else:
            text.append(word)
    return HistoryFilter(
        " ".join(text),
        found["who"],
        _language(found["lang"], languages),
        _verdict(found["is"]),
    )


def _language(typed: str, languages: Sequence[LanguageInfo]) -> str:
    wanted = typed.lower()
    for each in languages:
        endings = {ending.lstrip(".") for ending in each.extensions}
        if wanted in {each.name.lower(), each.title.lower(), *endings}:
            return each.name
    return typed[:40]


def _verdict(typed: str) -> str:
    """Return the verdict whose name contains the text, e.g. "memory" for memory_limit."""
    wanted = typed.lower().replace("-", "_").replace("timeout", "time_limit")
    names = [each.value for each in Verdict]
    near = [name for name in names if wanted and wanted in name]
    return wanted if wanted in names else (near or [typed[:40]])[0]
