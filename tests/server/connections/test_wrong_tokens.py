"""A thousand wrong tokens from one address (A41)."""

import asyncio
import secrets
from collections import Counter
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from codesync_client import Room
from codesync_protocol import version
from codesync_protocol.errors import Code
from codesync_server.connections.admission import WRONG_TOKENS_BURST, WRONG_TOKENS_PER_SECOND
from tests.crash.mortal_server import MortalServer
from tests.handshakes import Caller
from tests.server.connections.wire import Wire

TRIES = 1000
AT_ONCE = 20
LOG_LINES_MAX = 100
"""Similar lines are counted instead of repeated."""


@pytest.mark.timeout(300, func_only=True)
async def test_a41_a_thousand_wrong_tokens_are_refused_and_fill_no_log(tmp_path: Path) -> None:
    server = MortalServer(tmp_path, str(tmp_path / "rooms.db"), "--executor=local")
    await server.start()
    codes: Counter[Code] = Counter()
    few = asyncio.Semaphore(AT_ONCE)
    clock = asyncio.get_running_loop().time
    began = clock()

    async def guess() -> None:
        token, key = secrets.token_urlsafe(32), secrets.token_hex(16)
        caller = Caller(version.OLDEST, version.NEWEST, "den", token, "eve", key)
        async with few, connect(f"ws://127.0.0.1:{server.port}", proxy=None) as connection:
            codes[Code((await Wire(connection).refusal(caller)).code)] += 1

    try:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(TRIES):
                tasks.create_task(guess())
        allowed = WRONG_TOKENS_BURST + WRONG_TOKENS_PER_SECOND * (clock() - began) + 1
        assert set(codes) == {Code.TOKEN, Code.BUSY}
        assert codes[Code.TOKEN] <= allowed, "beyond a burst an address is put off"
        async with Room(server.invite("den"), name="ana"):
            pass  # a neighbour with a right one is let in
    finally:
        await server.kill()
    assert len(server.log.splitlines()) < LOG_LINES_MAX
