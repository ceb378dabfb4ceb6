"""Input of strangers is handled in turns of the loop, within a budget of CPU time."""

import asyncio
import ssl
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from websockets.server import ServerProtocol

from codesync_server.access.token_buckets import Rate
from codesync_server.configuration.settings import Settings
from codesync_server.connections import client_limits, listener
from codesync_server.connections.stranger_turns import (
    BURST_SECONDS,
    INPUTS_A_TURN,
    SHARE,
    StrangerTurns,
)
from tests.client.certificates import self_signed
from tests.server.connections.wire import SECONDS, clients_of, member_of, port_of
from tests.servers import RunningServer, running_server
from tests.waiting import eventually

REQUEST = b"GET %b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
ADDRESSES = 5
STRANGERS = 100


class Clocks:
    """Clocks that the test moves.

    Attributes:
        cpu, wall: seconds.
        step: seconds by which each look at the clock moves the CPU time.
    """

    def __init__(self) -> None:
        self.cpu = self.wall = self.step = 0.0

    def turns(self) -> StrangerTurns:
        """Make turns with these clocks."""
        return StrangerTurns(self._look, lambda: self.wall)

    def _look(self) -> float:
        self.cpu += self.step
        return self.cpu

    def use(self, seconds: float) -> None:
        """Let CPU time and time pass."""
        self.cpu += seconds
        self.wall += seconds


async def some_turns(count: int = 50) -> None:
    """Let the loop have turns."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_addresses_take_turns_with_one_input_each() -> None:
    turns, handled = Clocks().turns(), list[str]()
    for name in ("a1", "a2", "a3", "b1", "c1", "b2"):
        turns.put(name[0], partial(handled.append, name))
    await eventually(lambda: len(handled) == 6)
    assert handled == ["a1", "b1", "c1", "a2", "b2", "a3"]


async def test_only_so_many_inputs_are_handled_in_one_turn_of_the_loop() -> None:
    turns, handled = Clocks().turns(), list[int]()
    for number in range(10 * INPUTS_A_TURN):
        turns.put(str(number), partial(handled.append, number))
    before = 0
    while before < 10 * INPUTS_A_TURN:
        await asyncio.sleep(0)
        assert len(handled) - before <= INPUTS_A_TURN
        before = len(handled)


async def test_strangers_in_debt_wait_until_as_much_time_has_passed_for_others() -> None:
    clocks = Clocks()
    turns, handled = clocks.turns(), list[str]()

    def costly() -> None:
        clocks.use(0.01)
        handled.append("costly")

    turns.put("a", costly)
    turns.put("b", lambda: handled.append("next"))
    await eventually(lambda: handled)
    await some_turns()
    clocks.wall += (0.01 - BURST_SECONDS) / SHARE - 0.01 - 0.001
    await some_turns()
    assert handled == ["costly"]
    clocks.wall += 0.002
    await eventually(lambda: len(handled) == 2)


async def test_the_tasks_that_input_wakes_are_charged_too() -> None:
    clocks = Clocks()
    turns, handled = clocks.turns(), list[str]()

    async def work() -> str:
        clocks.use(0.01)
        await asyncio.sleep(0)
        return "done"

    assert await turns.metered(work()) == "done"
    turns.put("a", lambda: handled.append("a"))
    await some_turns()
    assert not handled
    clocks.wall += 1
    await eventually(lambda: handled)


async def test_a_metered_task_can_fail_time_out_and_be_cancelled() -> None:
    turns = Clocks().turns()
    ended = list[str]()

    async def fail() -> None:
        await asyncio.sleep(0)
        raise ValueError("wrong")

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("waiting")

    with pytest.raises(ValueError, match="wrong"):
        await turns.metered(fail())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await turns.metered(wait())
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(turns.metered(wait()))
        await asyncio.sleep(0)
        task.cancel()
    assert task.cancelled()
    assert ended == ["waiting", "waiting"]


async def test_cancelled_input_is_not_handled_and_a_failure_stops_nobody() -> None:
    turns, handled, failures = Clocks().turns(), list[str](), list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))

    def fail() -> None:
        raise ValueError

    turns.put("a", lambda: handled.append("cancelled")).cancel()
    turns.put("b", fail)
    turns.put("c", lambda: handled.append("c"))
    await eventually(lambda: handled)
    assert handled == ["c"]
    assert len(failures) == 1


class Parsing:
    """Counts what strangers' inputs the websocket library is given in each turn of the loop.

    Attributes:
        most: the most in one turn.
        inputs: all of them.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.most = self.inputs = self._now = 0
        self._is_counting = False
        parse = ServerProtocol.receive_data

        def counted(protocol: ServerProtocol, data: bytes | bytearray) -> None:
            self._now += 1
            self.inputs += 1
            self.most = max(self.most, self._now)
            if not self._is_counting:
                self._is_counting = True
                asyncio.get_running_loop().call_soon(self._end_turn)
            parse(protocol, data)

        monkeypatch.setattr(ServerProtocol, "receive_data", counted)

    def _end_turn(self) -> None:
        self._now, self._is_counting = 0, False


async def connected(
    server: RunningServer,
    stack: AsyncExitStack,
    count: int,
    *,
    addresses: int = ADDRESSES,
    first: int = 2,
) -> list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Open so many connections from some addresses of 127.0.0.0/8; nothing is sent yet."""
    streams: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    for number in range(count):
        source = (f"127.0.0.{first + number % addresses}", 0)
        port = port_of(server.app)
        streams.append(await asyncio.open_connection("127.0.0.1", port, local_addr=source))
        stack.callback(streams[-1][1].transport.abort)
    return streams


async def test_h10_a43_requests_that_arrive_together_are_answered_some_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running_server() as server, AsyncExitStack() as stack:
        streams = await connected(server, stack, STRANGERS)
        parsing = Parsing(monkeypatch)
        async with asyncio.TaskGroup() as tasks:
            for stream in streams:
                tasks.create_task(answer_to(*stream))
        assert parsing.inputs >= STRANGERS
        assert parsing.most <= INPUTS_A_TURN


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    """Clocks of the strangers of servers that start from now on."""
    clocks = Clocks()
    monkeypatch.setattr(listener, "StrangerTurns", clocks.turns)
    return clocks


async def test_h10_a43_members_are_served_while_strangers_have_used_up_their_time(
    clocks: Clocks,
) -> None:
    async with (
        running_server() as server,
        member_of(server) as ana,
        AsyncExitStack() as stack,
        asyncio.TaskGroup() as tasks,
    ):
        streams = await connected(server, stack, STRANGERS)
        clocks.step = 0.01
        answers = [tasks.create_task(answer_to(*stream)) for stream in streams]
        for _ in range(20):
            assert await ana.is_alive()
        assert sum(answer.done() for answer in answers) <= INPUTS_A_TURN
        clocks.step, clocks.wall = 0.0, 1000.0


async def test_h10_a43_one_address_with_many_requests_does_not_delay_another(
    clocks: Clocks,
) -> None:
    async with (
        running_server() as server,
        AsyncExitStack() as stack,
        asyncio.TaskGroup() as tasks,
    ):
        many = await connected(server, stack, STRANGERS, addresses=1)
        (single,) = await connected(server, stack, 1, first=9)
        clocks.step = 0.01
        answers = [tasks.create_task(answer_to(*stream)) for stream in many]
        answer = tasks.create_task(answer_to(*single))
        async with asyncio.timeout(SECONDS):
            while not answer.done():
                clocks.wall += 0.01
                await asyncio.sleep(0)
        assert sum(each.done() for each in answers) < STRANGERS / 2
        clocks.step, clocks.wall = 0.0, clocks.wall + 1000.0


async def test_h15_health_is_answered_beside_a_flood_of_stats(
    clocks: Clocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = replace(client_limits.PAGES, server=Rate(10, 0.001))
    monkeypatch.setattr(client_limits, "PAGES", pages)
    async with (
        running_server() as server,
        AsyncExitStack() as stack,
        asyncio.TaskGroup() as tasks,
    ):
        many = await connected(server, stack, STRANGERS, addresses=STRANGERS // 2)
        (single,) = await connected(server, stack, 1, first=200)
        clocks.step = 0.01
        flood = [tasks.create_task(status_of(*stream, b"/stats")) for stream in many]

        async def advance_until(condition: Callable[[], bool]) -> None:
            async with asyncio.timeout(SECONDS):
                while not condition():
                    clocks.wall += 0.01
                    await asyncio.sleep(0)

        await advance_until(lambda: any(each.done() and each.result() == 429 for each in flood))
        health = tasks.create_task(status_of(*single, b"/health"))
        await advance_until(health.done)
        assert health.result() == 200
        assert sum(each.done() for each in flood) < STRANGERS
        clocks.step, clocks.wall = 0.0, clocks.wall + 1000.0
        await asyncio.wait(flood)
    assert Counter(each.result() for each in flood) == {200: 10, 429: STRANGERS - 10}


async def test_h10_a42_tls_handshakes_that_arrive_together_wait_for_turns(
    clocks: Clocks, tmp_path: Path
) -> None:
    certificate, key = await asyncio.to_thread(self_signed, tmp_path, "DNS:localhost")
    settings = Settings(
        port=0, executor="local", drain_seconds=1.0, tls_cert=certificate, tls_key=key
    )
    context = ssl.create_default_context(cafile=str(certificate))
    context.check_hostname = False
    encrypted = 0

    async def ask(server: RunningServer) -> None:
        nonlocal encrypted
        async with asyncio.timeout(SECONDS):
            stream = await asyncio.open_connection("127.0.0.1", port_of(server.app), ssl=context)
        encrypted += 1
        await answer_to(*stream)

    async with running_server(settings) as server, asyncio.TaskGroup() as tasks:
        await ask(server)
        clocks.step = 0.01
        for _ in range(20):
            tasks.create_task(ask(server))
        await eventually(lambda: clients_of(server)["handshaking"] == 20 and clocks.cpu)
        await some_turns()
        assert encrypted <= 2, "the first one, and one that had its turn"
        clocks.step, clocks.wall = 0.0, 1000.0


async def answer_to(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send a request, and see it answered."""
    assert await status_of(reader, writer, b"/health") == 200


async def status_of(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: bytes) -> int:
    """Request a page; return the status of the answer."""
    try:
        writer.write(REQUEST % path)
        async with asyncio.timeout(SECONDS):
            answer = await reader.read()
        return int(answer.split(b" ", 2)[1])
    finally:
        writer.transport.abort()
