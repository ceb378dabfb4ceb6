"""The colours of syntax highlighting.

Queries use names with dots ("function.method"); the stock widget looks names up exactly, and does
not colour unknown ones. Here "a.b" falls back to "a".
"""

from rich.style import Style
from textual.widgets.text_area import TextAreaTheme


class DottedStyles(dict[str, Style]):
    """Styles by name; "a.b" falls back to "a"."""

    def get(self, name: str, default: object = None, /) -> Style | None:  # type: ignore[override]  # the widget passes no default
        """Return the style of a name."""
        while name:
            if (style := super().get(name)) is not None:
                return style
            name = name.rpartition(".")[0]
        return None


_NAMES = {
    "comment": "comment",
    "string": "string",
    "string.escape": "escape",
    "string.special": "escape",
    "escape": "escape",
    "number": "number",
    "float": "number",
    "boolean": "number",
    "constant": "number",
    "keyword": "keyword",
    "conditional": "keyword",
    "repeat": "keyword",
    "include": "keyword",
    "exception": "keyword",
    "preproc": "keyword",
    "label": "keyword",
    "function": "function",
    "method": "function",
    "constructor": "type",
    "type": "type",
    "attribute": "type",
    "variable.builtin": "builtin",
    "parameter": "parameter",
    "operator": "operator",
}
"""Our colours by the names that queries use. Other names keep the colour of the text."""

_DARK = {
    "comment": Style(color="#8a94a6", italic=True),
    "string": Style(color="#a5d6a7"),
    "escape": Style(color="#f2c063"),
    "number": Style(color="#f2a97e"),
    "keyword": Style(color="#c9a5ff"),
    "function": Style(color="#7cc4ff"),
    "type": Style(color="#6fd6cf"),
    "builtin": Style(color="#f28fad"),
    "parameter": Style(color="#e6cfa8"),
    "operator": Style(color="#b6c2d4"),
}

_LIGHT = {
    "comment": Style(color="#6a7380", italic=True),
    "string": Style(color="#1a7a3c"),
    "escape": Style(color="#8a5a00"),
    "number": Style(color="#a8460f"),
    "keyword": Style(color="#7a2fbf"),
    "function": Style(color="#0b5cad"),
    "type": Style(color="#00707a"),
    "builtin": Style(color="#b01e5b"),
    "parameter": Style(color="#6d5313"),
    "operator": Style(color="#48566b"),
}

_SIXTEEN = {
    "comment": Style(color="bright_black", italic=True),
    "string": Style(color="green"),
    "escape": Style(color="yellow"),
    "number": Style(color="yellow"),
    "keyword": Style(color="magenta", bold=True),
    "function": Style(color="blue"),
    "type": Style(color="cyan"),
    "builtin": Style(color="red"),
    "parameter": Style(),
    "operator": Style(),
}


def _theme(name: str, colours: dict[str, Style]) -> TextAreaTheme:
    styles = DottedStyles({query: colours[ours] for query, ours in _NAMES.items()})
    return TextAreaTheme(name=name, syntax_styles=styles)


def syntax_themes() -> dict[str, TextAreaTheme]:
    """Create the syntax themes that belong to the app's themes of the same names."""
    return {
        name: _theme(name, colours)
        for name, colours in (
            ("codesync-dark", _DARK),
            ("codesync-light", _LIGHT),
            ("codesync-sixteen", _SIXTEEN),
        )
    }
