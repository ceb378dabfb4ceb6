"""A program to submit, before it becomes a message."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from codesync_client.errors import SubmissionRejected
from codesync_protocol.errors import Code
from codesync_protocol.limits import ARGS_COUNT_MAX, ARGS_MAX, PREPARED_STDIN_MAX, SOURCE_MAX
from codesync_protocol.messages import (
    LanguageInfo,
    RunLimits,
    StdinMode,
    Submit,
    SubmitFile,
    Window,
)

DEFAULT_WINDOW = Window()
"""The usual size of terminals."""

SERVERS_LIMITS = RunLimits()
"""The usual limits of the server."""


def new_job_id() -> str:
    """Return a new job id: 128 random bits in lower-case hexadecimal."""
    return secrets.token_hex(16)


def detect_language(file_name: str, languages: Iterable[LanguageInfo]) -> str:
    """Return the language of a file by the extension of its name.

    Args:
        file_name: e.g. "main.cpp".
        languages: the languages of the server.

    Returns:
        The LanguageInfo.name.

    Raises:
        SubmissionRejected: no language has this extension.
    """
    known = list(languages)
    ending = PurePath(file_name).suffix.lower()
    for language in known:
        if ending and ending in language.extensions:
            return language.name
    endings = ", ".join(sorted(e for language in known for e in language.extensions))
    names = ", ".join(language.name for language in known)
    raise SubmissionRejected(
        Code.LANGUAGE,
        f"cannot tell the language of {file_name} by its ending (known: {endings})",
        f"name it with --language, one of {names}",
    )


def is_starter(text: str, languages: Iterable[LanguageInfo]) -> bool:
    """Return whether a text is empty or an unchanged starter text, so nobody's work.

    Args:
        text: the source.
        languages: what the server can run.
    """
    return not text.strip() or any(text == language.starter for language in languages)


@dataclass(frozen=True, slots=True)
class Submission:
    """One program to run.

    Attributes:
        language: a LanguageInfo.name.
        files: names and contents, the main file first.
        args: the program's arguments.
        prepared_stdin: stdin that is part of the submission.
        stdin: the kind of input that follows.
        tty: whether the program gets a terminal.
        window: the size of the terminal.
        limits: requested limits of the run; the server grants at most its caps.
        job: the id; a submission that is sent twice runs once.
    """

    language: str
    files: Sequence[tuple[str, bytes]]
    args: Sequence[bytes] = ()
    prepared_stdin: bytes = b""
    stdin: StdinMode = StdinMode.CLOSED
    tty: bool = False
    window: Window = DEFAULT_WINDOW
    limits: RunLimits = SERVERS_LIMITS
    job: str = field(default_factory=new_job_id)

    def check(self) -> None:
        """Check the limits that all servers have.

        Raises:
            SubmissionRejected: a part exceeds its limit.
        """
        source = sum(len(content) for _, content in self.files)
        args = sum(map(len, self.args))
        for what, size, limit in (
            ("the source", source, SOURCE_MAX),
            ("the prepared stdin", len(self.prepared_stdin), PREPARED_STDIN_MAX),
            ("the arguments", args, ARGS_MAX),
        ):
            if size > limit:
                raise SubmissionRejected(
                    Code.TOO_LARGE, f"{what}: {size:,} bytes, at most {limit:,} are allowed"
                )
        if len(self.args) > ARGS_COUNT_MAX:
            raise SubmissionRejected(
                Code.TOO_LARGE,
                f"{len(self.args)} arguments, at most {ARGS_COUNT_MAX} are allowed",
            )

    def body(self) -> bytes:
        """Return the body: files, then prepared stdin."""
        return b"".join([*(content for _, content in self.files), self.prepared_stdin])

    def message(self, first: bytes) -> Submit:
        """The message that announces this submission.

        Args:
            first: the first bytes of the body.
        """
        return Submit(
            job=self.job,
            language=self.language,
            files=tuple(SubmitFile(name, len(content)) for name, content in self.files),
            args=tuple(self.args),
            stdin_size=len(self.prepared_stdin),
            stdin=self.stdin,
            tty=self.tty,
            window=self.window,
            body=first,
            limits=self.limits,
        )
