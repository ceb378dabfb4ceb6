"""`codesync join LINK`: enter a room."""

import argparse
import asyncio
import os
import sys
from functools import partial
from pathlib import Path

from codesync_cli.console import terminal
from codesync_cli.console.messages import print_error
from codesync_cli.console.parser import Parser
from codesync_cli.exit_codes import ExitCode
from codesync_cli.process import extras
from codesync_cli.screen import add_slow_link, show, use_slow_link
from codesync_cli.supervisor import supervise
from codesync_cli.target_room import target
from codesync_protocol.links import Link, LinkError

DESCRIPTION = """\
Enter a room with a link from its host. The link is a key: everybody who has it can enter. Without
LINK the command asks for it, which keeps the link out of the list of processes.
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = Parser(
        "codesync join",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("link", metavar="LINK", nargs="?", help="ws://HOST:PORT/ROOM#TOKEN")
    parser.add_argument(
        "--file",
        metavar="F",
        type=Path,
        help="sync this file with the room's text in both directions, for your own editor and git;"
        " it is created if it does not exist",
    )
    add_slow_link(parser)
    target.add_connection_arguments(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    extras.require_extra("tui")
    try:
        text = args.link or _ask()
        link = Link.parse(text)
    except LinkError as error:
        print_error(str(error))
        return ExitCode.USAGE
    if args.file is not None and not args.file.is_file() and not _can_be_made(args.file):
        print_error(f"--file: there is no file {args.file}, and it cannot be made there")
        return ExitCode.USAGE
    terminal.require_terminal()
    if args.slow_link:
        use_slow_link()
    return supervise(partial(_show, args, link), rejoin="codesync join, with the same link")


def _show(args: argparse.Namespace, link: Link) -> int:
    return asyncio.run(
        show(
            link,
            name=target.name(args),
            options=target.options(args),
            file=args.file,
            syncs_file=True,
        )
    )


def _can_be_made(file: Path) -> bool:
    return not file.exists() and os.access(file.parent, os.W_OK)


def _ask() -> str:
    if sys.stdin.isatty():
        return input("link: ")
    raise LinkError("give the link: codesync join ws://HOST:PORT/ROOM#TOKEN")
