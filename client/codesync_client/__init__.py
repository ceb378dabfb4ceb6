"""An asyncio library for rooms: enter, submit, type, follow output, edit, reconnect.

docs/client.md is the page for authors of bots, graders and editor plug-ins.

Example:
    from codesync_client import Room, Submission
    from codesync_protocol.messages import Finished

    submission = Submission("python", [("main.py", b"print(6 * 7)")])
    async with Room(link, name="ana") as room:
        await room.submit(submission)
        async for event in room.events():
            if isinstance(event, Finished) and event.job == submission.job:
                print(event.result.verdict)
                break
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
