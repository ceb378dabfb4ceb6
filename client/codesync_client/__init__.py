"""A room as an asyncio library: enter, submit, type, follow output, come back after a cut.

async with enter(Link.parse(text), name="ana") as room:
    await room.submit(Submission("python", [("main.py", source)]))
    async for event in room.events():
        ...
"""

from codesync_client.connection.dial import DialOptions
from codesync_client.errors import (
    CannotConnect,
    ClientError,
    EntryRefused,
    NotFound,
    Offline,
    ServerNotProved,
    SubmissionRejected,
)
from codesync_client.events import Connected, Disconnected, JobOutput, OutputSkipped, RoomEvent
from codesync_client.job_history import FinishedJobSource, JobHistoryRequests
from codesync_client.room import Room
from codesync_client.submission import DEFAULT_WINDOW, Submission, detect_language

__all__ = [
    "DEFAULT_WINDOW",
    "CannotConnect",
    "ClientError",
    "Connected",
    "DialOptions",
    "Disconnected",
    "EntryRefused",
    "FinishedJobSource",
    "JobHistoryRequests",
    "JobOutput",
    "NotFound",
    "Offline",
    "OutputSkipped",
    "Room",
    "RoomEvent",
    "ServerNotProved",
    "Submission",
    "SubmissionRejected",
    "detect_language",
]
