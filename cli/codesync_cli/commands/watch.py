"""`codesync watch`: follow a room in plain lines, for scripts, logs and screen readers."""

import argparse
import asyncio
import signal
from collections.abc import Iterator

from codesync_cli.console.messages import print_error, print_line
from codesync_cli.console.parser import Parser
from codesync_cli.console.plain_lines import PlainLines
from codesync_cli.exit_codes import ExitCode
from codesync_cli.target_room import target
from codesync_cli.version import AGENT
from codesync_client import ClientError, Connected, Room
from codesync_protocol.messages import JobState

DESCRIPTION = """\
Print the events of a room as plain lines: members who come and leave, submissions, output,
verdicts. Output is filtered, and printed in whole lines. ctrl+C ends the command.
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = Parser(
        "codesync watch",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
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
        task = asyncio.current_task()
        assert task is not None
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        try:
            await _print(room)
        except asyncio.CancelledError:
            return ExitCode.OK
    return ExitCode.FAILED


async def _print(room: Room) -> None:
    lines = PlainLines()
    async for event in room.events():
        if isinstance(event, Connected) and not event.again:
            for job in _running(room):
                room.follow(job)  # from its beginning
        for line in lines.of(event):
            print_line(line)


def _running(room: Room) -> Iterator[str]:
    return (job for job, summary in room.jobs.items() if summary.state is not JobState.FINISHED)
