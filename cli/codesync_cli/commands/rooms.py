"""`codesync rooms`: list the stored rooms."""

import argparse
import asyncio
import json
from dataclasses import asdict
from time import localtime, strftime

from codesync_cli import kept
from codesync_cli.exit_codes import ExitCode
from codesync_cli.parser import Parser
from codesync_cli.voice import complain, remark, say
from codesync_server.configuration import SettingsError
from codesync_server.store.contract import StoreMissing, StoreUnavailable, StoreUnusable, all_rooms

DESCRIPTION = """\
List the rooms in the store of this machine or in --store, the last used first. `codesync --room
NAME` opens one again. Every user who can read the store sees all rooms.
"""


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = Parser(
        "codesync rooms",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")
    kept.add_store(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    """Do it."""
    try:
        return asyncio.run(_run(args))
    except SettingsError as error:
        complain(str(error))
        return ExitCode.USAGE
    except StoreMissing as error:
        remark(str(error))
        return ExitCode.FAILED if args.store else ExitCode.OK  # no room is an answer, too
    except (StoreUnusable, StoreUnavailable) as error:
        complain(str(error))
        return ExitCode.FAILED


async def _run(args: argparse.Namespace) -> int:
    async with kept.opened(args) as store:
        async for line in all_rooms(store):
            if args.json:
                say(json.dumps(asdict(line)))
                continue
            when = strftime("%F %H:%M", localtime(line.used_at))
            jobs = f"{line.jobs} program" + ("" if line.jobs == 1 else "s")
            say(f"{when}  {line.name:24}  {line.language:10}  {jobs}")
    return ExitCode.OK
