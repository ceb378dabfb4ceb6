"""Every message of the protocol as a frozen struct, and the union of each direction.

A message is encoded as a MessagePack array: its tag, then its fields in the order of the class.
Arrays have no keys, so there are no duplicate or unknown keys. A later version adds fields at the
end, with a default, so that messages of an older end can still be read.
"""

from codesync_protocol.messages.document import (
    Caret,
    ChooseLanguage,
    DocumentCheck,
    DocumentPart,
    DocumentReset,
    Edit,
    Edited,
    EditRefused,
    FetchDocument,
    LanguageChosen,
    MemberCaret,
    MemberCarets,
)
from codesync_protocol.messages.history import (
    FetchHistory,
    FetchSource,
    HistoryPage,
    PastJob,
    SourcePart,
)
from codesync_protocol.messages.job import (
    Accepted,
    Cancel,
    Finished,
    Interrupt,
    JobState,
    JobSummary,
    Output,
    PartTaken,
    Rejected,
    Resize,
    RunLimits,
    Started,
    StdinData,
    StdinEcho,
    StdinEnd,
    StdinHeld,
    StdinMode,
    StdinTaken,
    Stream,
    Submit,
    SubmitFile,
    SubmitPart,
    Submitted,
    TakeStdin,
    Window,
)
from codesync_protocol.messages.output import FetchOutput, OutputChunk, OutputPart
from codesync_protocol.messages.room import (
    Invite,
    MakeInvite,
    Member,
    Members,
    Notice,
    Queue,
    QueuedJob,
    RemoveMember,
    Role,
    Saving,
    SetRole,
)
from codesync_protocol.messages.session import (
    Challenge,
    ExecutorInfo,
    Fault,
    Hello,
    LanguageInfo,
    LimitsInfo,
    Proof,
    Refused,
    Welcome,
    WelcomePart,
)

ClientMessage = (
    Hello
    | Proof
    | Submit
    | SubmitPart
    | StdinData
    | StdinEnd
    | Interrupt
    | Resize
    | Cancel
    | FetchOutput
    | FetchHistory
    | FetchSource
    | Edit
    | FetchDocument
    | Caret
    | ChooseLanguage
    | TakeStdin
    | SetRole
    | RemoveMember
    | MakeInvite
)
"""What a client may send."""

Event = (
    Submitted
    | Started
    | Output
    | StdinEcho
    | Finished
    | Edited
    | DocumentReset
    | LanguageChosen
    | StdinHeld
)
"""What happens in a room, in the order that the server gave it; each has a `seq`."""

ServerMessage = (
    Challenge
    | Welcome
    | WelcomePart
    | Refused
    | Fault
    | Members
    | Queue
    | Notice
    | PartTaken
    | Accepted
    | Rejected
    | StdinTaken
    | OutputPart
    | HistoryPage
    | SourcePart
    | Saving
    | Invite
    | Submitted
    | Started
    | Output
    | StdinEcho
    | Finished
    | Edited
    | EditRefused
    | DocumentPart
    | DocumentCheck
    | DocumentReset
    | MemberCarets
    | StdinHeld
    | LanguageChosen
)
"""What a server may send."""

__all__ = [
    "Accepted",
    "Cancel",
    "Caret",
    "Challenge",
    "ChooseLanguage",
    "ClientMessage",
    "DocumentCheck",
    "DocumentPart",
    "DocumentReset",
    "Edit",
    "EditRefused",
    "Edited",
    "Event",
    "ExecutorInfo",
    "Fault",
    "FetchDocument",
    "FetchHistory",
    "FetchOutput",
    "FetchSource",
    "Finished",
    "Hello",
    "HistoryPage",
    "Interrupt",
    "Invite",
    "JobState",
    "JobSummary",
    "LanguageChosen",
    "LanguageInfo",
    "LimitsInfo",
    "MakeInvite",
    "Member",
    "MemberCaret",
    "MemberCarets",
    "Members",
    "Notice",
    "Output",
    "OutputChunk",
    "OutputPart",
    "PartTaken",
    "PastJob",
    "Proof",
    "Queue",
    "QueuedJob",
    "Refused",
    "Rejected",
    "RemoveMember",
    "Resize",
    "Role",
    "RunLimits",
    "Saving",
    "ServerMessage",
    "SetRole",
    "SourcePart",
    "Started",
    "StdinData",
    "StdinEcho",
    "StdinEnd",
    "StdinHeld",
    "StdinMode",
    "StdinTaken",
    "Stream",
    "Submit",
    "SubmitFile",
    "SubmitPart",
    "Submitted",
    "TakeStdin",
    "Welcome",
    "WelcomePart",
    "Window",
]
