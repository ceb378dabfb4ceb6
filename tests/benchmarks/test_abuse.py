"""The benchmark `abuse` prints the ratios of the cases that were chosen."""

import asyncio
import json
import sys

from benchmarks.processes import ROOT


async def run(*arguments: str) -> tuple[int, str]:
    """Run the benchmark; return its exit status, and what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "benchmarks.abuse", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=ROOT,
    )
    printed, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, printed.decode()


async def test_one_case_can_be_measured_alone() -> None:
    status, printed = await run("--json", "--rounds=1", "--case=fragments", "--executor=local")
    assert status == 0, printed
    figures = json.loads(printed)
    assert list(figures["cases"]) == ["fragments"]
    case = figures["cases"]["fragments"]
    assert case["abuse"]["messages"] > 0
    for what in ("edit", "job"):
        ratio = case[f"{what}_ms"] / case[f"{what}_quiet_ms"]
        assert abs(case[f"ratio_{what}"] - ratio) < 0.01 + 0.05 * ratio
        assert figures[f"worst_ratio_{what}"] == case[f"ratio_{what}"]


async def test_an_unknown_case_is_refused() -> None:
    status, printed = await run("--case=unknown")
    assert status == 2
    assert "carets_of_a_crowd" in printed
