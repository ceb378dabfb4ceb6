"""Hostile members: frames of one, or its refusal to read, do not affect others."""

import asyncio
import logging
import secrets
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame
from websockets.server import ServerProtocol

from codesync_protocol.codec import decode_from_server, encode
from codesync_protocol.errors import Code
from codesync_protocol.limits import BAD_FRAMES_MAX, FRAME_MAX, HELLO_FRAME_MAX
from codesync_protocol.messages import (
    Accepted,
    Cancel,
    Challenge,
    ClientMessage,
    Fault,
    FetchHistory,
    FetchOutput,
    Finished,
    HistoryPage,
    Output,
    OutputPart,
    Rejected,
    Role,
    Started,
    StdinData,
    StdinEnd,
    StdinMode,
    Submitted,
    Welcome,
)
from codesync_protocol.verdict import Verdict
from codesync_server import app
from codesync_server.access.budgets import Budget
from codesync_server.access.token_buckets import Rate
from codesync_server.configuration.settings import Settings
from codesync_server.connections import connection, handshake, listener, peer
from codesync_server.connections.connection import CONTROLS
from tests.handshakes import Caller
from tests.server.connections.wire import (
    BINARY,
    CLOSE,
    CONTINUED,
    PING,
    PONG,
    SECONDS,
    TEXT,
    Wire,
    ask,
    clients_of,
    get,
    hello_to,
    member_of,
    port_of,
    python_job,
    raw_frame,
    socket_to,
    wire_to,
)
from tests.servers import RunningServer, running_server
from tests.waiting import eventually

SETTINGS = Settings(port=0, executor="local", drain_seconds=1.0)

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)

TOO_BIG, BROKEN, BAD_DATA = 1009, 1002, 1007


@pytest.fixture
async def server() -> AsyncGenerator[RunningServer, None]:
    async with running_server(SETTINGS) as server:
        yield server


async def is_well(wire: Wire) -> bool:
    """Tell whether a member is still served: it asks, and is answered."""
    number = secrets.randbelow(1 << 50)
    await wire.say(FetchHistory(number))
    return (await wire.hear(HistoryPage)).request == number


async def wait(seconds: float) -> None:
    """Be slow, as some clients are."""
    await asyncio.sleep(seconds)


async def gone(server: RunningServer, left: int = 1) -> None:
    """Wait until the server has let everybody go but so many."""
    await eventually(lambda: server.app.stats()["connections"] == left)


# A42, A43: at the door.


async def test_a42_who_connects_and_says_nothing_is_cut_off_and_keeps_nobody_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listener, "OPEN_SECONDS", 1.5)
    async with running_server(SETTINGS) as server, asyncio.timeout(SECONDS):
        silent = [
            await asyncio.open_connection("127.0.0.1", port_of(server.app)) for _ in range(200)
        ]
        async with member_of(server) as ana:
            for reader, writer in silent:
                assert await reader.read() == b""
                writer.close()
            assert await is_well(ana)


async def test_a42_half_a_handshake_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "OPEN_SECONDS", 1.5)
    async with running_server(SETTINGS) as server, asyncio.timeout(SECONDS):
        for half in (b"GET / HTTP/1.1\r\nHost: local", b"\x16\x03\x01"):
            async with socket_to(server) as (reader, writer):
                writer.write(half)
                assert await reader.read() == b""


async def test_a43_of_many_connections_from_one_address_only_so_many_are_taken() -> None:
    limited = replace(SETTINGS, handshakes_per_address=4)
    async with running_server(limited) as server, member_of(server) as ana:
        taken: list[Wire] = []

        async def come() -> None:
            with suppress(Exception):
                async with wire_to(server) as wire:
                    taken.append(wire)
                    await over.wait()

        over = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            for _ in range(30):
                tasks.create_task(come())
            await eventually(lambda: clients_of(server)["aborted"])
            assert clients_of(server)["handshaking"] <= 4
            assert (await get(server, "/health")).status == 200
            assert await is_well(ana)
            over.set()


# A44, A45: who does not read.


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that takes nothing is let go sooner than in life."""
    monkeypatch.setattr(peer, "PROGRESS_SECONDS", 1.5)


FLOOD = "import sys\nfor _ in range(90): sys.stdout.write('x' * 100_000)\n"
"""9 MB: more than the system's buffers and ours together."""


@pytest.mark.usefixtures("hurry")
async def test_a44_who_stops_reading_is_let_go_and_everybody_else_gets_everything(
    server: RunningServer,
) -> None:
    async with member_of(server, name="ana") as ana, member_of(server, name="eve") as eve:
        eve.connection.transport.pause_reading()
        job = python_job(FLOOD)
        await ana.say(job)
        finished = await ana.hear(Finished)
        assert (finished.result.verdict, finished.result.output_bytes) == (Verdict.OK, 9_000_000)
        await gone(server)
        assert await is_well(ana)
        assert await whole_output(ana, job.job) == 9_000_000


async def whole_output(wire: Wire, job: str) -> int:
    """Fetch what a job wrote, and count it."""
    at = 0
    while True:
        await wire.say(FetchOutput(job, at))
        part = await wire.hear(OutputPart)
        assert part.offset == at
        if part.end >= part.total:
            return part.end
        at = part.end


@pytest.mark.usefixtures("hurry")
async def test_a45_who_reads_byte_by_byte_is_let_go_too(server: RunningServer) -> None:
    async with member_of(server, name="ana") as ana:
        async with narrow_socket(server) as eve:
            await open_websocket(eve)
            await enter_by_hand(eve, hello_to(server, name="eve"))
            await eventually(lambda: server.app.stats()["members"] == 2)
            trickle = asyncio.get_running_loop().create_task(read_slowly(eve))
            await ana.say(python_job(FLOOD))
            await ana.hear(Finished)
            await gone(server)
            trickle.cancel()
            with suppress(asyncio.CancelledError, ConnectionError):
                await trickle
        assert await is_well(ana)


@asynccontextmanager
async def narrow_socket(server: RunningServer) -> AsyncGenerator[socket.socket, None]:
    """Connect with a socket that takes little at a time, so that the server soon has to wait."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port_of(server.app)))
        yield sock


async def open_websocket(sock: socket.socket) -> None:
    """Do the opening handshake."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(sock, HANDSHAKE + b"\r\n")
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += await loop.sock_recv(sock, 1)


async def enter_by_hand(sock: socket.socket, caller: Caller) -> None:
    """Do the handshake of the protocol."""
    loop = asyncio.get_running_loop()
    hello = encode(caller.hello())
    await loop.sock_sendall(sock, raw_frame(BINARY, hello))
    head = await loop.sock_recv(sock, 2)
    assert head[1] < 126, "a challenge is short"
    challenge = decode_from_server(await loop.sock_recv(sock, head[1]))
    assert isinstance(challenge, Challenge)
    await loop.sock_sendall(sock, raw_frame(BINARY, encode(caller.prove(hello, challenge))))


async def read_slowly(sock: socket.socket) -> None:
    while await asyncio.get_running_loop().sock_recv(sock, 1):
        await wait(0.01)


async def test_a44_who_asks_for_much_and_reads_nothing_costs_nobody_else_anything(
    server: RunningServer,
) -> None:
    async with member_of(server, name="ana") as ana, member_of(server, name="eve") as eve:
        job = python_job("print('x' * 1_000_000)")
        await ana.say(job)
        await ana.hear(Finished)
        eve.connection.transport.pause_reading()
        with suppress(ConnectionClosed):
            for _ in range(1000):
                await eve.say(FetchOutput(job.job, 0))
        assert await is_well(ana)
        assert await whole_output(ana, job.job) == 1_000_001


# A46: pings, each of which is answered.


@pytest.mark.parametrize("enters", [True, False], ids=["member", "stranger"])
async def test_a46_who_pings_without_end_and_reads_nothing_is_let_go(
    server: RunningServer, enters: bool
) -> None:
    pings = raw_frame(PING, bytes(125)) * 500
    async with member_of(server, name="ana") as ana, wire_to(server) as eve:
        if enters:
            await eve.enter(hello_to(server, name="eve"))
        eve.connection.transport.pause_reading()
        async with asyncio.timeout(SECONDS):
            while server.app.stats()["connections"] == 2:
                if not eve.connection.transport.get_write_buffer_size():
                    eve.put(pings)
                await asyncio.sleep(0)
        assert await is_well(ana)


@pytest.mark.parametrize("kind", [PING, PONG])
async def test_a46_only_so_many_pings_and_pongs_are_taken(server: RunningServer, kind: int) -> None:
    async with member_of(server) as eve:
        eve.put(raw_frame(kind, b"x") * 100)
        assert await is_well(eve)
        eve.put(raw_frame(kind, b"x") * 1000)
        assert await eve.end() == 1006


async def test_a46_whoever_pings_now_and_then_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    few = replace(CONTROLS, member=Rate(3, 20.0))
    monkeypatch.setattr(connection, "CONTROLS", few)
    async with running_server(SETTINGS) as server, member_of(server) as ana:
        for _ in range(6):
            assert await ana.is_alive()
            await wait(2 / 20.0)


async def test_a41_who_neither_says_a_word_nor_reads_ours_does_not_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The refusal cannot be sent: everything between us is full of answers to pings."""
    monkeypatch.setattr(handshake, "HELLO_SECONDS", 0.5)
    monkeypatch.setattr(listener, "PING_SECONDS", 3600.0)  # our own pings cannot be sent either
    monkeypatch.setattr(connection, "FRAMES_BEFORE_JOINING", 1 << 30)
    async with running_server(SETTINGS) as server, narrow_socket(server) as eve:
        await open_websocket(eve)
        with pytest.raises(ConnectionError):
            async with asyncio.timeout(SECONDS):
                await ping_without_end(eve)


async def ping_without_end(sock: socket.socket) -> None:
    pings = raw_frame(PING, bytes(125)) * 100
    while True:
        await asyncio.get_running_loop().sock_sendall(sock, pings)
        await asyncio.sleep(0)


# A47: frames without end.


async def test_a47_a_hello_that_is_too_large_closes_its_own_connection_only(
    server: RunningServer,
) -> None:
    async with member_of(server) as ana:
        async with wire_to(server) as wire:
            await wire.send(bytes(HELLO_FRAME_MAX + 1))
            assert await wire.end() == TOO_BIG
        assert await is_well(ana)


async def test_a47_a_frame_that_is_too_large_closes_its_own_connection_only(
    server: RunningServer,
) -> None:
    async with member_of(server, name="ana") as ana, member_of(server, name="eve") as eve:
        await eve.send(bytes(FRAME_MAX))
        assert (await eve.hear(Fault)).code is Code.BAD_FRAME
        await eve.send(bytes(FRAME_MAX + 1))
        assert await eve.end() == TOO_BIG
        assert await is_well(ana)


@pytest.mark.parametrize("says", [FRAME_MAX + 1, 1 << 31, 1 << 62])
async def test_a47_a_length_is_refused_before_anything_of_it_was_read(
    server: RunningServer, says: int
) -> None:
    async with member_of(server) as eve:
        eve.put(raw_frame(BINARY, says=says))
        assert await eve.end() == TOO_BIG


async def test_a47_a_length_with_its_highest_bit_set_is_refused(server: RunningServer) -> None:
    async with member_of(server) as eve:
        eve.put(raw_frame(BINARY, says=1 << 63))
        assert await eve.end() in {TOO_BIG, BROKEN}


@pytest.mark.parametrize("size", [0, 1, 1000])
async def test_a47_fragments_without_end_are_refused(server: RunningServer, size: int) -> None:
    fragments = raw_frame(CONTINUED, bytes(size), fin=False) * 500

    async def pour(wire: Wire) -> None:
        wire.put(raw_frame(BINARY, bytes(size), fin=False))
        while not wire.connection.transport.is_closing():
            wire.put(fragments)
            await asyncio.sleep(0)

    async with member_of(server, name="ana") as ana, member_of(server, name="eve") as eve:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(pour(eve))
            assert await eve.end() in {TOO_BIG, 1006}  # reset, because more was on the way
        await gone(server)
        assert await is_well(ana)


async def test_a47_a_stranger_is_cut_off_after_a_few_fragments(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parsing empty fragments costs the server more than sending them costs a stranger."""
    parsed = 0
    receive = ServerProtocol.recv_frame

    def count(self: ServerProtocol, frame: Frame) -> None:
        nonlocal parsed
        parsed += 1
        receive(self, frame)

    async with wire_to(server) as eve:
        monkeypatch.setattr(ServerProtocol, "recv_frame", count)
        fragments = raw_frame(CONTINUED, fin=False) * 5000
        eve.put(raw_frame(BINARY, fin=False) + fragments)
        assert await eve.end() == 1006
    assert parsed < 500


async def test_a_message_in_fragments_with_pings_between_them_is_a_message(
    server: RunningServer,
) -> None:
    frame = encode(FetchHistory(7))
    async with member_of(server) as ana:
        ana.put(raw_frame(BINARY, frame[:3], fin=False))
        ana.put(raw_frame(PING, b"still here"))
        ana.put(raw_frame(CONTINUED, frame[3:]))
        assert (await ana.hear(HistoryPage)).request == 7


# A48 and the rules of RFC 6455.


async def test_a48_compression_is_not_agreed_upon_and_a_compressed_frame_is_refused(
    server: RunningServer,
) -> None:
    offer = b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
    answer = await ask(server, HANDSHAKE + offer)
    assert answer.status == 101
    assert "sec-websocket-extensions" not in answer.headers
    async with member_of(server) as eve:
        eve.put(raw_frame(BINARY, bytes(100), reserved=0b100))
        assert await eve.end() == BROKEN


@pytest.mark.parametrize(
    "frames",
    [
        raw_frame(0x3),
        raw_frame(0xB),
        raw_frame(BINARY, reserved=0b001),
        raw_frame(CONTINUED, b"of nothing"),
        raw_frame(BINARY, fin=False) + raw_frame(BINARY),
        raw_frame(PING, bytes(126)),
        raw_frame(PING, fin=False),
        raw_frame(CLOSE, b"\x03"),
        raw_frame(CLOSE, (999).to_bytes(2, "big")),
        raw_frame(CLOSE, (1005).to_bytes(2, "big")),
        bytes([0x80 | BINARY, 4]) + b"bare",
    ],
    ids=[
        *("opcode 3", "opcode 11", "RSV3", "no beginning", "no end", "long ping"),
        *("ping in parts", "short close", "close 999", "close 1005", "not masked"),
    ],
)
async def test_a49_what_is_no_websocket_frame_ends_its_own_connection_only(
    server: RunningServer, frames: bytes
) -> None:
    async with member_of(server, name="ana") as ana, member_of(server, name="eve") as eve:
        eve.put(frames)
        assert await eve.end() == BROKEN
        assert await is_well(ana)


async def test_a49_text_that_is_no_unicode_ends_its_own_connection_only(
    server: RunningServer,
) -> None:
    async with member_of(server, name="ana") as ana, member_of(server, name="eve") as eve:
        eve.put(raw_frame(TEXT, b"\xff\xfe"))
        assert await eve.end() == BAD_DATA
        assert await is_well(ana)


# A49, A50, A52 to A54: what makes no sense.

NONSENSE: dict[str, bytes | str] = {
    "text": "hello",
    "empty text": "",
    "empty": b"",
    "the reserved byte": b"\xc1",
    "cut off": encode(FetchHistory(1))[:-1],
    "bytes behind": encode(FetchHistory(1)) + b"\x00",
    "two messages": encode(FetchHistory(1)) * 2,
    "a number": b"\x01",
    "a map": b"\x81\xa3tag\xa5fetch",
    "an empty array": b"\x90",
    "an unknown message": b"\x91\xa7selfdes",
    "a server's message": encode(Fault(Code.ROLE, "no")),
    "a tag that is a number": b"\x91\x01",
    "too many fields": b"\x94\xa6cancel\xa0\xa0\xa0",
    "a wrong type": b"\x92\xa6cancel\x01",
    "a truth for a number": b"\x92\xadfetch_history\xc3",
    "a number beyond 53 bits": b"\x92\xadfetch_history\xcf" + b"\xff" * 8,
    "a number below nothing": b"\x92\xadfetch_history\xff",
    "not a number": b"\x92\xadfetch_history\xcb\x7f\xf8" + bytes(6),
    "a time": b"\x92\xadfetch_history\xd7\xff" + b"\xff" * 8,
    "an extension": b"\x92\xadfetch_history\xd4\x01\x00",
    "text that is no Unicode": b"\x92\xa6cancel\xa4\xff\xfe\xfd\xfc",
    "an array that says four billion": b"\xdd\xff\xff\xff\xff",
    "text that says four billion": b"\x92\xa6cancel\xdb\xff\xff\xff\xff",
    "bytes that say four billion": b"\x92\xa6cancel\xc6\xff\xff\xff\xff",
    "arrays in arrays": b"\x91" * (FRAME_MAX - 1) + b"\xc0",
    "arrays in arrays without an end": b"\x91" * FRAME_MAX,
    "maps in maps": b"\x81\xa0" * (FRAME_MAX // 2),
    "arrays in a field": b"\x92\xa6cancel" + b"\x91" * 200_000,
    "a quarter of a million empty maps": b"\xdd\x00\x03\xff\x00" + b"\x80" * 0x3FF00,
}


@pytest.mark.parametrize("frame", NONSENSE.values(), ids=NONSENSE.keys())
async def test_a49_a50_a52_a53_a54_what_makes_no_sense_is_answered_and_the_connection_goes_on(
    server: RunningServer, frame: bytes | str, caplog: pytest.LogCaptureFixture
) -> None:
    async with member_of(server) as eve:
        await eve.send(frame)
        fault = await eve.hear(Fault)
        assert (fault.code, fault.fatal) == (Code.BAD_FRAME, False)
        assert len(fault.reason) <= 300
        assert await is_well(eve)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a49_who_goes_on_with_nonsense_is_sent_away(server: RunningServer) -> None:
    async with member_of(server, name="ana") as ana, member_of(server, name="eve") as eve:
        for _ in range(BAD_FRAMES_MAX + 10):
            await eve.send(b"\xc1")
        assert await eve.end() == 1001
        faults = eve.of(Fault)
        assert [fault.fatal for fault in faults] == [False] * (BAD_FRAMES_MAX - 1) + [True]
        assert await is_well(ana)


JOB = "0123456789abcdef" * 2
_MESSAGES: list[ClientMessage] = [
    python_job("print()", JOB),
    StdinData(JOB, 0, b"x"),
    StdinEnd(JOB),
    Cancel(JOB),
    FetchOutput(JOB, 0),
    FetchHistory(1),
]
RIGHT = [encode(message) for message in _MESSAGES]


@st.composite
def nearly_right(draw: st.DrawFn) -> bytes:
    """A frame that makes sense, but for one place in it."""
    right = draw(st.sampled_from(RIGHT))
    start = draw(st.integers(0, len(right)))
    return right[:start] + draw(st.binary(max_size=3)) + right[start + draw(st.integers(0, 3)) :]


def test_a49_whatever_bytes_come_everybody_else_is_served() -> None:
    """Random frames, and right ones with something wrong in them, on one server after another."""

    async def throw(frames: list[bytes]) -> None:
        async with running_server(SETTINGS) as server:
            async with member_of(server, name="ana") as ana, member_of(server, name="eve") as eve:
                with suppress(ConnectionClosed):
                    for frame in frames:
                        await eve.send(frame)
                assert await is_well(ana)
                assert [member.name for member in ana.of(Welcome)[0].members.members] == ["ana"]

    @settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(st.binary(max_size=60) | nearly_right(), min_size=1, max_size=30))
    def property_holds(frames: list[bytes]) -> None:
        asyncio.run(throw(frames))

    property_holds()


# A55: the same again, and what is somebody else's.


async def test_a55_the_same_submission_again_is_the_same_job(server: RunningServer) -> None:
    job = python_job("print('once')")
    async with member_of(server) as ana:
        await ana.say(job, job, job)
        await ana.hear(Finished)
        await ana.say(job)
        assert await is_well(ana)
        assert [accepted.job for accepted in ana.of(Accepted)] == [job.job] * 4
        assert len(ana.of(Submitted)) == len(ana.of(Started)) == 1
        assert b"".join(output.data for output in ana.of(Output)) == b"once\n"


async def test_a55_a_job_id_of_somebody_else_is_taken(server: RunningServer) -> None:
    job = python_job("print('anas')")
    async with member_of(server, name="ana") as ana:
        await ana.say(job)
        await ana.hear(Finished)
        for room in ("test-room", "another-room"):
            async with member_of(server, name="eve", room=room) as eve:
                await eve.say(replace_source(job.job))
                assert (await eve.hear(Rejected)).code is Code.DUPLICATE_JOB
        assert len(ana.of(Submitted)) == 1


def replace_source(job: str) -> ClientMessage:
    return python_job("print('eves')", job)


async def test_a55_a_job_of_another_room_does_not_exist(server: RunningServer) -> None:
    job = python_job("print(input())", stdin=StdinMode.SHARED)
    async with (
        member_of(server, name="ana") as ana,
        member_of(server, name="eve", room="another-room", role=Role.HOST) as eve,
    ):
        await ana.say(job)
        await ana.hear(Started)
        for message in (StdinData(job.job, 0, b"mine\n"), StdinEnd(job.job), Cancel(job.job)):
            await eve.say(message)
            fault = await eve.hear(Fault)
            assert (fault.code, fault.job) == (Code.NO_SUCH_JOB, job.job)
        await ana.say(StdinData(job.job, 0, b"anas\n"))
        finished = await ana.hear(Finished)
        assert (finished.result.verdict, finished.by) == (Verdict.OK, "")
        assert b"".join(output.data for output in ana.of(Output)) == b"anas\n"


# A56: too much of what is allowed.


async def test_a56_of_a_flood_of_submissions_only_a_members_share_waits() -> None:
    limited = replace(SETTINGS, max_concurrent=1, queue_per_member=3, queue_limit=10)
    async with running_server(limited) as server, member_of(server, name="ana") as ana:
        async with member_of(server, name="eve") as eve:
            jobs = [python_job("input()", stdin=StdinMode.SHARED) for _ in range(200)]
            await eve.say(*jobs)
            assert await is_well(eve)
            assert len(eve.of(Accepted)) in {3, 4}  # one of them may run already
            codes = {rejected.code for rejected in eve.of(Rejected)}
            assert codes == {Code.QUEUE_FULL, Code.TOO_FAST}
            mine = python_job("print('mine')")
            await ana.say(mine)
            assert (await ana.hear(Accepted)).job == mine.job
            await eve.say(*(Cancel(job.job) for job in jobs))
            while (await ana.hear(Finished)).job != mine.job:
                pass


async def test_a56_who_sends_too_fast_is_read_more_slowly_and_nobody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def small_budget(_: float) -> Budget:
        return Budget("messages", "messages", member=Rate(50, 20))

    monkeypatch.setattr(app, "message_budget", small_budget)
    clock = asyncio.get_running_loop().time
    async with (
        running_server(SETTINGS) as server,
        member_of(server, name="ana") as ana,
        member_of(server, name="eve") as eve,
    ):
        began = clock()
        await eve.say(*[FetchHistory(number) for number in range(80)])
        async with asyncio.TaskGroup() as tasks:
            slow = tasks.create_task(all_answered(eve, 80))
            assert await is_well(ana)
            assert not slow.done()
        assert clock() - began >= 1.4
        assert [page.request for page in eve.of(HistoryPage)] == [*range(80)]


async def all_answered(wire: Wire, count: int) -> None:
    while len(wire.of(HistoryPage)) < count:
        await wire.hear(HistoryPage)


async def test_a56_who_enters_and_leaves_again_and_again_leaves_nothing_behind(
    server: RunningServer,
) -> None:
    async with member_of(server, name="ana") as ana:
        for _ in range(100):
            async with wire_to(server) as wire:
                await wire.say(hello_to(server, name="eve"))
                wire.connection.transport.abort()
        await gone(server)
        assert server.app.stats()["members"] == 1
        assert await is_well(ana)


# A76: what is nobody else's business.


async def test_a76_whatever_goes_wrong_no_log_shows_a_token_or_a_key(
    server: RunningServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    right = hello_to(server)
    wrong = hello_to(server, token=secrets.token_urlsafe(32))
    hosts = hello_to(server, token=server.app.token, oldest=9, newest=9)
    broken = hello_to(server, token=server.app.token, oldest=-1)
    async with wire_to(server) as wire:
        await wire.enter(right)
        await wire.say(right)
        await wire.hear(Fault)
        for hello in (wrong, hosts):
            async with wire_to(server) as other:
                await other.refusal(hello)
        async with wire_to(server) as other:
            await other.say(broken)
            await other.end()
    ours = [record for record in caplog.records if record.name.startswith("codesync")]
    assert ours
    log = "\n".join(record.getMessage() for record in ours)
    tokens = (server.app.token, right.token, wrong.token)
    for secret in (*tokens, right.key, wrong.key, right.fingerprint, wrong.fingerprint):
        for shown in (secret, secret.encode().hex(), secret.encode().hex(" ")):
            assert shown not in log


async def test_a76_another_member_is_told_neither_token_nor_key(server: RunningServer) -> None:
    hello = hello_to(server, name="ana")
    async with member_of(server, name="eve") as eve, wire_to(server) as ana:
        await ana.enter(hello)
        await ana.say(python_job("print()"))
        await eve.hear(Finished)
        told = b"".join(encode(message) for message in eve.heard)
    for secret in (server.app.token, hello.token, hello.key, hello.fingerprint):
        assert secret.encode() not in told
