"""The program in the editor: its language, its file, and whether it is saved.

Pure: it knows no widgets and no room.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from codesync_client import Submission, SubmissionRejected, detect_language
from codesync_client.submission import is_starter
from codesync_protocol.limits import FILE_NAME_MAX
from codesync_protocol.messages import LanguageInfo, StdinMode


@dataclass(slots=True)
class Program:
    """The program in the editor.

    Attributes:
        language: its language; None if none is known yet.
        path: its local file; None if it has none.
        newline: the line ends of that file.
        saved_text: the text that was loaded or saved last: a starter text, or that of the file.
    """

    language: LanguageInfo | None = None
    path: Path | None = None
    newline: str = "\n"
    saved_text: str = ""

    def is_unsaved(self, text: str) -> bool:
        """Return whether leaving would lose text."""
        return text != self.saved_text and bool(text.strip())

    def choose_language(
        self, language: LanguageInfo, text: str, languages: Sequence[LanguageInfo]
    ) -> str | None:
        """Change the language.

        Args:
            language: the new language.
            text: the current text.
            languages: the languages of the room.

        Returns:
            The starter text that replaces the text; None if the text is work.
        """
        self.language = language
        if self.path is not None or not is_starter(text, languages):
            return None
        self.saved_text = language.starter
        return language.starter

    def guess_language(self, languages: Sequence[LanguageInfo]) -> LanguageInfo | None:
        """Return the language of the file's extension; None if it has no known extension."""
        if self.path is None:
            return None
        try:
            name = detect_language(self.path.name, languages)
        except SubmissionRejected:
            return None
        return next((each for each in languages if each.name == name), None)

    def file_name(self, languages: Sequence[LanguageInfo]) -> str:
        """Return the name of the main file: the local name if it fits the language."""
        assert self.language is not None
        if self.path is not None and self.guess_language(languages) == self.language:
            name = self.path.name
            if len(name) <= FILE_NAME_MAX and name.isprintable():
                return name
        return self.language.file_name

    def submission(self, text: str, prepared: str, languages: Sequence[LanguageInfo]) -> Submission:
        """Create the submission.

        Args:
            text: the source.
            prepared: the prepared stdin; if it is empty, members type while the program runs.
            languages: the languages of the room.
        """
        assert self.language is not None
        files = [(self.file_name(languages), text.encode("utf-8", "surrogatepass"))]
        if not prepared:
            return Submission(self.language.name, files, stdin=StdinMode.SHARED, tty=True)
        return Submission(
            self.language.name,
            files,
            prepared_stdin=prepared.encode("utf-8", "surrogatepass"),
        )
