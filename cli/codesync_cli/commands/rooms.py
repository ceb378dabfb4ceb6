"""`codesync rooms`: list the stored rooms."""

import argparse
import asyncio
import json
from dataclasses import asdict
from time import localtime, strftime

from codesync_cli.console.messages import print_error, print_line, print_note
from codesync_cli.console.parser import Parser
from codesync_cli.exit_codes import ExitCode
from codesync_cli.local_server import open_store
from codesync_server.configuration import SettingsError
from codesync_server.store.contract import StoreMissing, StoreUnavailable, StoreUnusable, all_rooms

DESCRIPTION = """\
List the rooms in the store of this machine or in --store, the last used first. `codesync --room
NAME` opens one again. Every user who can read the store sees all rooms.
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = Parser(
        "codesync rooms",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")
    open_store.add_store_argument(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    try:
        return asyncio.run(_run(args))
    except SettingsError as error:
        print_error(str(error))
        return ExitCode.USAGE
    except StoreMissing as error:
        print_note(str(error))
        return ExitCode.FAILED if args.store else ExitCode.OK  # no room is an answer, too
    except (StoreUnusable, StoreUnavailable) as error:
        print_error(str(error))
        return ExitCode.FAILED


async def _run(args: argparse.Namespace) -> int:
    async with open_store.open_store(args) as store:
        async for line in all_rooms(store):
            if args.json:
                print_line(json.dumps(asdict(line)))
                continue
            when = strftime("%F %H:%M", localtime(line.used_at))
            jobs = f"{line.jobs} program" + ("" if line.jobs == 1 else "s")
            print_line(f"{when}  {line.name:24}  {line.language:10}  {jobs}")
    return ExitCode.OK
