"""`codesync show JOB`: show the source, output and verdict of a past job."""

import argparse
import asyncio
import base64
import json
from collections.abc import Iterable, Iterator
from time import localtime, strftime

from codesync_cli.commands.history import as_json
from codesync_cli.console.messages import print_block, print_error, print_line
from codesync_cli.console.output import OutputClosed, Pipe
from codesync_cli.console.parser import Parser
from codesync_cli.exit_codes import ExitCode
from codesync_cli.target_room import job_history, target
from codesync_client import ClientError, FinishedJobSource, JobOutput, OutputSkipped
from codesync_client.output_assembler import Piece
from codesync_protocol.messages import PastJob, StdinEcho
from codesync_protocol.printable import show_line
from codesync_server.configuration import SettingsError
from codesync_server.store.contract import StoreUnavailable, StoreUnusable

DESCRIPTION = """\
Show source, output and verdict of a past job. JOB is its id, or the beginning of the id, as
`codesync history` prints it. With --source or --output the command writes exactly these bytes.
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = Parser(
        "codesync show",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("job", metavar="JOB", help="id of the job, or the beginning of the id")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--source", action="store_true", help="write only the main file")
    what.add_argument("--output", action="store_true", help="write only the output")
    what.add_argument("--json", action="store_true", help="print one JSON object")
    job_history.add_arguments(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    try:
        return asyncio.run(_run(args))
    except (target.TargetError, SettingsError) as error:
        print_error(str(error))
        return ExitCode.USAGE
    except ClientError as error:
        print_error(error.reason, error.remedy)
        return ExitCode.FAILED
    except (StoreUnusable, StoreUnavailable) as error:
        print_error(str(error))
        return ExitCode.FAILED
    except OutputClosed:
        return ExitCode.UNREAD


async def _run(args: argparse.Namespace) -> int:
    async with job_history.job_history_of(args) as of_room:
        job = await job_history.find_job(of_room, args.job)
        source = await of_room.past.source(job.summary.job)
        pieces = await of_room.past.output(job.summary.job)
    if args.source:
        await _write([source.files[0][1]] if source.files else [])
    elif args.output:
        await _write(_written(pieces))
    elif args.json:
        print_line(json.dumps(as_json(job) | _contents(source, pieces)))
    else:
        _print_summary(job, source)
        await _write(_output_with_gaps(pieces))
    return ExitCode.OK


def _print_summary(job: PastJob, source: FinishedJobSource) -> None:
    summary, result = job.summary, job.summary.result
    when = strftime("%F %H:%M:%S", localtime(summary.submitted_at))
    print_line(
        f"{summary.file_name} by {summary.name}, {when}, {summary.language}, job {summary.job}"
    )
    if result is not None:
        by = f" by {job.by}" if job.by else ""
        print_line(f"{result.verdict.replace('_', ' ')}{by}: {result.explanation}")
    stdin = [("stdin", source.stdin)] if source.stdin else []
    for name, content in (*source.files, *stdin):
        print_line()
        print_line(f"--- {name}")
        print_block(content.decode(errors="replace"))
    print_line()
    print_line(f"--- output, {summary.output_bytes:,} bytes")


def _written(pieces: Iterable[Piece]) -> Iterator[bytes]:
    return (piece.data for piece in pieces if isinstance(piece, JobOutput))


def _output_with_gaps(pieces: Iterable[Piece]) -> Iterator[bytes]:
    """Yield output, typed lines and marks for missing bytes in order."""
    for piece in pieces:
        match piece:
            case JobOutput(data=data):
                yield data
            case OutputSkipped(count=count):
                yield f"[{count:,} bytes were not kept]\n".encode()
            case StdinEcho(name=name, data=data):
                yield f"{show_line(name)}> ".encode() + data.rstrip(b"\n") + b"\n"


def _contents(source: FinishedJobSource, pieces: Iterable[Piece]) -> dict[str, object]:
    output = b"".join(_written(pieces))
    answer: dict[str, object] = {
        "files": {name: content.decode(errors="replace") for name, content in source.files},
        "args": [arg.decode(errors="replace") for arg in source.args],
        "stdin": source.stdin.decode(errors="replace"),
        "output": output.decode(errors="replace"),
        "typed": [
            {
                "name": piece.name,
                "offset": piece.offset,
                "text": piece.data.decode(errors="replace"),
            }
            for piece in pieces
            if isinstance(piece, StdinEcho)
        ],
    }
    try:
        output.decode()
    except UnicodeDecodeError:
        answer["output_base64"] = base64.b64encode(output).decode()
    return answer


async def _write(pieces: Iterable[bytes]) -> None:
    pipe = Pipe(1, raw=False, moves=False)
    for piece in pieces:
        await pipe.write(piece)
    await pipe.finish()
