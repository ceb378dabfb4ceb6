"""A78: what a hostile server can make a client keep or compute is bounded."""

import pickle

import pytest

from codesync_client import Disconnected, backoff, document_fetch, mailbox
from codesync_client.carets import CARETS_MAX, CaretPlace, Carets
from codesync_client.change import Splice
from codesync_client.document_fetch import DocumentFetch
from codesync_client.events import RoomEvent
from codesync_client.history_bound import BLOCKS_MAX, check_history
from codesync_client.mailbox import Mailbox, MailboxFull
from codesync_client.model import JOBS_KEPT, STRAYS_MAX, RoomModel
from codesync_client.replica import Replica
from codesync_client.shared_document import UNFINISHED_BYTES_MAX, UNFINISHED_MAX, SharedDocument
from codesync_protocol.errors import FrameError
from codesync_protocol.limits import PART_MAX, STDIN_ECHO_MAX
from codesync_protocol.messages import (
    DocumentPart,
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
from tests.client.test_model import footprint, told
from tests.client.watching import watching
from tests.server.documents.crafted import insertion, number, update

MANY = 3 * STRAYS_MAX


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
    document = SharedDocument()
    document.enter(welcome())
    request = next(iter(document.parts()))
    assert isinstance(request, FetchDocument)
    document.take(DocumentPart(request.request, 0, 7, 0, 2, b"\0\0"))
    assert document.is_there
    size = UNFINISHED_BYTES_MAX // PART_MAX
    for member in range(size):
        document.take(Edited(1, member, 1, bytes(PART_MAX), more=True))
    with pytest.raises(FrameError, match="unfinished"):
        document.take(Edited(1, size, 1, b"x", more=True))
    for member in range(UNFINISHED_MAX):
        document.take(Edited(1, member, 1, b"x", more=True))
    with pytest.raises(FrameError, match="unfinished"):
        document.take(Edited(1, UNFINISHED_MAX, 1, b"x", more=True))


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
        fetch.part(DocumentPart(request.request, 0, 1, 0, document_fetch.STATE_MAX + 1, b"x"))


def test_a78_a_history_of_the_most_blocks_is_accepted() -> None:
    most = update(7, 0, [insertion("x")] * (BLOCKS_MAX - 2), [(7, 0, 1)])
    check_history(most)
    check_history(b"\0\0")


@pytest.mark.parametrize(
    "state",
    [
        update(7, 0, [insertion("x")] * BLOCKS_MAX, [(7, 0, 1)]),
        update(7, 0, [], [(7, each, 1) for each in range(BLOCKS_MAX + 1)]),
        number(1 << 40) + bytes(1_000_000),
    ],
    ids=["structs", "ranges", "clients"],
)
def test_a78_a_history_of_too_many_blocks_is_refused(state: bytes) -> None:
    with pytest.raises(FrameError, match="too long to load"):
        check_history(state)


@pytest.mark.parametrize(
    "state", [b"", b"\xff" * 1000, b"\x01\x01\x07\x00\x1f", b"\x01\x01\x07\x00\x84\xff\xff\x03"]
)
def test_a78_a_malformed_history_is_not_loaded(state: bytes) -> None:
    with pytest.raises(FrameError, match="no sense"):
        check_history(state)


def test_a78_every_history_of_an_editor_is_accepted() -> None:
    replica = Replica(7, b"\0\0", lambda _: None)
    for each in range(50):
        replica.edit("source", each // 2, 0, "é\U0001f600")
        replica.edit("source", 0, 2, "")
        replica.undo("source")
    replica.edit("stdin", 0, 0, "text")
    state = replica.take()
    assert state is not None
    check_history(state)


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
    assert "makes no sense again and again" in ana.of(Disconnected)[-1].reason
