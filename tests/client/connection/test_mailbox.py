"""Events wait for their reader in a bounded buffer, and the connection does not wait."""

import asyncio

import pytest

from codesync_client.connection.mailbox import EVENTS_MAX, OUTPUT_BYTES_MAX, Mailbox, MailboxFull
from codesync_client.events import JobOutput, OutputSkipped, RoomEvent
from codesync_protocol.messages import Notice, Stream
from tests.client.rooms import job_id
from tests.waiting import SECONDS

NOTICE = Notice("info", "hello")


def out(number: int, data: bytes) -> JobOutput:
    return JobOutput(job_id(number), Stream.STDOUT, 0, data)


async def everything(mailbox: Mailbox) -> list[RoomEvent]:
    """What the reader gets until no more will come."""
    events: list[RoomEvent] = []
    async with asyncio.timeout(SECONDS):
        while (event := await mailbox.get()) is not None:
            events.append(event)
    return events


async def test_events_come_out_in_their_order() -> None:
    mailbox = Mailbox()
    sent: list[RoomEvent] = [out(1, b"a"), NOTICE, out(1, b"b")]
    for event in sent:
        mailbox.put(event)
    mailbox.close()
    assert await everything(mailbox) == sent
    assert await mailbox.get() is None


async def test_a_reader_waits_for_the_next_event() -> None:
    mailbox = Mailbox()
    async with asyncio.TaskGroup() as tasks:
        reader = tasks.create_task(mailbox.get())
        await asyncio.sleep(0)
        assert not reader.done()
        mailbox.put(NOTICE)
    assert reader.result() is NOTICE


async def test_a_waiting_reader_is_told_that_no_more_will_come() -> None:
    mailbox = Mailbox()
    async with asyncio.TaskGroup() as tasks:
        reader = tasks.create_task(mailbox.get())
        await asyncio.sleep(0)
        mailbox.close()
    assert reader.result() is None


async def test_a_mailbox_is_congested_while_too_much_output_is_unread() -> None:
    mailbox = Mailbox()
    mailbox.put(out(1, bytes(OUTPUT_BYTES_MAX)))
    congested = [mailbox.congested]
    mailbox.put(out(1, b"x"))
    congested.append(mailbox.congested)
    await mailbox.get()
    congested.append(mailbox.congested)
    assert congested == [False, True, False]


async def test_holes_of_one_job_that_touch_become_one() -> None:
    mailbox = Mailbox()
    for hole in (
        OutputSkipped(job_id(1), 0, 10),
        OutputSkipped(job_id(1), 10, 5),
        OutputSkipped(job_id(2), 0, 1),
        OutputSkipped(job_id(1), 15, 1),
    ):
        mailbox.put(hole)
    mailbox.close()
    assert await everything(mailbox) == [
        OutputSkipped(job_id(1), 0, 15),
        OutputSkipped(job_id(2), 0, 1),
        OutputSkipped(job_id(1), 15, 1),
    ]


async def test_holes_that_do_not_touch_stay_apart() -> None:
    # Somebody looks at a job anew: its output begins again.
    mailbox = Mailbox()
    holes = [OutputSkipped(job_id(1), 50, 50), OutputSkipped(job_id(1), 0, 30)]
    for hole in holes:
        mailbox.put(hole)
    mailbox.close()
    assert await everything(mailbox) == holes


async def test_a_reader_that_stands_still_is_given_up() -> None:
    mailbox = Mailbox()
    for _ in range(EVENTS_MAX):
        mailbox.put(NOTICE)
    with pytest.raises(MailboxFull):
        mailbox.put(NOTICE)


async def test_holes_never_fill_a_mailbox() -> None:
    mailbox = Mailbox()
    for number in range(2 * EVENTS_MAX):
        mailbox.put(OutputSkipped(job_id(1), number, 1))
    assert await mailbox.get() == OutputSkipped(job_id(1), 0, 2 * EVENTS_MAX)
