"""Rooms with many jobs get announcements less often, without delaying other rooms."""

import pytest

from codesync_protocol.limits import MIB
from codesync_server.rooms.announcement_pacing import ALL_PART, ROOM_PART, AnnouncementPacing

EXPENSIVE = 0.0037
"""What one announcement to a room with 500 waiting jobs took (seconds)."""

STEP = 0.03


def cpu_of(rooms: dict[str, float], seconds: float) -> dict[str, float]:
    """Announce to rooms whenever they may be told, and sum up the time that it takes.

    Args:
        rooms: name to seconds of one announcement.
        seconds: for how long.
    """
    pacing, spent = AnnouncementPacing(), dict.fromkeys(rooms, 0.0)
    for step in range(int(seconds / STEP)):
        for name, cost in rooms.items():
            if not pacing.must_wait(name, step * STEP):
                spent[name] += cost
                pacing.announced(name, step * STEP, seconds=cost, size=100)
    return spent


def test_f33_an_expensive_room_takes_a_bounded_part_of_the_loop() -> None:
    spent = cpu_of({"large": EXPENSIVE}, 60.0)
    assert 0.5 * ROOM_PART <= spent["large"] / 60 <= 1.1 * ROOM_PART


@pytest.mark.parametrize("count", [10, 20, 40])
def test_f33_many_expensive_rooms_share_one_part_of_the_loop(count: int) -> None:
    spent = cpu_of({f"room-{number}": EXPENSIVE for number in range(count)}, 120.0)
    assert sum(spent.values()) / 120 <= 1.2 * ALL_PART
    assert min(spent.values()) >= 0.5 * max(spent.values())


def test_f33_a_small_room_hears_of_changes_soon_beside_expensive_ones() -> None:
    rooms = {f"room-{number}": EXPENSIVE for number in range(20)}
    small = 0.0002
    spent = cpu_of({**rooms, "small": small}, 6.0)
    assert spent["small"] / small >= 6.0 / 0.1, "each tenth of a second"


def test_a_room_with_many_members_is_sent_a_bounded_number_of_bytes() -> None:
    pacing = AnnouncementPacing()
    pacing.announced("crowd", 0.0, seconds=0.0, size=MIB // 2)
    assert pacing.must_wait("crowd", 0.4)
    assert not pacing.must_wait("crowd", 0.5)
    assert not pacing.must_wait("other", 0.0)
