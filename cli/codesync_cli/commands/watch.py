"""`codesync watch`: follow a room in plain lines, for scripts, logs and screen readers."""

import argparse
import asyncio
import signal
from collections.abc import Iterator

from codesync_cli import where
from codesync_cli.exit_codes import ExitCode
from codesync_cli.parser import Parser
from codesync_cli.plain_lines import PlainLines
from codesync_cli.version import AGENT
from codesync_cli.voice import complain, say
from codesync_client import ClientError, Connected, Room
from codesync_protocol.messages import JobState

DESCRIPTION = """\
Print the events of a room as plain lines: members who come and leave, submissions, output,
verdicts. Output is filtered, and printed in whole lines. ctrl+C ends the command.
"""


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = Parser(
        "codesync watch",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    where.add_arguments(parser, required=True)
    return parser


def run(args: argparse.Namespace) -> int:
    """Do it."""
    try:
        return asyncio.run(_run(args))
    except where.WhereError as error:
        complain(str(error))
        return ExitCode.USAGE
    except ClientError as error:
        complain(error.reason, error.remedy)
        return ExitCode.FAILED


async def _run(args: argparse.Namespace) -> int:
    async with Room(
        where.link(args), name=where.name(args), options=where.options(args), agent=AGENT
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
            say(line)


def _running(room: Room) -> Iterator[str]:
    return (job for job, summary in room.jobs.items() if summary.state is not JobState.FINISHED)
