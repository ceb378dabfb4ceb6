"""Messages from workers to the screen. Only the screen's handlers change widgets."""

import asyncio
from pathlib import Path

from textual.message import Message

from codesync_client import ClientError, RoomEvent
from codesync_client.files.source_file import SourceFile
from codesync_tui.editor.syntax import Syntax


class RoomEventReceived(Message):
    """Posted when the room has sent an event.

    Attributes:
        event: what.
        handled: set by the handler; the next event comes only then, so that a flood of output
            waits in the client's bounded mailbox and not in the screen's queue.
    """

    def __init__(self, event: RoomEvent) -> None:
        super().__init__()
        self.event = event
        self.handled = asyncio.Event()


class RoomScreenReady(Message):
    """Posted when the room's screen is mounted and its keys work."""


class EntryFailed(Message):
    """Posted when the room could not be entered.

    Attributes:
        error: why.
    """

    def __init__(self, error: ClientError) -> None:
        super().__init__()
        self.error = error


class RoomEnded(Message):
    """Posted when the connection to the room has ended for good."""


class SubmissionAnswered(Message):
    """Posted when the server accepted or rejected a submission.

    Attributes:
        job: its id.
        error: why it will not run; None when it will.
    """

    def __init__(self, job: str, error: ClientError | None = None) -> None:
        super().__init__()
        self.job = job
        self.error = error


class FileOpened(Message):
    """Posted when a file was read.

    Attributes:
        file: what is in it.
    """

    def __init__(self, file: SourceFile) -> None:
        super().__init__()
        self.file = file


class FileSaved(Message):
    """Posted when a file was written.

    Attributes:
        file: what is in it now.
    """

    def __init__(self, file: SourceFile) -> None:
        super().__init__()
        self.file = file


class FileFailed(Message):
    """Posted when a file could not be read or written.

    Attributes:
        reason: a sentence that says why.
        exists: the file that would have been replaced, if that is why.
    """

    def __init__(self, reason: str, *, exists: Path | None = None) -> None:
        super().__init__()
        self.reason = reason
        self.exists = exists


class SyntaxLoaded(Message):
    """Posted when a grammar was loaded.

    Attributes:
        name: the name that was asked for.
        syntax: the grammar; None when there is none.
    """

    def __init__(self, name: str, syntax: Syntax | None) -> None:
        super().__init__()
        self.name = name
        self.syntax = syntax


class CopyRequested(Message):
    """Posted when text is to be copied.

    Attributes:
        what: what it is, for people.
        text: the text.
    """

    def __init__(self, what: str, text: str) -> None:
        super().__init__()
        self.what = what
        self.text = text


class Copied(Message):
    """Posted when text was offered to tmux and written to a file.

    Attributes:
        asked: what was to be copied.
        by_tmux: whether tmux took it; otherwise the terminal is to be asked.
        file: the file that it was written to; None when it could not be.
    """

    def __init__(self, asked: CopyRequested, *, by_tmux: bool, file: Path | None) -> None:
        super().__init__()
        self.asked = asked
        self.by_tmux = by_tmux
        self.file = file
