"""The process that loads one history to find out what it costs: `python -P -m ….history_worker`.

It reads the history from its stdin, and writes the number of blocks or `!` and a reason to its
stdout. The kernel ends it when it needs far too much time or memory.

The argument is the CPU time in seconds that loading the history may take.
"""

import resource
import signal
import sys

from codesync_client.document.replica import Replica
from codesync_client.document.text_bounds import BLOCKS_MAX, TEXT_MAX
from codesync_protocol.shared_text import DocumentBroken
from codesync_protocol.yjs_update import BadUpdate, TooComplex, read_state

REFUSED = "!"

_MEMORY_MAX = 2 << 30
_CPU_MAX = 10
"""Seconds for all of it, the start of Python too."""


def measure(state: bytes) -> int:
    """Load a history.

    Args:
        state: the texts with their history, as one Yjs update.

    Returns:
        The number of its structs and deleted ranges.

    Raises:
        ValueError: it must not be loaded; says why.
    """
    try:
        clients, deletions = read_state(state, BLOCKS_MAX)
        replica = Replica(1, state)
    except TooComplex:
        raise ValueError("is too long to load") from None
    except (BadUpdate, DocumentBroken) as error:
        raise ValueError(f"is invalid: {error}") from None
    if replica.size > TEXT_MAX:
        raise ValueError(f"has {replica.size:,} bytes of text; {TEXT_MAX:,} may come")
    return sum(len(each.insertions) for each in clients) + len(deletions)


def main() -> None:
    """Read, load and answer."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_MAX, _CPU_MAX))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_MAX, _MEMORY_MAX))
    state = sys.stdin.buffer.read()
    signal.setitimer(signal.ITIMER_PROF, float(sys.argv[1]))  # its signal ends the process
    try:
        answer = str(measure(state))
    except (ValueError, MemoryError) as error:
        answer = REFUSED + (str(error) or "needs too much memory")
    sys.stdout.write(answer)


if __name__ == "__main__":
    main()
