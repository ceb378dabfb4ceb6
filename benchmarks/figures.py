"""Medians, percentiles, and the machine they were measured on."""

import json
import math
import os
import platform
from collections.abc import Sequence
from pathlib import Path


def percentile(values: Sequence[float], percent: float) -> float:
    """Give the value below which `percent` of the values lie (nearest rank)."""
    ranked = sorted(values)
    rank = math.ceil(percent / 100 * len(ranked))
    return ranked[max(0, min(len(ranked), rank) - 1)]


def machine() -> dict[str, object]:
    """Describe the machine, so that figures can be compared."""
    load = Path("/proc/loadavg").read_text().split()[:3] if Path("/proc/loadavg").exists() else []
    return {
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load": " ".join(load),
    }


def show(figures: dict[str, object], *, as_json: bool) -> None:
    """Print the figures, as a table or as one JSON object."""
    if as_json:
        print(json.dumps(figures))
        return
    width = max(map(len, figures))
    for name, value in figures.items():
        print(f"{name:{width}}  {value}")
