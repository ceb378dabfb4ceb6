"""Join links: `ws://HOST:PORT/ROOM#TOKEN`.

The token is in the fragment, which no client sends and no server logs.
"""

import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from codesync_protocol.names import is_room_name

DEFAULT_PORT = 4000

_NO_HOST = "the address names no host: it looks like ws://HOST:PORT"


class LinkError(ValueError):
    """The text is not a join link; the message says why."""


@dataclass(frozen=True, slots=True)
class Link:
    """The address of a room, and the token to enter it.

    Attributes:
        server: the server's address, e.g. "ws://127.0.0.1:4000".
        room: the room's name.
        token: an invite or the server's own token; may be empty.
    """

    server: str
    room: str
    token: str

    def __str__(self) -> str:
        """Return the link as text."""
        return f"{self.server}/{self.room}" + (f"#{self.token}" if self.token else "")

    @classmethod
    def parse(cls, text: str) -> "Link":
        """Read a join link.

        Args:
            text: the text that a user entered.

        Returns:
            The link.

        Raises:
            LinkError: it is not one.
        """
        parts = _split(text.strip())
        room = parts.path.strip("/")
        if not is_room_name(room):
            raise LinkError(
                "the link names no room: it looks like ws://HOST:PORT/ROOM#TOKEN,"
                " where ROOM is 3 to 64 of a-z, 0-9 and hyphen"
            )
        server = parse_server(f"{parts.scheme}://{parts.netloc}")
        return cls(server, room, parts.fragment)


def parse_server(text: str) -> str:
    """Check the address of a server, and return its canonical form.

    Args:
        text: e.g. "ws://localhost:4000", "wss://example.org" or "example.org:4000".

    Returns:
        Scheme, host and port, e.g. "ws://localhost:4000".

    Raises:
        LinkError: it is not a server's address.
    """
    parts = _split(text)
    try:
        port = parts.port
    except ValueError:
        raise LinkError("the port in the address is not a number from 0 to 65535") from None
    if parts.scheme not in ("ws", "wss"):
        raise LinkError("the address must begin with ws:// or wss://")
    host = _host(parts)
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise LinkError("a server's address has no path: it looks like ws://HOST:PORT")
    if port is None:
        port = 443 if parts.scheme == "wss" else DEFAULT_PORT
    return f"{parts.scheme}://{host}:{port}"


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text if "://" in text else f"ws://{text}")
    except ValueError:  # brackets without an IPv6 address, or letters that would become others
        raise LinkError(_NO_HOST) from None


def _host(parts: SplitResult) -> str:
    name = parts.hostname
    if not name or not name.isprintable() or " " in name:
        raise LinkError(_NO_HOST)
    host = f"[{name}]" if ":" in name else name
    # Text around the host (userinfo, a bracket) would make it look like another one.
    before, _, behind = parts.netloc.lower().partition(host.lower())
    if before or (behind and behind[0] != ":"):
        raise LinkError(_NO_HOST)
    return host


def is_loopback_host(host: str) -> bool:
    """Tell whether a host name or address always means this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_private_link(server: str) -> bool:
    """Tell whether the connection is private: TLS, or loopback."""
    parts = urlsplit(server)
    return parts.scheme == "wss" or is_loopback_host(parts.hostname or "")
