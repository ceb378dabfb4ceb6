"""Entering a room, refusals, and errors about frames."""

from typing import Annotated

import msgspec
from msgspec import Meta

from codesync_protocol.errors import Code
from codesync_protocol.messages.fields import (
    AnyJobId,
    ClaimedIdentity,
    Count,
    Epoch,
    FileName,
    HelloNonce,
    MaskedSecret,
    MemberId,
    Nonce,
    OptionalMaskedSecret,
    ProofBytes,
    PublicId,
    RoomName,
    Sentence,
    Seq,
    ShortText,
    Size,
    Tag,
    Token,
    Version,
)
from codesync_protocol.messages.job import JobSummary
from codesync_protocol.messages.lists import LANGUAGES, MEMBERS, QUEUED_JOBS, RECENT_JOBS
from codesync_protocol.messages.room import Member, Members, Queue, QueuedJob, Role
from codesync_protocol.verdict import Seconds
from codesync_protocol.version import NEWEST, OLDEST


class Hello(msgspec.Struct, frozen=True, array_like=True, tag="hello"):
    """The first message of a client. Later versions may add fields, which are ignored.

    Attributes:
        oldest: the oldest protocol version that the client speaks.
        newest: the newest protocol version that the client speaks.
        room: the room to enter.
        token: empty. Clients of version 1 sent their secret here; the server does not read it.
        name: the wanted name of the member; the server makes it printable and distinct.
        public_id: identifies this client instance; after a reconnect the same id, once proved,
            makes the client the same member.
        epoch: the epoch of the room that `seq` belongs to; empty on the first visit.
        seq: the last event that the client has seen.
        agent: the client's program and version, for logs.
        nonce: 32 random bytes, fresh for each connection.
        identity: the readable part of the client's invite; empty for the server's own token.
    """

    oldest: Version
    newest: Version
    room: Annotated[str, Meta(max_length=64)]
    token: Token
    name: Annotated[str, Meta(max_length=256)]
    public_id: PublicId
    epoch: Epoch = ""
    seq: Seq = 0
    agent: ShortText = ""
    nonce: HelloNonce = b""
    identity: ClaimedIdentity = ""


class Challenge(msgspec.Struct, frozen=True, array_like=True, tag="challenge"):
    """The server's answer to a hello: its proof, and the data that the client's proof covers.

    Attributes:
        version: the protocol version of this connection.
        nonce: 32 random bytes, fresh for each connection.
        proof: shows that the server knows the secret of the claimed identity.
    """

    version: Version
    nonce: Nonce
    proof: ProofBytes


class Proof(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="proof"):
    """The client's answer to a challenge, sent only if the server's proof is right.

    Attributes:
        proof: shows that the client knows the secret of the identity that it claims.
        masked_key: the key of this client instance; only a server that knows its fingerprint can
            read it.
        enrolment: the fingerprint of the client's key, for a client that is new in the room. Only
            a server that knows the secret can read it. Empty on a return.
    """

    proof: ProofBytes
    masked_key: MaskedSecret
    enrolment: OptionalMaskedSecret = b""


class LanguageInfo(msgspec.Struct, frozen=True, array_like=True):
    """A language of submissions.

    Attributes:
        name: its identifier in messages, e.g. "cpp".
        title: its name for people, e.g. "C++".
        extensions: file name endings with their dot.
        file_name: the usual name of the main file.
        syntax: the name of its syntax for highlighting.
        starter: text for an empty editor.
        available: whether this server can run it.
    """

    name: Tag
    title: ShortText
    extensions: Annotated[tuple[Tag, ...], Meta(max_length=16)]
    file_name: FileName
    syntax: Tag
    starter: Annotated[str, Meta(max_length=4000)]
    available: bool = True


class LimitsInfo(msgspec.Struct, frozen=True, array_like=True):
    """The limits of a job's run stage.

    Attributes:
        wall_seconds: wall time without a terminal.
        tty_wall_seconds: wall time with a terminal.
        cpu_seconds: cpu time.
        memory: bytes.
        output: bytes, both streams together.
    """

    wall_seconds: Seconds
    tty_wall_seconds: Seconds
    cpu_seconds: Seconds
    memory: Size
    output: Size


class ExecutorInfo(msgspec.Struct, frozen=True, array_like=True):
    """The place where jobs run.

    Attributes:
        kind: "docker" or "local".
        sandboxed: whether programs are isolated from the machine.
        banner: a warning for every member; empty if there is none.
    """

    kind: Tag
    sandboxed: bool
    banner: Sentence = ""


class Welcome(msgspec.Struct, frozen=True, array_like=True, tag="welcome"):
    """The server's answer to an accepted proof: the present room.

    WelcomeParts follow immediately, with the items of lists that do not fit into this message.

    Attributes:
        version: the protocol version of this connection.
        room: the room's name.
        epoch: the present epoch of the room.
        seq: the last event that this snapshot contains.
        resumed: the log still has the events after the client's `seq`: exactly these follow, and
            `jobs` is empty. Otherwise `jobs` has all recent jobs.
        member: the client's own member id.
        role: the role of the member.
        members: the members of the room.
        queue: waiting and running jobs.
        jobs: recent jobs, oldest first; their output is fetched with FetchOutput.
        languages: the languages of the server.
        limits: the limits of a job.
        executor: the place where jobs run.
        language: the language of the room's source; empty if nobody chose one.
        edits_taken: the number of this client's last edit that the room has published.
        text: the id of the room's text; a client with the same id has an older state of it.
        unsaved: the reason why nothing is stored now; empty otherwise.
        more: whether a WelcomePart follows.
    """

    version: Version
    room: RoomName
    epoch: Epoch
    seq: Seq
    resumed: bool
    member: MemberId
    role: Role
    members: Members
    queue: Queue
    jobs: Annotated[tuple[JobSummary, ...], RECENT_JOBS.meta]
    languages: Annotated[tuple[LanguageInfo, ...], LANGUAGES.meta]
    limits: LimitsInfo
    executor: ExecutorInfo
    language: Tag = ""
    edits_taken: Count = 0
    text: Epoch = ""
    unsaved: Sentence = ""
    more: bool = False


class WelcomePart(msgspec.Struct, frozen=True, array_like=True, tag="welcome_part"):
    """Further items of a welcome's lists; the client has entered after the last part.

    Attributes:
        members: further items of `Welcome.members`.
        queued: further jobs of `Welcome.queue`.
        jobs: further items of `Welcome.jobs`.
        languages: further items of `Welcome.languages`.
        more: whether another part follows.
    """

    members: Annotated[tuple[Member, ...], MEMBERS.meta] = ()
    queued: Annotated[tuple[QueuedJob, ...], QUEUED_JOBS.meta] = ()
    jobs: Annotated[tuple[JobSummary, ...], RECENT_JOBS.meta] = ()
    languages: Annotated[tuple[LanguageInfo, ...], LANGUAGES.meta] = ()
    more: bool = False


class Refused(msgspec.Struct, frozen=True, array_like=True, tag="refused"):
    """The server refuses a hello or a proof; the connection ends.

    Attributes:
        code: the reason, for programs.
        reason: the reason, for people.
        remedy: what the user can do.
        oldest: the oldest protocol version that the server speaks.
        newest: the newest protocol version that the server speaks.
    """

    code: Code
    reason: Sentence
    remedy: Sentence
    oldest: Version = OLDEST
    newest: Version = NEWEST


class Fault(msgspec.Struct, frozen=True, array_like=True, tag="fault"):
    """The server could not process a frame; this has no other effect.

    Attributes:
        code: the reason, for programs.
        reason: the reason, for people.
        job: the job that the frame named, if any.
        fatal: whether the connection ends.
    """

    code: Code
    reason: Sentence
    job: AnyJobId = ""
    fatal: bool = False
