"""`codesync`: open a room on an embedded server, and enter it."""

import argparse
import asyncio
import socket
from functools import partial
from importlib import import_module
from pathlib import Path

from codesync_cli.console import terminal
from codesync_cli.console.echo_off import discard_typed, echo_off
from codesync_cli.console.messages import print_error, print_note
from codesync_cli.console.parser import Parser
from codesync_cli.exit_codes import ExitCode
from codesync_cli.local_server.embedded import EmbeddedFailed, Links
from codesync_cli.local_server.room_server import RoomServer
from codesync_cli.local_server.settings_flags import (
    add_settings,
    as_arguments,
    as_environment,
    load_settings,
)
from codesync_cli.process import extras
from codesync_cli.screen import add_slow_link, show, use_slow_link
from codesync_cli.supervisor import supervise
from codesync_cli.target_room import room_names, target
from codesync_protocol.links import DEFAULT_PORT
from codesync_protocol.names import is_room_name
from codesync_server.configuration import SettingsError

DESCRIPTION = """\
Open a room on a server of your own, and enter it. The server ends when you leave. Other people on
this machine enter with the join line that F9 shows; on other machines they first forward the port
with `ssh -L`. The room is stored: `codesync --room NAME` opens it again, `codesync rooms` lists
your rooms.
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = Parser(
        "codesync", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "file", metavar="FILE", nargs="?", type=Path, help="a file to open in the editor"
    )
    parser.add_argument("--room", metavar="R", help="name of the room (default: a new name)")
    parser.add_argument(
        "--port",
        type=int,
        help=f"port of the server (default: {DEFAULT_PORT}, or any free port if it is in use)",
    )
    parser.add_argument(
        "--name", metavar="NAME", help="your name in the room (default: your login)"
    )
    add_slow_link(parser)
    add_settings(parser, with_address=False)
    return parser


def run(args: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    extras.require_extra("tui")
    extras.require_extra("server")
    room = args.room or room_names.new_room_name()
    if not is_room_name(room):
        print_error("--room: a room's name is 3 to 64 of a-z, 0-9 and hyphen")
        return ExitCode.USAGE
    if args.file is not None and not args.file.is_file():
        print_error(f"there is no file {args.file}", "name a file to open it, or none")
        return ExitCode.USAGE
    try:
        settings = load_settings(args, embedded=True)
        terminal.require_terminal()
        if args.slow_link:
            use_slow_link()
        port = args.port if args.port is not None else free_port(DEFAULT_PORT)
        arguments = [*as_arguments(settings), f"--port={port}"]
        server = RoomServer(room, arguments, as_environment(settings))
        return supervise(
            partial(_open, args, server),
            rejoin=f"codesync --room {room}" + (f" --port {port}" if port else ""),
            server=server,
        )
    except SettingsError as error:
        print_error(str(error))
        return ExitCode.USAGE
    except EmbeddedFailed as error:
        print_error(str(error))
        return ExitCode.FAILED


def _open(args: argparse.Namespace, server: RoomServer) -> int:
    with echo_off():
        print_note("opening the room …")
        return asyncio.run(_run(args, server))


async def _run(args: argparse.Namespace, server: RoomServer) -> int:
    # Both are slow, so the server starts in another process meanwhile.
    screen = asyncio.ensure_future(asyncio.to_thread(import_module, "codesync_tui.app"))
    try:
        links = await server.links(print_note)
        await screen
        discard_typed()
        return await _enter(args, links)
    finally:
        screen.cancel()
        await asyncio.wait([screen])


async def _enter(args: argparse.Namespace, links: Links) -> int:
    join_line = f"codesync join {links.invite}"
    status = await show(
        links.link,
        name=target.name(args),
        join_line=join_line,
        file=args.file,
        is_room_persistent=links.is_kept,
    )
    if links.is_kept and status == ExitCode.OK:
        print_note(f"the room is stored; open it again with: codesync --room {links.link.room}")
    return status


def free_port(wanted: int) -> int:
    """Return the wanted port if it is free, else 0, which selects a free one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return 0
    return wanted
