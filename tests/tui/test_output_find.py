"""Finding, saving and copying what programs wrote."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.strip import Strip

from codesync_protocol.messages import Stream
from codesync_tui.panels.output_find import OutputFind
from codesync_tui.transcript import Transcript
from codesync_tui.transcript.captions import Heading
from tests.tui.room_server import job_id, job_summary
from tests.tui.stage import Stage, stage

A, B = job_id(1), job_id(2)


async def ran(on: Stage, job: str, output: bytes) -> None:
    await on.server.submitted(job_summary(job))
    await on.server.started(job)
    await on.server.output(job, output)
    await on.server.finished(job)
    await on.until(lambda: on.output.transcript.has_ended(job))


def found(on: Stage) -> str:
    return str(on.room.query_one("#output-count").render()).strip()


async def test_what_is_typed_is_found_at_once_the_latest_first_and_enter_goes_up() -> None:
    lines = "".join(f"line {number}\n" for number in range(500)).encode()
    async with stage() as on:
        await ran(on, A, lines)
        on.output.focus()
        await on.press("ctrl+f", *"line 12")
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
    async with stage() as on:
        await ran(on, A, b"Hello\nhello\nHELLO\n")
        on.output.focus()
        await on.press("ctrl+f", *"hello")
        await on.until(lambda: found(on).endswith("of 3"))
        await on.press("ctrl+u", *"Hello")
        await on.until(lambda: found(on) == "1 of 1")
        await on.press("x")
        await on.until(lambda: found(on) == "none")


async def test_matches_are_marked_where_they_are_painted() -> None:
    async with stage() as on:
        await ran(on, A, "世界 find me, find\n".encode())
        on.output.focus()
        await on.press("ctrl+f", *"find")

        def line() -> Strip:
            strips = [on.output.render_line(y) for y in range(on.output.size.height)]
            return next(strip for strip in strips if "世界" in strip.text)

        def marked() -> list[str]:
            looks = ((each.text, each.style) for each in line())
            return [text for text, style in looks if style and style.reverse and text.strip()]

        await on.until(lambda: marked() == ["find", "find"])
        assert line().text.startswith("世界 find me, find")


@given(st.lists(st.text("ab \n", max_size=30), max_size=6), st.sampled_from(["a", "ab", "b a"]))
def test_the_rows_that_are_found_hold_the_beginning_of_what_was_found(
    texts: list[str], needle: str
) -> None:
    transcript = Transcript()
    transcript.set_width(7)
    for number, text in enumerate(texts):
        job = job_id(number)
        transcript.begin(job, Heading("ana", 0, "main.py", "Python", job[:8]))
        transcript.write(job, Stream.STDOUT, text.encode())
    expected = sum(text.count(needle) for text in "\n".join(texts).split("\n"))
    rows = transcript.find(re.compile(needle))
    assert len(rows) == expected
    for index in rows:
        row = transcript.row(index)
        end = len(row.line.text) if row.end is None else row.end
        assert any(row.start <= match.start() < end for match in re.finditer(needle, row.line.text))


async def test_what_the_last_program_wrote_is_saved(tmp_path: Path) -> None:
    async with stage() as on:
        await ran(on, A, b"first\n")
        await ran(on, B, b"second\n\x1b[31mred\x1b[0m\n")
        on.room.action_save_output()
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
    async with stage() as on:
        await ran(on, A, b"to be copied\n")
        file = tmp_path / "codesync" / "clipboard"
        file.parent.mkdir()
        file.touch(0o644)
        on.room.action_copy_output()
        await on.until(lambda: any(str(file)[:20] in each for each in on.notices()))
        assert file.read_text() == "to be copied\n"
        assert file.stat().st_mode & 0o777 == 0o600
