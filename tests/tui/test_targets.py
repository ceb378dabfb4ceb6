"""The program that a typed line goes to."""

from codesync_tui.targets import Targets


def test_ours_come_first_then_the_latest() -> None:
    assert Targets().current is None
    targets = Targets()
    targets.opened("theirs", mine=False)
    assert targets.current == "theirs"
    targets.opened("ours", mine=True)
    targets.opened("later", mine=False)
    assert targets.current == "ours"
    targets.closed("ours")
    assert targets.current == "later"


def test_one_can_choose() -> None:
    targets = Targets()
    assert targets.choose_next() is None
    for job in ("a", "b", "c"):
        targets.opened(job, mine=False)
    assert [targets.choose_next() for _ in range(3)] == ["a", "b", "c"]
    targets.closed("c")
    assert targets.current == "b"
    targets.closed("unknown")
    assert len(targets) == 2
