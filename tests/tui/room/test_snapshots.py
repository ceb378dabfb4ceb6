"""Snapshots of the room. Review the report, then: pytest tests/tui --snapshot-update."""

import asyncio

import pytest

from tests.tui import example_room
from tests.tui.app_in_room import AppInRoom
from tests.tui.room_server import job_id
from tests.tui.snapshots import Compare, SnapshotCase

pytestmark = pytest.mark.usefixtures("time_stands_still")


async def scrolled_up(on: AppInRoom) -> None:
    """The reader looks at the beginning, and more comes at the end."""
    await on.press("home")
    await on.until(lambda: on.output.scroll_offset.y == 0)
    writing = asyncio.run_coroutine_threadsafe(
        on.server.output(job_id(7), b"more\n" * 3), on.server.loop
    )
    await asyncio.wrap_future(writing)
    await on.until(lambda: on.output.has_unseen)


class TestNarrow:
    def test_editor(self, snap_compare: Compare) -> None:
        assert SnapshotCase().looks_the_same(snap_compare, 80, 24)

    def test_output(self, snap_compare: Compare) -> None:
        assert SnapshotCase("f4").looks_the_same(snap_compare, 80, 24)

    def test_people(self, snap_compare: Compare) -> None:
        assert SnapshotCase("f4", "f3", "f6").looks_the_same(snap_compare, 80, 24)

    def test_smallest(self, snap_compare: Compare) -> None:
        assert SnapshotCase("f4").looks_the_same(snap_compare, 40, 12)

    @pytest.mark.parametrize("size", [(40, 12), (60, 16), (80, 24)])
    def test_people_without_output(self, snap_compare: Compare, size: tuple[int, int]) -> None:
        assert SnapshotCase("f3", "f6").looks_the_same(snap_compare, *size)

    def test_more_below(self, snap_compare: Compare) -> None:
        assert SnapshotCase("f4", "f6", then=scrolled_up).looks_the_same(snap_compare, 80, 24)

    def test_too_small(self, snap_compare: Compare) -> None:
        assert SnapshotCase().looks_the_same(snap_compare, 39, 11)

    def test_sixteen_colours(self, snap_compare: Compare) -> None:
        assert SnapshotCase("f4", "f7", theme="codesync-sixteen").looks_the_same(
            snap_compare, 80, 24
        )


class TestWide:
    @pytest.mark.parametrize("size", [(120, 40), (160, 48)])
    def test_room(self, snap_compare: Compare, size: tuple[int, int]) -> None:
        assert SnapshotCase().looks_the_same(snap_compare, *size)

    def test_light_and_unsandboxed(self, snap_compare: Compare) -> None:
        assert SnapshotCase(cast=example_room.unsandboxed, theme="codesync-light").looks_the_same(
            snap_compare, 160, 48
        )


class TestWriting:
    def test_find(self, snap_compare: Compare) -> None:
        assert SnapshotCase("ctrl+f", *"guess").looks_the_same(snap_compare, 80, 24)

    def test_find_on_a_small_screen(self, snap_compare: Compare) -> None:
        assert SnapshotCase("ctrl+f", *"guess").looks_the_same(snap_compare, 40, 12)

    @pytest.mark.parametrize("size", [(40, 12), (80, 24), (160, 48)])
    @pytest.mark.parametrize("theme", ["codesync-dark", "codesync-sixteen"])
    def test_others(self, snap_compare: Compare, size: tuple[int, int], theme: str) -> None:
        others = SnapshotCase(
            "ctrl+l", cast=example_room.add_members, theme=theme, carets=example_room.CARETS
        )
        assert others.looks_the_same(snap_compare, *size)
