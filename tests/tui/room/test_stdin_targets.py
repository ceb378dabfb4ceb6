"""The program that receives a typed line."""

from codesync_tui.room.stdin_targets import StdinTargets


def test_ours_come_first_then_the_latest() -> None:
    assert StdinTargets().current is None
    targets = StdinTargets()
    targets.add("theirs", mine=False)
    assert targets.current == "theirs"
    targets.add("ours", mine=True)
    targets.add("later", mine=False)
    assert targets.current == "ours"
    targets.remove("ours")
    assert targets.current == "later"


def test_one_can_choose() -> None:
    targets = StdinTargets()
    assert targets.choose_next() is None
    for job in ("a", "b", "c"):
        targets.add(job, mine=False)
    assert [targets.choose_next() for _ in range(3)] == ["a", "b", "c"]
    targets.remove("c")
    assert targets.current == "b"
    targets.remove("unknown")
    assert [targets.choose_next() for _ in range(2)] == ["a", "b"]
