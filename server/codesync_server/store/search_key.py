"""The search key of past jobs, independent of case and composition of letters."""

import unicodedata

from codesync_server.store.contract import UnsupportedQuery
from codesync_server.store.records import JobRecord

SEPARATOR = "\n"
"""Between the parts of what is searched; no word that is looked for has it."""

BEYOND = "\U0010ffff"
"""Put behind the beginning of an id, it comes after all ids that begin so."""


def fold(text: str) -> str:
    """Bring text to the form in which it is compared: STRASSE and straße are the same."""
    return unicodedata.normalize("NFC", text).casefold()


def searchable(job: JobRecord) -> str:
    """What a job is found by as soon as it is accepted; how it ended comes later."""
    return fold(SEPARATOR.join((job.name, job.title, job.excerpt)))


def needle(text: str) -> str:
    """Bring words that are looked for to the form of what is searched.

    Raises:
        UnsupportedQuery: there are control characters among them.
    """
    if any(unicodedata.category(char) == "Cc" for char in text):
        raise UnsupportedQuery("words to look for have no control characters or line ends in them")
    return fold(text)
