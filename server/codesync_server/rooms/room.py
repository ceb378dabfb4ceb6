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
from codesync_protocol.paging import split_members, split_queue
from codesync_server.access.payer import Payer
from codesync_server.documents.document import Document
from codesync_server.jobs.job import Job, stdin_held
from codesync_server.rooms.audience import Audience
from codesync_server.rooms.caret_frames import caret_frames
from codesync_server.rooms.deliveries import DELIVERIES, OUTPUT_DELIVERIES, deliveries
from codesync_server.rooms.event_log import EventLog
from codesync_server.rooms.frames import frame_of, frames_of
from codesync_server.rooms.identity import Identity
from codesync_server.rooms.member_announcements import MemberAnnouncements
from codesync_server.rooms.member_channel import MemberChannel
from codesync_server.rooms.membership import NOBODY, Membership
from codesync_server.rooms.persistence import Keep, RoomPersistence, discard_changes
from codesync_server.rooms.publish_barrier import Durable, PublishBarrier
from codesync_server.store.records import StoredRoom

QUIET_CHECKS = 6
"""After so many checks without an edit, a history of many blocks is renewed."""

JOBS_KEPT = 20
"""Finished jobs that a newcomer is told of."""

OUTPUT_KEPT_BYTES = 16 * 1024 * 1024
"""Output of finished jobs that a room keeps; the oldest goes first."""


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
        text_seq: the last event that told of a change of them.
        language: in which language the source is.
        carets: where its members are in the source, by member id.
        membership: who is in it, and whom it knows.
        jobs_had: how many jobs it has had.
        member_news: tells the members who is here.
        audience: sends to the members.
        idle_since: by the loop's clock, when the last member left; None while somebody is here.
    """

    def __init__(
        self, name: str, now: float, keep: Keep = discard_changes, kept: StoredRoom | None = None
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
        self._persistence = RoomPersistence(name, keep, kept.text if kept else None)
        self._barrier = PublishBarrier()
        self.audience = Audience(name)
        self.member_news = MemberAnnouncements(self._tell_members)
        self._last_queue: list[bytes] = []
        self._checked_edits = 0
        self._quiet_checks = 0
        if kept is not None:
            self._restore(kept)

    def _restore(self, kept: StoredRoom) -> None:
        """Restore the room from its stored record; raises UnreadableHistory."""
        self.text_id = kept.room.text
        self.language = kept.room.language
        self.membership.invites_after = kept.room.invites_after
        self.membership.editors_after = kept.room.editors_after
        self.membership.server_dates_from = kept.room.server_dates_from
        self.jobs_had = kept.jobs
        self._made_at = kept.room.made_at
        self.membership.restore(reversed(kept.members))
        for edit in kept.text.edits:
            if identity := self.membership.identity_of(edit.key):
                identity.edits_taken = max(identity.edits_taken, edit.number)
                identity.edits_told = identity.edits_taken
        self.document = Document.restored(
            kept.text.state,
            (edit.data for edit in kept.text.edits),
            (identity.crdt for _, identity in self.membership.known),
        )

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
        """Let a member in; the same client instance again takes the place of its old connection.

        Args:
            key: the client instance.
            name: what it wants to be called.
            role: what its token says that it may do.
            channel: the way to it.
            issued: when its invite was made; None for the server's token.
            payer: its invite and address.

        Raises:
            RoomFull: there is no place.
        """
        if old := self.audience.pop(key):
            old.close("the same client connected again")
            self.membership.leave(key)
        member = self.membership.join(key, name, role, issued, payer)
        self.audience.add(key, channel)
        self.idle_since = None
        self._last_queue = []  # the newcomer knows another one
        self.save()
        self.save_member(key)
        self.member_news.changed()
        return member

    def identity(self, key: str) -> Identity:
        """What the room remembers of somebody who is in it."""
        return self.membership.identity(key)

    def member_of(self, key: str) -> Member:
        """Whoever is here as this client instance."""
        return self.membership.member_of(key)

    def set_role(self, key: str, role: Role, *, caps_links: bool = True) -> None:
        """Let a member do more or less, now and when it comes back; see `Roll.set_role`."""
        self.membership.set_role(key, role, caps_links=caps_links)
        if role is Role.VIEWER:
            self._give_input_back(key)
        self._save_roll()
        self.member_news.changed(is_urgent=True)

    def remove(self, key: str, reason: str) -> None:
        """Send a member away for good, and at once, however slowly it reads.

        Args:
            key: its client instance.
            reason: what it is told.
        """
        self.carets.pop(self.membership.remove(key, reason).member, None)
        self.save_member(key)
        self._save_roll()
        if channel := self.audience.pop(key):
            channel.cut(encode(Fault(Code.REMOVED, reason, fatal=True)), reason)
        self._give_input_back(key)
        self.member_news.changed(is_urgent=True)

    def leave(self, key: str, channel: MemberChannel, now: float) -> None:
        """Let somebody go, unless their place was taken over by a newer connection."""
        if self.audience.get(key) is not channel:
            return
        self.audience.pop(key)
        self.carets.pop(self.membership.leave(key).member, None)
        self.save_member(key)
        self._give_input_back(key)
        if not self.size:
            self.idle_since = now
            self.save()
        self.member_news.changed()

    def _give_input_back(self, key: str) -> None:
        """Let programs be typed to by whoever submitted them, not by somebody who is gone."""
        for job in self.unfinished():
            owner = job.submitter
            if job.typist is not None and job.typist.key == key and owner.key in self.membership:
                job.typist = None
                self.publish(partial(stdin_held, job.id, owner))

    @property
    def members(self) -> Members:
        """Who is here."""
        return Members(tuple(self.membership))

    @property
    def size(self) -> int:
        """How many are here."""
        return len(self.membership)

    def _tell_members(self) -> int:
        frames = frames_of(split_members(self.members))
        self.audience.send_state("members", *frames)
        return sum(map(len, frames)) * self.size

    # What is kept.

    def save(self) -> None:
        """Have the room itself kept as it is now."""
        self._persistence.room(
            text=self.text_id,
            language=self.language,
            membership=self.membership,
            made_at=self._made_at,
        )

    def save_member(self, key: str) -> Durable:
        """Have what is known of somebody kept."""
        return self._persistence.member(key, self.membership.identity(key))

    def _save_roll(self) -> None:
        """Have it kept who is here now, and which links are old."""
        self.save()
        for key in self.membership.keys:
            self.save_member(key)

    def save_text(self) -> None:
        """Have the texts kept as they are now, instead of edit by edit."""
        if self.document.has_long_history:
            self.renew_document()
        else:
            self._persistence.text(self.document, self.membership.known)

    def save_all(self) -> None:
        """Have everything kept as it is now: the store missed some of what happened."""
        self.save()
        for key, _ in self.membership.known:
            self.save_member(key)
        self.save_text()

    @property
    def has_loose_edits(self) -> bool:
        """Whether edits are kept one by one that had better be kept in one piece."""
        return self._persistence.has_edits

    def edited(self, key: str, number: int, data: bytes) -> Durable:
        """Have an edit kept that the document has taken."""
        kept = self._persistence.edit(key, number, data)
        if self._persistence.is_long and not self.document.has_long_history:
            self._persistence.text(self.document, self.membership.known)
        return kept

    def tell_saving(self, trouble: str) -> None:
        """Tell everybody whether what happens is kept."""
        self.audience.send_state("saving", encode(Saving(trouble)))

    # What is said.

    def after(self, kept: Durable, act: Callable[[], None]) -> None:
        """Do something when something is kept, and everything before has been told."""
        self._barrier.after(kept, act)

    def publish(
        self, make: Callable[[int], Event], kept: Durable = None, payer: Payer | None = None
    ) -> None:
        """Let something happen: give it a number, remember it, tell everybody.

        Args:
            make: makes the event with its number.
            kept: the event is told when this is done, and those behind it after it.
            payer: who is charged for sending it to all members; None: only the room.
        """
        self._barrier.after(kept, lambda: self._tell_event(make, payer))

    def _tell_event(self, make: Callable[[int], Event], payer: Payer | None) -> None:
        event = make(self.log.next_seq())
        if (frame := frame_of(event)) is None:
            return
        self.log.append(frame)
        may_skip, urgent = isinstance(event, Output), isinstance(event, Edited)
        if isinstance(event, Edited | DocumentReset):
            self.text_seq = event.seq
        budget = OUTPUT_DELIVERIES if may_skip else DELIVERIES
        self.audience.send_event(frame, payer, budget=budget, may_skip=may_skip, urgent=urgent)

    def tell_queue(self, queue: Queue) -> int:
        """Tell all members the queue, unless they know it already.

        Returns:
            Bytes sent to all members together.
        """
        frames = frames_of(split_queue(queue))
        if frames == self._last_queue:
            return 0
        self._last_queue = frames
        self.audience.send_state("queue", *frames)
        return sum(map(len, frames)) * self.size

    def tell_carets(self, moved: Iterable[int]) -> int:
        """Tell the members all carets that moved, in one frame.

        Args:
            moved: member ids; those who have left are ignored.

        Returns:
            The deliveries that it took.
        """
        known = (self.carets.get(member) for member in moved)
        frames = caret_frames(caret for caret in known if caret)
        # Whoever has not received the carets that moved before gets all of them instead.
        whole = cache(lambda: caret_frames(self.carets.values()))
        self.audience.send_state("carets", *frames, whole=whole)
        return self.size * deliveries(*frames)

    @property
    def is_checked(self) -> bool:
        """Whether the shared texts are as they were when they were checked last."""
        return self.document.edits == self._checked_edits

    def check_document(self, *, is_sound: bool | None = None) -> None:
        """Tell everybody what the shared texts sum up to, if they changed since the last time.

        Args:
            is_sound: whether a newcomer gets the same texts; None: find out here, which may block
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
        """Let the history of the texts begin anew; everybody has to fetch them again."""
        self.document = self.document.renewed()
        self._checked_edits = -1
        for _, identity in self.membership.known:
            identity.crdt = 0
        self._persistence.text(self.document, self.membership.known, begins_anew=True)
        self.publish(DocumentReset)  # what is edited from now on waits for it to be kept

    def notify(self, notice: Notice, payer: Payer | None = None) -> None:
        """Tell everybody something; see `publish` for the payer."""
        self.audience.send_reply(encode(notice), payer)

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
