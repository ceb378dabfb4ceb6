"""`codesync pull [FILE]`: print a room's text, or write it to a file."""

import argparse
import asyncio
from contextlib import suppress
from pathlib import Path

from codesync_cli.console.messages import print_error
from codesync_cli.console.output import OutputClosed, Pipe
from codesync_cli.console.parser import Parser
from codesync_cli.exit_codes import ExitCode
from codesync_cli.process import extras
from codesync_cli.target_room import target
from codesync_cli.target_room.shared_text import conflict_reason, room_with_text
from codesync_client import ClientError
from codesync_client.document.merge import merge
from codesync_client.files import merge_base
from codesync_client.files.source_file import FileError, SourceFile, read_source, replace_source

DESCRIPTION = """\
Print the text of a room byte for byte, or write it to FILE.

If FILE was pulled or pushed before, later changes in it are merged with the changes of the room,
and `codesync push` sends them to the room. The command writes nothing if both changed the same
lines, or if FILE was never pulled or pushed.
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = Parser(
        "codesync pull",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="FILE", nargs="?", type=Path, help="file to write")
    parser.add_argument("--force", action="store_true", help="replace the content of FILE")
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
    async with room_with_text(link, args) as room:
        theirs, text_id = room.document.text(), room.welcome.text
    if args.file is None:
        await _print(theirs)
        return ExitCode.OK
    base = merge_base.load_merge_base(link, args.file, text_id)
    if not _write(args.file, base, theirs, force=args.force):
        return ExitCode.FAILED
    merge_base.save_merge_base(link, args.file, text_id, theirs)
    return ExitCode.OK


async def _print(text: str) -> None:
    out = Pipe(1, raw=False, moves=False, colours=False)
    with suppress(OutputClosed):
        await out.write(text.encode())
        await out.finish()


def _write(path: Path, base: str | None, theirs: str, *, force: bool) -> bool:
    """Merge the room's text into a file; return whether it was written."""
    mine = read_source(path) if path.exists() else None
    text = theirs if force or mine is None else _merged(base, mine.text, theirs)
    if text is None:
        print_error(
            conflict_reason(path, base, "nothing was written"),
            "pull into another file and compare, or replace this one with --force",
        )
        return False
    replace_source(mine or SourceFile(path, ""), text)
    return True


def _merged(base: str | None, mine: str, theirs: str) -> str | None:
    """Return the file's text with the changes of the room; None if a person must decide."""
    if base is None:
        return theirs if mine == theirs else None
    return merge(base, mine, theirs)
