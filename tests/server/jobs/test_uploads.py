"""Received bytes of uploads are bounded and shared; announced bytes do not count."""

import pytest

from codesync_server.jobs import uploads
from codesync_server.jobs.uploads import STALE_SECONDS, Uploader, Uploads, UploadsFull

ANA, BEN = Uploader("room-a", "link", "ana"), Uploader("room-b", "link", "ben")
EVE = Uploader("room-a", "link", "eve")
HOST = Uploader("room-a", "token", "host")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "SERVER_BYTES", 100)
    monkeypatch.setattr(uploads, "ROOM_BYTES", 80)
    monkeypatch.setattr(uploads, "MEMBER_BYTES", 70)
    monkeypatch.setattr(uploads, "BASE_BYTES", 0)


def fail() -> None:
    pytest.fail("an upload was dropped")


def test_a_member_a_room_and_the_server_have_a_limit() -> None:
    arriving = Uploads()
    arriving.hold(ANA, "1", 60, fail, 0.0)
    with pytest.raises(UploadsFull, match="Your share of uploads is full"):
        arriving.hold(ANA, "2", 20, fail, 0.0)
    with pytest.raises(UploadsFull, match="This room's share of uploads is full"):
        arriving.hold(EVE, "3", 30, fail, 0.0)
    arriving.hold(BEN, "4", 40, fail, 0.0)
    with pytest.raises(UploadsFull, match="The server's uploads are full"):
        arriving.hold(BEN, "5", 20, fail, 0.0)
    arriving.end(ANA, "1")
    arriving.hold(BEN, "5", 20, fail, 0.0)
    assert (len(arriving), arriving.received_bytes) == (2, 60)


def test_only_received_bytes_count_and_the_newest_number_replaces_the_older_one() -> None:
    arriving = Uploads()
    for received in (0, 20, 60):
        arriving.hold(ANA, "1", received, fail, 0.0)
    assert arriving.received_bytes == 60
    arriving.end(ANA, "1")
    arriving.end(ANA, "1")
    assert (len(arriving), arriving.received_bytes) == (0, 0)


def test_an_upload_that_stands_still_makes_way() -> None:
    arriving, dropped = Uploads(), list[str]()
    arriving.hold(ANA, "1", 40, fail, 0.0)
    arriving.hold(EVE, "2", 40, lambda: dropped.append("2"), 1.0)
    arriving.hold(ANA, "1", 40, fail, 20.0)
    with pytest.raises(UploadsFull):
        arriving.hold(ANA, "3", 10, fail, 1.0 + STALE_SECONDS - 0.1)
    arriving.hold(ANA, "3", 10, fail, 1.0 + STALE_SECONDS)
    assert dropped == ["2"]


def test_h11_an_invite_that_holds_most_of_a_room_makes_way_for_another() -> None:
    arriving, dropped = Uploads(), list[str]()
    for member in range(4):
        eve = Uploader("room-a", "link", f"eve-{member}")
        arriving.hold(eve, "1", 20, lambda: dropped.append("eve"), 0.0)
    arriving.hold(HOST, "2", 30, fail, 0.0)
    assert dropped == ["eve", "eve"]


def test_h11_an_address_that_holds_most_of_an_invite_makes_way_for_another() -> None:
    arriving, dropped = Uploads(), list[str]()
    for member in range(4):
        eve = Uploader("room-a", "link", f"eve-{member}", "10.0.0.1")
        arriving.hold(eve, "1", 20, lambda: dropped.append("eve"), 0.0)
    dan = Uploader("room-a", "link", "dan", "10.0.0.2")
    arriving.hold(dan, "2", 30, fail, 0.0)
    assert dropped == ["eve", "eve"]
    with pytest.raises(UploadsFull):
        arriving.hold(Uploader("room-a", "link", "eve-9", "10.0.0.1"), "1", 30, fail, 0.0)


def test_h11_a_room_that_holds_most_of_the_server_makes_way_for_another() -> None:
    arriving, dropped = Uploads(), list[str]()
    arriving.hold(ANA, "1", 40, lambda: dropped.append("ana"), 0.0)
    arriving.hold(EVE, "1", 40, fail, 0.0)
    arriving.hold(BEN, "2", 30, fail, 0.0)
    assert dropped == ["ana"]
    with pytest.raises(UploadsFull):
        arriving.hold(BEN, "3", 35, fail, 0.0)


def test_h11_a_part_costs_the_same_however_many_others_upload(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arriving = Uploads()
    for number in range(50):
        arriving.hold(Uploader("room-a", "link", f"key-{number}"), "1", 1, fail, 0.0)

    def look_at_all(*_: object) -> None:
        pytest.fail("all uploads were looked at, although there is space")

    monkeypatch.setattr(arriving, "_of", look_at_all)
    for received in range(1, 30):
        arriving.hold(ANA, "1", received, fail, 0.0)
    arriving.end(ANA, "1")
    for number in range(50):
        arriving.end(Uploader("room-a", "link", f"key-{number}"), "1")
    assert (len(arriving), arriving.received_bytes) == (0, 0)
    arriving.hold(ANA, "1", 70, fail, 0.0)
