"""H40: an HTTP status of a server is reported with its cause and a remedy."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from codesync_client import CannotConnect, Connected, DialOptions, Disconnected, Room
from codesync_client.connection import backoff, reconnecting
from codesync_client.connection.dial import dial
from codesync_client.connection.http_refusal import RETRY_AFTER_MAX, TEXT_MAX, explain
from codesync_protocol.codec import encode
from codesync_protocol.ends import ServerEnd
from codesync_protocol.links import Link
from codesync_protocol.printable import show_line
from tests.client.rooms import welcome
from tests.handshakes import challenged

NOT_OURS = "check that the address is a CodeSync server's"


def encode_error(text: str) -> bytes:
    return json.dumps({"error": text}).encode()


def response(status: int, body: object, **headers: str) -> Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    fields["Content-Length"] = str(len(data))
    return Response(status, "", Headers(fields), data)


@asynccontextmanager
async def server_that_answers(*answers: Response | None) -> AsyncGenerator[int]:
    """A server that answers each connection in turn, None with a room; the last answer repeats."""
    left = list(answers)

    def process(connection: ServerConnection, request: Request) -> Response | None:
        return left.pop(0) if len(left) > 1 else left[0]

    async def live(connection: ServerConnection) -> None:
        await challenged(connection, ServerEnd(), "token")
        await connection.send(encode(welcome()))
        if left != [None]:
            connection.transport.abort()
        await connection.wait_closed()

    async with serve(live, "127.0.0.1", 0, process_request=process, compression=None) as server:
        yield int(next(iter(server.sockets)).getsockname()[1])


@pytest.mark.parametrize(
    ("status", "body", "cause", "remedy"),
    [
        (403, b"", "(HTTP 403)", "operator"),
        (404, {"error": "there are /, /health and /stats"}, "/health", "address"),
        (405, {"error": "use GET or HEAD"}, "use GET or HEAD", "proxy"),
        (421, {"error": "this server has another name"}, "another name", "--allow-host"),
        (421, b"", "does not go by that name", "--allow-host"),
        (426, {"error": "this is a websocket"}, "this is a websocket", "proxy"),
        (502, b"<html>Bad Gateway</html>", "(HTTP 502)", "proxy"),
        (418, b"", "(HTTP 418)", NOT_OURS),
        (599, b"", "(HTTP 599)", NOT_OURS),
    ],
)
async def test_h40_each_status_has_its_cause_and_remedy(
    status: int, body: object, cause: str, remedy: str
) -> None:
    async with server_that_answers(response(status, body)) as port:
        with pytest.raises(CannotConnect) as caught:
            await dial(f"ws://127.0.0.1:{port}", DialOptions())
    assert cause in caught.value.reason
    assert remedy in caught.value.remedy
    assert caught.value.is_final is (status in (403, 421))


@pytest.mark.parametrize("status", [429, 503])
async def test_h40_a_full_server_says_when_to_try_again(status: int) -> None:
    answer = response(status, {"error": "the server is full (3 connections)"}, Retry_After="17")
    async with server_that_answers(answer) as port:
        with pytest.raises(CannotConnect) as caught:
            await dial(f"ws://127.0.0.1:{port}", DialOptions())
    error = caught.value
    assert "the server is full (3 connections)" in error.reason
    assert (error.remedy, error.retry_after) == ("try again in about 17 s", 17.0)
    assert not error.is_final


async def test_h40_a_room_comes_back_when_the_server_was_full(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backoff, "FIRST_SECONDS", 0.01)
    full = response(503, {"error": "full"}, Retry_After="1")
    async with server_that_answers(None, full, None) as port:
        seen: list[str] = []
        async with room(port) as ana:
            async for event in ana.events():
                if isinstance(event, Disconnected):
                    seen.append(event.reason)
                    if "full" in event.reason:
                        assert event.retry_in is not None
                        assert event.retry_in >= 1.0  # what the server asked for
                elif isinstance(event, Connected) and any("full" in each for each in seen):
                    break


@pytest.mark.parametrize("status", [403, 421])
async def test_h03_what_takes_over_the_port_cannot_keep_a_room_away(
    monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(backoff, "FIRST_SECONDS", 0.01)
    other = response(status, {"error": "another name"})
    async with server_that_answers(None, other, None) as port:
        cuts: list[Disconnected] = []
        async with room(port) as ana:
            async for event in ana.events():
                if isinstance(event, Disconnected):
                    cuts.append(event)
                elif isinstance(event, Connected) and any("another name" in e.reason for e in cuts):
                    break
    assert all(cut.retry_in is not None for cut in cuts)


async def test_h03_what_takes_over_the_port_cannot_ask_for_a_long_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reconnecting, "UNPROVED_WAIT_MAX", 0.5)
    full = response(503, {"error": "full"}, Retry_After="300")
    async with server_that_answers(None, full, None) as port:
        cuts: list[Disconnected] = []
        async with room(port) as ana:
            async for event in ana.events():
                if isinstance(event, Disconnected):
                    cuts.append(event)
                elif isinstance(event, Connected) and any("full" in cut.reason for cut in cuts):
                    break
    assert max(cut.retry_in or 0.0 for cut in cuts) < 60.0


def room(port: int) -> Room:
    return Room(
        Link(f"ws://127.0.0.1:{port}", "test-room", "token"),
        name="ana",
        options=DialOptions(),
        agent="test",
    )


@given(
    st.integers(100, 999),
    st.binary(max_size=5000) | st.text().map(encode_error),
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)),
)
def test_h40_nothing_that_a_server_says_breaks_the_explanation(
    status: int, body: bytes, retry_after: str
) -> None:
    headers = Headers()
    headers["Retry-After"] = retry_after
    error = explain("ws://h:1", Response(status, "", headers, body))
    assert len(error.reason) < TEXT_MAX + 100
    assert show_line(error.reason) == error.reason
    assert 0.0 <= error.retry_after <= RETRY_AFTER_MAX


def test_h40_a_status_that_python_does_not_know_is_explained() -> None:
    assert 599 not in set(HTTPStatus)
    assert explain("ws://h:1", response(599, b"")).remedy == NOT_OURS
