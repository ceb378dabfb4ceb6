"""The banner can be read with all colours."""

from codesync_protocol.messages import ExecutorInfo
from codesync_tui.panels.banner import Banner
from tests.tui.app_in_room import app_in_room
from tests.tui.room_server import RoomServer

BLACK, YELLOW = 0, 3


async def test_with_16_colours_the_whole_line_is_black_on_yellow() -> None:
    server = RoomServer()
    server.room.executor = ExecutorInfo("local", False, "code runs unsandboxed")
    async with app_in_room(server) as on:
        on.app.theme = "codesync-sixteen"
        banner = on.room.query_one(Banner)
        await on.until(lambda: banner.styles.text_style.reverse)
        strip = banner.render_line(0)
        assert strip.cell_length == banner.size.width
        for _, style, _ in strip:
            assert style is not None
            assert style.color is not None
            assert style.bgcolor is not None
            assert (style.color.number, style.bgcolor.number) == (YELLOW, BLACK)
            assert style.reverse
