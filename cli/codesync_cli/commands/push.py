"""`codesync push FILE`: merge a file into a room's text."""

import argparse
import asyncio
from pathlib import Path

from codesync_cli.console.messages import print_error
from codesync_cli.console.parser import Parser
from codesync_cli.exit_codes import ExitCode
from codesync_cli.process import extras
from codesync_cli.target_room import target
from codesync_cli.target_room.shared_text import conflict_reason, room_with_text, wait_until_synced
from codesync_client import ClientError, Room
from codesync_client.document.merge import merge
from codesync_client.files import merge_base
from codesync_client.files.source_file import FileError, read_source
from codesync_client.submission import is_starter
from codesync_protocol.messages import Role
from codesync_protocol.shared_text import SOURCE

DESCRIPTION = """\
Merge the changes of FILE since the last pull or push into a room's text. Changes of other members
are preserved. The command changes nothing if both changed the same lines, or if FILE was never
pulled or pushed and the room has a text already.
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
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
    target.add_arguments(parser, required=True)
    return parser


def run(args: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    extras.require_extra("text")
    try:
        return asyncio.run(_run(args))
    except (target.TargetError, FileError) as error:
        print_error(str(error))
        return ExitCode.USAGE
    except ClientError as error:
        print_error(error.reason, error.remedy)
        return ExitCode.FAILED


async def _run(args: argparse.Namespace) -> int:
    link = target.link(args)
    mine = (await asyncio.to_thread(read_source, args.file)).text
    async with room_with_text(link, args) as room:
        if room.role is Role.VIEWER:
            print_error("you are a viewer in this room", "ask the host for an editor's invite")
            return ExitCode.FAILED
        text_id = room.welcome.text
        base = merge_base.load_merge_base(link, args.file, text_id)
        text = _merged(base, mine, room)
        if text is None and not args.force:
            print_error(
                conflict_reason(args.file, base, "nothing was changed"),
                "pull into another file and compare, or replace the room's text with --force",
            )
            return ExitCode.FAILED
        room.document.replace(SOURCE, mine if text is None else text)
        await wait_until_synced(room)
        if room.document.conflict is not None:
            print_error(f"the room refused the changes: {room.document.conflict.reason}")
            return ExitCode.FAILED
    merge_base.save_merge_base(link, args.file, text_id, mine)
    return ExitCode.OK


def _merged(base: str | None, mine: str, room: Room) -> str | None:
    """Return the room's text with the changes of the file; None if a person must decide."""
    theirs = room.document.text()
    if base is None:
        return mine if mine == theirs or is_starter(theirs, room.languages) else None
    return merge(base, mine, theirs)
