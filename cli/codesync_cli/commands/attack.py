"""`codesync attack`: attack your own server, and see whether it resists."""

import argparse
import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from codesync_attacks import CORPUS, Attack
from codesync_attacks.attack_run import AttackRun, MakeRoom, run_attack
from codesync_cli.console.messages import print_error, print_line, print_note
from codesync_cli.console.parser import Parser
from codesync_cli.exit_codes import ExitCode
from codesync_cli.local_server.embedded import EmbeddedFailed, embedded_server
from codesync_cli.local_server.settings_flags import add_settings, as_arguments, load_settings
from codesync_cli.process import extras
from codesync_cli.target_room import target
from codesync_cli.version import AGENT
from codesync_client import ClientError, Room
from codesync_protocol.links import Link
from codesync_server.configuration import SettingsError

DESCRIPTION = """\
Run hostile programs and members against your own server, and report for each whether it ended as
expected and did not disturb the programs of another member. Without --server, the command starts a
server. The attacks take minutes and use the whole server, so do not attack a server that others
use. The command needs Docker, because the local executor does not protect the machine.
"""
EPILOG = """\
exit status: 0 if the server resisted all attacks, 1 if not, 125 if they could not be tried.
--json prints one object for each attack: id, title, expected, verdict, ok, problem, seconds,
slowdown.
"""
ALL_RESISTED, NOT_RESISTED = 0, 1


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = Parser(
        "codesync attack",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only",
        metavar="ID",
        action="append",
        default=[],
        help="run only this attack, e.g. A03 or A03-memory-bomb (repeatable)",
    )
    parser.add_argument("--list", action="store_true", help="list the attacks without running them")
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")
    target.add_arguments(parser, required=False)
    add_settings(parser, with_address=False)
    return parser


def run(args: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    chosen = _chosen(args.only)
    if not chosen:
        print_error(
            f"no attack is called {', '.join(args.only)}", "codesync attack --list shows all"
        )
        return ExitCode.USAGE
    if args.list:
        for attack in chosen:
            print_line(f"{attack.id}  ends as {attack.expected}")
        return ExitCode.OK
    try:
        return asyncio.run(_run(args, chosen))
    except (target.TargetError, SettingsError) as error:
        print_error(str(error))
        return ExitCode.USAGE
    except EmbeddedFailed as error:
        print_error(str(error))
        return ExitCode.FAILED
    except ClientError as error:
        print_error(error.reason, error.remedy)
        return ExitCode.FAILED


def _chosen(only: Sequence[str]) -> list[Attack]:
    wanted = [each.lower() for each in only]
    return [
        attack
        for attack in CORPUS
        if not wanted
        or any(
            attack.id.lower() == each or attack.id.lower().startswith(f"{each}-") for each in wanted
        )
    ]


async def _run(args: argparse.Namespace, chosen: Sequence[Attack]) -> int:
    async with _link(args) as (link, rooms):
        make_room = _rooms(link, args, separate=rooms)
        async with make_room("attackers", "scout") as room:
            executor = room.welcome.executor
        if not executor.sandboxed:
            print_error(
                "this server runs programs without a sandbox, so the attacks would harm it",
                "use Docker; codesync doctor says what is missing",
            )
            return ExitCode.FAILED
        width = max(len(attack.id) for attack in chosen)
        failed = 0
        for attack in chosen:
            done = await run_attack(attack, make_room)
            failed += not done.ok
            _print_result(done, width, as_json=args.json)
    print_note(f"the server resisted {len(chosen) - failed} of {len(chosen)} attacks")
    return NOT_RESISTED if failed else ALL_RESISTED


def _print_result(done: AttackRun, width: int, *, as_json: bool) -> None:
    attack, result = done.attack, done.outcome.result if done.outcome else None
    if as_json:
        record = {
            "id": attack.id,
            "title": attack.title,
            "expected": attack.expected,
            "verdict": result.verdict if result else None,
            "ok": done.ok,
            "problem": done.problem,
            "seconds": round(result.wall_seconds, 3) if result else None,
            "slowdown": round(done.slowdown, 2),
        }
        print_line(json.dumps(record))
        return
    verdict = result.verdict if result else "-"
    mark = "ok  " if done.ok else "FAIL"
    print_line(f"{mark}  {attack.id:{width}}  {verdict:14}  {done.problem}".rstrip())


@asynccontextmanager
async def _link(args: argparse.Namespace) -> AsyncGenerator[tuple[Link, bool]]:
    """Yield a link, and whether its token opens other rooms of the server, too."""
    if args.server:
        link = target.link(args)
        yield link, "#" not in args.server
        return
    extras.require_extra("server")
    loaded = load_settings(args, embedded=True)
    arguments = [*as_arguments(loaded, throw_away=True), "--port=0"]
    async with embedded_server("attackers", arguments, print_note) as embedded:
        yield embedded.links.link, False


def _rooms(link: Link, args: argparse.Namespace, *, separate: bool) -> MakeRoom:
    def make_room(room: str, name: str) -> AbstractAsyncContextManager[Room]:
        there = Link(link.server, f"{link.room[:50]}-{room}", link.token) if separate else link
        return Room(there, name=name, options=target.options(args), agent=AGENT)

    return make_room
