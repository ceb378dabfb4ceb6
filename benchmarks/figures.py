"""Medians, percentiles, and a description of the machine."""

import json
import math
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the percentile of values (nearest rank)."""
    ranked = sorted(values)
    rank = math.ceil(percent / 100 * len(ranked))
    return ranked[max(0, min(len(ranked), rank) - 1)]


def machine() -> dict[str, object]:
    """Describe the machine, for comparing measurements."""
    load = Path("/proc/loadavg").read_text().split()[:3] if Path("/proc/loadavg").exists() else []
    return {
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load": " ".join(load),
    }


def show(figures: Mapping[str, object], *, as_json: bool) -> None:
    """Print measurements as a table or as one JSON object."""
    if as_json:
        print(json.dumps(figures))
        return
    for name, value in _flat(figures):
        print(f"{name:40}  {value}")


def _flat(figures: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from _flat(cast("Mapping[str, object]", value), f"{prefix}{name}.")
        else:
            yield prefix + name, value
