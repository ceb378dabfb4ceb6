"""`codesync history`: find past programs of a room."""

import argparse
import asyncio
import json
import sys
from time import localtime, strftime

from codesync_cli.console.messages import print_error, print_line, print_note
from codesync_cli.console.parser import Parser
from codesync_cli.exit_codes import ExitCode
from codesync_cli.target_room import job_history, target
from codesync_client import ClientError
from codesync_client.job_history import SEARCH_REQUESTS_MAX
from codesync_protocol.messages import PastJob
from codesync_server.configuration import SettingsError
from codesync_server.store.contract import StoreUnavailable, StoreUnusable

DESCRIPTION = """\
Find past programs of a room, the latest first. Without --server, the command reads the store of
this machine, also while a server uses it. Without --room, it reads the room that was used last.
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = Parser(
        "codesync history",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "text",
        nargs="*",
        metavar="TEXT",
        help="text in the source, the name of the file or submitter, or the explanation",
    )
    parser.add_argument("--who", metavar="NAME", default="", help="name of the submitter")
    parser.add_argument("--language", metavar="L", default="", help="language of the program")
    parser.add_argument("--verdict", metavar="V", default="", help="verdict, e.g. ok")
    parser.add_argument(
        "--limit",
        metavar="N",
        type=int,
        default=20,
        help="largest number of programs (%(default)s)",
    )
    parser.add_argument(
        "--before",
        metavar="N",
        type=int,
        default=0,
        help='only programs before number N of the room ("place" in JSON)',
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")
    job_history.add_arguments(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    if args.limit < 1:
        print_error("--limit: at least 1")
        return ExitCode.USAGE
    if not 0 <= args.before < 1 << 53:  # a Count of the protocol
        print_error("--before: a number from 0 to 2^53 - 1")
        return ExitCode.USAGE
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


async def _run(args: argparse.Namespace) -> int:
    found = next_before = 0
    async with job_history.job_history_of(args) as of_room:
        pages = of_room.past.search(
            before=args.before,
            limit=args.limit,
            text=" ".join(args.text),
            name=args.who,
            language=args.language,
            verdict=args.verdict,
        )
        async for page in pages:
            for job in page.jobs:
                print_line(json.dumps(as_json(job)) if args.json else _line(job))
            found, next_before = found + len(page.jobs), page.next_before
            if next_before and not page.jobs and sys.stderr.isatty():
                print_note(f"searching; at most {next_before - 1:,} earlier programs are left")
    if next_before and found < args.limit:
        print_note(
            f"the search ended after {SEARCH_REQUESTS_MAX} requests; continue with"
            f" --before={next_before}"
        )
    return ExitCode.OK


def _line(job: PastJob) -> str:
    summary, result = job.summary, job.summary.result
    when = strftime("%F %H:%M", localtime(summary.submitted_at))
    verdict = result.verdict.replace("_", " ") if result else ""
    lasted = f"{result.wall_seconds:.2f} s" if result else ""
    short = summary.job[: job_history.ID_SHOWN]
    return f"{short}  {when}  {verdict:15} {lasted:>8}  {summary.name}  {summary.file_name}"


def as_json(job: PastJob) -> dict[str, object]:
    """Return a past job as a JSON object."""
    summary, result = job.summary, job.summary.result
    answer: dict[str, object] = {
        "job": summary.job,
        "place": job.place,
        "who": summary.name,
        "language": summary.language,
        "file": summary.file_name,
        "submitted_at": round(summary.submitted_at, 3),
        "cancelled_by": job.by,
    }
    if result is not None:
        answer |= {
            "verdict": result.verdict,
            "explanation": result.explanation,
            "exit_code": result.exit_code,
            "signal": result.signal,
            "cpu_seconds": round(result.cpu_seconds, 6),
            "wall_seconds": round(result.wall_seconds, 6),
            "peak_memory_bytes": result.peak_memory,
            "output_bytes": result.output_bytes,
        }
    return answer
