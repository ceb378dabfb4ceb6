"""Many writes become few events, without loss or reordering."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_protocol.limits import OUTPUT_EVENT_MAX
from codesync_protocol.messages import Stream
from codesync_server.jobs import coalescer
from codesync_server.jobs.coalescer import CHANGES_MAX, OutputCoalescer
from tests.waiting import SECONDS

OUT, ERR, COMPILER = Stream.STDOUT, Stream.STDERR, Stream.COMPILER
Event = tuple[Stream, bytes]


def collecting() -> tuple[OutputCoalescer, list[Event]]:
    events: list[Event] = []
    return OutputCoalescer(lambda stream, data: events.append((stream, data))), events


def of(stream: Stream, events: list[Event]) -> bytes:
    return b"".join(data for each, data in events if each is stream)


async def test_the_first_write_goes_out_at_once() -> None:
    output, events = collecting()
    output.write(OUT, b"prompt> ")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert events == [(OUT, b"prompt> ")]


async def test_writes_soon_after_another_go_out_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coalescer, "INTERVAL_SECONDS", 3600.0)
    output, events = collecting()
    output.write(OUT, b"first")
    output.flush()
    for letter in b"second":
        output.write(OUT, bytes([letter]))
        await asyncio.sleep(0)
    assert events == [(OUT, b"first")]
    output.flush()
    assert events == [(OUT, b"first"), (OUT, b"second")]


async def test_what_waits_goes_out_by_itself_after_the_interval() -> None:
    output, events = collecting()
    output.write(OUT, b"first")
    output.flush()
    output.write(OUT, b"second")
    assert len(events) == 1
    async with asyncio.timeout(SECONDS):
        while len(events) < 2:  # noqa: ASYNC110 # the interval is the thing under test
            await asyncio.sleep(0.001)


async def test_much_output_does_not_wait() -> None:
    output, events = collecting()
    output.flush()
    output.write(OUT, bytes(OUTPUT_EVENT_MAX))
    assert events == [(OUT, bytes(OUTPUT_EVENT_MAX))]


async def test_flushing_nothing_is_no_event() -> None:
    output, events = collecting()
    output.flush()
    output.flush()
    assert events == []


SMALL = st.lists(st.tuples(st.sampled_from(Stream), st.binary(max_size=4)), max_size=60)
LARGE = st.tuples(st.sampled_from(Stream), st.integers(0, 2 * OUTPUT_EVENT_MAX).map(bytes))
WRITES = st.tuples(SMALL, st.lists(LARGE, max_size=2), SMALL).map(lambda p: p[0] + p[1] + p[2])


@given(WRITES)
def test_each_stream_comes_out_whole_and_in_its_order(writes: list[Event]) -> None:
    async def run() -> list[Event]:
        output, events = collecting()
        for stream, data in writes:
            output.write(stream, data)
        output.flush()
        return events

    events = asyncio.run(run())
    for stream in Stream:
        assert of(stream, events) == of(stream, writes)
    assert all(0 < len(data) <= OUTPUT_EVENT_MAX for _, data in events)


async def test_streams_that_take_turns_a_few_times_keep_their_turns() -> None:
    output, events = collecting()
    turns = [(OUT, b"1"), (ERR, b"2"), (OUT, b"3"), (COMPILER, b"4"), (OUT, b"5")]
    for stream, data in turns:
        output.write(stream, data)
    output.flush()
    assert events == turns


async def test_streams_that_take_turns_with_every_byte_make_few_events() -> None:
    output, events = collecting()
    for n in range(10_000):
        output.write(OUT if n % 2 else ERR, bytes([n % 251]))
    output.flush()
    flushes = 10_000 / OUTPUT_EVENT_MAX + 1
    assert len(events) <= flushes * (CHANGES_MAX + len(Stream))
    assert of(ERR, events) == bytes(n % 251 for n in range(0, 10_000, 2))
    assert of(OUT, events) == bytes(n % 251 for n in range(1, 10_000, 2))


async def test_a_crowded_room_is_told_output_after_a_longer_interval() -> None:
    pauses, events = [3600.0, 0.0], list[Event]()
    output = OutputCoalescer(lambda stream, data: events.append((stream, data)), pauses.pop)
    output.write(OUT, b"first")
    output.flush()  # the next may follow at once
    output.write(OUT, b"second")
    output.flush_unless_paused()  # the next must wait
    for letter in b"third":
        output.write(OUT, bytes([letter]))
        output.flush_unless_paused()
        await asyncio.sleep(0)
    assert events == [(OUT, b"first"), (OUT, b"second")]
    async with asyncio.timeout(SECONDS):
        while len(events) < 3:  # the interval is the thing under test
            pauses.append(0.0)
            await asyncio.sleep(0.01)
    assert events[2] == (OUT, b"third")
