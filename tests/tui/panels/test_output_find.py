"""Finding, saving and copying the output of programs."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style
from textual.strip import Strip

from codesync_protocol.messages import Stream
from codesync_tui.panels.output_find import OutputFind
from codesync_tui.transcript import OutputTranscript
from codesync_tui.transcript.captions import Heading
from tests.tui.app_in_room import AppInRoom, app_in_room
from tests.tui.room_server import job_id, job_summary

A, B = job_id(1), job_id(2)


async def ran(on: AppInRoom, job: str, output: bytes) -> None:
    await on.server.submitted(job_summary(job))
    await on.server.started(job)
    await on.server.output(job, output)
    await on.server.finished(job)
    await on.until(lambda: on.output.transcript.has_ended(job))


async def find(on: AppInRoom, text: str) -> None:
    """Look for a text in the output."""
    await on.press("f4")
    on.output.focus()
    await on.until(lambda: on.output.has_focus)
    await on.press("ctrl+f", *text)


def found(on: AppInRoom) -> str:
    return str(on.room.query_one("#output-count").render()).strip()


async def test_what_is_typed_is_found_at_once_the_latest_first_and_enter_goes_up() -> None:
    lines = "".join(f"line {number}\n" for number in range(500)).encode()
    async with app_in_room() as on:
        await ran(on, A, lines)
        await find(on, "line 12")
        await on.until(lambda: found(on) == "11 of 11")
        shown = on.output.transcript.row(on.output.shown_match).line.text
        assert shown == "line 129"
        await on.press("enter")
        assert on.output.transcript.row(on.output.shown_match).line.text == "line 128"
        assert on.output.scroll_offset.y <= on.output.shown_match <= on.output.last_row
        await on.press("down", "down")
        assert on.output.transcript.row(on.output.shown_match).line.text == "line 12"
        assert found(on) == "1 of 11"
        await on.press("escape")
        assert on.output.has_focus
        assert not on.room.query_one(OutputFind).has_class("-shown")


async def test_capitals_count_only_when_there_is_one_and_nothing_found_is_said() -> None:
    async with app_in_room() as on:
        await ran(on, A, b"Hello\nhello\nHELLO\n")
        await find(on, "hello")
        await on.until(lambda: found(on).endswith("of 3"))
        await on.press("ctrl+u", *"Hello")
        await on.until(lambda: found(on) == "1 of 1")
        await on.press("x")
        await on.until(lambda: found(on) == "none")


def painted(on: AppInRoom, text: str) -> Strip:
    """The row with a text in it, as it is painted."""
    strips = [on.output.render_line(y) for y in range(on.output.size.height)]
    return next(strip for strip in strips if text in strip.text)


def marked(strip: Strip) -> list[tuple[str, Style]]:
    """The pieces of a row that have a look of their own."""
    plain = list(strip)[-1].style
    pieces = [(each.text, each.style or Style()) for each in strip if each.text.strip()]
    return [(text, style) for text, style in pieces if plain and style.bgcolor != plain.bgcolor]


async def test_matches_are_marked_where_they_are_painted() -> None:
    async with app_in_room() as on:
        await ran(on, A, "世界 find me, find\n".encode())
        await find(on, "find")

        def texts() -> list[str]:
            return [text for text, _ in marked(painted(on, "世界"))]

        await on.until(lambda: texts() == ["find", "find"])
        assert painted(on, "世界").text.startswith("世界 find me, find")


@pytest.mark.parametrize("theme", ["codesync-dark", "codesync-light", "codesync-sixteen"])
async def test_the_match_that_one_is_at_stands_out_in_every_theme(theme: str) -> None:
    async with app_in_room() as on:
        on.app.theme = theme
        await ran(on, A, b"find one\nfind two\n")
        await find(on, "find")
        await on.until(lambda: found(on) == "2 of 2")

        def look(row: str) -> Style:
            return next(each.style or Style() for each in painted(on, row) if each.text == "find")

        await on.until(lambda: look("find two").bold and look("find one").underline)
        assert not look("find one").bold
        if theme == "codesync-sixteen":
            assert look("find two").reverse, "without colours it is told by its weight"
            assert not look("find one").reverse
        else:
            assert look("find two").bgcolor != look("find one").bgcolor
        await on.press("enter")
        await on.until(lambda: look("find one").bold and not look("find two").bold)


@given(st.lists(st.text("ab \n", max_size=30), max_size=6), st.sampled_from(["a", "ab", "b a"]))
def test_the_rows_that_are_found_hold_the_beginning_of_what_was_found(
    texts: list[str], needle: str
) -> None:
    transcript = OutputTranscript()
    transcript.set_width(7)
    for number, text in enumerate(texts):
        job = job_id(number)
        transcript.begin(job, Heading("ana", 0, "main.py", "Python", job[:8]))
        transcript.write(job, Stream.STDOUT, text.encode())
    expected = sum(text.count(needle) for text in "\n".join(texts).split("\n"))
    rows = transcript.find_rows(re.compile(needle))
    assert len(rows) == expected
    for index in rows:
        row = transcript.row(index)
        end = len(row.line.text) if row.end is None else row.end
        assert any(row.start <= match.start() < end for match in re.finditer(needle, row.line.text))


async def test_what_the_last_program_wrote_is_saved(tmp_path: Path) -> None:
    async with app_in_room() as on:
        await ran(on, A, b"first\n")
        await ran(on, B, b"second\n\x1b[31mred\x1b[0m\n")
        await on.room.action_perform("save_output")
        await on.pilot.pause()
        file = tmp_path / "out.txt"
        await on.press("ctrl+u", *str(file), "enter")
        await on.until(lambda: any("Saved the output" in each for each in on.notices()))
        assert file.read_text() == "second\nred\n"


async def test_what_is_copied_goes_to_a_file_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("TMUX", raising=False)
    async with app_in_room() as on:
        await ran(on, A, b"to be copied\n")
        file = tmp_path / "codesync" / "clipboard"
        file.parent.mkdir()
        file.touch(0o644)
        await on.room.action_perform("copy_output")
        await on.until(lambda: any(str(file)[:20] in each for each in on.notices()))
        assert file.read_text() == "to be copied\n"
        assert file.stat().st_mode & 0o777 == 0o600
