"""`codesync pull [FILE]`: print a room's text, or write it to a file."""

import argparse
import asyncio
from contextlib import suppress
from pathlib import Path

from codesync_cli import extras, where
from codesync_cli.exit_codes import ExitCode
from codesync_cli.output import OutputClosed, Pipe
from codesync_cli.shared_room import room_with_text
from codesync_cli.voice import complain
from codesync_client import ClientError, text_base
from codesync_client.files import FileTrouble, SourceFile, read_source, write_source
from codesync_client.merge import merge
from codesync_protocol.links import Link

DESCRIPTION = """\
Print the text of a room as it is, byte for byte; or write it to FILE.

If FILE was pulled or pushed before, what changed in it since then is kept: both changes are merged.
Where both changed the same lines, nothing is written. `codesync push` brings them into the room.
"""


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = argparse.ArgumentParser(
        "codesync pull",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="FILE", nargs="?", type=Path, help="write it to this file")
    parser.add_argument("--force", action="store_true", help="replace whatever is in FILE")
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
    async with room_with_text(link, args) as room:
        theirs = room.document.text()
    if args.file is None:
        await _print(theirs)
        return ExitCode.OK
    return _write(link, args.file, theirs, force=args.force)


async def _print(text: str) -> None:
    out = Pipe(1, raw=False)
    with suppress(OutputClosed):
        await out.write(text.encode())
        await out.finish()


def _write(link: Link, path: Path, theirs: str, *, force: bool) -> int:
    """Write the room's text to a file, and keep what was changed there."""
    mine = read_source(path) if path.exists() else None
    text: str | None = theirs
    if mine is not None and not force and mine.text != theirs:
        base = text_base.recall(link, path)
        if base is None:
            complain(
                f"{path} is there already, and was never pulled or pushed",
                "codesync push merges it into the room; --force replaces it",
            )
            return ExitCode.FAILED
        text = merge(base, mine.text, theirs)
    if text is None:
        complain(
            f"{path} and the room changed the same lines; nothing was written",
            "pull into another file and compare, or replace it with --force",
        )
        return ExitCode.FAILED
    newline = mine.newline if mine else "\n"
    write_source(SourceFile(path, text, newline), overwrite=True)
    text_base.remember(link, path, theirs)
    return ExitCode.OK
