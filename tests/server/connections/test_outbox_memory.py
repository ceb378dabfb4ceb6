"""One limit for all outboxes: the heaviest owner loses data, the others lose nothing."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_server.access.memory_by_owner import (
    ENTRY_BYTES,
    SHARED_ENTRY_BYTES,
    MemoryByOwner,
)
from codesync_server.access.payer import Payer
from codesync_server.connections.outbox import Outbox

KIB = 1024


def outboxes(count: int, limit: int) -> tuple[MemoryByOwner, list[Outbox]]:
    memory = MemoryByOwner(limit)
    return memory, [Outbox(memory=memory) for _ in range(count)]


def frame(size: int = KIB) -> bytes:
    return bytes(bytearray(size))


def test_h13_a_frame_that_waits_in_many_outboxes_counts_once() -> None:
    memory, viewers = outboxes(150, 100 * KIB)
    shared = frame(64 * KIB)
    for viewer in viewers:
        viewer.put_event(shared, may_skip=True)
    assert memory.bytes == len(shared) + ENTRY_BYTES + 149 * SHARED_ENTRY_BYTES
    assert not memory.evictions


@pytest.mark.parametrize(
    ("victim", "abuser"),
    [
        (Payer("10.0.0.1", "a", "room", "ana"), Payer("10.0.0.2", "b", "other", "eve")),
        (Payer("10.0.0.1", "a", "room", "ana"), Payer("10.0.0.1", "b", "room", "eve")),
        (Payer("10.0.0.1", "a", "room", "ana"), Payer("10.0.0.2", "a", "room", "eve")),
    ],
    ids=["room", "invite", "address"],
)
def test_h13_many_connections_with_little_do_not_evict_one_with_more(
    victim: Payer, abuser: Payer
) -> None:
    memory = MemoryByOwner(40 * KIB)
    innocent = Outbox(memory=memory)
    innocent.assign(victim)
    innocent.put_reply(frame(8 * KIB))
    hostile = [Outbox(memory=memory) for _ in range(30)]
    for outbox in hostile:
        outbox.assign(abuser)
        outbox.put_reply(frame(2 * KIB))
    assert memory.evictions
    assert not innocent.overflowed
    assert memory.bytes <= memory.limit
    for outbox in (innocent, *hostile):
        outbox.release()
    assert memory.bytes == 0


def test_h13_a_text_that_a_whole_room_waits_for_does_not_make_it_the_heaviest() -> None:
    memory = MemoryByOwner(40 * KIB)
    readers = [Outbox(memory=memory) for _ in range(20)]
    text = frame(8 * KIB)
    for outbox in readers:
        outbox.assign(Payer("10.0.0.1", "a", "room"))
        outbox.put_reply(text)
    slow = Outbox(memory=memory)
    slow.assign(Payer("10.0.0.2", "b", "other"))
    for _ in range(20):
        slow.put_reply(frame(2 * KIB))
    assert slow.overflowed
    assert not any(each.overflowed for each in readers)


def test_h13_the_largest_outbox_leaves_out_output_first() -> None:
    memory, (slow, other) = outboxes(2, 10 * KIB)
    other.put_event(frame(), may_skip=True)
    slow.put_event(frame())
    for _ in range(12):
        slow.put_event(frame(), may_skip=True)
    assert memory.bytes <= memory.limit
    assert slow.skipped
    assert not slow.overflowed
    assert not other.skipped


def test_h13_a_client_whose_backlog_cannot_be_left_out_is_let_go() -> None:
    memory, (slow, other) = outboxes(2, 10 * KIB)
    other.put_reply(frame())
    for _ in range(12):
        slow.put_reply(frame())
    assert slow.overflowed
    assert not other.overflowed
    assert memory.bytes < 2 * KIB


def test_h13_what_waits_in_the_transport_counts() -> None:
    memory, (slow, other) = outboxes(2, 10 * KIB)
    slow.set_in_flight(8 * KIB)
    other.put_reply(frame(4 * KIB))
    assert (slow.overflowed, other.overflowed) == (True, False)
    slow.release()
    assert memory.bytes == 4 * KIB + ENTRY_BYTES


def test_h13_what_bulk_answers_keep_counts() -> None:
    memory, (slow, other) = outboxes(2, 10 * KIB)
    for _ in range(11):
        slow.put_bulk(lambda: b"", KIB)
    assert slow.overflowed
    assert not other.overflowed
    assert memory.bytes == 0


async def test_h13_a_text_that_is_sent_in_parts_counts_until_its_last_part() -> None:
    """Each edit makes another text: readers that take nothing keep one each."""
    memory, (slow, same, other) = outboxes(3, 10 * KIB)
    text = frame(4 * KIB)
    for outbox in (slow, same):
        outbox.put_bulk(lambda: b"part", source=text)
    assert memory.bytes == len(text) + ENTRY_BYTES + SHARED_ENTRY_BYTES, "both keep the same bytes"
    assert await slow.next_frame() == b"part"
    assert memory.bytes == len(text) + ENTRY_BYTES
    assert await same.next_frame() == b"part"
    assert memory.bytes == 0
    for _ in range(3):
        slow.put_bulk(lambda: b"part", source=frame(4 * KIB))
    other.put_reply(frame())
    assert (slow.overflowed, other.overflowed) == (True, False)


async def test_h13_an_outbox_that_gave_way_ends_its_connection() -> None:
    _, (slow,) = outboxes(1, KIB)
    waiting = asyncio.ensure_future(slow.next_frame())
    await asyncio.sleep(0)
    slow.put_reply(frame(2 * KIB))
    assert await waiting is None


puts: list[Callable[[Outbox, bytes], object]] = [
    lambda outbox, data: outbox.put_reply(data),
    lambda outbox, data: outbox.put_first(data, data),
    lambda outbox, data: outbox.put_state("queue", data, data),
    lambda outbox, data: outbox.put_state("members", data),
    lambda outbox, data: outbox.put_event(data),
    lambda outbox, data: outbox.put_event(data, may_skip=True),
    lambda outbox, data: outbox.put_event(data, may_skip=True, urgent=True),
    lambda outbox, data: outbox.put_bulk(lambda: data, len(data)),
    lambda outbox, data: outbox.put_bulk(lambda: data, source=data),
    lambda outbox, data: outbox.cut(data, "over"),
    lambda outbox, data: outbox.set_in_flight(len(data)),
]


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(-3, len(puts) - 1), st.integers(0, 4)),
        max_size=150,
    )
)
async def test_h13_the_limit_is_kept_and_everything_is_given_back(
    steps: list[tuple[int, int, int]],
) -> None:
    memory, all_of_them = outboxes(4, 20 * KIB)
    for number, outbox in enumerate(all_of_them):
        outbox.assign(Payer(f"10.0.0.{number % 2}", "a", f"room-{number // 3}"))
    frames = [frame(size) for size in (0, 100, KIB, 3 * KIB, 7 * KIB)]
    for who, act, which in steps:
        outbox = all_of_them[who]
        if act >= 0:
            puts[act](outbox, frames[which])
        else:
            outbox.close("so that it does not wait")
            await outbox.next_frame()
        assert memory.bytes <= memory.limit or all(each.overflowed for each in all_of_them)
    for outbox in all_of_them:
        outbox.release()
    assert memory.bytes == 0
