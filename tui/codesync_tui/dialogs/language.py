"""Asks for a language."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from codesync_protocol.messages import LanguageInfo
from codesync_tui.dialogs.dialog import Dialog
from codesync_tui.formatting.columns import shorten


class LanguagePicker(Dialog[LanguageInfo]):
    """Asks for a language.

    Args:
        languages: the languages of the room.
        chosen: the name of the current language.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f2", "close", "Close", show=False)]

    DEFAULT_CSS = """
    LanguagePicker > .dialog { width: 46; }
    LanguagePicker OptionList { height: auto; max-height: 14; border: none; padding: 0;
        background: $panel; }
    LanguagePicker OptionList:focus { border: none; background-tint: transparent; }
    """

    def __init__(self, languages: Sequence[LanguageInfo], chosen: str) -> None:
        super().__init__()
        self._languages = languages
        self._chosen = chosen

    def compose(self) -> ComposeResult:
        """Compose the list of languages."""
        with Vertical(classes="dialog"):
            yield Static(Content("Language"), classes="dialog--title", markup=False)
            yield OptionList(
                *(
                    Option(_prompt(language), disabled=not language.available)
                    for language in self._languages
                ),
                markup=False,
                compact=True,
            )
            yield Static(
                Content("Your text stays; an untouched example is replaced."),
                classes="dialog--hint",
                markup=False,
            )

    def on_mount(self) -> None:
        """Select the current language."""
        names = [language.name for language in self._languages]
        if self._chosen in names:
            self.query_one(OptionList).highlighted = names.index(self._chosen)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Close the dialog and return the language."""
        event.stop()
        self.dismiss(self._languages[event.option_index])


def _prompt(language: LanguageInfo) -> Content:
    endings = " ".join(language.extensions)
    missing = "" if language.available else "  not installed here"
    return Content.assemble(
        f" {shorten(language.title, 20):<20} ", (shorten(endings, 18), "$dim"), (missing, "$dim")
    )
