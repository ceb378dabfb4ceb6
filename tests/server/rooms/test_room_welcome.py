"""What newcomers are told of the queue and the jobs, at a low cost."""

from msgspec.structs import replace

from codesync_protocol.codec import decode_from_server
from codesync_protocol.limits import PAGES_MAX
from codesync_protocol.messages import Member, Members, Queue, QueuedJob, Role, Welcome, WelcomePart
from codesync_protocol.paging import join_welcome
from codesync_server.rooms.encoded_pages import ITEMS
from codesync_server.rooms.frames import frames_of
from codesync_server.rooms.room import Room
from codesync_server.rooms.room_welcome import MANY_JOBS, RoomWelcome
from tests.client.rooms import summary, welcome
from tests.server.making import key_of
from tests.server.outlets import Ear


def enter(room: Room, name: str) -> Ear:
    ear = Ear()
    room.enter(key_of(name), name, Role.EDITOR, ear)
    return ear


def not_computed() -> Queue:
    raise AssertionError("the members know a queue")


def full(jobs: int, members: int = 3, name: str = "ana") -> Welcome:
    queue = Queue(tuple(QueuedJob(f"{n:032x}", "queued", n) for n in range(jobs)), jobs, 3, 3)
    listed = Members(tuple(Member(n, name, "editor", n) for n in range(members)))
    return replace(welcome(*map(summary, range(jobs))), queue=queue, members=listed)


def read(frames: list[bytes]) -> Welcome:
    """Join a welcome as a client does."""
    first, *parts = map(decode_from_server, frames)
    assert isinstance(first, Welcome)
    assert len(parts) <= PAGES_MAX
    read_parts = [part for part in parts if isinstance(part, WelcomePart)]
    assert len(read_parts) == len(parts)
    more = [first.more, *(part.more for part in read_parts)]
    assert more == [True] * len(parts) + [False]
    return join_welcome(first, read_parts)


def test_a_newcomer_is_told_the_queue_that_all_members_know() -> None:
    room = Room("den", 0.0)
    ear = enter(room, "ana")
    told = room.welcome.queue(lambda: Queue(queued=1))
    assert told == Queue(queued=1)
    assert room.send_queue(Queue(queued=1)) == 0, "ana knows it"
    room.send_queue(Queue(queued=2))
    enter(room, "ben")
    assert room.welcome.queue(not_computed) == Queue(queued=2)
    assert room.send_queue(Queue(queued=2)) == 0
    assert ear.of(Queue) == [Queue(queued=2)]


def test_a_newcomer_is_told_of_a_change_before_the_members() -> None:
    room = Room("den", 0.0)
    ear = enter(room, "ana")
    room.send_queue(Queue(queued=1))
    newcomer = enter(room, "ben")
    assert room.welcome.queue(lambda: Queue(queued=2), has_changed=True) == Queue(queued=2)
    room.send_queue(Queue(queued=1))
    assert newcomer.of(Queue) == [Queue(queued=1)], "it may have changed back"
    assert ear.of(Queue)[-1] == Queue(queued=1)


def test_an_empty_room_forgets_the_queue_because_it_is_told_of_no_changes() -> None:
    room = Room("den", 0.0)
    ear = enter(room, "ana")
    room.send_queue(Queue(queued=2))
    room.leave(key_of("ana"), ear, 1.0)
    enter(room, "ben")
    assert room.welcome.queue(lambda: Queue(queued=3)) == Queue(queued=3)


def test_h09_a_welcome_with_many_jobs_is_read_as_it_was() -> None:
    state = RoomWelcome()
    for jobs in (0, 1, MANY_JOBS // 2, ITEMS, 2 * ITEMS + 1, 7 * ITEMS, ITEMS - 1, 3):
        for members in (1, 1_000):
            whole = full(jobs, members, "x" * 100)
            assert read(state.frames(whole)) == whole


def test_jobs_that_have_not_changed_are_not_encoded_again() -> None:
    state = RoomWelcome()
    whole = full(4 * ITEMS)
    frames = state.frames(whole)
    again = state.frames(full(4 * ITEMS, members=4))
    reused = [old is new for old, new in zip(frames, again, strict=True)]
    assert reused[1:-1] == [True] * (len(frames) - 2)
    jobs = list(whole.jobs)
    jobs[2 * ITEMS] = replace(jobs[2 * ITEMS], output_bytes=9)
    changed = replace(whole, jobs=tuple(jobs))
    again = state.frames(changed)
    assert read(again) == changed
    reused = [old is new for old, new in zip(frames, again, strict=True)]
    assert reused[1:-1].count(False) == 1, "of the group with the job"


def test_h09_a_welcome_of_too_many_parts_is_encoded_in_fewer() -> None:
    whole = full(PAGES_MAX // 2 * ITEMS)
    frames = RoomWelcome().frames(whole)
    assert read(frames) == whole
    assert len(frames) < PAGES_MAX
    assert len(frames_of([whole])) == 0, "one message would be too large"
