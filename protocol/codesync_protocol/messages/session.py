"""Getting into a room, being kept out, and being told what one did wrong."""

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
    """A client's first message. It may have more fields in a later version: they are ignored.

    Attributes:
        oldest: the oldest protocol version that the client speaks.
        newest: the newest protocol version that the client speaks.
        room: the room to enter.
        token: empty. Clients of version 1 sent their secret here; they are refused unread.
        name: what the member wants to be called; the server makes it printable and distinct.
        public_id: names this client instance; the same again after a cut means "it is me", once
            it is proved.
        epoch: the room's epoch that `seq` belongs to; empty on the first visit.
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
    """The server's answer to a hello: its own proof, and what the client's proof must cover.

    Attributes:
        version: the protocol version of this connection.
        nonce: 32 random bytes, fresh for each connection.
        proof: shows that the server knows the secret of the claimed identity.
    """

    version: Version
    nonce: Nonce
    proof: ProofBytes


class Proof(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="proof"):
    """The client's answer to a challenge, sent only when the server's proof is right.

    Attributes:
        proof: shows that the client knows the secret of the identity that it claims.
        masked_key: the key of this client instance; only a server that knows its fingerprint can
            read it.
        enrolment: for a client that is new in the room: the fingerprint of its key, which only a
            server that knows the secret can read. Empty on a return.
    """

    proof: ProofBytes
    masked_key: MaskedSecret
    enrolment: OptionalMaskedSecret = b""


class LanguageInfo(msgspec.Struct, frozen=True, array_like=True):
    """A language that submissions may name.

    Attributes:
        name: its identifier in messages, e.g. "cpp".
        title: what people call it, e.g. "C++".
        extensions: file name endings with their dot.
        file_name: what the main file is called.
        syntax: the name of its highlighting.
        starter: text for an empty editor.
        available: whether it can be run here.
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
    """Where jobs run.

    Attributes:
        kind: "docker" or "local".
        sandboxed: whether a program is kept from the machine that it runs on.
        banner: what every member must be told about it; empty when there is nothing to warn of.
    """

    kind: Tag
    sandboxed: bool
    banner: Sentence = ""


class Welcome(msgspec.Struct, frozen=True, array_like=True, tag="welcome"):
    """The server's answer to a proof that it accepts: the room as it stands.

    Lists that do not fit into it go on in WelcomeParts, which follow before anything else.

    Attributes:
        version: the protocol version of this connection.
        room: the room's name.
        epoch: the room's present history.
        seq: the last event that is contained in this snapshot.
        resumed: the client's `seq` was still known: exactly the events after it follow, and
            `jobs` is empty. Otherwise `jobs` holds all there is.
        member: the client's own member id.
        role: what the member may do.
        members: who is here.
        queue: who waits and who runs.
        jobs: recent jobs, oldest first; their output is fetched with FetchOutput.
        languages: what can be run.
        limits: how long and how much.
        executor: where it runs.
        language: in which language the room's source is; empty when nobody said.
        edits_taken: the number of this client's last edit that the room has.
        text: which text the room has; what a client has of the same one is an older state of it.
        unsaved: why nothing is kept now; empty while it is.
        more: a WelcomePart follows.
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
    """More of a welcome's lists, in their order; the client has entered with the last part.

    Attributes:
        members: more of `Welcome.members`.
        queued: more of the jobs of `Welcome.queue`.
        jobs: more of `Welcome.jobs`.
        languages: more of `Welcome.languages`.
        more: another part follows.
    """

    members: Annotated[tuple[Member, ...], MEMBERS.meta] = ()
    queued: Annotated[tuple[QueuedJob, ...], QUEUED_JOBS.meta] = ()
    jobs: Annotated[tuple[JobSummary, ...], RECENT_JOBS.meta] = ()
    languages: Annotated[tuple[LanguageInfo, ...], LANGUAGES.meta] = ()
    more: bool = False


class Refused(msgspec.Struct, frozen=True, array_like=True, tag="refused"):
    """The server's answer to a hello or a proof that it does not accept; the connection ends.

    Attributes:
        code: why, for programs.
        reason: why, for people.
        remedy: what to do about it.
        oldest: the oldest protocol version that the server speaks.
        newest: the newest protocol version that the server speaks.
    """

    code: Code
    reason: Sentence
    remedy: Sentence
    oldest: Version = OLDEST
    newest: Version = NEWEST


class Fault(msgspec.Struct, frozen=True, array_like=True, tag="fault"):
    """The server could not act on a frame; nothing else is affected.

    Attributes:
        code: why, for programs.
        reason: why, for people.
        job: the job concerned, if one was named.
        fatal: the connection ends because of it.
    """

    code: Code
    reason: Sentence
    job: AnyJobId = ""
    fatal: bool = False
