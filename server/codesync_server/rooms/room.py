"""One room: who is in it, what happened, what runs. Pure: it speaks through outlets."""

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable

import msgspec

from codesync_protocol.codec import encode
from codesync_protocol.errors import Code
from codesync_protocol.messages import (
    DocumentCheck,
    DocumentReset,
    Edited,
    Event,
    Fault,
    JobSummary,
    Member,
    MemberCaret,
    Members,
    Notice,
    Output,
    Queue,
    Role,
    Saving,
)
from codesync_protocol.names import clean_name, distinct_name
from codesync_server.documents.document import Document
from codesync_server.jobs.job import Job
from codesync_server.rooms.book import Keep, RoomBook, keep_nothing
from codesync_server.rooms.gate import Gate, Kept
from codesync_server.rooms.identity import Identity
from codesync_server.rooms.log import EventLog
from codesync_server.rooms.outlet import Outlet
from codesync_server.store.records import KeptRoom

JOBS_KEPT = 20
"""Finished jobs that a newcomer is told of."""

OUTPUT_KEPT_BYTES = 16 * 1024 * 1024
"""Output of finished jobs that a room keeps; the oldest goes first."""

IDENTITIES_KEPT = 1000
MEMBERS_MAX = 500


class RoomFull(Exception):
    """The room has no place for another member."""


class Room:
    """One room.

    Args:
        name: its name.
        now: the loop's clock.
        keep: has what happens here written into the store.
        kept: what is there already; None for a new room.

    Attributes:
        name: its name.
        text_id: which text it has.
        log: what happened in it.
        jobs: unfinished and recent jobs by id, oldest first.
        document: the texts that its members share.
        language: in which language the source is.
        carets: where its members are in the source, by member id.
        invites_after: seconds since the Unix epoch; invites that are older let nobody new in.
        jobs_had: how many jobs it has had.
        idle_since: by the loop's clock, when the last member left; None while somebody is here.
    """

    def __init__(
        self, name: str, now: float, keep: Keep = keep_nothing, kept: KeptRoom | None = None
    ) -> None:
        self.name = name
        self.text_id = secrets.token_hex(8)
        self.log = EventLog()
        self.jobs: OrderedDict[str, Job] = OrderedDict()
        self.document = Document()
        self.language = ""
        self.carets: dict[int, MemberCaret] = {}
        self.invites_after = 0.0
        self.jobs_had = 0
        self.idle_since: float | None = now
        self._made_at = time.time()
        self._book = RoomBook(name, keep, kept.text if kept else None)
        self._gate = Gate()
        self._members: dict[str, Member] = {}  # by client key, in order of arrival
        self._outlets: dict[str, Outlet] = {}
        self._identities: OrderedDict[str, Identity] = OrderedDict()
        self._last_member = 0
        self._last_queue: bytes = b""
        self._checked_edits = 0
        if kept is not None:
            self._restore(kept)

    def _restore(self, kept: KeptRoom) -> None:
        """Be what the store says.

        Raises:
            Unreadable: the texts make no sense.
        """
        self.text_id = kept.room.text
        self.language = kept.room.language
        self.invites_after = kept.room.invites_after
        self.jobs_had = kept.jobs
        self._made_at = kept.room.made_at
        for member in reversed(kept.members):
            self._identities[member.key] = Identity(
                member.member,
                member.name,
                member.crdt,
                member.edits_taken,
                member.edits_taken,
                Role(member.role) if member.role else None,
                member.removed,
            )
            self._last_member = max(self._last_member, member.member)
        for edit in kept.text.edits:
            if identity := self._identities.get(edit.key):
                identity.edits_taken = max(identity.edits_taken, edit.number)
                identity.edits_told = identity.edits_taken
        self.document = Document.restored(
            kept.text.state,
            (edit.data for edit in kept.text.edits),
            (identity.crdt for identity in self._identities.values()),
        )

    # Members.

    def enter(self, key: str, name: str, role: Role, outlet: Outlet) -> Member:
        """Let somebody in; the same client instance again takes the place of its old connection.

        Args:
            key: the client instance.
            name: what it wants to be called.
            role: what it may do.
            outlet: the way to it.

        Returns:
            The member.

        Raises:
            RoomFull: there is no place.
        """
        if old := self._outlets.pop(key, None):
            old.close("the same client connected again")
            self._members.pop(key, None)
        if len(self._members) >= MEMBERS_MAX:
            raise RoomFull
        identity = self._identify(key, name)
        role = identity.role or role
        member = Member(identity.member, identity.name, role, identity.member)
        self._members[key] = member
        self._outlets[key] = outlet
        self.idle_since = None
        self._last_queue = b""  # the newcomer knows another one
        self.save()
        self.save_member(key)
        self._tell_members()
        return member

    def identity(self, key: str) -> Identity:
        """What the room remembers of somebody who is in it."""
        return self._identities[key]

    def member_of(self, key: str) -> Member:
        """Whoever is here as this client instance."""
        return self._members[key]

    def key_of(self, member: int) -> str | None:
        """The client instance of a member; None when it is not here."""
        return next((key for key, each in self._members.items() if each.member == member), None)

    def set_role(self, key: str, role: Role) -> None:
        """Let a member do more or less, now and when it comes back."""
        self._identities[key].role = role
        self.save_member(key)
        self._members[key] = msgspec.structs.replace(self._members[key], role=role)
        self._tell_members()

    def remove(self, key: str, reason: str) -> None:
        """Send a member away for good.

        Args:
            key: its client instance.
            reason: what it is told.
        """
        self._identities[key].removed = reason
        self.invites_after = time.time()
        self.save()
        self.save_member(key)
        outlet = self._outlets[key]
        outlet.put_reply(encode(Fault(Code.REMOVED, reason, fatal=True)))
        outlet.close(reason)

    def bars(self, key: str, issued: float | None) -> str:
        """Tell whether somebody may not enter.

        Args:
            key: the client instance.
            issued: when the invite that they show was made; None for the server's token.

        Returns:
            Why not; empty if they may.
        """
        known = self._identities.get(key)
        if known is not None:
            return known.removed
        if issued is not None and issued <= self.invites_after:
            return "this invite was made before somebody was removed from the room"
        return ""

    def leave(self, key: str, outlet: Outlet, now: float) -> None:
        """Let somebody go, unless their place was taken over by a newer connection."""
        if self._outlets.get(key) is not outlet:
            return
        del self._outlets[key]
        self.carets.pop(self._members.pop(key).member, None)
        self.save_member(key)
        if not self._members:
            self.idle_since = now
            self.save()
        self._tell_members()

    def _identify(self, key: str, wanted: str) -> Identity:
        known = self._identities.pop(key, None)
        taken = {member.name for member in self._members.values()}
        if known is None or known.name in taken:
            self._last_member += 1
            name = clean_name(wanted) or f"guest-{self._last_member}"
            known = Identity(self._last_member, distinct_name(name, taken))
        self._identities[key] = known
        self._forget_identities()
        return known

    def _forget_identities(self) -> None:
        absent = (key for key in list(self._identities) if key not in self._members)
        for key in absent:
            if len(self._identities) <= IDENTITIES_KEPT:
                return
            del self._identities[key]

    @property
    def members(self) -> Members:
        """Who is here."""
        return Members(tuple(self._members.values()))

    @property
    def size(self) -> int:
        """How many are here."""
        return len(self._members)

    def _tell_members(self) -> None:
        self.tell("members", encode(self.members))

    # What is kept.

    def save(self) -> None:
        """Have the room itself kept as it is now."""
        self._book.room(
            text=self.text_id,
            language=self.language,
            invites_after=self.invites_after,
            made_at=self._made_at,
        )

    def save_member(self, key: str) -> Kept:
        """Have what is known of somebody kept."""
        return self._book.member(key, self._identities[key])

    def save_text(self) -> None:
        """Have the texts kept as they are now, instead of edit by edit."""
        if self.document.has_long_history:
            self.renew_document()
        else:
            self._book.text(self.document, self._identities.items())

    def save_all(self) -> None:
        """Have everything kept as it is now: the store missed some of what happened."""
        self.save()
        for key in self._identities:
            self.save_member(key)
        self.save_text()

    @property
    def has_loose_edits(self) -> bool:
        """Whether edits are kept one by one that had better be kept in one piece."""
        return self._book.has_edits

    def edited(self, key: str, number: int, data: bytes) -> Kept:
        """Have an edit kept that the document has taken."""
        kept = self._book.edit(key, number, data)
        if self._book.is_long and not self.document.has_long_history:
            self._book.text(self.document, self._identities.items())
        return kept

    def tell_saving(self, trouble: str) -> None:
        """Tell everybody whether what happens is kept."""
        self.tell("saving", encode(Saving(trouble)))

    # What is said.

    def after(self, kept: Kept, act: Callable[[], None]) -> None:
        """Do something when something is kept, and everything before has been told."""
        self._gate.then(kept, act)

    def publish(self, make: Callable[[int], Event], kept: Kept = None) -> None:
        """Let something happen: give it a number, remember it, tell everybody.

        Args:
            make: makes the event with its number.
            kept: the event is told when this is done, and those behind it after it.
        """
        self._gate.then(kept, lambda: self._tell_event(make))

    def _tell_event(self, make: Callable[[int], Event]) -> None:
        event = make(self.log.next_seq())
        frame = encode(event)
        self.log.append(frame)
        may_skip, urgent = isinstance(event, Output), isinstance(event, Edited)
        for outlet in self._outlets.values():
            outlet.put_event(frame, may_skip=may_skip, urgent=urgent)

    def tell(self, kind: str, frame: bytes) -> None:
        """Tell everybody the state of something."""
        for outlet in self._outlets.values():
            outlet.put_state(kind, frame)

    def tell_queue(self, queue: Queue) -> None:
        """Tell everybody the queue, if it is not what they know already."""
        frame = encode(queue)
        if frame != self._last_queue:
            self._last_queue = frame
            self.tell("queue", frame)

    def tell_caret(self, member: int) -> None:
        """Tell the others where a member is, if it is still here."""
        if caret := self.carets.get(member):
            frame = encode(caret)
            for key, outlet in self._outlets.items():
                if self._members[key].member != member:
                    outlet.put_state(f"caret {member}", frame)

    def check_document(self) -> None:
        """Tell everybody what the shared texts sum up to, if they changed since the last time."""
        if self.document.edits == self._checked_edits or not self._gate.is_open:
            return
        if self.document.has_long_history or not self.document.is_sound:
            self.renew_document()
        self._checked_edits = self.document.edits
        frame = encode(DocumentCheck(self.log.seq, self.document.digest))
        for outlet in self._outlets.values():
            outlet.put_event(frame, may_skip=True)

    def renew_document(self) -> None:
        """Let the history of the texts begin anew; everybody has to fetch them again."""
        self.document = self.document.renewed()
        for identity in self._identities.values():
            identity.crdt = 0
        self._book.text(self.document, self._identities.items(), begins_anew=True)
        self.publish(DocumentReset)  # what is edited from now on waits for it to be kept

    def notify(self, notice: Notice) -> None:
        """Tell everybody something."""
        frame = encode(notice)
        for outlet in self._outlets.values():
            outlet.put_reply(frame)

    def reply(self, key: str, frame: bytes) -> None:
        """Answer one client, if it is here."""
        if outlet := self._outlets.get(key):
            outlet.put_reply(frame)

    # Jobs.

    def add_job(self, job: Job) -> None:
        """Remember a job."""
        self.jobs[job.id] = job

    def trim_jobs(self) -> None:
        """Forget the oldest finished jobs, and the output of those that are kept if it is much."""
        finished = [job for job in self.jobs.values() if job.is_finished]
        for job in finished[: max(0, len(finished) - JOBS_KEPT)]:
            del self.jobs[job.id]
        kept = 0
        for job in reversed(finished):
            kept += job.output.kept
            if kept > OUTPUT_KEPT_BYTES:
                job.output.drop()

    def summaries(self) -> tuple[JobSummary, ...]:
        """Describe the jobs for a newcomer, oldest first."""
        return tuple(job.summary() for job in self.jobs.values())

    def unfinished(self) -> Iterable[Job]:
        """The jobs that wait or run."""
        return (job for job in self.jobs.values() if not job.is_finished)
