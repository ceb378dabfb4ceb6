"""Recorded sessions end with the recorded text when replayed through a real server."""

from pathlib import Path

from benchmarks.replay_trace import measure

TRACES = Path(__file__).resolve().parent.parent / "traces"


async def test_what_one_wrote_comes_out_as_it_was_recorded() -> None:
    figures, all_is_well = await measure([TRACES / "alone.json"])
    print(figures)
    assert all_is_well


async def test_what_three_wrote_at_once_is_the_same_for_all() -> None:
    figures, all_is_well = await measure([TRACES / "three.json"])
    print(figures)
    assert all_is_well
