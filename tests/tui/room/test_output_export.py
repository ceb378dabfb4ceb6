"""Selecting the output of one program, to mark, copy and save it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_protocol.messages import Stream
from codesync_tui.transcript import OutputTranscript, RowKind
from codesync_tui.transcript.captions import Heading
from tests.tui.app_in_room import AppInRoom, app_in_room
from tests.tui.panels.test_output_find import ran
from tests.tui.room_server import job_id

A, B, C = job_id(1), job_id(2), job_id(3)


def marked(on: AppInRoom) -> list[str]:
    """The rows of the output pane that show that they are chosen."""
    rows = (on.output.render_line(y) for y in range(on.output.size.height))
    return [
        row.text
        for row in rows
        if row.text.startswith("▸") and all(each.style and each.style.underline for each in row)
    ]


async def ran_three(on: AppInRoom) -> None:
    for job, output in ((A, b"first\n"), (B, b"second\n\x1b[31mred\x1b[0m\n"), (C, b"third\n")):
        await ran(on, job, output)
    await on.press("f4")
    await on.until(lambda: on.output.is_on_screen)
    on.output.focus()
    await on.until(lambda: on.output.has_focus and not on.output.has_unpainted_output)


async def test_one_goes_from_block_to_block_and_the_chosen_one_is_marked() -> None:
    async with app_in_room() as on:
        await ran_three(on)
        assert marked(on) == []
        chosen: list[str] = []
        for key in ("p", "p", "p", "p", "n", "n", "n"):
            await on.press(key)
            chosen.append(on.output.chosen_job)
            await on.until(lambda: [row for row in marked(on) if on.output.chosen_job[:8] in row])
            assert len(marked(on)) == 1
            assert "c copies, s saves" in marked(on)[0]
        assert chosen == [C, B, A, A, B, C, C]
        await on.press("escape")
        assert (on.output.chosen_job, marked(on)) == ("", [])


async def test_the_first_that_is_chosen_is_one_that_is_seen() -> None:
    lines = "".join(f"line {number}\n" for number in range(100)).encode()
    async with app_in_room() as on:
        for job in (A, B, C):
            await ran(on, job, lines)
        await on.room.action_perform("block_before")
        await on.until(lambda: on.output.chosen_job == C)
        assert on.output.has_focus
        assert on.output.scroll_offset.y == on.output.transcript.span(C)[0]
        await on.press("escape", "home")
        await on.until(lambda: on.output.scroll_offset.y == 0)
        await on.room.action_perform("next_block")
        await on.until(lambda: on.output.chosen_job == A)
        await on.room.action_perform("next_block")
        await on.until(lambda: on.output.chosen_job == B)
        await on.until(lambda: B[:8] in on.output.render_line(0).text)


async def test_a_block_that_is_chosen_at_the_end_does_not_stop_the_view_from_following() -> None:
    async with app_in_room() as on:
        await ran_three(on)
        await on.press("p")
        await on.server.output(C, b"more\n" * 100)
        await on.until(lambda: on.output.scroll_offset.y == on.output.max_scroll_y > 0)


async def test_the_chosen_block_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("TMUX", raising=False)
    async with app_in_room() as on:
        await ran_three(on)
        await on.press("p", "p", "c")
        await on.until(lambda: any("the output of ben's main.py" in n for n in on.notices()))
        assert (tmp_path / "codesync" / "clipboard").read_text() == "second\nred\n"


async def test_the_chosen_block_is_saved(tmp_path: Path) -> None:
    async with app_in_room() as on:
        await ran_three(on)
        file = tmp_path / "first.txt"
        await on.press("p", "p", "p", "s", "ctrl+u", *str(file), "enter")
        await on.until(lambda: any("Saved the output of ben's" in each for each in on.notices()))
        assert file.read_text() == "first\n"


async def test_all_output_is_saved_with_headings_and_endings(tmp_path: Path) -> None:
    async with app_in_room() as on:
        await ran_three(on)
        await on.room.action_perform("save_all_output")
        await on.pilot.pause()
        file = tmp_path / "all.txt"
        await on.press("ctrl+u", *str(file), "enter")
        await on.until(lambda: any("Saved all output" in each for each in on.notices()))
        transcript = on.output.transcript
        assert file.read_text() == transcript.all_text()
        for job, text in ((A, "first\n"), (B, "second\nred\n"), (C, "third\n")):
            assert f"ben  main.py  Python 3  {job[:8]}\n{text}✓ ok" in file.read_text()


async def test_a_block_that_wrote_nothing_is_said_to(tmp_path: Path) -> None:
    async with app_in_room() as on:
        for action in ("copy_output", "save_all_output"):
            await on.room.action_perform(action)
            await on.until(lambda: "No program has written anything yet." in on.notices())
        await ran(on, A, b"something\n")
        await ran(on, B, b"")
        await on.room.action_perform("block_before")
        await on.until(lambda: on.output.chosen_job == B)
        await on.press("c")
        await on.until(lambda: "The chosen program wrote nothing." in on.notices())


async def test_a_chosen_block_that_is_forgotten_is_chosen_no_more() -> None:
    async with app_in_room() as on:
        await ran_three(on)
        await on.press("p")
        await on.room.action_perform("clear_output")
        assert on.output.chosen_job == ""
        await on.press("p", "n")
        assert on.output.chosen_job == ""


@given(st.lists(st.text("ab \n", max_size=30), min_size=1, max_size=6), st.integers(0, 9))
def test_a_blocks_rows_are_its_own(texts: list[str], width: int) -> None:
    transcript = OutputTranscript()
    transcript.set_width(width)
    for number, text in enumerate(texts):
        job = job_id(number)
        transcript.begin(job, Heading("ana", 0, "main.py", "Python", job[:8]))
        transcript.write(job, Stream.STDOUT, text.encode())
    assert transcript.jobs == tuple(map(job_id, range(len(texts))))
    for job in transcript.jobs:
        start, end = transcript.span(job)
        assert transcript.row(start).kind is RowKind.HEADING
        assert {transcript.row(row).job for row in range(start, end)} == {job}
    assert transcript.span(transcript.jobs[-1])[1] == transcript.rows
