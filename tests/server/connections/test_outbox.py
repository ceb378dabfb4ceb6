"""An outbox keeps order and bounds, and blocks nobody."""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from codesync_server.access.memory_by_owner import MemoryByOwner
from codesync_server.connections.outbox import (
    BULK_MAX,
    BYTES_MAX,
    LATE_SECONDS,
    OUTPUT_BYTES_MAX,
    Outbox,
)
from tests.waiting import SECONDS

KIB = 1024


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


async def everything(outbox: Outbox) -> list[bytes]:
    """What is sent, until nothing waits any more."""
    outbox.close("the test is over")
    frames: list[bytes] = []
    while (frame := await outbox.next_frame()) is not None:
        frames.append(frame)
    return frames


# Order.


async def test_answers_and_states_go_before_events_and_each_kind_in_its_order(
    outbox: Outbox,
) -> None:
    outbox.put_event(b"event 1")
    outbox.put_state("queue", b"queue")
    outbox.put_reply(b"reply 1")
    outbox.put_event(b"event 2")
    outbox.put_reply(b"reply 2")
    assert await everything(outbox) == [b"reply 1", b"reply 2", b"queue", b"event 1", b"event 2"]


async def test_the_welcome_goes_before_what_was_there_earlier(outbox: Outbox) -> None:
    outbox.put_state("members", b"members")
    outbox.put_event(b"event")
    outbox.put_reply(b"reply")
    outbox.put_first(b"welcome")
    assert await everything(outbox) == [b"welcome", b"reply", b"members", b"event"]


async def test_a_change_of_a_state_replaces_an_unsent_one_by_the_whole_state(
    outbox: Outbox,
) -> None:
    outbox.put_state("carets", b"ana", whole=lambda: [b"ana and ben"])
    assert await outbox.next_frame() == b"ana"
    outbox.put_state("carets", b"ana", whole=lambda: [b"ana and ben"])
    outbox.put_state("carets", b"ben", whole=lambda: [b"ana and ben", b"eve"])
    assert await everything(outbox) == [b"ana and ben", b"eve"]


async def test_of_a_state_only_the_latest_is_sent(outbox: Outbox) -> None:
    for number in range(1000):
        outbox.put_state("queue", b"queue %d" % number)
        outbox.put_state("members", b"members %d" % number)
    assert await everything(outbox) == [b"queue 999", b"members 999"]


async def test_bulk_and_events_take_turns_so_that_neither_waits_for_ever(outbox: Outbox) -> None:
    for number in range(3):
        outbox.put_event(b"event %d" % number)
        assert outbox.put_bulk(partial(bytes, b"bulk %d" % number))
    frames = await everything(outbox)
    assert [frame[:1] for frame in frames] == [b"e", b"b"] * 3
    assert [frame for frame in frames if frame.startswith(b"b")] == [
        b"bulk 0",
        b"bulk 1",
        b"bulk 2",
    ]


async def test_what_is_large_is_made_when_its_turn_comes_and_not_before(outbox: Outbox) -> None:
    made: list[int] = []

    def make(number: int) -> bytes:
        made.append(number)
        return b"bulk"

    for number in range(3):
        outbox.put_bulk(partial(make, number))
    assert made == []
    await outbox.next_frame()
    assert made == [0]


# Waiting and ending.


async def test_whoever_waits_for_a_frame_gets_the_next_one_at_once(outbox: Outbox) -> None:
    puts: list[Callable[[], object]] = [
        lambda: outbox.put_first(b"frame"),
        lambda: outbox.put_reply(b"frame"),
        lambda: outbox.put_state("queue", b"frame"),
        lambda: outbox.put_event(b"frame"),
        lambda: outbox.put_bulk(lambda: b"frame"),
    ]
    for put in puts:
        async with asyncio.TaskGroup() as tasks, asyncio.timeout(SECONDS):
            frame = tasks.create_task(outbox.next_frame())
            await asyncio.sleep(0)
            assert not frame.done()
            put()
        assert frame.result() == b"frame"


async def test_what_waits_is_sent_before_the_end(outbox: Outbox) -> None:
    outbox.put_event(b"last")
    outbox.close("goodbye")
    assert await outbox.next_frame() == b"last"
    assert await outbox.next_frame() is None


async def test_the_first_reason_to_end_is_the_one_that_counts(outbox: Outbox) -> None:
    outbox.close("removed")
    outbox.close("the server is shutting down")
    assert outbox.closing == "removed"


async def test_an_end_wakes_whoever_waits(outbox: Outbox) -> None:
    async with asyncio.TaskGroup() as tasks, asyncio.timeout(SECONDS):
        frame = tasks.create_task(outbox.next_frame())
        await asyncio.sleep(0)
        outbox.close("goodbye")
    assert frame.result() is None


# At once.


class Wire:
    """A connection with its writer: it takes frames while it is free."""

    def __init__(self) -> None:
        self.outbox = Outbox(send_now=self.take)
        self.free = asyncio.Event()
        self.sent: list[bytes] = []

    def take(self, frame: bytes) -> bool:
        if self.free.is_set():
            self.sent.append(frame)
        return self.free.is_set()

    async def write(self) -> None:
        await self.free.wait()
        while (frame := await self.outbox.next_frame()) is not None:
            self.sent.append(frame)
            await self.free.wait()


async def test_what_nothing_stands_before_is_sent_at_once() -> None:
    wire = Wire()
    wire.free.set()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(wire.write())
        wire.outbox.put_event(b"before the writer waits")
        assert wire.sent == []
        await asyncio.sleep(0)
        assert wire.sent == [b"before the writer waits"]
        wire.outbox.put_event(b"event")
        wire.outbox.put_state("queue", b"state")
        wire.outbox.put_reply(b"reply")
        assert wire.sent[1:] == [b"event", b"state", b"reply"]
        wire.outbox.put_bulk(lambda: b"bulk")
        wire.outbox.put_event(b"behind the bulk")
        assert wire.sent[4:] == [], "something waits"
        wire.outbox.close("the test is over")
    assert wire.sent[4:] == [b"bulk", b"behind the bulk"]


async def test_a_client_that_has_not_taken_what_it_was_sent_makes_things_wait() -> None:
    wire = Wire()
    wire.free.set()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(wire.write())
        await asyncio.sleep(0)
        wire.free.clear()
        for number in range(3):
            wire.outbox.put_event(b"event %d" % number)
        assert wire.sent == []
        wire.free.set()
        wire.outbox.put_event(b"event 3")
        assert wire.sent == [], "the others stand before it"
        wire.outbox.close("the test is over")
    assert wire.sent == [b"event 0", b"event 1", b"event 2", b"event 3"]


@given(st.lists(st.sampled_from(["event", "free", "full", "turn"]), max_size=60))
async def test_events_stay_in_order_whether_they_are_sent_at_once_or_wait(steps: list[str]) -> None:
    wire = Wire()
    put: list[bytes] = []
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(wire.write())
        for step in steps:
            match step:
                case "event":
                    put.append(b"%d" % len(put))
                    wire.outbox.put_event(put[-1])
                case "free":
                    wire.free.set()
                case "full":
                    wire.free.clear()
                case _:
                    await asyncio.sleep(0)
        wire.free.set()
        wire.outbox.close("the test is over")
    assert wire.sent == put


# Bounds.


async def test_a44_output_that_a_slow_reader_cannot_take_is_left_out_and_counted(
    outbox: Outbox,
) -> None:
    frame = bytes(32 * KIB)
    for _ in range(1000):
        outbox.put_event(frame, may_skip=True)
    assert not outbox.overflowed
    frames = await everything(outbox)
    assert OUTPUT_BYTES_MAX <= len(frames) * len(frame) <= OUTPUT_BYTES_MAX + len(frame)
    assert outbox.skipped == (1000 - len(frames)) * len(frame)


async def test_a44_what_is_not_output_is_never_left_out(outbox: Outbox) -> None:
    for _ in range(40):
        outbox.put_event(bytes(32 * KIB), may_skip=True)
    outbox.put_event(b"finished")
    assert (await everything(outbox))[-1] == b"finished"


async def test_a44_once_a_reader_has_caught_up_output_comes_again(outbox: Outbox) -> None:
    for _ in range(40):
        outbox.put_event(bytes(32 * KIB), may_skip=True)
    skipped = outbox.skipped
    for _ in range(10):
        await outbox.next_frame()
    outbox.put_event(b"again", may_skip=True)
    assert outbox.skipped == skipped
    assert (await everything(outbox))[-1] == b"again"


async def test_f30_output_that_has_waited_for_long_makes_way_for_an_edit() -> None:
    now = 0.0
    outbox = Outbox(clock=lambda: now)
    outbox.put_event(b"started")
    outbox.put_event(b"output 1", may_skip=True)
    outbox.put_event(b"output 2", may_skip=True)
    now = LATE_SECONDS - 0.1
    outbox.put_event(b"edit 1", urgent=True)
    assert outbox.skipped == 0, "a reader who keeps up misses nothing"
    now = LATE_SECONDS
    outbox.put_event(b"output 3", may_skip=True)
    outbox.put_event(b"edit 2", urgent=True)
    assert outbox.skipped == len(b"output 1output 2output 3")
    outbox.put_event(b"output 4", may_skip=True)
    assert await everything(outbox) == [b"started", b"edit 1", b"edit 2", b"output 4"]


async def test_f30_what_made_way_makes_room_for_more_output() -> None:
    now = 0.0
    outbox = Outbox(clock=lambda: now)
    for _ in range(40):
        outbox.put_event(bytes(32 * KIB), may_skip=True)
    now = LATE_SECONDS
    outbox.put_event(b"edit", urgent=True)
    skipped = outbox.skipped
    outbox.put_event(b"output", may_skip=True)
    assert outbox.skipped == skipped == 40 * 32 * KIB


@pytest.mark.parametrize("kind", ["reply", "event"])
async def test_a44_who_does_not_even_take_what_cannot_be_left_out_is_let_go(
    outbox: Outbox, kind: str
) -> None:
    put = outbox.put_reply if kind == "reply" else outbox.put_event
    for _ in range(BYTES_MAX // (32 * KIB)):
        put(bytes(32 * KIB))
    before = outbox.overflowed
    put(b"x")
    assert (before, outbox.overflowed) == (False, True)
    assert await outbox.next_frame() is None, "nobody waits for it to take the rest"


async def test_a44_whoever_waits_for_a_frame_hears_of_the_overflow(outbox: Outbox) -> None:
    async with asyncio.TaskGroup() as tasks, asyncio.timeout(SECONDS):
        frame = tasks.create_task(outbox.next_frame())
        await asyncio.sleep(0)
        outbox.put_reply(bytes(BYTES_MAX + 1))
    assert frame.result() is None


async def test_a56_only_so_many_large_answers_wait(outbox: Outbox) -> None:
    def make() -> bytes:
        return b"bulk"

    assert [outbox.put_bulk(make) for _ in range(BULK_MAX)] == [True] * BULK_MAX
    assert not outbox.put_bulk(make)
    await outbox.next_frame()
    assert outbox.put_bulk(make)


# Always.


class Life(RuleBasedStateMachine):
    """A client that now reads and now does not, and a server that says whatever it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.outbox = Outbox()
        self.numbers: Iterator[int] = iter(range(1 << 32))
        self.put: dict[bytes, list[bytes]] = {b"r": [], b"e": [], b"b": []}
        self.sent: dict[bytes, list[bytes]] = {b"r": [], b"e": [], b"b": []}
        self.states: dict[str, bytes] = {}
        self.waiting = 0
        self.skipped = 0

    def frame(self, kind: bytes, size: int) -> bytes:
        return b"%s%08d" % (kind, next(self.numbers)) + bytes(size)

    sizes = st.integers(0, 400 * KIB)

    @rule(size=sizes)
    def says_an_answer(self, size: int) -> None:
        frame = self.frame(b"r", size)
        self.outbox.put_reply(frame)
        self.put[b"r"].append(frame)

    @rule(size=sizes, may_skip=st.booleans())
    def says_an_event(self, size: int, may_skip: bool) -> None:
        frame = self.frame(b"e", size)
        skipped = self.outbox.skipped
        self.outbox.put_event(frame, may_skip=may_skip)
        if self.outbox.skipped == skipped:
            self.put[b"e"].append(frame)
        else:
            assert may_skip
            assert self.outbox.skipped == skipped + len(frame)

    @rule(kind=st.sampled_from(["queue", "members", "saving"]))
    def says_a_state(self, kind: str) -> None:
        self.states[kind] = self.frame(b"s", 0)
        self.outbox.put_state(kind, self.states[kind])

    @rule(size=sizes)
    def says_something_large(self, size: int) -> None:
        frame = self.frame(b"b", size)
        if self.outbox.put_bulk(lambda: frame):
            self.put[b"b"].append(frame)

    @precondition(lambda self: self.has_something() and not self.outbox.overflowed)
    @rule()
    def reads(self) -> None:
        frame = run(self.outbox)
        assert frame is not None
        if frame.startswith(b"s"):
            kind = next(kind for kind, state in self.states.items() if state == frame)
            del self.states[kind]
        else:
            self.sent[frame[:1]].append(frame)

    def has_something(self) -> bool:
        return bool(self.states) or self.put != self.sent

    @invariant()
    def nothing_is_lost_repeated_or_out_of_order(self) -> None:
        for kind, sent in self.sent.items():
            assert sent == self.put[kind][: len(sent)]

    @invariant()
    def it_holds_no_more_than_it_may_or_lets_the_client_go(self) -> None:
        held = sum(
            len(frame) for kind in (b"r", b"e") for frame in self.put[kind][len(self.sent[kind]) :]
        )
        assert held <= BYTES_MAX or self.outbox.overflowed

    def teardown(self) -> None:
        if not self.outbox.overflowed:
            while self.has_something():
                self.reads()
            self.outbox.close("over")
            assert run(self.outbox) is None


def run(outbox: Outbox) -> bytes | None:
    """Take the next frame, which is there."""
    take = outbox.next_frame()
    try:
        take.send(None)
    except StopIteration as done:
        frame: bytes | None = done.value
        return frame
    raise AssertionError("something waits, and is not sent")


TestLife = Life.TestCase


@given(st.lists(st.binary(min_size=1, max_size=10), max_size=50))
def test_events_that_fit_arrive_as_they_were(events: list[bytes]) -> None:
    outbox = Outbox()
    for event in events:
        outbox.put_event(event, may_skip=True)
    assert [run(outbox) for _ in events] == events
    assert outbox.skipped == 0


def test_h10_states_count_among_the_bytes_that_a_client_does_not_take() -> None:
    """Carets of members who come and go are states of ever new kinds."""
    memory = MemoryByOwner()
    outbox = Outbox(memory=memory)
    for member in range(2 * BYTES_MAX // 100):
        outbox.put_state(f"caret {member}", bytes(100))
    assert outbox.overflowed
    assert memory.bytes == 0


async def test_h10_states_that_were_taken_or_replaced_do_not_count() -> None:
    outbox = Outbox()
    for number in range(40):
        outbox.put_state("members", bytes(BYTES_MAX // 8), bytes(BYTES_MAX // 8))
        if number % 3 == 0:
            await outbox.next_frame()
    assert not outbox.overflowed
