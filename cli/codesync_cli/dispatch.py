"""Finds the subcommand of `codesync`, imports only that, and runs it."""

import difflib
from collections.abc import Sequence
from importlib import import_module

from codesync_cli.console.messages import print_block, print_error, print_line
from codesync_cli.console.terminal import NoTerminal
from codesync_cli.exit_codes import ExitCode
from codesync_cli.process import hidden_link
from codesync_cli.process.extras import MissingExtra
from codesync_cli.version import VERSION

COMMANDS = {
    "room": "open a room on a server of your own (the same as `codesync` alone)",
    "join": "enter a room by its link",
    "run": "run a program without a screen",
    "watch": "print the events of a room as plain lines",
    "pull": "print a room's text, or write it to a file",
    "push": "merge a file into a room's text",
    "queue": "list waiting and running programs",
    "history": "find past programs of a room",
    "show": "show a past program: source, output, verdict",
    "rooms": "list the stored rooms",
    "store": "check, compact, export or import the store",
    "serve": "host rooms for others",
    "attack": "attack your own server, and see whether it resists",
    "invite": "make a link to a room",
    "image": "build or inspect the executor image",
    "doctor": "check this machine, and suggest solutions",
}

HELP = """\
usage: codesync [FILE] [options]       open a room, with FILE in the editor
       codesync COMMAND [options]

A room in the terminal in which people write code together and run it safely.

commands:
{commands}

`codesync COMMAND --help` describes a command. `codesync --version` prints the version.
"""


def run(argv: Sequence[str] | None) -> int:
    """Run the command.

    Args:
        argv: the arguments after the name of the program; None for those of this process.

    Returns:
        The exit status.
    """
    arguments = hidden_link.arguments() if argv is None else list(argv)
    if arguments[:1] in (["--help"], ["-h"], ["help"]):
        width = max(map(len, COMMANDS))
        lines = (f"  {name:{width}}  {what}" for name, what in COMMANDS.items())
        print_block(HELP.format(commands="\n".join(lines)))
        return ExitCode.OK
    if arguments[:1] == ["--version"]:
        print_line(f"codesync {VERSION}")
        return ExitCode.OK
    name, rest = _command(arguments)
    if name is None:
        return ExitCode.USAGE
    module = import_module(f"codesync_cli.commands.{name}")
    args = module.parse(rest) if hasattr(module, "parse") else module.parser().parse_args(rest)
    try:
        return int(module.run(args))
    except MissingExtra as error:
        print_error(str(error))
        return ExitCode.FAILED
    except NoTerminal as error:
        print_error(str(error))
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
    print_error(f"there is no command {name}", hint)
    return None, []
