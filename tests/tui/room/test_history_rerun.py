"""A past program is run or edited again with its language, input and arguments."""

from msgspec import structs
from textual.widgets import Input, OptionList

from codesync_protocol.messages import PastJob, StdinMode, Submit
from codesync_tui.dialogs.history import HistoryScreen
from codesync_tui.dialogs.past_job import PastJobScreen
from tests.tui.app_in_room import AppInRoom, app_in_room
from tests.tui.room_server import OK, RoomServer, job_id, job_summary

PAST = structs.replace(
    job_summary(job_id(9), language="cpp", file_name="old.cpp", stdin=StdinMode.SHARED), result=OK
)


def with_a_past() -> RoomServer:
    """A room in which a C++ program was run once."""
    server = RoomServer()
    server.past = (PastJob(1, PAST),)
    server.past_source = b"int main() { return 0; }\n"
    return server


async def look_back(on: AppInRoom) -> None:
    """Open the history, and wait until the program is there."""
    await on.room.action_perform("history")
    await on.until(lambda: isinstance(on.app.screen, HistoryScreen))
    await on.until(lambda: on.app.screen.query_one(OptionList).option_count == 1)


async def test_one_that_is_run_again_is_shown_like_any_run() -> None:
    async with app_in_room(with_a_past()) as on:
        await look_back(on)
        await on.press("ctrl+r")
        submit = await on.server.wait_for(Submit)
        assert (submit.language, submit.files[0].name, submit.tty) == ("cpp", "old.cpp", True)
        await on.until(lambda: on.output.is_on_screen)
        await on.server.started(submit.job)
        await on.until(lambda: on.answer.has_focus)


async def test_a63_one_that_is_taken_up_again_brings_its_language() -> None:
    async with app_in_room(with_a_past()) as on:
        assert "Python" in on.state.language
        await look_back(on)
        await on.press("enter")
        await on.until(lambda: isinstance(on.app.screen, PastJobScreen))
        await on.press("u")
        await on.until(lambda: on.editor.text == "int main() { return 0; }\n")
        await on.until(lambda: on.state.language == "C++")
        assert on.server.language == "cpp"
        await on.until(lambda: on.editor.syntax_name == "cpp")


async def test_what_was_looked_for_the_last_time_makes_way_for_what_is_typed() -> None:
    async with app_in_room(with_a_past()) as on:
        await look_back(on)
        await on.press(*"who:ben")
        await on.press("escape")
        await on.until(lambda: on.app.screen is on.room)
        await look_back(on)
        line = on.app.screen.query_one(Input)
        assert line.value == "who:ben"
        await on.until(lambda: line.selected_text == "who:ben")
        await on.press(*"is:ok")
        assert line.value == "is:ok"
