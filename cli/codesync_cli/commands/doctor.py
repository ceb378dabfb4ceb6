"""`codesync doctor`: check this machine, and suggest solutions."""

import argparse
import asyncio
import os
import platform
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

from codesync_cli.console.messages import print_line
from codesync_cli.console.parser import Parser
from codesync_cli.exit_codes import ExitCode
from codesync_cli.process import extras
from codesync_cli.target_room import target
from codesync_cli.version import VERSION
from codesync_protocol.links import DEFAULT_PORT

DESCRIPTION = """\
Check Python, the installed parts, the terminal, the settings, the port, the token file, the store,
Docker, the users of sandboxes, the image, Landlock, and a small program in each language, and
suggest solutions for problems.

exit status: 0 if everything works (there may be warnings), 1 otherwise.
"""


class ReportLine(NamedTuple):
    """One line of the report."""

    grade: str
    what: str
    remedy: str = ""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = Parser(
        "codesync doctor",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--executor",
        choices=["docker", "local"],
        default="docker",
        help="place where the small programs run (%(default)s)",
    )
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="port to check (%(default)s)"
    )
    return parser


def run(args: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    return asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> int:
    failures = 0

    def report(line: ReportLine) -> None:
        nonlocal failures
        failures += line.grade == "FAIL"
        print_line(f"{line.grade:>7}  {line.what}")
        if line.remedy:
            print_line(f"         -> {line.remedy}")

    await _look(args, report)
    print_line("all works" if not failures else f"{failures} thing(s) do not work")
    return ExitCode.PROBLEMS if failures else ExitCode.OK


async def _look(args: argparse.Namespace, report: Callable[[ReportLine], None]) -> None:
    report(ReportLine("ok", f"codesync {VERSION}, Python {platform.python_version()}"))
    for line in (*_parts(), *_terminal(), *_settings(), *_port(args.port), *_token()):
        report(line)
    try:
        extras.require_extra("server")
    except extras.MissingExtra:
        return
    from codesync_server.diagnostics import Finding, check_docker, check_languages
    from codesync_server.executors.local import LocalExecutor

    def report_finding(finding: Finding) -> None:
        report(ReportLine(finding.grade, finding.what, finding.remedy))

    report(await _store())
    if args.executor == "docker":
        await check_docker(report_finding, _sandbox_uids())
    else:
        await check_languages(LocalExecutor(), report_finding)


def _parts() -> Iterator[ReportLine]:
    for extra in extras.EXTRAS:
        try:
            extras.require_extra(extra)
            yield ReportLine("ok", f"the part [{extra}] is installed")
        except extras.MissingExtra as error:
            yield ReportLine("warning", *str(error).split("; ", 1))


def _terminal() -> Iterator[ReportLine]:
    if not sys.stdout.isatty():
        return
    size = shutil.get_terminal_size()
    term = os.environ.get("TERM", "")
    where_ = "in tmux, " if os.environ.get("TMUX") else ""
    if size.columns < 40 or size.lines < 12:
        yield ReportLine(
            "FAIL",
            f"the terminal is {size.columns}x{size.lines}",
            "make it 40x12 or larger; 80x24 is comfortable",
        )
    elif term in ("", "dumb"):
        yield ReportLine("FAIL", f"TERM={term}", "use a terminal that can move its cursor")
    else:
        yield ReportLine("ok", f"terminal {size.columns}x{size.lines}, {where_}TERM={term}")


def _settings() -> Iterator[ReportLine]:
    from codesync_server.configuration import SettingsError, load

    try:
        loaded = load(environment=os.environ)
    except SettingsError as error:
        yield ReportLine("FAIL", str(error), "see all of them with: codesync serve --show-settings")
    else:
        places = f"settings file {loaded.file}" if loaded.file else "no settings file"
        yield ReportLine("ok", f"{places}; {len(loaded.found)} set, the others have their defaults")


def _sandbox_uids() -> range | None:
    from codesync_server.configuration import SettingsError, load

    try:
        return load(environment=os.environ).settings.sandbox_uids
    except SettingsError:
        return None  # `_settings` says so


async def _store() -> ReportLine:
    from codesync_server.configuration import SettingsError, load
    from codesync_server.store.choice import choose_store
    from codesync_server.store.contract import (
        StoreMissing,
        StoreOutdated,
        StoreUnavailable,
        StoreUnusable,
    )

    try:
        setting = load(environment=os.environ, embedded=True).settings.store
    except SettingsError:
        return ReportLine("warning", "the store was not checked", "correct the settings first")
    try:
        store = choose_store(setting)
        await store.open(alone=False)
    except StoreMissing as error:
        return ReportLine("ok", f"{error}; the first room makes it")
    except StoreOutdated as error:
        return ReportLine("warning", str(error), "the next server does it by itself")
    except StoreUnusable as error:
        return ReportLine(
            "FAIL", str(error), "name another with --store, or see docs/how-to/run-a-server.md"
        )
    try:
        rooms = await store.room_count()
        return ReportLine(
            "ok", f"the store {store.about} holds {rooms} room{'' if rooms == 1 else 's'}"
        )
    except StoreUnavailable as error:
        return ReportLine("FAIL", f"the store {store.about}: {error}", "codesync store check")
    finally:
        await store.close()


def _port(port: int) -> Iterator[ReportLine]:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            yield ReportLine(
                "warning",
                f"port {port} cannot be listened on: {error.strerror}",
                "if that is not a server of yours, choose another port with --port",
            )
        else:
            yield ReportLine("ok", f"port {port} is free")


def _token() -> Iterator[ReportLine]:
    path = target.own_token_file()
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        yield ReportLine("ok", f"no token yet; the first `codesync serve` makes {path}")
        return
    except OSError as error:
        yield ReportLine(
            "FAIL", f"the token file {path}: {error.strerror}", "see its folder's permissions"
        )
        return
    if mode & 0o077:
        yield ReportLine("FAIL", f"others can read the token file {path}", f"chmod 600 {path}")
    else:
        yield ReportLine("ok", f"the token file {path} is yours alone")
