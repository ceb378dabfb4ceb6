"""The state of a room, told anew whenever it changes: only the latest of each kind counts."""

from enum import StrEnum
from typing import Annotated

import msgspec

from codesync_protocol.messages.fields import (
    Count,
    HeldUp,
    InviteLifetime,
    JobId,
    MemberId,
    MemberName,
    Seconds,
    Sentence,
    Token,
    Word,
)
from codesync_protocol.messages.lists import MEMBERS, QUEUED_JOBS


class Role(StrEnum):
    """What a member may do."""

    HOST = "host"
    """Everything."""
    EDITOR = "editor"
    """Submit, type into programs, cancel."""
    VIEWER = "viewer"
    """Watch."""


class Member(msgspec.Struct, frozen=True, array_like=True):
    """Somebody in the room.

    Attributes:
        member: their id, distinct while the room lives.
        name: printable and distinct.
        role: host, editor or viewer.
        colour: index of their colour, from 0.
    """

    member: MemberId
    name: MemberName
    role: Word
    colour: Count = 0


class Members(msgspec.Struct, frozen=True, array_like=True, tag="members"):
    """Who is here, in order of arrival.

    Attributes:
        members: one page of them.
        page: which page, from 0. A page 0 begins a new list, whatever came before.
        more: another page follows; the list counts when its last page is there.
    """

    members: Annotated[tuple[Member, ...], MEMBERS.meta] = ()
    page: Count = 0
    more: bool = False


class SetRole(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="set_role"
):
    """Let a member do more or less; for hosts.

    Attributes:
        member: whom.
        role: what they may do from now on.
    """

    member: MemberId
    role: Role


class RemoveMember(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="remove"
):
    """Send a member away for good; for hosts. Invites that were made before let nobody in."""

    member: MemberId


class MakeInvite(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="make_invite"
):
    """Ask for an invite; for hosts.

    Attributes:
        role: what it lets others do: edit, or view. Hosts are made of those who are here; only who
            came with the server's token can make invites for them.
        lifetime: how long it is good for; 0 for the server's choice.
    """

    role: Role
    lifetime: InviteLifetime = 0.0


class Invite(msgspec.Struct, frozen=True, array_like=True, tag="invite"):
    """An invite, in answer to MakeInvite.

    Attributes:
        role: MakeInvite's.
        token: the key to the room: what stands behind the # in a link.
    """

    role: Role
    token: Token


class QueuedJob(msgspec.Struct, frozen=True, array_like=True):
    """A job of this room that waits or runs.

    Attributes:
        job: its id.
        state: a JobState.
        position: its place among all that wait on this server, from 1; 0 once it left the queue.
        awaits_input: the program runs, and waits for somebody to type.
        starts_in: seconds until it probably starts, from how long the last jobs took; 0 when it
            has left the queue, or when nobody knows.
        idle: the program runs on a terminal and uses no cpu time: it waits or sleeps, and so takes
            no slot.
        held_up: why it does not start although a slot is free: which limit on programs with a
            terminal is reached; empty if none is.
    """

    job: JobId
    state: Word
    position: Count = 0
    awaits_input: bool = False
    starts_in: Seconds = 0.0
    idle: bool = False
    held_up: HeldUp = ""


class Queue(msgspec.Struct, frozen=True, array_like=True, tag="queue"):
    """Who waits and who runs.

    Attributes:
        jobs: this room's jobs: the running ones, then the waiting ones in their order.
        queued: how many jobs wait on the whole server.
        active: how many slots of the whole server are taken: by programs that compute.
        max_concurrent: how many slots there are.
        trouble: why nothing that waits can start now, e.g. that Docker is away; empty while it can.
        page: which page of the jobs, from 0. A page 0 begins a new list, whatever came before.
        more: another page follows; the list counts when its last page is there.
        idle: how many programs with a terminal wait or sleep on the whole server.
    """

    jobs: Annotated[tuple[QueuedJob, ...], QUEUED_JOBS.meta] = ()
    queued: Count = 0
    active: Count = 0
    max_concurrent: Count = 0
    trouble: Sentence = ""
    page: Count = 0
    more: bool = False
    idle: Count = 0


class Saving(msgspec.Struct, frozen=True, array_like=True, tag="saving"):
    """Whether what happens is kept.

    Attributes:
        trouble: why not, e.g. that the disk is full; empty while it is.
    """

    trouble: Sentence = ""


class Notice(msgspec.Struct, frozen=True, array_like=True, tag="notice"):
    """The server says something to everybody, e.g. that it is shutting down.

    Attributes:
        level: "info", "warning" or "error".
        text: one sentence.
    """

    level: Word
    text: Sentence
