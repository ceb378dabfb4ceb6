"""`codesync serve`: host rooms."""

import argparse
import asyncio
import json
import logging
import os
import secrets
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from codesync_cli import extras, room_names, where
from codesync_cli.exit_codes import ExitCode
from codesync_cli.version import VERSION
from codesync_cli.voice import complain, remark, say
from codesync_protocol.links import DEFAULT_PORT
from codesync_protocol.messages import Role
from codesync_protocol.names import is_room_name

if TYPE_CHECKING:
    from codesync_server.app import App
    from codesync_server.settings import Settings

DESCRIPTION = """\
Host rooms: one port, websockets only. Programs run in hardened, throw-away Docker containers;
without Docker they run unsandboxed as you, which is refused beyond this machine unless you insist.

The same port answers GET /health and GET /stats. SIGTERM and ctrl+C let running programs end, then
stop; a second one stops at once.
"""


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = argparse.ArgumentParser(
        "codesync serve",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    address = parser.add_argument_group("address")
    address.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    address.add_argument(
        "--port",
        type=int,
        default=DEFAULT_PORT,
        help="port to listen on; 0: any free (%(default)s)",
    )
    address.add_argument(
        "--tls-cert", metavar="F", type=Path, help="certificate chain (PEM): wss://"
    )
    address.add_argument("--tls-key", metavar="F", type=Path, help="its key (PEM)")
    address.add_argument(
        "--insecure", action="store_true", help="listen beyond this machine without TLS"
    )
    address.add_argument(
        "--allow-host",
        metavar="NAME",
        action="append",
        default=[],
        help="a DNS name of this server that clients use (repeatable)",
    )
    address.add_argument(
        "--allow-origin",
        metavar="ORIGIN",
        action="append",
        default=[],
        help="a web page that may connect, e.g. https://example.org (repeatable; default: none)",
    )
    address.add_argument("--token-file", metavar="F", type=Path, help="where the token is kept")
    address.add_argument("--room", metavar="R", help="the room of the link that is shown")
    add_execution_arguments(parser)
    parser.add_argument("--log-level", default="info", choices=["debug", "info", "warning"])
    parser.add_argument("--embedded", action="store_true", help=argparse.SUPPRESS)
    return parser


def add_execution_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what decides how programs run; also for commands that start a server of their own."""
    jobs = parser.add_argument_group("programs")
    jobs.add_argument(
        "--executor",
        choices=["auto", "docker", "local"],
        default="auto",
        help="where programs run; auto: Docker, else unsandboxed on this machine (%(default)s)",
    )
    jobs.add_argument(
        "--unsafe-local",
        action="store_true",
        help="allow unsandboxed programs although others can reach this server",
    )
    jobs.add_argument(
        "--max-concurrent", metavar="N", type=_positive, default=3, help="at once (%(default)s)"
    )
    jobs.add_argument(
        "--queue-limit",
        metavar="N",
        type=_positive,
        default=100,
        help="waiting in all (%(default)s)",
    )
    jobs.add_argument(
        "--queue-per-member",
        metavar="N",
        type=_positive,
        default=5,
        help="waiting for one member (%(default)s)",
    )
    jobs.add_argument(
        "--pool-size",
        metavar="N",
        type=_count,
        help="containers kept started (default: one more than run at once)",
    )
    jobs.add_argument(
        "--cpus", metavar="X", type=_share, default=0.5, help="cpu share of a program (%(default)s)"
    )
    jobs.add_argument(
        "--runtime", default="", help="Docker's name of an OCI runtime, e.g. runsc or kata"
    )
    jobs.add_argument(
        "--build-network",
        metavar="NET",
        default="auto",
        help="network for building the image: auto, default, host, or a name (%(default)s)",
    )


def execution_arguments(args: argparse.Namespace) -> list[str]:
    """Give the arguments of `add_execution_arguments` again, for a server that we start."""
    arguments = [
        f"--executor={args.executor}",
        f"--cpus={args.cpus}",
        f"--runtime={args.runtime}",
        f"--build-network={args.build_network}",
        f"--max-concurrent={args.max_concurrent}",
        f"--queue-limit={args.queue_limit}",
        f"--queue-per-member={args.queue_per_member}",
    ]
    if args.pool_size is not None:
        arguments.append(f"--pool-size={args.pool_size}")
    return arguments


def run(args: argparse.Namespace) -> int:
    """Do it."""
    extras.require("server")
    if (args.tls_cert is None) != (args.tls_key is None):
        complain("--tls-cert and --tls-key go together")
        return ExitCode.USAGE
    if args.room is not None and not is_room_name(args.room):
        complain("--room: a room's name is 3 to 64 of a-z, 0-9 and hyphen")
        return ExitCode.USAGE
    logging.basicConfig(
        level=args.log_level.upper() if not args.embedded else "ERROR",
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    logging.getLogger("codesync_server.websocket").setLevel("WARNING")
    return asyncio.run(_serve(args))


async def _serve(args: argparse.Namespace) -> int:
    from codesync_server.access import token
    from codesync_server.access.rules import UnsafeSettings
    from codesync_server.app import App
    from codesync_server.connections.listener import CannotListen
    from codesync_server.executors.contract import ExecutorDown

    stop = asyncio.Event()
    _stop_on_signals(stop)
    watcher = asyncio.ensure_future(_stop_with_parent(stop)) if args.embedded else None
    report = _report_to_parent if args.embedded else _report_to_person
    try:
        token_file = args.token_file or token.default_path()
        secret = secrets.token_urlsafe(32) if args.embedded else token.load_or_create(token_file)
        app = await App.build(settings(args), secret, lambda line: report("progress", line))
        await app.run(lambda: _ready(args, app), stop)
    except (UnsafeSettings, token.TokenFileError, CannotListen, ExecutorDown) as error:
        report("failed", str(error))
        return ExitCode.FAILED
    finally:
        if watcher is not None:
            watcher.cancel()
    return ExitCode.OK


def settings(args: argparse.Namespace) -> "Settings":
    """Make the server's settings from the arguments."""
    from codesync_server.settings import Settings, TlsFiles

    return Settings(
        host=args.host,
        port=args.port,
        tls=TlsFiles(args.tls_cert, args.tls_key) if args.tls_cert else None,
        insecure=args.insecure,
        allow_hosts=tuple(args.allow_host),
        allow_origins=tuple(args.allow_origin),
        executor=args.executor,
        unsafe_local=args.unsafe_local,
        max_concurrent=args.max_concurrent,
        queue_limit=args.queue_limit,
        queue_per_member=args.queue_per_member,
        pool_size=args.pool_size,
        cpus=args.cpus,
        runtime=args.runtime,
        build_network=args.build_network,
    )


def _ready(args: argparse.Namespace, app: "App") -> None:
    room = args.room or room_names.new_room_name()
    if args.embedded:
        link, invite = app.link(room, Role.HOST), app.link(room, Role.EDITOR)
        if not app.executor.info.sandboxed:
            _report_to_parent("progress", app.found)
        _tell_parent({"event": "ready", "link": str(link), "invite": str(invite)})
        return
    say(f"codesync {VERSION} at {app.address}")
    say(f"  {app.found}")
    say(f"  {_limits(app)}")
    say(f"  languages: {', '.join(each.title for each in app.languages.infos() if each.available)}")
    if banner := app.executor.info.banner:
        say(f"  WARNING: {banner}")
    say(f"  token: {args.token_file or where.own_token_file()}")
    if sys.stdout.isatty():  # an invite must not end up in a log
        say(f"  join with: codesync join {app.link(room, Role.EDITOR)}")
    else:
        say("  invite somebody with: codesync invite ROOM")


def _limits(app: "App") -> str:
    limits, cpus = app.settings.limits.run, app.settings.cpus
    sandbox = "no network, read-only" if app.executor.info.sandboxed else "NO sandbox"
    return (
        f"programs: {app.settings.max_concurrent} at once, {limits.memory >> 20} MB,"
        f" {cpus:g} cpu, {limits.wall:g} s, {sandbox}"
    )


def _report_to_person(event: str, text: str) -> None:
    (complain if event == "failed" else remark)(text)


def _report_to_parent(event: str, text: str) -> None:
    _tell_parent({"event": event, "text": text})


def _tell_parent(message: dict[str, str]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


async def _stop_with_parent(stop: asyncio.Event) -> None:
    """Wait for the end of stdin: the parent is done with us, or dead."""
    loop = asyncio.get_running_loop()
    gone = asyncio.Event()
    loop.add_reader(0, lambda: gone.set() if not os.read(0, 1024) else None)
    try:
        await gone.wait()
    finally:
        loop.remove_reader(0)
    stop.set()


def _stop_on_signals(stop: asyncio.Event) -> None:
    """The first signal drains; the second ends at once, and containers end with us."""

    def handle() -> None:
        if stop.is_set():
            os._exit(ExitCode.CANCELLED)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, handle)


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return value


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0.05 <= value <= 64:
        raise argparse.ArgumentTypeError("must be from 0.05 to 64")
    return value
