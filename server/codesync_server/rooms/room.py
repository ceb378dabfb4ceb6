"""One room: members, events, jobs. Pure: it sends through channels."""

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import cache, partial

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
from codesync_protocol.paging import split_members
from codesync_server.access.payer import Payer
from codesync_server.documents.document import Document
from codesync_server.jobs.job import Job, stdin_held
from codesync_server.rooms.audience import Audience
from codesync_server.rooms.caret_frames import caret_frames
from codesync_server.rooms.deliveries import deliveries
from codesync_server.rooms.event_log import EventLog
from codesync_server.rooms.frames import frame_of, frames_of
from codesync_server.rooms.identity import Identity
from codesync_server.rooms.kept_jobs import trim_jobs
from codesync_server.rooms.member_announcements import MemberAnnouncements
from codesync_server.rooms.member_channel import MemberChannel
from codesync_server.rooms.membership import NOBODY, Membership
from codesync_server.rooms.persistence import RoomPersistence, WriteChange, discard_changes
from codesync_server.rooms.publish_barrier import Durable, PublishBarrier
from codesync_server.rooms.room_welcome import RoomWelcome
from codesync_server.store.records import StoredRoom

QUIET_CHECKS = 6
"""A history of many blocks is renewed after this number of checks without an edit."""


class Room:
    """One room.

    Args:
        name: its name.
        now: time of the event loop.
        write: writes a change to the store.
        stored: the stored record; None for a new room.

    Attributes:
        text_id: the id of its document.
        log: its latest events.
        jobs: unfinished and recent jobs by id, oldest first.
        document: the texts that its members share.
        text_seq: number of the last event that announced a change of the texts.
        language: the language of the source.
        carets: carets in the source, by member id.
        membership: its members, and the identities that it remembers.
        jobs_had: number of all jobs so far, with deleted ones.
        member_news: announces its members.
        audience: sends to its members.
        welcome: prepares what newcomers are told.
        idle_since: time of the event loop when the last member left; None while there are members.
    """

    def __init__(
        self,
        name: str,
        now: float,
        write: WriteChange = discard_changes,
        stored: StoredRoom | None = None,
    ) -> None:
        self.name = name
        self.text_id = secrets.token_hex(8)
        self.log = EventLog()
        self.jobs: OrderedDict[str, Job] = OrderedDict()
        self.document = Document()
        self.text_seq = 0
        self.language = ""
        self.carets: dict[int, MemberCaret] = {}
        self.membership = Membership()
        self.jobs_had = 0
        self.idle_since: float | None = now
        self._made_at = time.time()
        self._persistence = RoomPersistence(name, write, stored.text if stored else None)
        self._barrier = PublishBarrier()
        self.audience = Audience()
        self.member_news = MemberAnnouncements(self._send_members)
        self.welcome = RoomWelcome()
        self._checked_edits = 0
        self._quiet_checks = 0
        if stored is not None:
            self._restore(stored)

    def _restore(self, stored: StoredRoom) -> None:
        """Restore the room from its stored record.

        Raises:
            UnreadableHistory: the stored texts are invalid.
        """
        self.text_id = stored.room.text
        self.language = stored.room.language
        self.jobs_had = stored.jobs
        self._made_at = stored.room.made_at
        cut_off = self.membership.restore(stored.room, reversed(stored.members))
        for edit in stored.text.edits:
            if identity := self.membership.identity_of(edit.key):
                identity.edits_taken = max(identity.edits_taken, edit.number)
                identity.edits_published = identity.edits_taken
        self.document = Document.restored(
            stored.text.state,
            (edit.data for edit in stored.text.edits),
            (identity.crdt for _, identity in self.membership.known),
        )
        for key in cut_off:  # else they would count as present at the next decision as well
            self.save_member(key)

    # Members.

    def enter(
        self,
        key: str,
        name: str,
        role: Role,
        channel: MemberChannel,
        issued: float | None = None,
        payer: Payer = NOBODY,
    ) -> Member:
        """Admit a client. A new connection of the same client instance replaces the old one.

        Args:
            key: the client instance.
            name: the name that it asks for.
            role: the role of its token.
            channel: sends to the client.
            issued: the date of its invite; None for the server's token.
            payer: its invite and address.

        Raises:
            RoomFull: there is no place.
        """
        if old := self.audience.pop(key):
            old.close("the same client connected again")
            self.membership.leave(key)
        try:
            member = self.membership.join(key, name, role, issued, payer)
            self.audience.add(key, channel)
            self.save()
            self.save_member(key)
            self.member_news.changed()
        except BaseException:
            if old or key in self.membership:
                self._depart(key, time.monotonic())
            raise
        self.idle_since = None
        return member

    def identity(self, key: str) -> Identity:
        """Return the identity of a member."""
        return self.membership.identity(key)

    def member_of(self, key: str) -> Member:
        """Return the member of a connected client instance."""
        return self.membership.member_of(key)

    def set_role(self, key: str, role: Role, *, caps_links: bool = True) -> Durable:
        """Change the role of a member, now and for its return; see `Membership.set_role`.

        Returns:
            What must be done before the change is confirmed.
        """
        self.membership.set_role(key, role, caps_links=caps_links)
        if role is Role.VIEWER:
            self._release_stdin(key)
        return self._save_decision(key)

    def remove(self, key: str, reason: str) -> Durable:
        """Remove a member permanently, and close its connection, if any, without waiting.

        Args:
            key: its client instance.
            reason: shown to the member.

        Returns:
            What must be done before the removal is confirmed.
        """
        self.membership.remove(key, reason)
        self.carets.pop(self.identity(key).member, None)
        durable = self._save_decision(key)
        if channel := self.audience.pop(key):
            channel.cut(encode(Fault(Code.REMOVED, reason, fatal=True)), reason)
        self._release_stdin(key)
        return durable

    def leave(self, key: str, channel: MemberChannel, now: float) -> None:
        """Remove a member that disconnected, unless a newer connection has replaced this one."""
        if self.audience.get(key) is channel:
            self._depart(key, now)

    def _depart(self, key: str, now: float) -> None:
        """Free the place of a member, then store and announce that."""
        self.audience.pop(key)
        if key in self.membership:
            self.membership.leave(key)
        self.carets.pop(self.membership.identity(key).member, None)
        if not self.size:
            self.idle_since = now
            self.welcome.forget()
            self.save()
        self.save_member(key)
        self._release_stdin(key)
        self.member_news.changed()

    def _release_stdin(self, key: str) -> None:
        """Return the shared stdin that a member had taken over to the submitters of the jobs."""
        for job in self.unfinished():
            owner = job.submitter
            if job.typist is not None and job.typist.key == key and owner.key in self.membership:
                job.typist = None
                self.publish(partial(stdin_held, job.id, owner))

    @property
    def members(self) -> Members:
        """The connected members."""
        return Members(tuple(self.membership))

    @property
    def size(self) -> int:
        """Number of connected members."""
        return len(self.membership)

    def _send_members(self) -> int:
        frames = frames_of(split_members(self.members))
        self.audience.send_state("members", *frames)
        return sum(map(len, frames)) * self.size

    # Persistence.

    def save(self, *, is_decision: bool = False) -> Durable:
        """Store the room itself; a decision outlasts a power cut."""
        about = self.text_id, self.language, self.membership, self._made_at
        return self._persistence.room(*about, is_decision=is_decision)

    def save_member(self, key: str) -> Durable:
        """Store the identity of a member."""
        return self._persistence.member(key, self.membership.identity(key))

    def _save_decision(self, key: str) -> Durable:
        """Store a decision about a member, and the dates from which links are valid."""
        self.save_member(key)
        durable = self.save(is_decision=True)
        self.after(durable, lambda: self.member_news.changed(is_urgent=True))
        return durable

    def save_text(self) -> None:
        """Save the current texts, so that single edits are no longer needed."""
        if self.document.has_long_history:
            self.renew_document()
        else:
            self._persistence.text(self.document, self.membership)

    def save_all(self) -> None:
        """Store the complete state, because the store missed some changes."""
        self.save()
        for key, _ in self.membership.known:
            self.save_member(key)
        self.save_text()

    @property
    def has_loose_edits(self) -> bool:
        """Whether there are edits since the saved state that should be saved in one piece."""
        return self._persistence.has_edits

    def edited(self, key: str, number: int, data: bytes) -> Durable:
        """Store an edit that the document has applied."""
        durable = self._persistence.edit(key, number, data)
        if self._persistence.is_long and not self.document.has_long_history:
            self._persistence.text(self.document, self.membership)
        return durable

    def announce_saving(self, trouble: str) -> None:
        """Tell all members whether changes are stored."""
        self.audience.send_state("saving", encode(Saving(trouble)))

    # Publishing.

    def after(self, durable: Durable, act: Callable[[], None]) -> None:
        """Run a callback once a change is durable and all earlier events are sent."""
        self._barrier.after(durable, act)

    def publish(self, make: Callable[[int], Event], durable: Durable = None) -> None:
        """Number an event, add it to the log, and send it to all members.

        Args:
            make: returns the event with the given number.
            durable: the change that must be durable before this event, and later ones, are sent.
        """
        self._barrier.after(durable, lambda: self._send_event(make))

    def _send_event(self, make: Callable[[int], Event]) -> None:
        event = make(self.log.next_seq())
        if (frame := frame_of(event)) is None:
            return
        self.log.append(frame)
        may_skip, urgent = isinstance(event, Output), isinstance(event, Edited)
        if isinstance(event, Edited | DocumentReset):
            self.text_seq = event.seq
        self.audience.send_event(frame, may_skip=may_skip, urgent=urgent)

    def send_queue(self, queue: Queue) -> int:
        """Send the queue to all members, unless they already have it.

        Returns:
            Bytes sent to all members together.
        """
        if frames := self.welcome.changed_queue(queue):
            self.audience.send_state("queue", *frames)
        return sum(map(len, frames)) * self.size

    def send_carets(self, moved: Iterable[int]) -> int:
        """Send all carets that moved to the members, in one frame.

        Args:
            moved: member ids; those who have left are ignored.

        Returns:
            Number of deliveries.
        """
        known = (self.carets.get(member) for member in moved)
        frames = caret_frames(caret for caret in known if caret)
        # Members that have not received the previous carets get all carets instead.
        whole = cache(lambda: caret_frames(self.carets.values()))
        self.audience.send_state("carets", *frames, whole=whole)
        return self.size * sum(deliveries(len(frame)) for frame in frames)

    @property
    def is_checked(self) -> bool:
        """Whether the shared texts are unchanged since their last check."""
        return self.document.edits == self._checked_edits

    def check_document(self, *, is_sound: bool | None = None) -> None:
        """Send the checksum of the shared texts to all members if the texts changed.

        Args:
            is_sound: whether a newcomer gets the same texts; None: check it here, which may block
                for as long as it takes to load them.
        """
        if self.is_checked:
            self._quiet_checks += 1
            if self._quiet_checks == QUIET_CHECKS and self.document.has_many_blocks:
                self.renew_document()
            return
        if not self._barrier.is_open:
            return
        self._quiet_checks = 0
        if is_sound is None:
            is_sound = self.document.is_sound
        if self.document.has_long_history or not is_sound:
            self.renew_document()
        self._checked_edits = self.document.edits
        frame = encode(DocumentCheck(self.log.seq, self.document.digest))
        self.audience.send_event(frame, may_skip=True)

    def renew_document(self) -> None:
        """Give the texts a new history. All members have to fetch them again."""
        self.document = self.document.renewed()
        self._checked_edits = -1
        changed = self.membership.forget_crdt_ids()
        self._persistence.text(self.document, self.membership, begins_anew=True, changed=changed)
        self.publish(DocumentReset)  # later edits wait until the new history is stored

    def notify(self, notice: Notice) -> None:
        """Send a notice to all members."""
        self.audience.send_reply(encode(notice))

    # Jobs.

    def add_job(self, job: Job) -> None:
        """Add a job to the room."""
        self.jobs[job.id] = job

    def trim_jobs(self) -> None:
        """Drop the oldest finished jobs, and the output of remaining ones if it is too large."""
        trim_jobs(self.jobs)

    def summaries(self) -> tuple[JobSummary, ...]:
        """Return summaries of the jobs for a newcomer, oldest first."""
        return tuple(job.summary() for job in self.jobs.values())

    def unfinished(self) -> Iterable[Job]:
        """Return the waiting and running jobs."""
        return (job for job in self.jobs.values() if not job.is_finished)
