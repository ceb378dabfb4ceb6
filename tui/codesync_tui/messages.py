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
        event: the event.
        handled: set by the handler. The next event is posted only then, so that a flood of output
            waits in the client's bounded mailbox, not in the screen's queue.
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
        error: why not.
    """

    def __init__(self, error: ClientError) -> None:
        super().__init__()
        self.error = error


class RoomEnded(Message):
    """Posted when the connection to the room has ended permanently."""


class SubmissionAnswered(Message):
    """Posted when the server accepted or rejected a submission.

    Attributes:
        job: the id of the job.
        error: why the job will not run; None if it was accepted.
    """

    def __init__(self, job: str, error: ClientError | None = None) -> None:
        super().__init__()
        self.job = job
        self.error = error


class FileOpened(Message):
    """Posted when a file was read.

    Attributes:
        file: its content.
    """

    def __init__(self, file: SourceFile) -> None:
        super().__init__()
        self.file = file


class FileSaved(Message):
    """Posted when a file was written.

    Attributes:
        file: its new content.
    """

    def __init__(self, file: SourceFile) -> None:
        super().__init__()
        self.file = file


class FileFailed(Message):
    """Posted when a file could not be read or written.

    Attributes:
        reason: a sentence that says why.
        exists: the existing file that would have been replaced, if this is the reason.
    """

    def __init__(self, reason: str, *, exists: Path | None = None) -> None:
        super().__init__()
        self.reason = reason
        self.exists = exists


class SyntaxLoaded(Message):
    """Posted when a grammar was loaded.

    Attributes:
        name: the requested name.
        syntax: the grammar; None if there is none.
    """

    def __init__(self, name: str, syntax: Syntax | None) -> None:
        super().__init__()
        self.name = name
        self.syntax = syntax


class CopyRequested(Message):
    """Posted when text is to be copied.

    Attributes:
        what: a name of the text, for the notice; empty for no notice.
        text: the text.
    """

    def __init__(self, what: str, text: str) -> None:
        super().__init__()
        self.what = what
        self.text = text


class Copied(Message):
    """Posted when text was offered to tmux and written to a file.

    Attributes:
        asked: the request.
        by_tmux: whether tmux copied it; otherwise the terminal must be asked.
        file: the file that it was written to; None if this failed.
    """

    def __init__(self, asked: CopyRequested, *, by_tmux: bool, file: Path | None) -> None:
        super().__init__()
        self.asked = asked
        self.by_tmux = by_tmux
        self.file = file
