"""The text that a member writes: document, highlighting, widget. Nothing here knows of rooms."""

from codesync_tui.editor.code_editor import CodeEditor

__all__ = ["CodeEditor"]
