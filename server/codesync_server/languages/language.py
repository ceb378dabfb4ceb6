"""One language: names, compile and run commands of its programs."""

import re
from collections.abc import Sequence
from pathlib import PurePath

import msgspec

from codesync_protocol.messages import LanguageInfo

_MAIN_FILE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}\.[A-Za-z0-9+]{1,8}", re.ASCII)
_OTHER_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", re.ASCII)


class SelfTest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A program that must work where the language is said to be available.

    Attributes:
        source: the program.
        stdin: its input.
        stdout: what it must print; its exit code must be 0.
    """

    source: str
    stdin: str
    stdout: str


class Language(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One language, as languages.toml describes it.

    Attributes:
        name: its identifier in messages.
        title: what people call it.
        extensions: file name endings with their dot, lower case.
        file_name: the main file's name when the submitted name is invalid.
        run: the command that runs a program.
        syntax: the name of its highlighting.
        starter: text for an empty editor.
        self_test: a program that must work.
        compile: the command that compiles; empty when there is nothing to compile.
        env: environment variables for both commands.
    """

    name: str
    title: str
    extensions: tuple[str, ...]
    file_name: str
    run: tuple[str, ...]
    syntax: str
    starter: str
    self_test: SelfTest
    compile: tuple[str, ...] = ()
    env: dict[str, str] = {}

    def main_file(self, submitted: str) -> str:
        """Choose the name that the main file has in the sandbox.

        Args:
            submitted: what the submitter calls it; never used as it is unless it is harmless: it
                becomes part of a command.

        Returns:
            The submitted name when it is a plain one with one of the language's endings, else
            the language's own.
        """
        plain = _MAIN_FILE.fullmatch(submitted) is not None
        if plain and PurePath(submitted).suffix.lower() in self.extensions:
            return submitted
        return self.file_name

    def commands(
        self, main_file: str, args: Sequence[bytes], memory: int
    ) -> dict[str, list[bytes]]:
        """Fill in the commands.

        Args:
            main_file: as `main_file` returned it.
            args: the program's arguments.
            memory: the run stage's memory in bytes.

        Returns:
            Stage name ("compile", "run") to argument list, in order.
        """
        values = {
            "{file}": main_file,
            "{stem}": PurePath(main_file).stem,
            "{memory_mb}": str(memory // (1 << 20)),
        }
        commands: dict[str, list[bytes]] = {}
        if self.compile:
            commands["compile"] = _filled(self.compile, values)
        commands["run"] = [*_filled(self.run, values), *args]
        return commands

    def info(self, *, available: bool) -> LanguageInfo:
        """Describe it for members."""
        return LanguageInfo(
            name=self.name,
            title=self.title,
            extensions=self.extensions,
            file_name=self.file_name,
            syntax=self.syntax,
            starter=self.starter.lstrip("\n"),
            available=available,
        )


def is_harmless_file_name(name: str) -> bool:
    """Tell whether a further file of a submission may be called so: no folders, no surprises."""
    return _OTHER_FILE.fullmatch(name) is not None


def _filled(template: tuple[str, ...], values: dict[str, str]) -> list[bytes]:
    filled: list[bytes] = []
    for part in template:
        for placeholder, value in values.items():
            part = part.replace(placeholder, value)
        filled.append(part.encode())
    return filled
