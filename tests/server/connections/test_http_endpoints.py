"""Answers to plain HTTP, and to web pages that must not connect."""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest
from websockets.exceptions import InvalidStatus
from websockets.http11 import Request
from websockets.server import ServerProtocol

from codesync_protocol.messages import Accepted, Cancel, Notice, Started, StdinMode, Welcome
from codesync_server.access.token_buckets import Rate
from codesync_server.configuration.settings import Settings
from codesync_server.connections import client_limits
from codesync_server.connections.http_endpoints import LIST_HEADER_BYTES
from tests.server.connections.wire import (
    ask,
    get,
    hello_to,
    member_of,
    port_of,
    python_job,
    socket_to,
    wire_to,
)
from tests.servers import RunningServer, running_server
from tests.waiting import eventually

SETTINGS = Settings(
    port=0,
    executor="local",
    drain_seconds=1.0,
    allow_hosts=("Rooms.Example.org",),
    allow_origins=("https://trusted.example",),
)

UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.fixture
async def server() -> AsyncGenerator[RunningServer, None]:
    async with running_server(SETTINGS) as server:
        yield server


# The pages.


async def test_health_tells_that_all_is_well_and_where_programs_run(server: RunningServer) -> None:
    answer = await get(server, "/health")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.figures == {
        "status": "ok",
        "reason": "",
        "executor": "local",
        "sandboxed": False,
    }


async def test_stats_count_rooms_members_and_connections(server: RunningServer) -> None:
    async with (
        member_of(server, name="ana"),
        member_of(server, name="ben"),
        member_of(server, name="cyd", room="another-room"),
    ):
        figures = (await get(server, "/stats")).figures
    assert (figures["rooms"], figures["members"], figures["connections"]) == (2, 3, 3)
    assert (figures["queued"], figures["active"]) == (0, 0)


async def test_what_comes_behind_a_question_mark_changes_nothing(server: RunningServer) -> None:
    assert (await get(server, "/health?verbose=1")).status == 200


async def test_every_answer_ends_its_connection_and_is_kept_by_nobody(
    server: RunningServer,
) -> None:
    for path in ("/health", "/stats", "/nothing"):
        headers = (await get(server, path)).headers
        assert headers["connection"] == "close"
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert "server" not in headers, "which program answers is nobody's business"


@pytest.mark.parametrize(
    "path",
    ["/metrics", "/healthz", "/health/", "//health", "/../health", "/test-room", "/%2e%2e", "*"],
)
async def test_other_paths_are_not_found(server: RunningServer, path: str) -> None:
    answer = await get(server, path)
    assert answer.status == 404
    assert answer.figures == {"error": "there are /, /health and /stats"}


async def test_the_front_door_without_an_upgrade_says_that_it_is_a_websockets(
    server: RunningServer,
) -> None:
    answer = await get(server, "/")
    assert answer.status == 426
    assert answer.headers["upgrade"] == "websocket"


# Nothing but GET and HEAD.


@pytest.mark.parametrize(
    "method",
    ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "FOO", "get", "GETS"],
)
@pytest.mark.parametrize("path", ["/", "/health", "/stats"])
@pytest.mark.parametrize("body", [b"", b"{}", b"x" * 100_000], ids=["none", "short", "long"])
async def test_a74_h15_other_methods_are_not_allowed(
    server: RunningServer, method: str, path: str, body: bytes
) -> None:
    headers = {"Content-Length": str(len(body))} if body else {}
    answer = await get(server, path, method=method, headers=headers, body=body)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert answer.figures == {"error": "use GET or HEAD"}
    assert (await get(server, "/health")).status == 200


async def test_h15_a_method_that_arrives_byte_by_byte_is_recognized(server: RunningServer) -> None:
    for request, status in ((b"GET /health", b"200"), (b"PUT /health", b"405")):
        async with socket_to(server) as (reader, writer):
            for byte in request[:6]:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.01)
            writer.write(request[6:] + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert (await reader.readline()).split()[1] == status


@pytest.mark.parametrize(
    ("path", "status"), [("/health", 200), ("/stats", 200), ("/none", 404), ("/", 426)]
)
async def test_h15_head_answers_as_get_without_a_body(
    server: RunningServer, path: str, status: int
) -> None:
    answer = await get(server, path, method="HEAD", headers=UPGRADE)
    assert (answer.status, answer.body) == (status, b"")
    assert int(answer.headers["content-length"]) > 0


async def test_h15_plain_requests_are_limited_by_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        client_limits, "PAGES", replace(client_limits.PAGES, address=Rate(3.0, 0.01))
    )
    async with running_server(SETTINGS) as server:
        answers = [await get(server, "/stats") for _ in range(5)]
        assert [answer.status for answer in answers] == [200, 200, 200, 429, 429]
        assert int(answers[3].headers["retry-after"]) in range(90, 101)
        assert answers[3].figures == {
            "error": (
                "Your address's limit on HTTP requests is reached"
                " (3 requests at once, then 0.6 requests per minute). Try again in about 100 s."
            )
        }
        head = await get(server, "/stats", method="HEAD")
        assert (head.status, head.body) == (429, b"")
        async with member_of(server) as ana:
            assert await ana.is_alive()


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /health\r\n\r\n",
        b"GET /health HTTP/2\r\nHost: localhost\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost : localhost\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: local\x00host\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64) + b"\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    ],
)
async def test_what_is_not_http_as_we_speak_it_gets_no_page(
    server: RunningServer, request_bytes: bytes
) -> None:
    assert (await ask(server, request_bytes)).status != 200
    assert (await get(server, "/health")).status == 200


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nCookie: " + b"x" * 100_000 + b"\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
        b"x" * 1_000_000,
    ],
    ids=["path", "header", "many headers", "line"],
)
async def test_a42_a_request_without_end_is_cut_off(
    server: RunningServer, request_bytes: bytes
) -> None:
    try:
        answer = await ask(server, request_bytes)
    except ConnectionError:
        pass  # it was not even read to its end
    else:
        assert answer.status in {0, 400, 414, 431}
    assert (await get(server, "/health")).status == 200


@pytest.mark.parametrize("name", [*LIST_HEADER_BYTES])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a42_long_lists_in_headers_are_refused_unparsed(
    server: RunningServer, name: str, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[Request] = []

    def accept(_: ServerProtocol, request: Request) -> None:
        parsed.append(request)

    monkeypatch.setattr(ServerProtocol, "accept", accept)
    limit = LIST_HEADER_BYTES[name]
    long = "a," * (limit // 2) + "a"
    answer = await get(server, "/", method=method, headers=UPGRADE | {name: long})
    assert (answer.status, answer.body == b"") == (431, method == "HEAD")
    lines = f"{name}: {'a,' * (limit // 32)}\r\n" * 17  # each is short
    host = server.app.address.partition("://")[2]
    request = f"{method} / HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n"
    assert (await ask(server, request.encode())).status == 431
    assert not parsed


@pytest.mark.parametrize("name", [*LIST_HEADER_BYTES])
async def test_a42_lists_in_headers_may_be_as_long_as_their_limit(
    server: RunningServer, name: str
) -> None:
    limit = LIST_HEADER_BYTES[name]
    value = UPGRADE.get(name, "").rjust(limit, "," if name in UPGRADE else "a")
    answer = await get(server, "/", headers=UPGRADE | {name: value})
    assert answer.status == 101


# Web pages that should not be there.


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "",
        "*",
        "http://trusted.example",
        "https://trusted.example:444",
        "https://trusted.example:443",
        "https://trusted.example.evil.example",
        "https://evil.example/https://trusted.example",
        "https://a.trusted.example",
        "https://xtrusted.example",
        "https://trusted.example/",
        "https://TRUSTED.example",
        "http://127.0.0.1",
        "http://localhost",
    ],
)
async def test_a72_a75_a_web_page_opens_no_websocket_unless_it_is_exactly_one_that_may(
    server: RunningServer, origin: str
) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with wire_to(server, origin=origin):
            pass
    assert caught.value.response.status_code == 403


async def test_a72_the_servers_own_address_is_a_strange_origin_too(server: RunningServer) -> None:
    for scheme in ("http", "ws"):
        with pytest.raises(InvalidStatus):
            async with wire_to(server, origin=f"{scheme}://127.0.0.1:{port_of(server.app)}"):
                pass


async def test_a72_two_origins_are_none(server: RunningServer) -> None:
    request = "GET / HTTP/1.1\r\nHost: localhost\r\n" + "".join(
        f"{name}: {value}\r\n" for name, value in UPGRADE.items()
    )
    both = "Origin: https://trusted.example\r\nOrigin: https://evil.example\r\n\r\n"
    assert (await ask(server, (request + both).encode())).status in {400, 403}


async def test_a57_a75_a_page_that_the_operator_allows_and_a_program_may_connect(
    server: RunningServer,
) -> None:
    for origin in ("https://trusted.example", None):
        async with wire_to(server, origin=origin) as wire:
            assert (await wire.enter(hello_to(server))).room == "test-room"


async def test_a75_no_page_of_another_origin_is_told_that_it_may_read_ours(
    server: RunningServer,
) -> None:
    for origin in ("https://evil.example", "https://trusted.example"):
        for path in ("/health", "/stats"):
            answer = await get(server, path, headers={"Origin": origin})
            assert not [name for name in answer.headers if name.startswith("access-control")]


# Names that lead here and are not ours.


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:4000",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evil-localhost",
        "rooms.example.org.evil.example",
        "a.rooms.example.org",
        "",
        ":4000",
        "[::1",
        "user@evil.example",
        "evil.example:80@127.0.0.1.nip.io:4000",
    ],
)
@pytest.mark.parametrize("path", ["/", "/health", "/stats"])
async def test_a73_a_request_under_a_strange_name_gets_nothing(
    server: RunningServer, path: str, host: str
) -> None:
    answer = await get(server, path, host=host, headers=UPGRADE)
    assert answer.status == 421
    assert answer.figures == {"error": "this server has another name"}


async def test_a73_a_request_under_no_name_or_under_two_gets_nothing(
    server: RunningServer, caplog: pytest.LogCaptureFixture
) -> None:
    for hosts in ("", "Host: localhost\r\nHost: evil.example\r\n"):
        answer = await ask(server, f"GET /health HTTP/1.1\r\n{hosts}\r\n".encode())
        assert answer.status == 421
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:4000",
        "lab.localhost",
        "127.0.0.1",
        "127.0.0.1:80",
        "[::1]",
        "[::1]:4000",
        "192.168.1.5:4000",
        "rooms.example.org",
        "ROOMS.example.org:443",
    ],
)
async def test_a73_addresses_this_machine_and_the_names_that_the_operator_gave_are_ours(
    server: RunningServer, host: str
) -> None:
    assert (await get(server, "/health", host=host)).status == 200
    assert (await get(server, "/", host=host, headers=UPGRADE)).status == 101


# What is nobody else's business.


async def test_a76_no_page_shows_a_token_a_key_or_what_members_wrote(
    server: RunningServer,
) -> None:
    hello = hello_to(server, name="ana-the-member", room="vault-room")
    async with wire_to(server) as wire:
        await wire.enter(hello)
        await wire.say(python_job("print('a-secret-program')"))
        await wire.hear(Accepted)
        shown = b""
        for path in ("/", "/health", "/stats", "/metrics", "/vault-room", f"/{hello.token}"):
            answer = await get(server, path)
            shown += json.dumps(dict(answer.headers)).encode() + answer.body
    for secret in (server.app.token, hello.token, hello.key, "ana-the-member", "a-secret-program"):
        assert secret.encode() not in shown
    assert b"vault-room" not in shown, "which rooms there are is for those who are in them"


# When all is not well.


@pytest.mark.parametrize("end", ["\r\n\r\n", ""], ids=["complete", "incomplete"])
@pytest.mark.parametrize("lines", [1, 100])
async def test_a43_a_large_head_of_a_request_is_refused(
    server: RunningServer, lines: int, end: str
) -> None:
    head = "\r\n".join(
        [
            "GET / HTTP/1.1",
            f"Host: 127.0.0.1:{port_of(server.app)}",
            *(f"{name}: {value}" for name, value in UPGRADE.items()),
            *(f"X-{line}: {'a' * (20_000 // lines)}" for line in range(lines)),
        ]
    )
    answer = await ask(server, (head + end).encode())
    assert answer.status == 431


async def test_a43_a_large_request_that_is_no_http_is_cut_off(server: RunningServer) -> None:
    answer = await ask(server, b"GET \0\r\n\r\n" + b"x" * 100_000)
    assert answer.status in (0, 400)
    assert (await get(server, "/health")).status == 200


async def test_a43_a_server_with_all_members_that_it_may_have_takes_another_when_one_goes() -> None:
    async with running_server(replace(SETTINGS, connections_max=2)) as server:
        async with member_of(server, name="ana") as ana:
            async with wire_to(server), member_of(server, name="eve"):  # the silent one is none
                answer = await get(server, "/", headers=UPGRADE)
                assert (answer.status, answer.headers["retry-after"]) == (503, "30")
                assert answer.figures["error"] == (
                    "The server's limit on members is reached (2 members). Try again in about 30 s."
                )
                assert (await get(server, "/health")).status == 200
                assert await ana.is_alive()
            await eventually(lambda: server.app.stats()["members"] == 1)
            async with member_of(server, name="ben") as ben:
                assert ben.of(Welcome)[0].member == 3


async def test_a_server_that_shuts_down_says_so_while_it_waits_for_its_programs() -> None:
    async with running_server(replace(SETTINGS, drain_seconds=30.0)) as server:
        async with member_of(server) as ana:
            job = python_job("input()", stdin=StdinMode.SHARED)
            await ana.say(job)
            await ana.hear(Started)
            server.stop.set()
            await ana.hear(Notice)
            answer = await get(server, "/health")
            assert (answer.status, answer.figures["status"]) == (503, "draining")
            await ana.say(Cancel(job.job))
            assert await ana.end() == 1001
