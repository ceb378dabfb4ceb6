"""The source editor: document, highlighting and widget. Nothing here knows of rooms."""

from codesync_tui.editor.code_editor import CodeEditor

__all__ = ["CodeEditor"]
