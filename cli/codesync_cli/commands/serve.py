"""`codesync serve`: host rooms."""

import argparse
import asyncio
import json
import logging
import os
import secrets
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from codesync_cli.console.messages import print_block, print_error, print_line, print_note
from codesync_cli.console.parser import Parser
from codesync_cli.exit_codes import ExitCode
from codesync_cli.local_server.settings_flags import add_settings, load_settings
from codesync_cli.process import extras
from codesync_cli.target_room import room_names, target
from codesync_cli.version import VERSION
from codesync_protocol.messages import Role
from codesync_protocol.names import is_room_name
from codesync_server.configuration import SettingsError, as_toml
from codesync_server.configuration.settings import Settings

if TYPE_CHECKING:
    from codesync_server.app import App

STDIN_NEEDED = (
    "serve --embedded ends when its stdin does, so stdin must be a pipe that the parent process"
    " keeps open; start a server of its own with: codesync serve"
)

DESCRIPTION = """\
Host rooms on one port. Programs run in hardened Docker containers that are used once. Without
Docker they run unsandboxed as your own user; the server then accepts connections from this machine
only, unless --unsafe-local is given.

Each setting can be given as a flag, as an environment variable (CODESYNC_MAX_CONCURRENT) or in a
settings file, in this order of priority. --show-settings prints the effective settings.

The same port answers GET /health and GET /stats. SIGTERM and ctrl+C stop the server after the
running programs have ended; a second signal stops it at once.
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = Parser(
        "codesync serve",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_settings(parser, with_address=True)
    parser.add_argument(
        "--show-settings",
        action="store_true",
        help="print the effective settings and where each comes from, then exit",
    )
    parser.add_argument("--token-file", metavar="F", type=Path, help="file of the token")
    parser.add_argument("--room", metavar="R", help="print a link to this room")
    parser.add_argument("--log-level", default="info", choices=["debug", "info", "warning"])
    parser.add_argument("--embedded", action="store_true", help=argparse.SUPPRESS)
    return parser


def run(args: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    try:
        # The parent of an embedded server has read file and environment already.
        loaded = load_settings(args, embedded=args.embedded, alone=args.embedded)
    except SettingsError as error:
        _publisher(args)("failed", str(error))
        return ExitCode.USAGE
    if args.show_settings:
        print_block(as_toml(loaded))
        return ExitCode.OK
    extras.require_extra("server")
    if args.room is not None and not is_room_name(args.room):
        print_error("--room: a room's name is 3 to 64 of a-z, 0-9 and hyphen")
        return ExitCode.USAGE
    logging.basicConfig(
        level=args.log_level.upper() if not args.embedded else "ERROR",
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    logging.getLogger("codesync_server.websocket").setLevel("WARNING")
    from codesync_server.repeated_lines import aggregate_repeated_lines

    repeated = aggregate_repeated_lines()
    try:
        return asyncio.run(_serve(args, loaded.settings))
    finally:
        for lines in repeated:
            lines.flush()


async def _serve(args: argparse.Namespace, settings: Settings) -> int:
    from codesync_server.access import token
    from codesync_server.access.rules import UnsafeSettings
    from codesync_server.connections.listener import ListenFailed
    from codesync_server.executors.contract import ExecutorUnavailable
    from codesync_server.garbage_collection import exempt_loaded_objects
    from codesync_server.store.contract import StoreUnusable

    stop = asyncio.Event()
    _stop_on_signals(stop)
    report = _publisher(args)
    if args.embedded:
        try:
            _stop_with_parent(stop)
        except OSError as error:
            report("failed", f"{STDIN_NEEDED} ({error.strerror})")
            return ExitCode.USAGE
    try:
        app = await _build(args, settings, report)
        exempt_loaded_objects()  # before rooms exist, which are freed some day
        await app.run(lambda: _ready(args, app), stop)
    except (
        UnsafeSettings,
        token.TokenFileError,
        ListenFailed,
        ExecutorUnavailable,
        StoreUnusable,
    ) as error:
        report("failed", str(error))
        return ExitCode.FAILED
    finally:
        if args.embedded:
            asyncio.get_running_loop().remove_reader(0)
    return ExitCode.OK


async def _build(
    args: argparse.Namespace, settings: Settings, report: Callable[[str, str], None]
) -> "App":
    from codesync_server.access import token
    from codesync_server.app import App
    from codesync_server.store.choice import MEMORY, SQLITE
    from codesync_server.store.contract import StoreUnusable

    def progress(line: str) -> None:
        report("progress", line)

    if args.embedded and settings.store == MEMORY:
        return await App.build(settings, secrets.token_urlsafe(32), progress)
    secret = token.load_or_create(args.token_file or token.default_path())
    try:
        return await App.build(settings, secret, progress)
    except StoreUnusable as error:
        if not args.embedded or settings.store != SQLITE:
            raise
        # A room that is not stored is better than none.
        settings = replace(settings, store=MEMORY)
        return await App.build(settings, secret, progress, persistence_trouble=str(error))


def _ready(args: argparse.Namespace, app: "App") -> None:
    room = args.room or room_names.new_room_name()
    if args.embedded:
        link, invite = app.link(room, Role.HOST), app.link(room, Role.EDITOR)
        if not app.executor.info.sandboxed:
            _report_to_parent("progress", app.found)
        is_kept = app.store.outlives
        _send_to_parent(
            {"event": "ready", "link": str(link), "invite": str(invite), "kept": is_kept}
        )
        return
    print_line(f"codesync {VERSION} at {app.address}")
    print_line(f"  {app.found}")
    print_line(f"  store: {app.store.about}")
    print_line(f"  {_limits(app)}")
    print_line(
        f"  languages: {', '.join(each.title for each in app.languages.infos() if each.available)}"
    )
    if banner := app.executor.info.banner:
        print_line(f"  WARNING: {banner}")
    print_line(f"  token: {args.token_file or target.own_token_file()}")
    if sys.stdout.isatty():  # an invite must not end up in a log
        print_line(f"  join with: codesync join {app.link(room, Role.EDITOR)}")
    else:
        print_line("  invite somebody with: codesync invite ROOM")


def _limits(app: "App") -> str:
    limits, cpus = app.settings.limits.run, app.settings.cpus
    sandbox = "no network, read-only" if app.executor.info.sandboxed else "NO sandbox"
    return (
        f"programs: {app.settings.max_concurrent} at once, {limits.memory >> 20} MB,"
        f" {cpus:g} cpu, {limits.wall:g} s, {sandbox}"
    )


def _publisher(args: argparse.Namespace) -> Callable[[str, str], None]:
    return _report_to_parent if args.embedded else _report_to_person


def _report_to_person(event: str, text: str) -> None:
    (print_error if event == "failed" else print_note)(text)


def _report_to_parent(event: str, text: str) -> None:
    _send_to_parent({"event": event, "text": text})


def _send_to_parent(message: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _stop_with_parent(stop: asyncio.Event) -> None:
    """Set `stop` at the end of stdin, when the parent process has closed it or died.

    Raises:
        OSError: stdin is closed, or cannot be waited for (a file, /dev/null).
    """
    loop = asyncio.get_running_loop()

    def read() -> None:
        try:
            if os.read(0, 1024):
                return
        except OSError:
            pass  # it cannot be read any more, which is its end as well
        loop.remove_reader(0)
        stop.set()

    loop.add_reader(0, read)


def _stop_on_signals(stop: asyncio.Event) -> None:
    """Drain at the first signal, and end at once at the second; containers end with the server."""

    def handle() -> None:
        if stop.is_set():
            os._exit(ExitCode.CANCELLED)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, handle)
