"""`codesync invite ROOM`: make a link to a room."""

import argparse
import asyncio
from dataclasses import replace
from pathlib import Path

from codesync_cli.console.messages import print_error, print_line
from codesync_cli.console.parser import Parser
from codesync_cli.exit_codes import ExitCode
from codesync_cli.process import extras
from codesync_cli.target_room import target
from codesync_cli.version import AGENT
from codesync_client import CannotConnect, EntryRefused, Offline, Room, ServerNotProved
from codesync_protocol.links import DEFAULT_PORT, Link, LinkError, parse_server
from codesync_protocol.messages import Role
from codesync_protocol.names import is_room_name

ASK_SECONDS = 5.0
"""Time limit of the connection to the server."""

DESCRIPTION = """\
Make a link to one room, for one role, with an expiry. The command needs the server's token. It
asks the running server for the link, which has the date of the server's clock. If the server
cannot be reached, the command signs and dates the link on this machine.
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = Parser(
        "codesync invite",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("room", metavar="ROOM", help="the room")
    parser.add_argument(
        "--role",
        choices=[role.value for role in Role],
        default=Role.EDITOR.value,
        help="role of the new member: viewers watch, editors run programs (%(default)s)",
    )
    parser.add_argument(
        "--hours", type=float, default=168.0, help="hours until the link expires (%(default)s)"
    )
    parser.add_argument(
        "--server",
        metavar="URL",
        default=f"ws://127.0.0.1:{DEFAULT_PORT}",
        help="address of the server for the link (%(default)s)",
    )
    parser.add_argument(
        "--ask",
        metavar="URL",
        help="address of the server from here (default: that of --server)",
    )
    parser.add_argument("--token-file", metavar="F", type=Path, help="file of the server's token")
    target.add_connection_arguments(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    extras.require_extra("server")
    from codesync_server.access import token

    if not is_room_name(args.room):
        print_error("a room's name is 3 to 64 of a-z, 0-9 and hyphen")
        return ExitCode.USAGE
    if not 0 < args.hours <= 24 * 366:
        print_error("--hours: more than 0, and at most a year")
        return ExitCode.USAGE
    option = "--server"
    try:
        server = parse_server(args.server)
        option = "--ask"
        asked = parse_server(args.ask or args.server)
        secret = token.load(args.token_file or target.own_token_file())
    except LinkError as error:
        print_error(f"{option}: {error}")
        return ExitCode.USAGE
    except token.TokenFileError as error:
        print_error(str(error))
        return ExitCode.FAILED
    try:
        invite = asyncio.run(_made_by_server(Link(asked, args.room, secret), args))
    except (ServerNotProved, EntryRefused, Offline) as error:
        print_error(error.reason, error.remedy)
        return ExitCode.FAILED
    except CannotConnect as error:
        print_error(
            f"dated by this machine's clock, because the server was not asked: {error.reason}",
            "name the address at which it is reached from here with --ask",
        )
        invite = _made_here(secret, args)
    print_line(f"codesync join {Link(server, args.room, invite)}")
    return ExitCode.OK


async def _made_by_server(link: Link, args: argparse.Namespace) -> str:
    options = replace(target.options(args), open_timeout=ASK_SECONDS)
    async with Room(link, name=target.name(args), options=options, agent=AGENT) as room:
        return (await room.invite(Role(args.role), args.hours * 3600)).token


def _made_here(secret: str, args: argparse.Namespace) -> str:
    """Sign an invite; the server accepts its date within a bound."""
    from codesync_server.access.invites import InviteSigner

    lifetime = args.hours * 3600
    return InviteSigner(secret).invite(
        args.room, Role(args.role), lifetime=lifetime, by_server=False
    )
