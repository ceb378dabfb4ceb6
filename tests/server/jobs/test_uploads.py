"""What is on its way to the server is bounded, whoever sends how many halves."""

import pytest

from codesync_server.jobs import uploads
from codesync_server.jobs.uploads import STALE_SECONDS, Uploads, UploadsFull


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "BYTES_MAX", 100)


def fail() -> None:
    pytest.fail("nothing had to make way")


def test_there_is_room_for_so_many_bytes() -> None:
    on_the_way = Uploads()
    on_the_way.begin("a", 60, fail, 0.0)
    with pytest.raises(UploadsFull):
        on_the_way.begin("b", 60, fail, 1.0)
    on_the_way.end("a")
    on_the_way.begin("b", 60, fail, 1.0)


def test_one_that_stands_still_makes_way() -> None:
    on_the_way, dropped = Uploads(), list[str]()
    on_the_way.begin("a", 50, lambda: dropped.append("a"), 0.0)
    on_the_way.begin("b", 50, lambda: dropped.append("b"), 1.0)
    on_the_way.moved("a", 20.0)
    with pytest.raises(UploadsFull):
        on_the_way.begin("c", 50, fail, 1.0 + STALE_SECONDS - 0.1)
    on_the_way.begin("c", 50, fail, 1.0 + STALE_SECONDS)
    assert dropped == ["b"]


def test_one_that_begins_again_counts_once() -> None:
    on_the_way = Uploads()
    for _ in range(3):
        on_the_way.begin("a", 80, fail, 0.0)
    on_the_way.end("a")
    on_the_way.end("a")
    on_the_way.begin("b", 100, fail, 0.0)
