"""The languages of one server."""

from collections.abc import Callable, Iterator
from functools import cache
from importlib import resources

import msgspec

from codesync_protocol.messages import LanguageInfo
from codesync_server.languages.language import Language


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    language: tuple[Language, ...]


@cache
def built_in() -> tuple[Language, ...]:
    """Read the languages that ship with CodeSync."""
    text = resources.files("codesync_server.languages").joinpath("languages.toml").read_bytes()
    return msgspec.toml.decode(text, type=_File).language


class Languages:
    """The languages of one server, and which of them can be run on it.

    Args:
        languages: all of them.
        has_command: whether a command exists where programs run.
    """

    def __init__(self, languages: tuple[Language, ...], has_command: Callable[[str], bool]) -> None:
        self._languages = {language.name: language for language in languages}
        self._available = {
            language.name
            for language in languages
            if all(
                has_command(command[0])
                for command in (language.compile, language.run)
                if command and not command[0].startswith("./")
            )
        }

    def __iter__(self) -> Iterator[Language]:
        """Give all languages."""
        return iter(self._languages.values())

    def get(self, name: str) -> Language | None:
        """Find a language by its name."""
        return self._languages.get(name)

    def is_available(self, name: str) -> bool:
        """Tell whether a language can be run here."""
        return name in self._available

    def infos(self) -> tuple[LanguageInfo, ...]:
        """Describe all of them for members."""
        return tuple(language.info(available=language.name in self._available) for language in self)
