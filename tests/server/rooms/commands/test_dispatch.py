"""Commands of members: allowed ones, and refusals."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence

import pytest

from codesync_protocol.errors import Code
from codesync_protocol.limits import PART_MAX, STDIN_ECHO_MAX
from codesync_protocol.messages import (
    Accepted,
    Cancel,
    ChooseLanguage,
    ClientMessage,
    Fault,
    FetchHistory,
    FetchOutput,
    FetchSource,
    Finished,
    HistoryPage,
    Interrupt,
    Invite,
    LanguageChosen,
    MakeInvite,
    Members,
    Notice,
    OutputChunk,
    OutputPart,
    PartTaken,
    Rejected,
    RemoveMember,
    Role,
    SetRole,
    SourcePart,
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
)
from codesync_protocol.verdict import Result, Verdict
from codesync_server.access.budgets import Budgets
from codesync_server.access.invites import InviteSigner
from codesync_server.access.payer import Payer
from codesync_server.configuration.limits import Caps, JobLimits
from codesync_server.configuration.settings import Settings
from codesync_server.jobs import uploads
from codesync_server.jobs.job import Job
from codesync_server.jobs.job_records import output_of
from codesync_server.jobs.limit_policy import LimitPolicy
from codesync_server.jobs.memory_budget import MemoryBudget
from codesync_server.jobs.scheduler import Scheduler
from codesync_server.jobs.uploads import Uploads
from codesync_server.rooms.commands.charges import (
    HOST_ACTS,
    OUTPUT_PARTS,
    PIECES_A_REQUEST,
    QUERIES,
    QUERY_DELAY_MAX,
)
from codesync_server.rooms.commands.dispatch import CommandDispatcher
from codesync_server.rooms.commands.message_turns import MessageTurns
from codesync_server.rooms.commands.submission_budgets import MEMBERS, SubmissionBudgets
from codesync_server.rooms.commands.submit import UPLOADS_MAX
from codesync_server.rooms.deliveries import DELIVERIES, MESSAGES_OF_A_JOB
from codesync_server.rooms.job_event_publisher import JobEventPublisher
from codesync_server.rooms.presence import Presence
from codesync_server.rooms.registry import Rooms
from codesync_server.rooms.room import Room
from codesync_server.rooms.seat import Seat
from codesync_server.store.changes import AcceptJob, Change, ForgetJob
from codesync_server.store.job_history import QUERY_TIME, JobHistory
from codesync_server.store.output_parts import CHUNKS_MAX
from codesync_server.store.records import JobRecord, OutputRun
from codesync_server.store.writer import StoreWriter
from tests.handshakes import granted
from tests.server.doubles import GoodExecutor
from tests.server.keeping import keeper_at_work, settled
from tests.server.making import all_languages, job_id, key_of, make_submit, wrote
from tests.server.outlets import Ear
from tests.server.recording import RecordingBudgets
from tests.waiting import eventually


class Hand:
    """A member who acts, and hears what comes of it."""

    def __init__(self, house: "House", room: str, name: str, role: Role, invite: str) -> None:
        self.ear = Ear()
        self.room = house.rooms.get(room) or house.rooms.add(Room(room, 0.0, house.writer.write))
        self._house = house
        self.member = self.room.enter(key_of(name), name, role, self.ear)
        self._actions = CommandDispatcher(
            Seat(self.room, key_of(name), self.ear, Payer(ADDRESS, invite, room, key_of(name))),
            scheduler=house.scheduler,
            languages=all_languages(),
            limit_policy=LimitPolicy(JobLimits(), Caps()),
            uploads=house.uploads,
            submissions=SubmissionBudgets(house.budgets, house.settings),
            writer=house.writer,
            job_history=JobHistory(house.writer.store),
            presence=house.presence,
            invites=InviteSigner("token"),
            budgets=house.budgets,
            turns=MessageTurns(),
        )

    async def does(self, *messages: ClientMessage) -> None:
        """Act."""
        async with asyncio.TaskGroup() as tasks:
            command_queue = tasks.create_task(self._actions.command_queue.run())
            for message in messages:
                await self._actions.dispatch(message)
            await eventually(lambda: not self._actions.command_queue.waiting)
            command_queue.cancel()
        await settled(self._house.writer)

    @property
    def fault(self) -> Code:
        """Why the last thing could not be done."""
        return self.ear.last(Fault).code

    @property
    def rejection(self) -> Code:
        """Why the last submission will not run."""
        return self.ear.last(Rejected).code


ADDRESS = "10.0.0.1"
"""The network address of all members here."""


class House:
    """A server without connections, whose scheduler does not work yet: all jobs wait."""

    def __init__(self, writer: StoreWriter, settings: Settings | None = None) -> None:
        self.writer = writer
        self.rooms = Rooms(writer)
        self.presence = Presence(self.rooms)
        self.uploads = Uploads()
        self.budgets = Budgets()
        self.settings = settings or Settings()
        publisher = JobEventPublisher(self.rooms, writer, MemoryBudget(1 << 30))
        self.scheduler = Scheduler(GoodExecutor(), all_languages(), self.settings, publisher)

    def hand(
        self, name: str, *, room: str = "room-a", role: Role = Role.EDITOR, invite: str = ""
    ) -> Hand:
        """Let somebody in."""
        return Hand(self, room, name, role, invite)


@pytest.fixture
async def writer() -> AsyncGenerator[StoreWriter, None]:
    async with keeper_at_work() as writer:
        yield writer


@pytest.fixture
def house(writer: StoreWriter) -> House:
    return House(writer)


def large(number: int, size: int = 3 * PART_MAX) -> tuple[Submit, Sequence[SubmitPart]]:
    """A submission that goes in parts."""
    body = bytes(range(256)) * (size // 256)
    files = (SubmitFile("main.py", size),)
    parts = [
        SubmitPart(job_id(number), at, body[at : at + PART_MAX])
        for at in range(PART_MAX, size, PART_MAX)
    ]
    return Submit(job_id(number), "python", files, body=body[:PART_MAX]), parts


def job_in(hand: Hand, number: int) -> Job:
    return hand.room.jobs[job_id(number)]


# Submitting.


async def test_a_submission_is_accepted_and_everybody_hears_of_it(house: House) -> None:
    ana, ben = house.hand("ana"), house.hand("ben")
    await ana.does(make_submit(1))
    assert ana.ear.of(Accepted) == [Accepted(job_id(1), 1)]
    assert ben.ear.of(Accepted) == []
    assert ana.ear.of(Submitted) == ben.ear.of(Submitted)
    summary = ben.ear.last(Submitted).job
    assert (summary.job, summary.name, summary.member) == (job_id(1), "ana", 1)
    kinds = [type(m) for m in ana.ear.heard if isinstance(m, Accepted | Submitted)]
    assert kinds == [Accepted, Submitted]


async def test_a_large_submission_is_acknowledged_part_by_part(house: House) -> None:
    ana = house.hand("ana")
    submit, parts = large(1)
    await ana.does(submit)
    assert ana.ear.of(PartTaken) == [PartTaken(job_id(1), PART_MAX)]
    await ana.does(*parts)
    assert [taken.received // PART_MAX for taken in ana.ear.of(PartTaken)] == [1, 2]
    assert ana.ear.of(Accepted) == [Accepted(job_id(1), 1)]
    assert len(job_in(ana, 1).files[0][1]) == 3 * PART_MAX


async def test_only_so_many_bodies_of_one_member_are_on_the_way(house: House) -> None:
    ana, ben = house.hand("ana"), house.hand("ben")
    for number in range(UPLOADS_MAX):
        await ana.does(large(number)[0])
    await ana.does(large(99)[0])
    assert (ana.ear.last(Rejected).job, ana.rejection) == (job_id(99), Code.TOO_FAST)
    await ana.does(make_submit(50))  # what is there at once is not on the way
    await ben.does(large(60)[0])
    assert len(ana.ear.of(Rejected)) == 1
    assert ben.ear.of(Rejected) == []
    submit, parts = large(0)
    await ana.does(submit, *parts)  # said again from the beginning
    assert Accepted(job_id(0), 2) in ana.ear.heard
    await ana.does(large(99)[0])
    assert len(ana.ear.of(Rejected)) == 1


async def test_h11_announcements_without_bodies_reserve_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "SERVER_BYTES", 8 * PART_MAX)
    monkeypatch.setattr(uploads, "ROOM_BYTES", 6 * PART_MAX)
    for number in range(6):
        eve = house.hand(f"eve-{number}")
        announced = Submit(
            job_id(number), "python", (SubmitFile("main.py", 100),), stdin_size=10_000_000
        )
        await eve.does(announced)
        assert eve.ear.of(Rejected) == []
    ana = house.hand("ana")
    submit, parts = large(50)
    await ana.does(submit, *parts)
    assert ana.ear.of(Accepted) == [Accepted(job_id(50), 1)]
    assert house.uploads.received_bytes == 6 * uploads.BASE_BYTES


async def test_h11_who_uploads_much_makes_way_and_is_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "ROOM_BYTES", 4 * PART_MAX)
    eve, ana = house.hand("eve", invite="link"), house.hand("ana", invite="token")
    await eve.does(large(1)[0], large(1)[1][0], large(2)[0])
    await ana.does(large(3)[0], large(3)[1][0])
    assert ana.ear.of(Rejected) == []
    rejected = eve.ear.last(Rejected)
    assert (rejected.job, rejected.code) == (job_id(1), Code.BUSY)
    assert (rejected.remedy, rejected.retry_in) == ("Try again in about 5 s.", 5.0)
    await ana.does(large(3)[1][1])
    assert ana.ear.of(Accepted) == [Accepted(job_id(3), 1)]


async def test_h12_submissions_are_charged_to_member_and_invite(writer: StoreWriter) -> None:
    house = House(writer, Settings(submits_per_minute=2, queue_per_member=100))
    eves = [house.hand(f"eve-{number}", invite="link") for number in range(MEMBERS + 1)]
    for number, eve in enumerate(eves):
        await eve.does(make_submit(number), Cancel(job_id(number)))
    assert [len(eve.ear.of(Accepted)) for eve in eves] == [1] * MEMBERS + [0]
    rejected = eves[-1].ear.last(Rejected)
    assert rejected.code is Code.TOO_FAST
    assert rejected.reason.startswith("Your invite's and address's limit on submissions")
    assert "Try again in about" in rejected.reason
    assert rejected.retry_in > 0
    ana = house.hand("ana", room="room-b")
    await ana.does(make_submit(100))
    assert ana.ear.of(Accepted)


async def test_h12_received_bytes_are_charged_before_they_are_stored(writer: StoreWriter) -> None:
    house = House(writer, Settings(submit_bytes_per_minute=PART_MAX))
    ana = house.hand("ana")
    submit, parts = large(1)
    await ana.does(submit, *parts)
    rejected = ana.ear.last(Rejected)
    assert (rejected.code, rejected.reason[:33]) == (
        Code.TOO_FAST,
        "Your limit on submitted bytes is ",
    )
    assert ana.ear.of(Accepted) == []
    assert house.uploads.received_bytes == 0


async def test_parts_that_do_not_fit_end_the_submission(house: House) -> None:
    ana = house.hand("ana")
    submit, parts = large(1)
    await ana.does(submit, SubmitPart(job_id(1), 5 * PART_MAX, b"x"))
    assert ana.rejection is Code.BAD_SUBMISSION
    await ana.does(*parts)
    assert ana.fault is Code.NO_SUCH_JOB
    assert ana.ear.of(Accepted) == []


async def test_a_part_of_nothing_is_refused(house: House) -> None:
    ana = house.hand("ana")
    await ana.does(SubmitPart(job_id(1), 0, b"x"))
    assert (ana.ear.last(Fault).job, ana.fault) == (job_id(1), Code.NO_SUCH_JOB)


async def test_what_the_intake_refuses_is_rejected_with_its_reason(house: House) -> None:
    ana = house.hand("ana")
    await ana.does(make_submit(1, language="cobol"))
    rejected = ana.ear.last(Rejected)
    assert (rejected.job, rejected.code) == (job_id(1), Code.LANGUAGE)
    assert rejected.reason
    assert rejected.remedy
    assert ana.room.jobs == {}


async def test_a_full_queue_rejects_and_the_same_id_may_come_again(writer: StoreWriter) -> None:
    house = House(writer, Settings(queue_per_member=1))
    ana = house.hand("ana")
    await ana.does(make_submit(1), make_submit(2))
    rejected = ana.ear.last(Rejected)
    assert (rejected.job, rejected.code) == (job_id(2), Code.QUEUE_FULL)
    assert rejected.reason == "Your share of the queue is full (1 job)."
    assert rejected.remedy == "Try again in about 2 s."
    assert rejected.retry_in == 2.0
    house.scheduler.cancel(job_in(ana, 1), "ana")
    await ana.does(make_submit(2))
    assert ana.ear.of(Accepted) == [Accepted(job_id(1), 1), Accepted(job_id(2), 1)]


async def test_h12_a_submission_that_finds_no_place_is_not_stored(
    writer: StoreWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(writer, Settings(queue_per_member=1))
    ana = house.hand("ana")
    await ana.does(make_submit(1))
    written: list[Change] = []
    write = writer.store.write

    async def watched(changes: Sequence[Change], *, surely: bool) -> Mapping[str, JobRecord]:
        written.extend(changes)
        return await write(changes, surely=surely)

    monkeypatch.setattr(writer.store, "write", watched)
    await ana.does(make_submit(2))
    assert ana.rejection is Code.QUEUE_FULL
    assert written == []


async def test_a_job_that_was_accepted_is_accepted_again_though_the_queue_is_full(
    writer: StoreWriter,
) -> None:
    house = House(writer, Settings(queue_per_member=1))
    ana = house.hand("ana")
    await ana.does(make_submit(1), make_submit(1))
    assert ana.ear.of(Accepted) == [Accepted(job_id(1), 1)] * 2


async def test_f01_a_submission_to_a_server_that_ends_is_rejected_when_the_store_forgot_it(
    writer: StoreWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(writer)
    ana = house.hand("ana")
    told_before: list[int] = []
    write = writer.store.write

    async def watched(changes: Sequence[Change], *, surely: bool) -> Mapping[str, JobRecord]:
        known = await write(changes, surely=surely)
        if any(isinstance(change, AcceptJob) for change in changes):
            await house.scheduler.drain()
        if any(isinstance(change, ForgetJob) for change in changes):
            told_before.append(len(ana.ear.of(Rejected)))
        return known

    monkeypatch.setattr(writer.store, "write", watched)
    await ana.does(make_submit(1))
    assert (ana.rejection, told_before) == (Code.DRAINING, [0])


async def test_while_the_server_drains_nothing_is_accepted(house: House) -> None:
    ana = house.hand("ana")
    await house.scheduler.drain()
    await ana.does(make_submit(1))
    assert ana.rejection is Code.DRAINING
    assert ana.room.jobs == {}


# The same id again.


async def test_the_same_submission_again_is_accepted_again_and_runs_once(house: House) -> None:
    ana = house.hand("ana")
    await ana.does(make_submit(1), make_submit(2), make_submit(1), make_submit(1))
    assert [a.position for a in ana.ear.of(Accepted)] == [1, 2, 1, 1]
    assert len(ana.ear.of(Submitted)) == 2
    assert house.scheduler.queued == 2


async def test_h11_submissions_that_are_sent_again_take_no_places_in_the_queue(
    house: House,
) -> None:
    ana, ben = house.hand("ana"), house.hand("ben")
    await ana.does(*[make_submit(1)] * 20)
    await ben.does(*[make_submit(1)] * 20)  # ana's id
    house.scheduler.cancel(job_in(ana, 1), "ana")
    await ana.does(*[make_submit(1)] * 20)  # it has ended
    assert house.scheduler.queue.waiting_rooms == 0
    assert house.scheduler.queue.waiting_bytes == 0
    for hand, number in ((ana, 10), (ben, 20)):
        await hand.does(*(make_submit(number + more) for more in range(5)))
        assert len(hand.ear.of(Accepted)[-5:]) == 5
        assert hand.ear.last(Accepted).job == job_id(number + 4)


async def test_a_submission_that_has_ended_is_not_run_again(house: House) -> None:
    ana = house.hand("ana")
    await ana.does(make_submit(1), Cancel(job_id(1)), make_submit(1))
    assert [a.position for a in ana.ear.of(Accepted)] == [1, 0]
    assert house.scheduler.queued == 0


async def test_an_id_that_another_client_uses_is_taken(house: House) -> None:
    ana, ben = house.hand("ana"), house.hand("ben")
    elsewhere = house.hand("eve", room="room-b")
    mine_elsewhere = house.hand("ana", room="room-b")
    await ana.does(make_submit(1))
    for other in (ben, elsewhere, mine_elsewhere):
        await other.does(make_submit(1))
        assert other.rejection is Code.DUPLICATE_JOB
        assert other.ear.of(Accepted) == []
    assert house.scheduler.queued == 1
    assert job_in(ana, 1).submitter.name == "ana"


@pytest.mark.parametrize(
    "message",
    [
        Cancel(job_id(1)),
        Interrupt(job_id(1)),
        StdinData(job_id(1), 0, b"x"),
        StdinEnd(job_id(1)),
        FetchOutput(job_id(1), 0),
    ],
    ids=lambda message: type(message).__name__,
)
async def test_a_job_of_another_room_does_not_exist(house: House, message: ClientMessage) -> None:
    ana, eve = house.hand("ana"), house.hand("eve", room="room-b", role=Role.HOST)
    await ana.does(make_submit(1, stdin=StdinMode.SHARED))
    heard = len(ana.ear.heard)
    await eve.does(message)
    assert (eve.fault, eve.ear.last(Fault).fatal) == (Code.NO_SUCH_JOB, False)
    assert len(ana.ear.heard) == heard
    assert house.scheduler.queued == 1


# Roles.


@pytest.mark.parametrize(
    "message",
    [
        Cancel(job_id(1)),
        Interrupt(job_id(1)),
        StdinData(job_id(1), 0, b"x"),
        StdinEnd(job_id(1)),
    ],
    ids=lambda message: type(message).__name__,
)
async def test_a65_a_viewer_does_nothing_to_a_program(house: House, message: ClientMessage) -> None:
    ana, eve = house.hand("ana"), house.hand("eve", role=Role.VIEWER)
    await ana.does(make_submit(1, stdin=StdinMode.SHARED))
    await eve.does(message)
    assert eve.fault is Code.ROLE
    assert house.scheduler.queued == 1
    assert ana.ear.of(StdinEcho) == []


async def test_a_viewer_submits_nothing_and_watches_everything(house: House) -> None:
    ana, eve = house.hand("ana"), house.hand("eve", role=Role.VIEWER)
    await eve.does(make_submit(2), large(3)[0])
    assert [(r.job, r.code) for r in eve.ear.of(Rejected)] == [
        (job_id(2), Code.ROLE),
        (job_id(3), Code.ROLE),
    ]
    await ana.does(make_submit(1))
    wrote(job_in(ana, 1), b"abc")
    await eve.does(FetchOutput(job_id(1), 1))
    assert eve.ear.of(Submitted) == ana.ear.of(Submitted)
    assert eve.ear.last(OutputPart).chunks == (OutputChunk(Stream.STDOUT, b"bc"),)


@pytest.mark.parametrize("role", [Role.HOST, Role.EDITOR])
async def test_a65_any_member_who_may_act_cancels_any_job_of_the_room(
    house: House, role: Role
) -> None:
    ana, ben = house.hand("ana"), house.hand("ben", role=role)
    await ana.does(make_submit(1))
    await ben.does(Cancel(job_id(1)))
    finished = ana.ear.last(Finished)
    assert (finished.result.verdict, finished.by) == (Verdict.CANCELLED, "ben")
    await ben.does(Cancel(job_id(1)))
    assert ben.fault is Code.NO_SUCH_JOB


# Hosting.


async def test_a_host_changes_roles_while_the_room_runs(house: House) -> None:
    ana, ben = house.hand("ana", role=Role.HOST), house.hand("ben")
    await ana.does(SetRole(ben.member.member, Role.VIEWER))
    assert ana.ear.last(Members).members[1].role == Role.VIEWER
    assert ben.ear.last(Notice).text.startswith("ana made ben a viewer")
    await ben.does(make_submit(1))
    assert ben.rejection is Code.ROLE
    await ana.does(SetRole(ben.member.member, Role.EDITOR))
    await ben.does(make_submit(2))
    assert ben.ear.of(Accepted)


async def test_a_changed_role_stays_when_the_member_comes_back(house: House) -> None:
    ana, ben = house.hand("ana", role=Role.HOST), house.hand("ben")
    await ana.does(SetRole(ben.member.member, Role.VIEWER))
    ben.room.leave(key_of("ben"), ben.ear, 1.0)
    assert house.hand("ben").member.role == Role.VIEWER


async def test_a_host_makes_invites_which_removals_before_it_do_not_end(house: House) -> None:
    ana, eve = house.hand("ana", role=Role.HOST), house.hand("eve")
    await ana.does(RemoveMember(eve.member.member), MakeInvite(Role.VIEWER))
    answer = ana.ear.last(Invite)
    grant = granted(InviteSigner("token"), answer.token, ana.room.name)
    assert grant is not None
    assert answer.role is grant.role is Role.VIEWER
    assert ana.room.membership.is_barred(key_of("cy"), grant.issued) == ""
    await ana.does(MakeInvite(Role.HOST))
    assert ana.fault is Code.ROLE


@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
async def test_only_hosts_change_roles_and_remove(house: House, role: Role) -> None:
    ana, eve = house.hand("ana"), house.hand("eve", role=role)
    await eve.does(SetRole(ana.member.member, Role.VIEWER))
    assert eve.fault is Code.ROLE
    await eve.does(RemoveMember(ana.member.member))
    assert eve.ear.of(Fault)[-1].code is Code.ROLE
    assert ana.ear.closed == ""


async def test_hosts_cannot_do_it_to_hosts_nor_to_nobody(house: House) -> None:
    ana, ben = house.hand("ana", role=Role.HOST), house.hand("ben", role=Role.HOST)
    for message in (RemoveMember(ben.member.member), SetRole(99, Role.VIEWER)):
        await ana.does(message)
    assert [fault.code for fault in ana.ear.of(Fault)] == [Code.ROLE, Code.ROLE]
    assert ben.ear.closed == ""


async def test_a71_a_removed_member_does_nothing_more_and_old_invites_let_nobody_new_in(
    house: House,
) -> None:
    ana, eve = house.hand("ana", role=Role.HOST), house.hand("eve")
    invited = time.time()
    house.hand("ben")
    await ana.does(RemoveMember(eve.member.member))
    assert eve.ear.closed == "ana removed you from the room"
    assert (eve.fault, eve.ear.last(Fault).fatal) == (Code.REMOVED, True)
    await eve.does(make_submit(1))
    assert not [*eve.ear.of(Rejected), *eve.ear.of(Accepted)]
    room = ana.room
    assert room.membership.is_barred(key_of("eve"), None) == "ana removed you from the room"
    assert room.membership.is_barred(key_of("eve under another key"), invited)
    assert room.membership.is_barred(key_of("ben"), invited) == "", (
        "those who were here may come back"
    )
    assert room.membership.is_barred(key_of("cyd"), time.time() + 1) == ""
    assert room.membership.is_barred(key_of("host"), None) == ""


async def test_a71_a_member_that_has_left_can_be_removed(house: House) -> None:
    """An attacker: visits of 0.3 s, each with an edit, that end before the host reacts."""
    ana, eve = house.hand("ana", role=Role.HOST), house.hand("eve")
    member, invited = eve.member.member, time.time()
    eve.room.leave(key_of("eve"), eve.ear, 1.0)
    await ana.does(RemoveMember(member))
    assert not ana.ear.of(Fault)
    membership = ana.room.membership
    assert membership.is_barred(key_of("eve"), None) == "ana removed you from the room"
    assert membership.is_barred(key_of("eve under another key"), invited)
    await ana.does(RemoveMember(member))
    assert ana.fault is Code.ROLE, "it is removed already"


async def test_a71_a_member_that_has_left_returns_with_the_role_that_a_host_gave_it(
    house: House,
) -> None:
    ana, ben = house.hand("ana", role=Role.HOST), house.hand("ben")
    member = ben.member.member
    ben.room.leave(key_of("ben"), ben.ear, 1.0)
    await ana.does(SetRole(member, Role.VIEWER))
    assert house.hand("ben").member.role == Role.VIEWER


async def test_a71_a_host_that_has_left_is_not_removed(house: House) -> None:
    ana, ben = house.hand("ana", role=Role.HOST), house.hand("ben", role=Role.HOST)
    member = ben.member.member
    ben.room.leave(key_of("ben"), ben.ear, 1.0)
    await ana.does(RemoveMember(member))
    assert ana.fault is Code.ROLE


async def test_a71_a_removed_member_hears_nothing_more_and_is_not_seen_any_more(
    house: House,
) -> None:
    ana, eve = house.hand("ana", role=Role.HOST), house.hand("eve")
    await ana.does(RemoveMember(eve.member.member))
    assert isinstance(eve.ear.heard[-1], Fault)
    assert [each.name for each in ana.ear.last(Members).members] == ["ana"]
    count = len(eve.ear.heard)
    await ana.does(make_submit(1))
    assert len(eve.ear.heard) == count


async def test_whoever_is_made_a_viewer_in_the_middle_of_a_submission_does_not_run_it(
    house: House,
) -> None:
    ana, ben = house.hand("ana", role=Role.HOST), house.hand("ben")
    submit, parts = large(1)
    await ben.does(submit, *parts[:-1])
    await ana.does(SetRole(ben.member.member, Role.VIEWER))
    await ben.does(parts[-1])
    assert ben.rejection is Code.ROLE
    assert not ben.room.jobs


async def test_so_many_bytes_may_be_on_their_way_of_all_members_together(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "SERVER_BYTES", 3 * PART_MAX)
    ana, ben = house.hand("ana"), house.hand("ben")
    await ana.does(large(1)[0], large(1)[1][0])
    await ben.does(large(2)[0])
    assert ben.rejection is Code.BUSY
    await ana.does(large(1)[1][1])
    await ben.does(large(2)[0], *large(2)[1])
    assert ben.ear.last(Accepted).job == job_id(2)


async def test_what_nobody_was_told_of_is_not_to_be_had_either(house: House) -> None:
    ana = house.hand("ana")
    await ana.does(make_submit(1))
    job = job_in(ana, 1)
    wrote(job, b"told")
    job.output.add(Stream.STDOUT, b" untold")
    await ana.does(FetchOutput(job.id, 0), FetchOutput(job.id, 4))
    first, second = ana.ear.of(OutputPart)
    assert (first.chunks, first.total) == ((OutputChunk(Stream.STDOUT, b"told"),), 4)
    assert (second.chunks, second.total) == ((), 4)
    assert job.summary().output_bytes == 4


# Typing.


async def test_a65_what_is_typed_is_shown_to_the_room_with_who_typed_it(house: House) -> None:
    ana, ben = house.hand("ana"), house.hand("ben")
    await ana.does(make_submit(1, stdin=StdinMode.SHARED))
    await ben.does(TakeStdin(job_id(1)))
    await ben.does(StdinData(job_id(1), 0, b"hello\n"), StdinEnd(job_id(1)))
    assert [(e.name, e.data, e.end) for e in ana.ear.of(StdinEcho)] == [
        ("ben", b"hello\n", False),
        ("ben", b"", True),
    ]


async def test_h07_what_all_members_receive_is_charged_for_each_of_them(house: House) -> None:
    """Lines that one link typed in a room of 430 members cost the server 1.3 s each second."""
    budgets = house.budgets = RecordingBudgets()
    ana, ben, _ = house.hand("ana"), house.hand("ben"), house.hand("cid")
    await ana.does(make_submit(1, stdin=StdinMode.SHARED))
    await ana.does(StdinData(job_id(1), 0, b"hello\n"))
    assert budgets.costs_of(DELIVERIES) == [3 * MESSAGES_OF_A_JOB, 3]
    await ben.does(StdinData(job_id(1), 0, b"too early"))
    assert len(budgets.costs_of(DELIVERIES)) == 2, "what nobody receives is not charged"


async def test_h07_a_query_is_refused_while_the_stores_time_for_earlier_ones_is_unpaid(
    house: House,
) -> None:
    ana, ben = house.hand("ana"), house.hand("ben")
    await ana.does(FetchHistory(1))
    assert not ana.ear.last(HistoryPage).trouble
    rate = QUERY_TIME.rates["member"]  # type: ignore[index]  # a Level is its word
    payer = Payer(ADDRESS, "", "room-a", key_of("ana"))
    now = asyncio.get_running_loop().time()
    debt = 2 * QUERY_DELAY_MAX * rate.per_second
    house.budgets.delay(QUERY_TIME, payer, rate.burst + debt, now)
    await ana.does(FetchHistory(2))
    assert "limit on time of the store for queries is reached" in ana.ear.last(HistoryPage).trouble
    await ben.does(FetchHistory(3))
    assert not ben.ear.last(HistoryPage).trouble


async def test_h07_host_commands_are_charged(house: House) -> None:
    """An attacker: 40 changes of roles cost a room of 200 members 25 MB."""
    ana, ben = house.hand("ana", role=Role.HOST), house.hand("ben")
    roles = [Role.VIEWER, Role.EDITOR] * int(HOST_ACTS.rates["member"].burst)  # type: ignore[index]  # a Level is its word
    await ana.does(*(SetRole(ben.member.member, role) for role in roles))
    assert "limit on changes of members and invites is reached" in ana.ear.last(Fault).reason
    assert len(ben.ear.of(Notice)) < len(roles)


async def test_a65_one_member_at_a_time_types_and_the_room_sees_who(house: House) -> None:
    ana, ben = house.hand("ana"), house.hand("ben")
    await ana.does(make_submit(1, stdin=StdinMode.SHARED))
    assert ana.ear.last(Submitted).job.holder == ana.member.member
    await ben.does(StdinData(job_id(1), 0, b"too early"))
    assert ben.fault is Code.NOT_HOLDER
    assert ben.ear.last(StdinTaken) == StdinTaken(job_id(1), 9), "its stream goes on after that"
    await ben.does(StdinEnd(job_id(1)))
    assert ben.ear.of(Fault)[-1].code is Code.NOT_HOLDER
    await ben.does(TakeStdin(job_id(1)), TakeStdin(job_id(1)))
    assert [(e.member, e.name) for e in ana.ear.of(StdinHeld)] == [(ben.member.member, "ben")]
    await ben.does(StdinData(job_id(1), 9, b"now"))
    assert [(e.name, e.data) for e in ana.ear.of(StdinEcho)] == [("ben", b"now")]
    await ana.does(StdinData(job_id(1), 0, b"me too"))
    assert ana.fault is Code.NOT_HOLDER
    assert job_in(ana, 1).summary().holder == ben.member.member


@pytest.mark.parametrize("how", ["leaves", "is removed", "becomes a viewer"])
async def test_a65_when_whoever_typed_cannot_any_more_the_owner_does(
    house: House, how: str
) -> None:
    ana, ben = house.hand("ana", role=Role.HOST), house.hand("ben")
    await ana.does(make_submit(1, stdin=StdinMode.SHARED))
    await ben.does(TakeStdin(job_id(1)))
    if how == "leaves":
        ana.room.leave(key_of("ben"), ben.ear, 0.0)
    elif how == "is removed":
        await ana.does(RemoveMember(ben.member.member))
    else:
        await ana.does(SetRole(ben.member.member, Role.VIEWER))
    held = ana.ear.last(StdinHeld)
    assert (held.job, held.member, held.name) == (job_id(1), ana.member.member, "ana")
    await ana.does(StdinData(job_id(1), 0, b"mine"))
    assert ana.ear.last(StdinEcho).data == b"mine"


async def test_a_typed_line_lies_where_it_came_in_the_output(house: House) -> None:
    ana, ben = house.hand("ana"), house.hand("ben")
    await ana.does(make_submit(1, stdin=StdinMode.SHARED))
    wrote(job_in(ana, 1), b"name? ")
    await ana.does(StdinData(job_id(1), 0, b"Ana\n"))
    wrote(job_in(ana, 1), b"Hello")
    await ana.does(StdinData(job_id(1), 4, b"\n"))
    lines = ana.ear.of(StdinEcho)
    assert [(each.offset, each.number) for each in lines] == [(6, 0), (11, 1)]
    assert job_in(ana, 1).summary().typed == 2
    await ben.does(FetchOutput(job_id(1), 0))
    assert ben.ear.last(OutputPart).typed == tuple(lines)
    kept = [run for run in output_of(job_in(ana, 1)) if run.typed_by]
    assert [(run.offset, run.typed_by, run.data) for run in kept] == [
        (6, "ana", b"Ana\n"),
        (11, "ana", b"\n"),
    ]


async def test_a65_what_is_piped_is_taken_over_by_nobody(house: House) -> None:
    ana, ben = house.hand("ana"), house.hand("ben")
    await ana.does(make_submit(1, stdin=StdinMode.PIPED))
    await ben.does(TakeStdin(job_id(1)))
    assert ben.fault is Code.STDIN_CLOSED


async def test_of_long_input_the_room_is_shown_the_beginning(house: House) -> None:
    ana = house.hand("ana")
    await ana.does(make_submit(1, stdin=StdinMode.SHARED))
    await ana.does(StdinData(job_id(1), 0, bytes(STDIN_ECHO_MAX + 1)))
    assert len(ana.ear.last(StdinEcho).data) == STDIN_ECHO_MAX


async def test_what_is_piped_is_nobody_elses_business(house: House) -> None:
    ana, ben = house.hand("ana"), house.hand("ben")
    await ana.does(make_submit(1, stdin=StdinMode.PIPED))
    await ana.does(StdinData(job_id(1), 0, b"secret"))
    assert ben.ear.of(StdinEcho) == ana.ear.of(StdinEcho) == []
    await ben.does(StdinData(job_id(1), 0, b"x"))
    assert ben.fault is Code.STDIN_CLOSED


async def test_what_is_typed_again_after_a_cut_is_shown_once_and_answered_with_what_was_taken(
    house: House,
) -> None:
    ana = house.hand("ana")
    await ana.does(make_submit(1, stdin=StdinMode.SHARED))
    again = StdinData(job_id(1), 0, b"hello")
    await ana.does(again)
    job_in(ana, 1).input.taken(3)
    await ana.does(again, StdinEnd(job_id(1)), again, StdinEnd(job_id(1)))
    assert ana.ear.of(Fault) == []
    assert [echo.data for echo in ana.ear.of(StdinEcho)] == [b"hello", b""]
    assert ana.ear.of(StdinTaken) == [StdinTaken(job_id(1), 3)] * 2


async def test_a_program_that_does_not_run_cannot_be_interrupted(house: House) -> None:
    ana = house.hand("ana")
    await ana.does(make_submit(1), Interrupt(job_id(1)))
    assert ana.fault is Code.NO_SUCH_JOB


# Looking back.


async def test_old_output_comes_in_parts(house: House) -> None:
    ana = house.hand("ana")
    await ana.does(make_submit(1))
    job = job_in(ana, 1)
    wrote(job, b"a" * PART_MAX)
    wrote(job, b"b" * 10, Stream.STDERR)
    await ana.does(
        FetchOutput(job.id, 0), FetchOutput(job.id, PART_MAX), FetchOutput(job.id, 1 << 40)
    )
    first, second, behind = ana.ear.of(OutputPart)
    assert (first.offset, first.end, first.total) == (0, PART_MAX, PART_MAX + 10)
    assert second.chunks == (OutputChunk(Stream.STDERR, b"b" * 10),)
    assert (behind.offset, behind.chunks) == (PART_MAX + 10, ())


async def test_h11_old_output_is_charged_by_its_pieces(house: House) -> None:
    house.budgets = budgets = RecordingBudgets()
    ana = house.hand("ana", invite="link")
    await ana.does(make_submit(1))
    job = job_in(ana, 1)
    for number in range(CHUNKS_MAX * 2):
        wrote(job, b"x", (Stream.STDOUT, Stream.STDERR)[number % 2])
    await ana.does(FetchOutput(job.id, 0), FetchOutput(job.id, 2 * CHUNKS_MAX - 1))
    full = CHUNKS_MAX / PIECES_A_REQUEST
    assert budgets.costs_of(OUTPUT_PARTS) == [1, full, 1, 1 / PIECES_A_REQUEST]
    payers = {payer for name, payer, _ in budgets.charges if name == OUTPUT_PARTS.name}
    assert payers == {Payer(ADDRESS, "link", "room-a", key_of("ana"))}


async def test_h11_old_output_is_charged_also_when_its_answer_is_refused(house: House) -> None:
    house.budgets = budgets = RecordingBudgets()
    ana = house.hand("ana")
    await ana.does(make_submit(1))
    for number in range(32):
        wrote(job_in(ana, 1), b"x", (Stream.STDOUT, Stream.STDERR)[number % 2])
    ana.ear.bulk_places = 0
    await ana.does(FetchOutput(job_id(1), 0))
    assert ana.fault is Code.TOO_FAST
    assert budgets.costs_of(OUTPUT_PARTS) == [1, 32 / PIECES_A_REQUEST]


async def test_output_that_is_gone_is_said_to_be_gone(house: House) -> None:
    ana = house.hand("ana")
    await ana.does(make_submit(1))
    job = job_in(ana, 1)
    wrote(job, b"abc")
    job.output.drop()
    await ana.does(FetchOutput(job.id, 0))
    assert ana.ear.last(OutputPart) == OutputPart(job.id, 3, (), 3)


async def test_too_many_questions_at_once_are_refused(house: House) -> None:
    ana = house.hand("ana")
    await ana.does(make_submit(1))
    ana.ear.bulk_places = 2
    await ana.does(*[FetchOutput(job_id(1), 0)] * 3)
    assert len(ana.ear.of(OutputPart)) == 2
    assert ana.fault is Code.TOO_FAST


async def test_the_output_of_a_job_that_has_ended_is_still_there(house: House) -> None:
    ana = house.hand("ana")
    await ana.does(make_submit(1))
    job = job_in(ana, 1)
    wrote(job, b"abc")
    await ana.does(Cancel(job.id), FetchOutput(job.id, 0))
    assert ana.ear.last(OutputPart).chunks == (OutputChunk(Stream.STDOUT, b"abc"),)
    assert isinstance(job.result, Result)


async def test_h10_choices_that_all_members_are_told_of_are_charged(house: House) -> None:
    ana, ben = house.hand("ana", invite="link"), house.hand("ben", invite="link")
    await ana.does(*[ChooseLanguage("python")] * 50)
    assert len(ben.ear.of(LanguageChosen)) == 1
    await ana.does(*(ChooseLanguage(("cpp", "python")[n % 2]) for n in range(50)))
    assert len(ben.ear.of(LanguageChosen)) == 10
    assert ana.fault is Code.TOO_FAST
    await ben.does(ChooseLanguage("java"))
    assert ana.ear.last(LanguageChosen).language == "java"


async def test_h11_only_input_that_is_taken_counts_in_the_queue(house: House) -> None:
    ana = house.hand("ana")
    closed, shared = make_submit(1), make_submit(2, stdin=StdinMode.SHARED)
    await ana.does(closed, shared)
    before = house.scheduler.queue.waiting_bytes
    await ana.does(*[StdinData(job_id(1), 0, b"refused")] * 9)
    await ana.does(*[StdinData(job_id(2), 9, b"behind a hole")] * 9)
    assert house.scheduler.queue.waiting_bytes == before
    await ana.does(*[StdinData(job_id(2), 0, b"hello")] * 9, StdinData(job_id(2), 3, b"lo you"))
    assert house.scheduler.queue.waiting_bytes == before + len(b"hello you")


async def test_h10_queries_are_refused_when_a_link_is_far_behind_with_its_payments(
    house: House,
) -> None:
    ana, host = house.hand("ana", invite="link"), house.hand("host", invite="other")
    payer = Payer("", "link", "room-b", key_of("eve"))
    house.budgets.delay(QUERIES, payer, 600 + 30 * 1000, asyncio.get_running_loop().time())
    await ana.does(FetchHistory(1), FetchSource(2, job_id(1), 0))
    assert "queries of past jobs" in ana.ear.last(HistoryPage).trouble
    assert "Try again in about" in ana.ear.last(SourcePart).trouble
    await host.does(FetchHistory(1))
    assert host.ear.last(HistoryPage).trouble == ""


async def test_h13_a_source_is_read_from_the_store_once_for_all_its_pieces(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, elsewhere = house.hand("ana"), house.hand("eve", room="room-b")
    await ana.does(make_submit(1, source=b"x" * 5000), Cancel(job_id(1)))
    reads: list[str] = []
    job, output = house.writer.store.job, house.writer.store.output

    async def counted(name: str, *, with_source: bool = False) -> JobRecord | None:
        reads.append("job with its source" if with_source else "job")
        return await job(name, with_source=with_source)

    async def read_output(name: str) -> Sequence[OutputRun]:
        reads.append("output")
        return await output(name)

    monkeypatch.setattr(house.writer.store, "job", counted)
    monkeypatch.setattr(house.writer.store, "output", read_output)
    await ana.does(*(FetchSource(n, job_id(1), 1000 * n) for n in range(5)))
    assert ana.ear.last(SourcePart).total == 5000
    assert reads == ["job with its source"]
    await elsewhere.does(FetchOutput(job_id(1), 0))
    assert elsewhere.fault is Code.NO_SUCH_JOB
    assert reads == ["job with its source", "job"], "no output of another room is read"
