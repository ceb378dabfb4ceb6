"""`codesync store`: maintain the store."""

import argparse
import asyncio
import os
import shutil
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, BinaryIO

from codesync_cli.console.messages import end_unread, print_error, print_line, print_note
from codesync_cli.console.parser import Parser
from codesync_cli.exit_codes import ExitCode
from codesync_cli.local_server import open_store
from codesync_server.configuration import SettingsError
from codesync_server.store.contract import StoreUnavailable, StoreUnusable

if TYPE_CHECKING:
    from codesync_server.store.contract import Store

DESCRIPTION = """\
Maintain the store of rooms, texts, and jobs with sources and output. `check` and `export` work
while a server uses the store; `compact` and `import` do not. Imported jobs that had not ended
count as lost, and imported members have no role until they are invited.
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = Parser(
        "codesync store",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, about in (
        ("check", "read everything, and say what is wrong; the exit status tells, too"),
        ("compact", "return the space of deleted records to the disk"),
        ("export", "write everything as lines of JSON"),
        ("import", "read what `export` wrote; rooms that are there already are refused"),
    ):
        action = actions.add_parser(name, help=about, description=about)
        if name in ("export", "import"):
            action.add_argument(
                "file", metavar="FILE", type=Path, help="the file; - for stdin or stdout"
            )
        open_store.add_store_argument(action)
    return parser


def run(args: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    try:
        return asyncio.run(_run(args))
    except SettingsError as error:
        print_error(str(error))
        return ExitCode.USAGE
    except (StoreUnusable, StoreUnavailable) as error:
        print_error(str(error))
        return ExitCode.FAILED
    except BrokenPipeError:
        end_unread()
    except OSError as error:
        print_error(f"{getattr(args, 'file', 'the file')}: {error.strerror}")
        return ExitCode.USAGE


async def _run(args: argparse.Namespace) -> int:
    alone = args.action in ("compact", "import")
    async with open_store.open_store(args, alone=alone) as store:
        match args.action:
            case "check":
                return await _check(store)
            case "compact":
                await store.compact()
                print_line(f"compacted {store.about}")
            case "export":
                await _export(store, args.file)
            case _:
                return await _import(store, args.file)
    return ExitCode.OK


async def _check(store: "Store") -> int:
    troubles = await store.check()
    for trouble in troubles:
        print_line(trouble)
    if not troubles:
        print_line(f"all is well in {store.about}")
    return ExitCode.PROBLEMS if troubles else ExitCode.OK


async def _export(store: "Store", path: Path) -> None:
    from codesync_server.store.export_import import export

    if str(path) == "-":
        async for line in export(store):
            sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
        return
    with _new_file(path) as file:
        async for line in export(store):
            file.write(line)
    print_note(f"exported to {path}")


def _new_file(path: Path) -> BinaryIO:
    """Create a file that only this user can read."""
    return open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600))


async def _import(store: "Store", path: Path) -> int:
    from codesync_server.store.export_import import RoomsExist, import_lines
    from codesync_server.store.import_check import InvalidExport

    try:
        with _opened(path) as file:
            rooms, jobs = await import_lines(store, file)
    except InvalidExport as error:
        print_error(f"{path}: {error}", "nothing was imported")
        return ExitCode.FAILED
    except RoomsExist as error:
        print_error(
            f"{store.about} has rooms of these names already: {error}",
            "nothing was imported; name a store that has none of them with --store",
        )
        return ExitCode.FAILED
    print_line(f"imported {rooms} rooms and {jobs} jobs into {store.about}")
    return ExitCode.OK


@contextmanager
def _opened(path: Path) -> Generator[BinaryIO]:
    """Open a file for reading it several times."""
    if str(path) != "-":
        with path.open("rb") as file:
            yield file
        return
    with TemporaryFile() as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
        yield file
