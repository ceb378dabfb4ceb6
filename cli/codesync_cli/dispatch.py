"""Finds the subcommand of `codesync`, imports only that, and runs it."""

import difflib
from collections.abc import Sequence
from importlib import import_module

from codesync_cli import hidden_link
from codesync_cli.exit_codes import ExitCode
from codesync_cli.extras import MissingExtra
from codesync_cli.terminal import NoTerminal
from codesync_cli.version import VERSION
from codesync_cli.voice import complain, say, say_block

COMMANDS = {
    "room": "open a room on a server of your own (what `codesync` alone does)",
    "join": "enter a room by its link",
    "run": "run a program without a screen, as if it ran here",
    "watch": "follow a room in plain lines",
    "pull": "print a room's text, or write it to a file",
    "push": "merge a file into a room's text",
    "queue": "show who waits and who runs",
    "history": "find what was run in a room",
    "show": "show a past program: source, output, verdict",
    "rooms": "list the rooms that are kept",
    "store": "check, compact, export or import what is kept",
    "serve": "host rooms for others",
    "attack": "attack a server of your own, and see whether it withstands",
    "invite": "make a link that lets somebody into a room",
    "image": "build or inspect the image that programs run in",
    "doctor": "check this machine, and say how to mend what is wrong",
}

HELP = """\
usage: codesync [FILE] [options]       open a room, with FILE in the editor
       codesync COMMAND [options]

A room in the terminal where people write code together and run it safely.

commands:
{commands}

`codesync COMMAND --help` tells all about a command. `codesync --version` tells the version.
"""


def run(argv: Sequence[str] | None) -> int:
    """Run the command.

    Args:
        argv: the arguments behind the program's name; None for those of this process.

    Returns:
        The exit status.
    """
    arguments = hidden_link.arguments() if argv is None else list(argv)
    if arguments[:1] in (["--help"], ["-h"], ["help"]):
        width = max(map(len, COMMANDS))
        lines = (f"  {name:{width}}  {what}" for name, what in COMMANDS.items())
        say_block(HELP.format(commands="\n".join(lines)))
        return ExitCode.OK
    if arguments[:1] == ["--version"]:
        say(f"codesync {VERSION}")
        return ExitCode.OK
    name, rest = _command(arguments)
    if name is None:
        return ExitCode.USAGE
    module = import_module(f"codesync_cli.commands.{name}")
    args = module.parse(rest) if hasattr(module, "parse") else module.parser().parse_args(rest)
    try:
        return int(module.run(args))
    except MissingExtra as error:
        complain(str(error))
        return ExitCode.FAILED
    except NoTerminal as error:
        complain(str(error))
        return ExitCode.USAGE
    except KeyboardInterrupt:
        return ExitCode.CANCELLED


def _command(arguments: list[str]) -> tuple[str | None, list[str]]:
    if not arguments or arguments[0].startswith("-"):
        return "room", arguments
    name = arguments[0]
    if name in COMMANDS:
        return name, arguments[1:]
    if "." in name or "/" in name:  # a file
        return "room", arguments
    near = difflib.get_close_matches(name, COMMANDS, 1)
    hint = f"did you mean: codesync {near[0]}" if near else "see: codesync --help"
    complain(f"there is no command {name}", hint)
    return None, []
