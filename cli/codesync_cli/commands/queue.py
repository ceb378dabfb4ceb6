"""`codesync queue`: list waiting and running programs."""

import argparse
import asyncio
import json
from typing import TypedDict

from codesync_cli.console.messages import print_error, print_line
from codesync_cli.console.parser import Parser
from codesync_cli.exit_codes import ExitCode
from codesync_cli.target_room import target
from codesync_cli.version import AGENT
from codesync_client import ClientError, Room


class Row(TypedDict):
    """One job of the table."""

    job: str
    state: str
    position: int
    awaits_input: bool
    starts_in: float
    idle: bool
    held_up: str
    who: str
    language: str
    file: str


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = Parser(
        "codesync queue",
        description="List the waiting and running jobs of a room, and their number on the server.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    target.add_arguments(parser, required=True)
    return parser


def run(args: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    try:
        return asyncio.run(_run(args))
    except target.TargetError as error:
        print_error(str(error))
        return ExitCode.USAGE
    except ClientError as error:
        print_error(error.reason, error.remedy)
        return ExitCode.FAILED


async def _run(args: argparse.Namespace) -> int:
    async with Room(
        target.link(args), name=target.name(args), options=target.options(args), agent=AGENT
    ) as room:
        rows = _rows(room)
        queue = room.queue
    if args.json:
        counts = {
            "queued": queue.queued,
            "active": queue.active,
            "max_concurrent": queue.max_concurrent,
            "idle": queue.idle,
            "trouble": queue.trouble,
        }
        print_line(json.dumps({**counts, "jobs": rows}))
        return ExitCode.OK
    idle = f"{queue.idle} idle, " if queue.idle else ""
    print_line(
        f"{queue.active} of {queue.max_concurrent} running, {idle}{queue.queued} waiting in all"
    )
    if queue.trouble:
        print_line(f"nothing can start: {queue.trouble}")
    for row in rows:
        place = f"#{row['position']}" if row["position"] else "-"
        state = "input?" if row["awaits_input"] else "idle" if row["idle"] else row["state"]
        print_line(f"{row['job'][:6]}  {state:9}  {place:>4}  {row['who']}  {row['file']}")
        if row["held_up"]:
            print_line(f"        starts when one of them ends: {row['held_up']}")
    return ExitCode.OK


def _rows(room: Room) -> list[Row]:
    rows: list[Row] = []
    for queued in room.queue.jobs:
        summary = room.jobs.get(queued.job)
        rows.append(
            {
                "job": queued.job,
                "state": queued.state,
                "position": queued.position,
                "awaits_input": queued.awaits_input,
                "starts_in": queued.starts_in,
                "idle": queued.idle,
                "held_up": queued.held_up,
                "who": summary.name if summary else "",
                "language": summary.language if summary else "",
                "file": summary.file_name if summary else "",
            }
        )
    return rows
