"""What a client asks to be run, before it is a message."""

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
"""The size that terminals have had since the VT100."""

SERVERS_LIMITS = RunLimits()
"""Ask for nothing: the server's own limits."""


def new_job_id() -> str:
    """Make a job id: 128 random bits as lower-case hex."""
    return secrets.token_hex(16)


def detect_language(file_name: str, languages: Iterable[LanguageInfo]) -> str:
    """Tell a file's language by its ending.

    Args:
        file_name: e.g. "main.cpp".
        languages: what the server can run.

    Returns:
        The LanguageInfo.name.

    Raises:
        SubmissionRejected: no language has this ending.
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
        prepared_stdin: stdin that is sent along.
        stdin: what follows it.
        tty: give the program a terminal.
        window: the terminal's size.
        limits: what to ask for the run; the server gives no more than it allows.
        job: the id; the same submission sent twice runs once.
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
        """Refuse here what any server would refuse.

        Raises:
            SubmissionRejected: something is over its limit.
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
        """The bytes that the message announces: files, then prepared stdin."""
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
