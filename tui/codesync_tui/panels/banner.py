"""The banner: warnings about the sandbox that every member must see."""

from textual.content import Content
from textual.widget import Widget

from codesync_protocol.messages import ExecutorInfo
from codesync_protocol.printable import show_line
from codesync_tui.formatting.columns import fit


class Banner(Widget):
    """One line above everything else; hidden while there is nothing to warn of.

    Args:
        id: the widget's id.
    """

    ALLOW_SELECT = False

    DEFAULT_CSS = """
    Banner { height: 1; display: none; background: $warning; color: $background; }
    Banner:ansi { background: ansi_black; color: ansi_yellow; text-style: reverse bold; }
    Banner.-shown { display: block; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's
        super().__init__(id=id)
        self._text = ""
        self._trouble = ""

    def show_trouble(self, trouble: str) -> None:
        """Show why no program can start now, in place of other warnings; empty if they can."""
        self._trouble = f"programs wait: {show_line(trouble)}" if trouble else ""
        self._show()

    def show_executor(self, executor: ExecutorInfo) -> None:
        """Show the server's warning about where programs run."""
        self._text = executor.banner
        if not executor.sandboxed and not self._text:
            self._text = "programs run without a sandbox, with the rights of the server"
        self._show()

    def _show(self) -> None:
        self.set_class(bool(self._trouble or self._text), "-shown")
        self.refresh()

    def render(self) -> Content:
        """Render the warning, cut to the width; the help shows all of it."""
        # Padded, because Textual reverses the text of a widget only, not its background.
        return Content.styled(fit(f" ! {self._trouble or self._text}", self.size.width), "bold")
