"""The panes of the room's screen, for the controllers that update them."""

from dataclasses import dataclass
from typing import Self

from textual.screen import Screen

from codesync_tui.editor import CodeEditor
from codesync_tui.panels.banner import Banner
from codesync_tui.panels.find_line import FindLine
from codesync_tui.panels.members import MembersPane
from codesync_tui.panels.output import OutputPane
from codesync_tui.panels.output_find import OutputFind
from codesync_tui.panels.queue import QueuePane
from codesync_tui.panels.status import StatusLine
from codesync_tui.panels.stdin import StdinPane


@dataclass(frozen=True, slots=True)
class RoomPanes:
    """The panes of the room's screen."""

    editor: CodeEditor
    output: OutputPane
    stdin: StdinPane
    queue: QueuePane
    members: MembersPane
    status: StatusLine
    banner: Banner
    find_line: FindLine
    output_find: OutputFind

    @classmethod
    def of(cls, screen: Screen[None]) -> Self:
        """Find the panes of a screen that is mounted."""
        return cls(
            screen.query_one(CodeEditor),
            screen.query_one(OutputPane),
            screen.query_one(StdinPane),
            screen.query_one(QueuePane),
            screen.query_one(MembersPane),
            screen.query_one(StatusLine),
            screen.query_one(Banner),
            screen.query_one(FindLine),
            screen.query_one(OutputFind),
        )
