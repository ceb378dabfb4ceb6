"""A text area whose text is shown and never changed: what both the editor and the stdin box are."""

from textual import events
from textual.document._document import Document
from textual.document._document_navigator import DocumentNavigator
from textual.message import Message
from textual.widgets import TextArea

from codesync_protocol.limits import SOURCE_MAX
from codesync_tui.editor.document import QuickWrappedDocument, SourceDocument


class SourceArea(TextArea, inherit_css=True):
    """A text area whose text is shown and never changed.

    Escape leaves the focus where it is: whoever is used to another editor presses it often.
    """

    class PasteRefused(Message):
        """A paste was larger than any program may be.

        Attributes:
            size: its characters.
        """

        def __init__(self, size: int) -> None:
            super().__init__()
            self.size = size

    def _make_document(self, text: str) -> Document:
        return SourceDocument(text)

    def _set_document(self, text: str, language: str | None) -> None:
        # The stock method would make a document that rewrites characters. `language` is not used:
        # a subclass that highlights has its own way to say how.
        self._highlight_query = None
        self.document = self._make_document(text)
        self.wrapped_document = QuickWrappedDocument(self.document, tab_width=self.indent_width)
        self.navigator = DocumentNavigator(self.wrapped_document)
        self._build_highlight_map()
        self.move_cursor((0, 0))
        self._rewrap_and_refresh_virtual_size()

    # Textual calls the handlers of all base classes too, unless an event's default is prevented:
    # these must not call them themselves.

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "escape":
            event.prevent_default()
            self.move_cursor(self.cursor_location)

    async def _on_paste(self, event: events.Paste) -> None:
        if len(event.text) > SOURCE_MAX:
            event.prevent_default()
            event.stop()
            self.post_message(self.PasteRefused(len(event.text)))
