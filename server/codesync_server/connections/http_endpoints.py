"""Answers plain HTTP on the port: /health and /stats, without a framework."""

import ipaddress
import json
from collections.abc import Callable
from http import HTTPStatus
from math import ceil

from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from codesync_protocol.links import is_loopback_host
from codesync_server.access.limit_reached import LimitReached
from codesync_server.connections.stats import Figures

WELL = ("ok", "degraded")
"""In these states jobs run; in any other, whoever asks should send them elsewhere."""

LIST_HEADER_BYTES = {
    "Connection": 256,
    "Upgrade": 256,
    "Sec-WebSocket-Protocol": 256,
    "Sec-WebSocket-Extensions": 1024,
}
"""Limits on the headers that the library parses token by token: 8 KiB of them take 3 ms."""


class HttpEndpoints:
    """The pages of the port.

    Args:
        health: tells whether all is well, and what is wrong.
        stats: tells the figures.
        allowed_hosts: names that the Host header may have, besides addresses and loopback names.
    """

    def __init__(
        self,
        health: Callable[[], Figures],
        stats: Callable[[], Figures],
        allowed_hosts: frozenset[str],
    ) -> None:
        self._health = health
        self._stats = stats
        self._allowed_hosts = allowed_hosts

    def answer(self, request: Request) -> Response | None:
        """Answer a request.

        Args:
            request: a request with the method GET or HEAD.

        Returns:
            The response; None when it is a websocket's opening handshake to be gone on with.
        """
        response = self._answer(request)
        if request.method != "HEAD":
            return response
        return head_response(response or _upgrade_required())

    def _answer(self, request: Request) -> Response | None:
        if _has_long_list(request.headers):
            return head_too_large()
        hosts = request.headers.get_all("Host")
        if len(hosts) != 1 or not self._is_our_name(hosts[0]):
            # A name that is not ours but leads here: DNS rebinding from a web page.
            return json_response(
                HTTPStatus.MISDIRECTED_REQUEST, {"error": "this server has another name"}
            )
        path = request.path.partition("?")[0]
        if path == "/health":
            health = self._health()
            well = health.get("status") in WELL
            return json_response(HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE, health)
        if path == "/stats":
            return json_response(HTTPStatus.OK, self._stats())
        if path != "/":
            return json_response(HTTPStatus.NOT_FOUND, {"error": "there are /, /health and /stats"})
        return None

    def _is_our_name(self, host: str) -> bool:
        name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
        name = name.strip("[]").lower()
        return is_loopback_host(name) or _is_address(name) or name in self._allowed_hosts


def json_response(status: HTTPStatus, body: Figures) -> Response:
    """Make a response with a JSON body."""
    content = json.dumps(body).encode() + b"\n"
    headers = Headers(
        {
            "Content-Type": "application/json",
            "Content-Length": str(len(content)),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Connection": "close",
        }
    )
    return Response(status.value, status.phrase, headers, content)


def head_response(response: Response) -> Response:
    """Make a response to HEAD: the same status and headers."""
    return Response(response.status_code, response.reason_phrase, response.headers)


def limit_response(error: LimitReached, status: HTTPStatus) -> Response:
    """Make the response to a request that a limit does not allow."""
    response = json_response(status, {"error": error.reason})
    response.headers["Retry-After"] = str(max(1, ceil(error.retry_after)))
    return response


def method_not_allowed() -> Response:
    """Make the response to any method except GET and HEAD."""
    response = json_response(HTTPStatus.METHOD_NOT_ALLOWED, {"error": "use GET or HEAD"})
    response.headers["Allow"] = "GET, HEAD"
    return response


def head_too_large() -> Response:
    """Make the response to a request whose head is too large."""
    body = {"error": "the head of the request is too large"}
    return json_response(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, body)


def _has_long_list(headers: Headers) -> bool:
    """Tell whether the values of one header that is a list are longer than a client needs."""
    return any(
        sum(map(len, headers.get_all(name))) > limit for name, limit in LIST_HEADER_BYTES.items()
    )


def _upgrade_required() -> Response:
    response = json_response(HTTPStatus.UPGRADE_REQUIRED, {"error": "this is a websocket; use GET"})
    response.headers["Upgrade"] = "websocket"
    return response


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
