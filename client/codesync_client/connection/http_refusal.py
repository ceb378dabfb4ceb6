"""Explains why a server answered the opening of a websocket with a plain HTTP status."""

import math
from http import HTTPStatus

import msgspec
from websockets.http11 import Response

from codesync_client.errors import CannotConnect
from codesync_protocol.printable import show_line

BODY_MAX = 4096
"""Bytes of a response that are looked at."""

TEXT_MAX = 200
"""Characters of the server's explanation that are shown."""

RETRY_AFTER_MAX = 300.0
"""Seconds; a server cannot make a client wait longer."""

_NOT_OURS = "check that the address is a CodeSync server's"

_REMEDIES: dict[int, str] = {
    HTTPStatus.FORBIDDEN: "the server or a proxy before it refuses this client: ask its operator",
    HTTPStatus.NOT_FOUND: "check the address: it is the server's own, without a path of the web",
    HTTPStatus.METHOD_NOT_ALLOWED: "a proxy before the server changed the request: it must pass"
    " websockets on",
    HTTPStatus.MISDIRECTED_REQUEST: "its operator must allow the name in the address:"
    " codesync serve --allow-host NAME",
    HTTPStatus.UPGRADE_REQUIRED: "a proxy before the server must pass websockets on",
    HTTPStatus.BAD_GATEWAY: "the proxy reaches no server: ask its operator",
    HTTPStatus.GATEWAY_TIMEOUT: "the proxy reaches no server: ask its operator",
}

_CAUSES: dict[int, str] = {
    HTTPStatus.MISDIRECTED_REQUEST: "the server does not go by that name",
    HTTPStatus.TOO_MANY_REQUESTS: "too many attempts came from this address",
    HTTPStatus.SERVICE_UNAVAILABLE: "the server is full or not ready",
}

_PASSING: set[int] = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
_FINAL: set[int] = {HTTPStatus.FORBIDDEN, HTTPStatus.MISDIRECTED_REQUEST}


class _Body(msgspec.Struct):
    """What CodeSync's server sends."""

    error: str


def explain(server: str, response: Response) -> CannotConnect:
    """Build the error for a response that is no websocket.

    Args:
        server: the address that was dialled.
        response: what came instead; hostile input.

    Returns:
        The error: states the cause and what to do, whether another attempt can help, and when.
    """
    status = response.status_code
    cause = _stated_cause(bytes(response.body or b"")) or _CAUSES.get(status)
    reason = f"{server} answered, but refused the connection (HTTP {status})"
    if cause:
        reason += f": {cause}"
    if status in _PASSING:
        wait = _retry_after(response)
        remedy = f"try again in about {math.ceil(wait)} s" if wait else "try again in a minute"
        return CannotConnect(reason, remedy, retry_after=wait)
    return CannotConnect(reason, _REMEDIES.get(status, _NOT_OURS), is_final=status in _FINAL)


def _stated_cause(body: bytes) -> str | None:
    """The `error` of a JSON object, made printable and short."""
    if len(body) > BODY_MAX:
        return None
    try:
        text = msgspec.json.decode(body, type=_Body).error
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    if not text.strip():
        return None
    return show_line(text[:TEXT_MAX]).strip()


def _retry_after(response: Response) -> float:
    """Seconds that the server asks to wait; 0 if it does not say."""
    values = response.headers.get_all("Retry-After")
    text = values[0] if len(values) == 1 else ""
    if not (text.isascii() and text.isdigit() and len(text) <= len("999999")):
        return 0.0
    return min(float(text), RETRY_AFTER_MAX)
