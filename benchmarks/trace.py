"""Recorded editing sessions in the format of josephg's editing-traces (JSON, optionally gzipped).

Format: https://github.com/josephg/editing-traces. A sequential trace has `startContent`,
`endContent` and `txns`, each with `patches` of [position, deleted, inserted], counted in code
points. A concurrent one has `kind: "concurrent"`, `numAgents`, and for each txn its `agent` and the
numbers of its `parents`.
"""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Patch = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction of one agent.

    Attributes:
        agent: the author.
        parents: the steps that it depends on.
        patches: its patches in order.
    """

    agent: int
    parents: tuple[int, ...]
    patches: tuple[Patch, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """One session.

    Attributes:
        start: the text at the beginning.
        end: the text at the end.
        agents: number of authors.
        steps: all steps, each after its parents.
    """

    start: str
    end: str
    agents: int
    steps: tuple[Step, ...]

    @property
    def edits(self) -> int:
        """The number of patches."""
        return sum(len(step.patches) for step in self.steps)


def read_trace(path: Path) -> Trace:
    """Read a trace.

    Raises:
        ValueError: the file is no trace.
    """
    data = path.read_bytes()
    plain: Any = json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
    try:
        return _trace(plain)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} is no editing trace: {error}") from None


def _trace(plain: Any) -> Trace:
    is_concurrent = plain.get("kind") == "concurrent"
    steps: list[Step] = []
    for number, txn in enumerate(plain["txns"]):
        parents = txn["parents"] if is_concurrent else ([number - 1] if number else [])
        patches = tuple((int(at), int(gone), str(come)) for at, gone, come in txn["patches"])
        steps.append(Step(int(txn.get("agent", 0)), tuple(map(int, parents)), patches))
    agents = int(plain.get("numAgents", 1))
    return Trace(plain.get("startContent", ""), plain["endContent"], agents, tuple(steps))
