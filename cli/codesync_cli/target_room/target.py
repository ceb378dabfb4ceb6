"""The room of a command: from a link, or from a server, a room and a token file."""

import argparse
import getpass
import os
import socket
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from codesync_client.connection.dial import DialOptions
from codesync_protocol.links import Link, LinkError, is_loopback_host, parse_server
from codesync_protocol.names import is_room_name

DEFAULT_ROOM = "lobby"

_ANY_PORT = 9


class TargetError(Exception):
    """The arguments name no room; the message states the problem."""


def add_arguments(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """Add --server, --room, --token-file and the options of the connection."""
    group = parser.add_argument_group("where")
    group.add_argument(
        "--server",
        metavar="URL",
        required=required,
        help="address of the server, e.g. ws://host:4000, or a whole join link",
    )
    group.add_argument("--room", metavar="R", help=f"name of the room (default: {DEFAULT_ROOM})")
    group.add_argument(
        "--token-file",
        metavar="F",
        type=Path,
        help="file with the server's token or an invite (default: $CODESYNC_TOKEN, else for servers"
        " on this machine the token of your own server)",
    )
    add_connection_arguments(parser)


def add_connection_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of every command that connects."""
    group = parser.add_argument_group("connection")
    group.add_argument("--name", metavar="NAME", help="your name in the room (default: your login)")
    group.add_argument(
        "--insecure",
        action="store_true",
        help="connect to another machine without encryption: others can read the traffic",
    )
    group.add_argument(
        "--ca-file",
        metavar="F",
        type=Path,
        help="trust these certificates (PEM) instead of the system's",
    )


def link(args: argparse.Namespace) -> Link:
    """Return the link of the room that the arguments of `add_arguments` name.

    Raises:
        TargetError: they name no room.
    """
    try:
        if "#" in args.server or args.server.partition("://")[2].strip("/").count("/"):
            return Link.parse(args.server)
        server = parse_server(args.server)
    except LinkError as error:
        raise TargetError(f"--server: {error}") from None
    return Link(server, checked_room(args.room or DEFAULT_ROOM), _token(args.token_file, server))


def checked_room(name: str) -> str:
    """Check the name of a room.

    Raises:
        TargetError: the name is not allowed.
    """
    if not is_room_name(name):
        raise TargetError("--room: a room's name is 3 to 64 of a-z, 0-9 and hyphen")
    return name


def options(args: argparse.Namespace) -> DialOptions:
    """Return the options of the connection from the arguments."""
    return DialOptions(insecure=args.insecure, ca_file=args.ca_file)


def name(args: argparse.Namespace) -> str:
    """Return the wanted name of the member."""
    if args.name:
        return str(args.name)
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a uid without a passwd entry
        return f"uid{os.getuid()}"


def _token(file: Path | None, server: str) -> str:
    if file is None and (token := os.environ.get("CODESYNC_TOKEN")):
        return token.strip()
    if file is None and not is_this_machine(server):
        return ""  # a relay could forward the proof to the user's own server, and be a host there
    path = file or own_token_file()
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        if file is None:
            return ""  # the server will say what it thinks of that
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise TargetError(f"--token-file: cannot read {file}: {reason}") from None


def is_this_machine(server: str) -> bool:
    """Tell whether a server's host is this machine.

    The name must be this machine's own, or an address: whoever decides what another name means can
    have it mean this machine now, and another one when we connect.

    Args:
        server: an address as `links.parse_server` returns it.
    """
    host = urlsplit(server).hostname or ""
    if is_loopback_host(host):
        return True
    if not _is_address(host) and host != socket.gethostname().lower():
        return False
    try:
        found = socket.getaddrinfo(host, _ANY_PORT, type=socket.SOCK_DGRAM)
        return all(_is_own(family, address) for family, _, _, _, address in found)
    except (OSError, UnicodeError):
        return False


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_own(family: int, address: Any) -> bool:
    """Tell whether an address belongs to this machine.

    To bind a socket to it proves nothing: that works with any address where the system allows it
    (`ip_nonlocal_bind`), and with those of groups.
    """
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect(address)  # sends nothing
        own = probe.getsockname()[0]
    return ip_address(own.partition("%")[0]) == ip_address(str(address[0]).partition("%")[0])


def own_token_file() -> Path:
    """Return the path of the token of this user's server (XDG Base Directory)."""
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "codesync" / "token"
