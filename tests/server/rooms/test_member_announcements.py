"""Announcing the members of a room has a bounded cost (H10)."""

from codesync_server.rooms.member_announcements import (
    BURST_SECONDS,
    BYTES_PER_SECOND,
    MemberAnnouncements,
)


class Crowd:
    """A room whose announcements are counted, and a clock that stands still."""

    def __init__(self, size: int) -> None:
        self.now = 100.0
        self.told = 0
        self.news = MemberAnnouncements(lambda: self._tell(size), lambda: self.now)

    def _tell(self, size: int) -> int:
        self.told += 1
        return size


def test_a_small_room_is_told_of_each_change_at_once() -> None:
    crowd = Crowd(5_000)
    for _ in range(100):
        crowd.news.changed()
    assert crowd.told == 100


def test_h10_a_large_room_is_told_of_many_changes_together() -> None:
    crowd = Crowd(3 * BYTES_PER_SECOND)
    for _ in range(1000):
        crowd.news.changed()
        crowd.news.announce_delayed()
        crowd.now += 0.01
    assert crowd.told <= 1 + (10.0 + BURST_SECONDS) / 3


def test_what_has_waited_is_told_once_when_it_may_be() -> None:
    crowd = Crowd(3 * BYTES_PER_SECOND)
    crowd.news.changed()
    crowd.news.changed()
    assert crowd.told == 1
    crowd.now += 3.0
    crowd.news.announce_delayed()
    crowd.news.announce_delayed()
    assert crowd.told == 2


def test_what_a_host_does_is_told_at_once() -> None:
    crowd = Crowd(3 * BYTES_PER_SECOND)
    for _ in range(5):
        crowd.news.changed(is_urgent=True)
    assert crowd.told == 5
    crowd.news.announce_delayed()
    assert crowd.told == 5
