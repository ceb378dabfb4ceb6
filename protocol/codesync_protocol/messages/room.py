"""States of a room, sent again after each change. Only the latest of each type counts."""

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
    """The rights of a member."""

    HOST = "host"
    """Everything."""
    EDITOR = "editor"
    """Submit, type into programs, cancel."""
    VIEWER = "viewer"
    """Watch."""


class Member(msgspec.Struct, frozen=True, array_like=True):
    """A member of the room.

    Attributes:
        member: an id that is distinct while the room is in memory.
        name: printable and distinct.
        role: host, editor or viewer.
        colour: index of the member's colour, from 0.
    """

    member: MemberId
    name: MemberName
    role: Word
    colour: Count = 0


class Members(msgspec.Struct, frozen=True, array_like=True, tag="members"):
    """The members of the room, in the order of their arrival.

    Attributes:
        members: one page of the list.
        page: the number of the page, from 0. Page 0 always begins a new list.
        more: whether another page follows. The list is valid once its last page has arrived.
    """

    members: Annotated[tuple[Member, ...], MEMBERS.meta] = ()
    page: Count = 0
    more: bool = False


class SetRole(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="set_role"
):
    """Change the role of a member; for hosts.

    Attributes:
        member: the member.
        role: the new role.
    """

    member: MemberId
    role: Role


class RemoveMember(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="remove"
):
    """Remove a member for good; for hosts. Older invites admit no new client."""

    member: MemberId


class MakeInvite(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="make_invite"
):
    """Ask for an invite; for hosts.

    Attributes:
        role: the role that it grants, usually editor or viewer. Only the owner of the server's
            token can make invites for hosts; other members become hosts by SetRole.
        lifetime: seconds until it expires; 0 for the usual time.
    """

    role: Role
    lifetime: InviteLifetime = 0.0


class Invite(msgspec.Struct, frozen=True, array_like=True, tag="invite"):
    """An invite, in answer to MakeInvite.

    Attributes:
        role: the role of the MakeInvite.
        token: the key to the room: the part of a link after the #.
    """

    role: Role
    token: Token


class QueuedJob(msgspec.Struct, frozen=True, array_like=True):
    """A waiting or running job of this room.

    Attributes:
        job: its id.
        state: a JobState.
        position: its place among all waiting jobs of this server, from 1; 0 once it left the queue.
        awaits_input: whether the program runs and waits for input.
        starts_in: estimated seconds until it starts, from the duration of the last jobs; 0 if it
            has left the queue, or if there is no estimate.
        idle: whether the program has a terminal and uses no cpu time, so that it needs no slot.
        held_up: the limit on programs with a terminal that prevents its start although a slot is
            free; empty otherwise.
    """

    job: JobId
    state: Word
    position: Count = 0
    awaits_input: bool = False
    starts_in: Seconds = 0.0
    idle: bool = False
    held_up: HeldUp = ""


class Queue(msgspec.Struct, frozen=True, array_like=True, tag="queue"):
    """The waiting and running jobs.

    Attributes:
        jobs: the jobs of this room: the running ones, then the waiting ones in their order.
        queued: the number of waiting jobs on the whole server.
        active: the number of used slots on the whole server.
        max_concurrent: the number of slots.
        trouble: the reason why no job can start now, e.g. Docker is unavailable; empty otherwise.
        page: the number of the page of `jobs`, from 0. Page 0 always begins a new list.
        more: whether another page follows. The list is valid once its last page has arrived.
        idle: the number of idle programs with a terminal on the whole server.
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
    """Whether changes are stored.

    Attributes:
        trouble: the reason why they are not, e.g. a full disk; empty otherwise.
    """

    trouble: Sentence = ""


class Notice(msgspec.Struct, frozen=True, array_like=True, tag="notice"):
    """A message of the server to everybody, e.g. that it is shutting down.

    Attributes:
        level: "info", "warning" or "error".
        text: one sentence.
    """

    level: Word
    text: Sentence
