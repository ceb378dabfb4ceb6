"""A78: memory and work that a hostile server can cause in a client are bounded."""

import asyncio
import pickle

import pytest

from codesync_client import Disconnected
from codesync_client.connection import backoff, mailbox
from codesync_client.connection.mailbox import Mailbox, MailboxFull
from codesync_client.connection.reconnecting import NONSENSE_MAX
from codesync_client.document import history_check, paced_work, text_bounds
from codesync_client.document.carets import CARETS_MAX, CaretPlace, Carets
from codesync_client.document.change import Splice
from codesync_client.document.edit_pieces import UNFINISHED_BYTES_MAX, UNFINISHED_MAX
from codesync_client.document.fetch import STATE_MAX, DocumentFetch
from codesync_client.document.history_check import LOAD_SECONDS, TooCostly, check_history
from codesync_client.document.history_worker import measure
from codesync_client.document.paced_work import BURST_SECONDS, SHARE, DocumentWork, WorkPace
from codesync_client.document.replica import Replica
from codesync_client.document.shared_document import SharedDocument
from codesync_client.document.text_bounds import BLOCKS_MAX
from codesync_client.errors import CheckFailed
from codesync_client.events import RoomEvent
from codesync_client.room_model import JOBS_KEPT, STRAYS_MAX, RoomModel
from codesync_protocol.codec import decode_from_client
from codesync_protocol.errors import FrameError
from codesync_protocol.history_size import CHEAP_BLOCKS, CHEAP_BYTES
from codesync_protocol.limits import EDIT_RANGES_MAX, EDIT_STRUCTS_MAX, PART_MAX, STDIN_ECHO_MAX
from codesync_protocol.messages import (
    DocumentPart,
    DocumentReset,
    Edited,
    FetchDocument,
    Finished,
    Member,
    Members,
    OutputPart,
    Role,
    StdinEcho,
)
from tests.client.other_servers import Visit, server_that
from tests.client.rooms import finished, job_id, output, welcome
from tests.client.test_room_model import footprint, told
from tests.client.watching import watching
from tests.server.documents.crafted import Id, insertion, number, update

MANY = 3 * STRAYS_MAX


def with_texts() -> SharedDocument:
    """Texts that have arrived, and are empty."""
    document = SharedDocument()
    document.enter(welcome())
    request = next(iter(document.parts()))
    assert isinstance(request, FetchDocument)
    document.receive(DocumentPart(request.request, 0, 7, 0, 2, b"\0\0"))
    assert document.is_there
    return document


def costly_history() -> bytes:
    """A history of few enough blocks that takes about a minute: the library compares all pairs."""
    blocks = BLOCKS_MAX // 3
    ends: tuple[Id | None, Id | None] = (None, (1, 1))
    chain = [insertion("x", (50, at - 1) if at else (1, 0), ends[at % 2]) for at in range(blocks)]
    far = [insertion("y", (50, blocks - 1)), *[insertion("y", (1, 0))] * blocks]
    each = [update(1, 0, [insertion("ab")]), update(50, 0, chain), update(60, 0, far)]
    return number(len(each)) + b"".join(one[1:-1] for one in each) + number(0)


def test_a78_invented_jobs_are_not_kept() -> None:
    model = RoomModel(welcome())
    for each in range(MANY):
        told(model, output(model.seq + 1, each, 0, b"x"))
        told(model, StdinEcho(model.seq + 1, job_id(MANY + each), 1, "ana", b"x"))
        told(model, OutputPart(job_id(2 * MANY + each), 0, (), 1000))
    assert footprint(model) < 1000 * JOBS_KEPT


def test_a78_invented_jobs_that_end_are_not_kept() -> None:
    model = RoomModel(welcome())
    ends = [
        event
        for each in range(MANY)
        for event in told(model, finished(model.seq + 1, each, 10))
        if isinstance(event, Finished)
    ]
    assert len(ends) == MANY, "each is shown"
    assert footprint(model) < 1000 * JOBS_KEPT


def test_a78_a_followed_job_is_kept_among_invented_ones() -> None:
    model = RoomModel(welcome())
    model.follow(job_id(1))
    for each in range(2, MANY):
        told(model, output(model.seq + 1, each, 0, b"x"))
    events = told(model, output(model.seq + 1, 1, 0, b"hello"), finished(model.seq + 2, 1, 5))
    assert [type(each).__name__ for each in events] == ["JobOutput", "Finished"]


def test_a78_carets_of_invented_members_are_not_kept() -> None:
    carets = Carets()
    for member in range(3 * CARETS_MAX):
        carets.arrived(member, 0, CaretPlace(1, 1), 0)
        carets.arrived(member, 1 << 40, CaretPlace(1, 1), 0)
    carets.edited((Splice(0, 0, "x"),), 1 << 50, 1)
    assert len(carets.others) == CARETS_MAX
    assert len(pickle.dumps(carets)) < 300 * CARETS_MAX
    assert {1 << 50, 3 * CARETS_MAX - 1} <= carets.others.keys(), "the latest ones are kept"


def test_a78_edits_of_invented_members_that_never_end_are_not_kept() -> None:
    document = with_texts()
    size = UNFINISHED_BYTES_MAX // PART_MAX
    for member in range(size):
        document.receive(Edited(1, member, 1, bytes(PART_MAX), more=True))
    with pytest.raises(FrameError, match="unfinished"):
        document.receive(Edited(1, size, 1, b"x", more=True))
    for member in range(UNFINISHED_MAX):
        document.receive(Edited(1, member, 1, b"x", more=True))
    with pytest.raises(FrameError, match="unfinished"):
        document.receive(Edited(1, UNFINISHED_MAX, 1, b"x", more=True))


def test_a78_unread_events_are_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "BYTES_MAX", 100_000)
    box = Mailbox()
    echo = StdinEcho(1, job_id(1), 1, "ana", bytes(STDIN_ECHO_MAX))
    for _ in range(100_000 // (STDIN_ECHO_MAX + 1000)):
        box.put(echo)
    with pytest.raises(MailboxFull):
        put_many(box, echo)


def put_many(box: Mailbox, event: RoomEvent) -> None:
    for _ in range(20):
        box.put(event)


def test_a78_only_the_latest_unread_list_of_members_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mailbox, "BYTES_MAX", 100_000)
    box = Mailbox()
    crowd = Members(tuple(Member(each, "ana", Role.EDITOR) for each in range(500)))
    for _ in range(100):
        box.put(crowd)
    with pytest.raises(MailboxFull):
        box.put(Members(crowd.members * 20))


async def test_a78_an_unread_list_of_members_is_replaced() -> None:
    box = Mailbox()
    echo = StdinEcho(1, job_id(1), 1, "ana", b"x")
    ana, ben = (Members((Member(each, "ana", Role.EDITOR),)) for each in (1, 2))
    for event in (ana, echo, ben):
        box.put(event)
    assert [await box.get(), await box.get()] == [echo, ben]
    box.put(ana)
    assert await box.get() == ana


# The history of the shared texts.


def test_a78_no_more_text_is_accepted_than_a_server_keeps() -> None:
    fetch = DocumentFetch()
    fetch.begin(fresh=True)
    request = fetch.request()
    assert request is not None
    with pytest.raises(FrameError, match="36 MiB may come"):
        fetch.part(DocumentPart(request.request, 0, 1, 0, STATE_MAX + 1, b"x"))


def test_a78_a_history_of_the_most_blocks_is_accepted() -> None:
    most = update(7, 0, [insertion("x")] * 3, [(7, 0, 1)])
    assert measure(most) == 4
    chain = [insertion("x", (7, at - 1) if at else None) for at in range(BLOCKS_MAX)]
    assert measure(update(7, 0, chain)) == BLOCKS_MAX
    assert measure(b"\0\0") == 0


@pytest.mark.parametrize(
    "state",
    [
        update(7, 0, [insertion("x")] * (BLOCKS_MAX + 1), [(7, 0, 1)]),
        update(7, 0, [], [(7, each, 1) for each in range(BLOCKS_MAX + 1)]),
        number(2 * BLOCKS_MAX) + bytes(1_000_000),
    ],
    ids=["structs", "ranges", "clients"],
)
def test_a78_a_history_of_too_many_blocks_is_refused(state: bytes) -> None:
    with pytest.raises(ValueError, match="too long to load"):
        measure(state)


@pytest.mark.parametrize(
    "state",
    [b"", b"\xff" * 1000, b"\x01\x01\x07\x00\x1f", b"\x01\x01\x07\x00\x84\xff\xff\x03"],
    ids=["nothing", "numbers", "kind", "length"],
)
def test_a78_a_malformed_history_is_not_loaded(state: bytes) -> None:
    with pytest.raises(ValueError, match="invalid"):
        measure(state)
    if not state:
        return  # a part is never empty
    fetch = DocumentFetch()
    fetch.begin(fresh=True)
    request = fetch.request()
    assert request is not None
    with pytest.raises(FrameError, match="invalid"):
        fetch.part(DocumentPart(request.request, 0, 1, 0, len(state), state))


def test_a78_every_history_of_an_editor_is_accepted() -> None:
    replica = Replica(7, b"\0\0", lambda _: None)
    for each in range(50):
        replica.edit("source", each // 2, 0, "é\U0001f600")
        replica.edit("source", 0, 2, "")
        replica.undo("source")
    replica.edit("stdin", 0, 0, "text")
    state = replica.take()
    assert state is not None
    assert measure(state)


async def test_a78_a_history_is_loaded_once_it_was_found_to_be_cheap() -> None:
    chain = [insertion("x", (50, at - 1) if at else None) for at in range(10 * CHEAP_BLOCKS)]
    state = update(50, 0, chain)

    async def behave(visit: Visit) -> None:
        await visit.say(welcome(), DocumentPart(1, 0, 7, 0, len(state), state))
        await visit.stay()

    async with server_that(behave, shares_text=True) as room, watching(room) as ana:
        await ana.until(lambda: room.document.text() == "x" * len(chain))


async def say_texts(visit: Visit, state: bytes) -> None:
    """Answer the next request for the texts."""
    while True:
        message = decode_from_client(await visit.connection.recv())
        if isinstance(message, FetchDocument):
            break
    for start in range(0, len(state), PART_MAX):
        piece = state[start : start + PART_MAX]
        await visit.say(DocumentPart(message.request, 0, 7, start, len(state), piece))


async def test_a78_a_history_that_takes_minutes_is_not_loaded_but_fetched_again_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(history_check, "LOAD_SECONDS", 0.2)
    monkeypatch.setattr(paced_work, "FETCH_AGAIN_SECONDS", 0.01)
    state = costly_history()

    async def behave(visit: Visit) -> None:
        await visit.say(welcome())
        for _ in range(NONSENSE_MAX + 1):
            await say_texts(visit, state)
        await say_texts(visit, update(7, 0, [insertion("new")]))
        await visit.stay()

    async with server_that(behave, shares_text=True) as room, watching(room) as ana:
        await ana.until(lambda: room.document.text() == "new")
        assert not ana.of(Disconnected)


async def test_a78_a_costly_history_is_replaced_by_the_new_one_that_the_server_announces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(history_check, "LOAD_SECONDS", 0.2)
    monkeypatch.setattr(paced_work, "FETCH_AGAIN_SECONDS", 3600.0)

    async def behave(visit: Visit) -> None:
        await visit.say(welcome())
        await say_texts(visit, costly_history())
        await visit.say(Edited(1, 2, 1, update(8, 0, [insertion("early")])), DocumentReset(2))
        await say_texts(visit, update(7, 0, [insertion("new")]))
        await visit.stay()

    async with server_that(behave, shares_text=True) as room, watching(room) as ana:
        await ana.until(lambda: room.document.text() == "new")
        assert not ana.of(Disconnected)


async def test_a78_repeated_costly_histories_slow_down_reading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []

    async def check(_: bytes) -> int:
        raise TooCostly

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(paced_work, "check_history", check)
    document, history = SharedDocument(), bytes(CHEAP_BYTES + 1)
    work = DocumentWork(document)
    monkeypatch.setattr(asyncio, "sleep", pause)
    for _ in range(5):
        document.enter(welcome())
        request = next(iter(document.parts()))
        assert isinstance(request, FetchDocument)
        work.apply(DocumentPart(request.request, 0, 7, 0, len(history), history))
        assert document.unchecked_history == history
        assert not await work.settle()
        assert not document.unchecked_history
        assert not list(document.parts())
    assert sum(pauses) >= 4 * LOAD_SECONDS


async def test_a78_a_machine_that_cannot_check_a_history_tries_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backoff, "FIRST_SECONDS", 0.01)
    chain = [insertion("x", (50, at - 1) if at else None) for at in range(2 * CHEAP_BLOCKS)]
    state = update(50, 0, chain)
    attempts = NONSENSE_MAX + 2
    checks = 0

    async def busy(state: bytes) -> int:
        nonlocal checks
        checks += 1
        if checks < attempts:
            raise CheckFailed("busy")
        return await check_history(state)

    monkeypatch.setattr(paced_work, "check_history", busy)

    async def behave(visit: Visit) -> None:
        await visit.say(welcome(), DocumentPart(1 + visit.number, 0, 7, 0, len(state), state))
        await visit.stay()

    async with server_that(behave, shares_text=True) as room, watching(room) as ana:
        await ana.until(lambda: room.document.text())
    assert len(ana.of(Disconnected)) == attempts - 1


# Edits.


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (update(50, 0, [insertion("x")] * (EDIT_STRUCTS_MAX + 1)), "6 structs"),
        (update(50, 0, [], [(7, at, 1) for at in range(EDIT_RANGES_MAX + 1)]), "64 ranges"),
        (number(1 << 40) + bytes(1000), "invalid"),
    ],
    ids=["structs", "ranges", "clients"],
)
async def test_a78_a_server_whose_edits_are_too_complex_is_left(
    edit: bytes, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "FIRST_SECONDS", 0.01)

    async def behave(visit: Visit) -> None:
        request = 1 + visit.number
        await visit.say(
            welcome(epoch=str(visit.number)),
            DocumentPart(request, 0, 7, 0, 2, b"\0\0"),
            Edited(1, 2, 1, edit),
        )
        await visit.stay()

    async with server_that(behave, shares_text=True) as room, watching(room) as ana:
        await ana.until(lambda: ana.over)
        assert not room.document.text()
    said = ana.of(Disconnected)[-1].reason
    assert said.startswith(f"{room.link.server} repeatedly sends invalid data: an edit")
    assert reason in said


def test_a78_a_history_does_not_grow_beyond_its_bound_edit_by_edit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(text_bounds, "BLOCKS_MAX", 1000)
    document = with_texts()
    edits = [
        Edited(clock + 1, 2, clock, update(50, clock, [insertion("x")])) for clock in range(1001)
    ]
    for edit in edits[:-1]:
        document.receive(edit)
    with pytest.raises(FrameError, match="too long"):
        document.receive(edits[-1])


def test_a78_a_history_whose_blocks_were_merged_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_bounds, "BLOCKS_MAX", 1000)
    document = with_texts()
    for clock in range(2000):
        struct = insertion("x", (50, clock - 1) if clock else None)
        edit = update(50, clock, [struct], [(50, clock, 1)])
        document.receive(Edited(clock + 1, 2, clock, edit))
    assert document.text() == ""
    assert not list(document.parts()), "the texts are not fetched again"


def test_a78_texts_do_not_grow_beyond_their_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_bounds, "TEXT_MAX", 1000)
    document = with_texts()
    document.receive(Edited(1, 2, 1, update(50, 0, [insertion("x" * 1000)])))
    with pytest.raises(FrameError, match="1,001 bytes"):
        document.receive(Edited(2, 2, 2, update(50, 1000, [insertion("x")])))


def test_a78_a_history_does_not_grow_beyond_its_bound_in_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(text_bounds, "HISTORY_MAX", 1 << 20)
    document = with_texts()
    text = "x" * (1 << 19)
    document.receive(Edited(1, 2, 1, update(50, 0, [insertion(text)])))
    document.receive(Edited(2, 2, 2, update(50, 1 << 19, [], [(50, 0, 1 << 19)])))
    with pytest.raises(FrameError, match="1 MiB"):
        document.receive(Edited(3, 2, 3, update(50, 1 << 19, [insertion(text)])))


def test_a78_work_on_the_texts_takes_at_most_half_of_the_time() -> None:
    pace, now, worked = WorkPace(), 100.0, 0.0
    for _ in range(1000):
        now += 0.1
        worked += 0.1
        now += pace.pause(0.1, now)
    assert worked <= BURST_SECONDS + SHARE * (now - 100.0)


def test_a78_rare_work_on_the_texts_is_never_delayed() -> None:
    pace = WorkPace()
    assert not any(pace.pause(0.1, now) for now in range(1000))


async def test_a78_a_server_whose_text_is_too_costly_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backoff, "FIRST_SECONDS", 0.01)
    first_request = 1

    async def behave(visit: Visit) -> None:
        number = first_request + visit.number
        await visit.say(welcome(), DocumentPart(number, 0, 7, 0, 1 << 50, b"x"))
        await visit.stay()

    async with server_that(behave, shares_text=True) as room, watching(room) as ana:
        await ana.until(lambda: ana.over)
    assert "repeatedly sends invalid data" in ana.of(Disconnected)[-1].reason
