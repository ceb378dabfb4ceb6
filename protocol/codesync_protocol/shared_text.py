"""Names, checksums and errors of the texts that a room shares, for both ends.

The texts are Yjs types, and updates are Yjs updates in their format v1; positions in them are
counted in bytes of UTF-8, as pycrdt 0.14 does.
"""

import hashlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Final

SOURCE: Final = "source"
"""The source that everybody edits."""

STDIN: Final = "stdin"
"""The input that is prepared for the next run."""

TEXTS: Final[tuple[str, ...]] = (SOURCE, STDIN)

Digest = bytes
"""BLAKE2b of all texts, 8 bytes: replicas with equal digests have equal texts."""


class DocumentBroken(Exception):
    """The CRDT library failed on a document, which must not be used any more."""


@contextmanager
def no_panic() -> Generator[None]:
    """Convert a panic of the CRDT library, which is no Exception, into an exception.

    Raises:
        DocumentBroken: the library panicked.
    """
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise DocumentBroken(str(error)[:200]) from None


def digest(texts: Mapping[str, str]) -> Digest:
    """Return the checksum of all texts.

    Args:
        texts: each of TEXTS by its name.
    """
    summed = hashlib.blake2b(digest_size=8)
    for name in TEXTS:
        data = texts[name].encode("utf-8", "replace")
        summed.update(len(data).to_bytes(8, "big"))
        summed.update(data)
    return summed.digest()
