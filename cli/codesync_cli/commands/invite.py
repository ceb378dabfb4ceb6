"""`codesync invite ROOM`: make a link that lets somebody into a room."""

import argparse
from pathlib import Path

from codesync_cli import extras, where
from codesync_cli.exit_codes import ExitCode
from codesync_cli.parser import Parser
from codesync_cli.voice import complain, say
from codesync_protocol.links import DEFAULT_PORT, Link, LinkError, parse_server
from codesync_protocol.messages import Role
from codesync_protocol.names import is_room_name

DESCRIPTION = """\
Make a link that lets somebody into one room, in one role, for a while. It is signed with the
server's token, so it can be made wherever the token file is; the server need not be asked.
"""


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
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
        help="what they may do: viewers watch, editors run programs (%(default)s)",
    )
    parser.add_argument(
        "--hours", type=float, default=168.0, help="how long it is good for (%(default)s)"
    )
    parser.add_argument(
        "--server",
        metavar="URL",
        default=f"ws://127.0.0.1:{DEFAULT_PORT}",
        help="the server's address as they reach it (%(default)s)",
    )
    parser.add_argument("--token-file", metavar="F", type=Path, help="the server's token")
    return parser


def run(args: argparse.Namespace) -> int:
    """Do it."""
    extras.require("server")
    from codesync_server.access import token
    from codesync_server.access.invites import InviteDesk

    if not is_room_name(args.room):
        complain("a room's name is 3 to 64 of a-z, 0-9 and hyphen")
        return ExitCode.USAGE
    if not 0 < args.hours <= 24 * 366:
        complain("--hours: more than 0, and at most a year")
        return ExitCode.USAGE
    path = args.token_file or where.own_token_file()
    try:
        server = parse_server(args.server)
        secret = token.load(path)
    except LinkError as error:
        complain(f"--server: {error}")
        return ExitCode.USAGE
    except token.TokenFileError as error:
        complain(str(error))
        return ExitCode.FAILED
    invite = InviteDesk(secret).invite(args.room, Role(args.role), lifetime=args.hours * 3600)
    say(f"codesync join {Link(server, args.room, invite)}")
    return ExitCode.OK
