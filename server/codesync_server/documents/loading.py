"""Loads a history from the store or for a check, and measures the cost.

A history can be crafted so that loading it takes minutes, although each of its edits was cheap when
it came. The CRDT library cannot be interrupted, and holds Python's lock meanwhile. So this is done
in a process of its own (see `load_process`), except for histories that are certainly cheap.
"""

import time

import msgspec
from pycrdt import Doc, Text

from codesync_protocol.shared_text import TEXTS, Digest, DocumentBroken, digest, no_panic
from codesync_protocol.yjs_update import BadUpdate, read_state


class LoadedHistory(msgspec.Struct, frozen=True):
    """What came of loading a history.

    Attributes:
        seconds: CPU time of applying it.
        blocks: how many blocks it has.
        digest: of the texts.
        texts: each of TEXTS by its name; empty if they were not asked for.
        error: why it cannot be loaded; empty if it can.
    """

    seconds: float = 0.0
    blocks: int = 0
    digest: Digest = b""
    texts: dict[str, str] = {}  # msgspec copies it
    error: str = ""


class LoadRequest(msgspec.Struct, frozen=True):
    """A history that is to be loaded.

    Attributes:
        updates: its updates, in order.
        wants_texts: whether the texts are wanted.
        cpu_seconds: what it may take; a process that takes longer is ended by the kernel.
    """

    updates: list[bytes]
    wants_texts: bool
    cpu_seconds: int


def load(request: LoadRequest) -> LoadedHistory:
    """Load a history."""
    doc: Doc[Text] = Doc()
    began = time.thread_time()
    try:
        with no_panic():
            texts = {name: doc.get(name, type=Text) for name in TEXTS}
            for update in request.updates:
                doc.apply_update(update)
            seconds = time.thread_time() - began
            made = {name: str(text) for name, text in texts.items()}
            clients, _ = read_state(doc.get_update())
    except (DocumentBroken, ValueError, BadUpdate) as error:
        return LoadedHistory(error=str(error)[:200] or "the history is invalid")
    return LoadedHistory(
        seconds,
        sum(len(each.insertions) for each in clients),
        digest(made),
        made if request.wants_texts else {},
    )
