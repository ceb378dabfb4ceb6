"""`codesync push FILE`: merge a file into a room's text."""

import argparse
import asyncio
from pathlib import Path

from codesync_cli import extras, where
from codesync_cli.exit_codes import ExitCode
from codesync_cli.parser import Parser
from codesync_cli.shared_room import room_with_text, settled, why_apart
from codesync_cli.voice import complain
from codesync_client import ClientError, Room, text_base
from codesync_client.files import FileTrouble, read_source
from codesync_client.merge import merge
from codesync_protocol.messages import Role
from codesync_protocol.shared_text import SOURCE

DESCRIPTION = """\
Merge the changes of FILE since the last pull or push into a room's text. Changes of other members
are preserved. The command changes nothing if both changed the same lines, or if FILE was never
pulled or pushed and the room has a text already.
"""


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = Parser(
        "codesync push",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="file to merge")
    parser.add_argument(
        "--force",
        action="store_true",
        help="replace the room's text if the changes cannot be merged",
    )
    where.add_arguments(parser, required=True)
    return parser


def run(args: argparse.Namespace) -> int:
    """Do it."""
    extras.require("text")
    try:
        return asyncio.run(_run(args))
    except (where.WhereError, FileTrouble) as error:
        complain(str(error))
        return ExitCode.USAGE
    except ClientError as error:
        complain(error.reason, error.remedy)
        return ExitCode.FAILED


async def _run(args: argparse.Namespace) -> int:
    link = where.link(args)
    mine = (await asyncio.to_thread(read_source, args.file)).text
    async with room_with_text(link, args) as room:
        if room.role is Role.VIEWER:
            complain("you are a viewer in this room", "ask the host for an editor's invite")
            return ExitCode.FAILED
        text_id = room.welcome.text
        base = text_base.recall(link, args.file, text_id)
        text = _merged(base, mine, room)
        if text is None and not args.force:
            complain(
                why_apart(args.file, base, "nothing was changed"),
                "pull into another file and compare, or replace the room's text with --force",
            )
            return ExitCode.FAILED
        room.document.replace(SOURCE, mine if text is None else text)
        room.wake()
        await settled(room)
        if room.document.conflict is not None:
            complain(f"the room did not take it: {room.document.conflict.reason}")
            return ExitCode.FAILED
    text_base.remember(link, args.file, text_id, mine)
    return ExitCode.OK


def _merged(base: str | None, mine: str, room: Room) -> str | None:
    """The room's text with the changes of the file; None when only people can tell."""
    from codesync_tui.room.program import is_starter  # not before the command is meant

    theirs = room.document.text()
    if base is None:
        return mine if mine == theirs or is_starter(theirs, room.languages) else None
    return merge(base, mine, theirs)
