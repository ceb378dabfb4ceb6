"""A room's members, its messages to them, and its memory of them."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_protocol.codec import encode
from codesync_protocol.limits import NAME_COLUMNS_MAX
from codesync_protocol.messages import (
    Finished,
    JobState,
    Member,
    MemberCaret,
    Members,
    Notice,
    Output,
    Queue,
    Role,
    Started,
    Stream,
)
from codesync_protocol.names import columns
from codesync_protocol.verdict import Result, Verdict
from codesync_server.jobs.job import Job
from codesync_server.rooms import kept_jobs
from codesync_server.rooms import membership as roll_module
from codesync_server.rooms.identity import Identity
from codesync_server.rooms.kept_jobs import JOBS_KEPT
from codesync_server.rooms.member_places import RoomFull
from codesync_server.rooms.publish_barrier import Durable
from codesync_server.rooms.room import Room
from codesync_server.store.changes import Change
from tests.server.making import key_of, make_job, wrote
from tests.server.outlets import Ear


def empty_room() -> Room:
    return Room("test-room", now=100.0)


def enter(room: Room, name: str, *, key: str = "", role: Role = Role.EDITOR) -> tuple[Member, Ear]:
    ear = Ear()
    return room.enter(key or key_of(name), name, role, ear), ear


def names(room: Room) -> list[str]:
    return [member.name for member in room.members.members]


def ended(number: int, output: bytes = b"") -> Job:
    job = make_job(number)
    wrote(job, output)
    job.result = Result(Verdict.OK, "exit code 0")
    job.state = JobState.FINISHED
    return job


# Coming and going.


def test_members_are_told_who_is_here_in_the_order_of_arrival() -> None:
    room = empty_room()
    ana, ear = enter(room, "ana", role=Role.HOST)
    ben, _ = enter(room, "ben")
    assert ear.last(Members) == Members((ana, ben)) == room.members
    assert (ana.role, ben.role) == ("host", "editor")
    room.leave(key_of("ben"), Ear(), now=1.0)  # not by his connection
    assert room.size == 2


def test_a66_twins_are_told_apart() -> None:
    room = empty_room()
    for number in range(4):
        enter(room, "ana", key=f"{number:032x}")
    assert names(room) == ["ana", "ana-2", "ana-3", "ana-4"]
    assert len({member.member for member in room.members.members}) == 4
    assert len({member.colour for member in room.members.members}) == 4


@given(st.lists(st.text(st.characters(exclude_categories=())), min_size=1, max_size=10))
def test_a66_whatever_members_call_themselves_they_are_distinct_and_printable(
    wanted: list[str],
) -> None:
    room = empty_room()
    for number, name in enumerate(wanted):
        enter(room, name, key=f"{number:032x}")
    assert len(set(names(room))) == len(wanted)
    for name in names(room):
        assert name.isprintable()
        assert 0 < columns(name) <= NAME_COLUMNS_MAX


def test_a66_a_member_without_a_printable_name_is_a_guest() -> None:
    room = empty_room()
    assert enter(room, "\x1b\u202e ", key="0" * 32)[0].name == "guest-1"
    assert enter(room, "", key="1" * 32)[0].name == "guest-2"


def test_who_comes_back_is_who_they_were() -> None:
    room = empty_room()
    enter(room, "ana", key="0" * 32)
    twin, ear = enter(room, "ana", key="1" * 32)
    room.leave("1" * 32, ear, now=1.0)
    back, _ = enter(room, "anything", key="1" * 32)
    assert (back.member, back.name) == (twin.member, "ana-2")


def test_a_name_that_was_taken_meanwhile_is_not_given_twice() -> None:
    room = empty_room()
    ana, ear = enter(room, "ana", key="0" * 32)
    room.leave("0" * 32, ear, now=1.0)
    other, _ = enter(room, "ana", key="1" * 32)
    back, _ = enter(room, "ana", key="0" * 32)
    assert (other.name, back.name) == ("ana", "ana-2")
    assert (back.member, other.member) == (ana.member, ana.member + 1), "only the name is another"


def test_a_new_connection_takes_the_place_of_the_old_one() -> None:
    room = empty_room()
    ana, old = enter(room, "ana")
    again, new = enter(room, "ana")
    assert (ana.member, room.size) == (again.member, 1)
    assert old.closed == "the same client connected again"
    room.leave(key_of("ana"), old, now=1.0)
    assert room.size == 1
    heard = len(old.heard)
    room.notify(Notice("info", "x"))
    assert len(old.heard) == heard
    assert new.last(Notice).text == "x"


def test_a_room_has_only_so_many_places() -> None:
    room = empty_room()
    room.membership.places.members_max = 2
    enter(room, "ana")
    _, ear = enter(room, "ben")
    with pytest.raises(RoomFull):
        enter(room, "cid")
    assert names(room) == ["ana", "ben"]
    enter(room, "ben")  # who is here may come again
    assert ear.closed
    room.leave(key_of("ana"), Ear(), now=1.0)
    with pytest.raises(RoomFull, match=r"This room is full \(2 members\)"):
        enter(room, "cid")


class Failing:
    """Writes changes to the store until it is told to fail."""

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def __call__(self, _: Change) -> Durable:
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        return None


@pytest.mark.parametrize("error", [RuntimeError(), asyncio.CancelledError(), KeyboardInterrupt()])
@pytest.mark.parametrize("is_here", [False, True], ids=["new", "again"])
def test_an_entry_that_fails_leaves_no_member_place_or_channel(
    error: BaseException, *, is_here: bool
) -> None:
    write = Failing()
    room = Room("test-room", 100.0, write)
    room.membership.places.members_max = 2
    _, watching = enter(room, "ana")
    if is_here:
        enter(room, "ben")
        room.carets[2] = MemberCaret(2, 0, 0, 0)
    write.error, failed = error, Ear()
    with pytest.raises(type(error)):
        room.enter(key_of("ben"), "ben", Role.EDITOR, failed)
    assert names(room) == ["ana"]
    assert len(room.audience) == 1
    assert not room.carets
    assert not room.identity(key_of("ben")).is_present
    assert [each.name for each in watching.last(Members).members] == ["ana"]
    enter(room, "cid")  # the place is free
    assert names(room) == ["ana", "cid"]


def test_a_room_whose_only_member_fails_to_come_again_is_idle() -> None:
    write = Failing()
    room = Room("test-room", 100.0, write)
    enter(room, "ana")
    write.error = RuntimeError()
    with pytest.raises(RuntimeError):
        enter(room, "ana")
    assert (room.size, room.idle_since is None) == (0, False)


def test_a_client_without_an_identity_because_of_an_error_has_no_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    room = empty_room()
    room.membership.places.members_max = 1

    def fail(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(roll_module, "distinct_name", fail)
        with pytest.raises(RuntimeError):
            enter(room, "ana")
    enter(room, "ben")
    assert names(room) == ["ben"]


def test_h11_a_full_room_lets_hosts_and_known_members_in() -> None:
    room = empty_room()
    room.membership.places.members_max = 10
    _, ear = enter(room, "ana")
    room.leave(key_of("ana"), ear, now=1.0)
    _, ear = enter(room, "promoted")
    room.set_role(key_of("promoted"), Role.HOST)
    room.leave(key_of("promoted"), ear, now=1.0)
    for number in range(9):
        enter(room, f"eve-{number}")
    with pytest.raises(RoomFull):
        enter(room, "eve-9")
    enter(room, "ana")
    enter(room, "teacher", role=Role.HOST)
    enter(room, "promoted")
    assert {"ana", "teacher", "promoted"} < set(names(room))


def test_h11_new_keys_do_not_displace_what_hosts_decided_nor_edits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(roll_module, "IDENTITIES_KEPT", (5, 20, 30))
    room = empty_room()
    ears = {name: enter(room, name)[1] for name in ("removed", "watcher", "writer")}
    room.identity(key_of("writer")).edits_taken = 7
    room.set_role(key_of("watcher"), Role.VIEWER)
    room.remove(key_of("removed"), "out")
    for name in ("watcher", "writer"):
        room.leave(key_of(name), ears[name], now=1.0)
    for number in range(50):
        _, ear = enter(room, f"eve-{number}")
        room.leave(key_of(f"eve-{number}"), ear, now=1.0)
    assert room.membership.is_barred(key_of("removed"), None) == "out"
    assert enter(room, "watcher")[0].role is Role.VIEWER
    assert enter(room, "writer")[0].member == 3
    assert room.identity(key_of("writer")).edits_taken == 7
    assert len(list(room.membership.known)) <= 6


def test_h11_members_who_are_capped_by_an_old_link_can_be_forgotten() -> None:
    identity = Identity(1, "eve", role=Role.VIEWER, is_capped=True)
    assert identity.weight == 0
    identity.is_capped = False
    assert identity.weight == 2


def test_only_so_many_who_left_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roll_module, "IDENTITIES_KEPT", (2, 2, 2))
    room = empty_room()
    for name in ("ana", "ben", "cid"):
        _, ear = enter(room, name)
        room.leave(key_of(name), ear, now=1.0)
    assert enter(room, "cid")[0].member == 3
    assert enter(room, "ana")[0].member == 4


def test_a_room_is_idle_since_the_last_one_left() -> None:
    room = empty_room()
    idle = [room.idle_since]
    _, ana = enter(room, "ana")
    _, ben = enter(room, "ben")
    idle.append(room.idle_since)
    room.leave(key_of("ana"), ana, now=200.0)
    idle.append(room.idle_since)
    room.leave(key_of("ben"), ben, now=300.0)
    room.leave(key_of("ben"), ben, now=400.0)
    idle.append(room.idle_since)
    assert idle == [100.0, None, None, 300.0]


# What is said.


def test_events_are_numbered_kept_and_told_to_all() -> None:
    room = empty_room()
    _, ana = enter(room, "ana")
    _, ben = enter(room, "ben")
    job = make_job(1)
    room.publish(lambda seq: Started(seq, job.id, JobState.RUNNING))
    room.publish(lambda seq: Output(seq, job.id, Stream.STDOUT, 0, b"x"))
    room.publish(lambda seq: Finished(seq, job.id, Result(Verdict.OK, "exit code 0")))
    assert [event.seq for event in ana.of(Started) + ana.of(Output) + ana.of(Finished)] == [1, 2, 3]
    assert ana.of(Output) == ben.of(Output) == ana.skippable
    missed = room.log.since(room.log.epoch, 1)
    assert missed is not None
    assert len(missed) == 2


def test_a_queue_that_has_not_changed_is_not_told_again() -> None:
    room = empty_room()
    _, ana = enter(room, "ana")
    for queue in (Queue(queued=1), Queue(queued=1), Queue(queued=2)):
        room.send_queue(queue)
    assert ana.of(Queue) == [Queue(queued=1), Queue(queued=2)]


def test_an_answer_goes_to_whom_it_is_for() -> None:
    room = empty_room()
    _, ana = enter(room, "ana")
    _, ben = enter(room, "ben")
    room.audience.reply(key_of("ben"), encode(Notice("info", "for ben")))
    room.audience.reply(key_of("cid"), encode(Notice("info", "for nobody")))
    assert ben.last(Notice).text == "for ben"
    assert ana.of(Notice) == []


# Jobs.


def test_a_newcomer_is_told_of_jobs_oldest_first() -> None:
    room = empty_room()
    for number in (3, 1, 2):
        room.add_job(make_job(number))
    assert [int(job.job, 16) for job in room.summaries()] == [3, 1, 2]


def test_only_recent_jobs_are_remembered_and_all_that_go_on() -> None:
    room = empty_room()
    running = [make_job(number) for number in range(3)]
    for job in running:
        room.add_job(job)
    done = [ended(number) for number in range(100, 100 + JOBS_KEPT + 5)]
    for job in done:
        room.add_job(job)
        room.trim_jobs()
    assert list(room.jobs.values()) == [*running, *done[5:]]
    assert list(room.unfinished()) == running


def test_old_output_is_let_go_before_new_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_jobs, "OUTPUT_KEPT_BYTES", 250)
    room = empty_room()
    jobs = [ended(number, bytes(100)) for number in range(5)]
    running = make_job(9)
    wrote(running, bytes(1000))
    for job in (running, *jobs):
        room.add_job(job)
        room.trim_jobs()
    assert [job.output.held_bytes for job in jobs] == [0, 0, 0, 100, 100]
    assert running.output.held_bytes == 1000


def test_a_jobs_output_may_be_larger_than_all_that_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kept_jobs, "OUTPUT_KEPT_BYTES", 50)
    room = empty_room()
    job = ended(1, bytes(100))
    room.add_job(job)
    room.trim_jobs()
    assert job.output.held_bytes == 0
    assert job.summary().output_bytes == 100
