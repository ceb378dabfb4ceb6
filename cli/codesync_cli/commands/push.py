"""`codesync push FILE`: merge a file into a room's text."""

import argparse
import asyncio
from pathlib import Path

from codesync_cli import extras, where
from codesync_cli.exit_codes import ExitCode
from codesync_cli.shared_room import room_with_text, settled
from codesync_cli.voice import complain
from codesync_client import ClientError, text_base
from codesync_client.files import FileTrouble, read_source
from codesync_client.merge import merge
from codesync_protocol.messages import Role
from codesync_protocol.shared_text import SOURCE

DESCRIPTION = """\
Bring the changes of FILE into a room's text. What others changed there meanwhile stays: only what
differs from the text that was last pulled or pushed is changed. Where both changed the same lines,
nothing is.
"""


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = argparse.ArgumentParser(
        "codesync push",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="the file")
    parser.add_argument(
        "--force", action="store_true", help="where both changed the same lines, FILE counts"
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
    base = text_base.recall(link, args.file)
    async with room_with_text(link, args) as room:
        theirs = room.document.text()
        text = mine if base is None else merge(base, mine, theirs)
        if text is None and not args.force:
            complain(
                f"{args.file} and the room changed the same lines; nothing was changed",
                "pull into another file and compare, or insist with --force",
            )
            return ExitCode.FAILED
        if room.role is Role.VIEWER:
            complain("you are a viewer in this room", "ask the host for an editor's invite")
            return ExitCode.FAILED
        room.document.replace(SOURCE, mine if text is None else text)
        room.wake()
        await settled(room)
        if room.document.base[SOURCE] == theirs != text:
            complain("the room did not take it", "it may be too large: a text may have 1 MiB")
            return ExitCode.FAILED
    text_base.remember(link, args.file, mine)
    return ExitCode.OK
