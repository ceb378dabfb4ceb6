"""What input costs the server is counted before it is parsed, and paid by whoever sends it."""

import asyncio
import logging
from collections.abc import AsyncGenerator

import pytest
from websockets.frames import Frame
from websockets.server import ServerProtocol

from codesync_protocol.codec import encode
from codesync_protocol.limits import HELLO_FRAME_MAX
from codesync_protocol.messages import Caret, FetchHistory, HistoryPage, Role
from codesync_server.access.budgets import Budget, Budgets
from codesync_server.access.payer import Payer
from codesync_server.connections.connection import (
    BYTES_AFTER_THE_END,
    BYTES_BEFORE_JOINING,
    FRAGMENTS_MAX,
)
from codesync_server.connections.frame_slices import FRAMES_A_SLICE, SLICE_BYTES
from tests.server.connections.wire import (
    BINARY,
    CONTINUED,
    SECONDS,
    Wire,
    get,
    hello_to,
    member_of,
    raw_frame,
    wire_to,
)
from tests.servers import RunningServer, running_server


@pytest.fixture
async def server() -> AsyncGenerator[RunningServer, None]:
    async with running_server() as server:
        yield server


class Parsed:
    """What the websocket library was given, by all connections.

    Attributes:
        frames: frames that it parsed.
        bytes: bytes that it was given.
        most_frames: the most frames that it parsed in one step.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.frames = self.bytes = self.most_frames = 0
        take_frame, take_bytes = ServerProtocol.recv_frame, ServerProtocol.receive_data

        def frame(protocol: ServerProtocol, frame: Frame) -> None:
            self.frames += 1
            take_frame(protocol, frame)

        def data(protocol: ServerProtocol, data: bytes | bytearray) -> None:
            self.bytes += len(data)
            before = self.frames
            take_bytes(protocol, data)
            self.most_frames = max(self.most_frames, self.frames - before)

        monkeypatch.setattr(ServerProtocol, "recv_frame", frame)
        monkeypatch.setattr(ServerProtocol, "receive_data", data)


def in_fragments(payload: bytes, count: int) -> bytes:
    """Make a message of so many frames, most of them empty."""
    empty = raw_frame(CONTINUED, fin=False) * (count - 2)
    return raw_frame(BINARY, payload, fin=False) + empty + raw_frame(CONTINUED)


async def test_a47_a_message_has_only_so_many_fragments(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with member_of(server, role=Role.VIEWER) as eve:
        parsed = Parsed(monkeypatch)
        eve.put(in_fragments(encode(Caret(0, 1, 1)), 4090) * 3)
        assert await eve.end() == 1006
        assert parsed.frames < FRAGMENTS_MAX + FRAMES_A_SLICE


async def test_a47_every_fragment_is_charged(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    charged = 0.0
    delay = Budgets.delay

    def count(budgets: Budgets, budget: Budget, payer: Payer, cost: float, now: float) -> float:
        nonlocal charged
        if budget.name == "messages":
            charged += cost
        return delay(budgets, budget, payer, cost, now)

    async with member_of(server) as eve:
        monkeypatch.setattr(Budgets, "delay", count)
        eve.put(in_fragments(encode(FetchHistory(7)), FRAGMENTS_MAX))
        assert (await eve.hear(HistoryPage)).request == 7
    assert FRAGMENTS_MAX <= charged < FRAGMENTS_MAX + 1


async def test_a47_only_so_many_frames_are_parsed_in_one_step(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with member_of(server) as eve:
        parsed = Parsed(monkeypatch)
        eve.put(raw_frame(BINARY) * 5000)
        assert await eve.end() == 1001  # too many of them make no sense
        assert 1 < parsed.most_frames <= FRAMES_A_SLICE


@pytest.mark.parametrize("enters", [True, False], ids=["member", "stranger"])
async def test_a47_bytes_after_a_broken_frame_are_not_parsed(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch, enters: bool
) -> None:
    async with wire_to(server) as eve:
        if enters:
            await eve.enter(hello_to(server))
        parsed = Parsed(monkeypatch)
        eve.put(b"\x82\x05hello")
        await pour(eve)
        assert parsed.bytes <= SLICE_BYTES


async def pour(wire: Wire) -> None:
    """Send without end, and read nothing, until the server ends the connection."""
    async with asyncio.timeout(SECONDS):
        while not wire.connection.transport.is_closing():
            if wire.connection.transport.get_write_buffer_size() < BYTES_AFTER_THE_END:
                wire.put(b"\xff" * 65_536)
            await asyncio.sleep(0)


async def test_a41_a_stranger_sends_no_more_than_a_hello_and_a_proof(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with wire_to(server) as eve:
        parsed = Parsed(monkeypatch)
        for _ in range(FRAGMENTS_MAX):
            eve.put(raw_frame(BINARY, bytes(HELLO_FRAME_MAX - 64), fin=True))
        assert await eve.end() in {1006, 1008}
        assert parsed.bytes <= BYTES_BEFORE_JOINING


async def test_bytes_behind_a_request_for_a_page_are_ignored(
    server: RunningServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for body in (b"\xff" * 100, b"GET /health HTTP/1.1\r\n\r\n", b"\x82\x05hello"):
        answer = await get(server, "/health", body=body)
        assert answer.status == 200
        assert answer.figures["status"] == "ok"
    assert "error" not in caplog.text
