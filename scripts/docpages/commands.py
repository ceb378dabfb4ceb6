"""Pages about the `codesync` command: its subcommands with their options, and its exit statuses."""

import argparse
import ast
import inspect
from collections.abc import Iterator
from importlib import import_module
from typing import cast

from codesync_cli import exit_codes
from codesync_cli.dispatch import COMMANDS

from .checkout import GENERATED

INTRODUCTION = """\
`codesync COMMAND --help` prints the same. Commands that start a server of their own also accept the
[settings](settings.md) as options. [Exit statuses](exit-statuses.md) are a page of their own.
"""

STATUSES_INTRODUCTION = """\
`codesync run` ends with the exit status of the program. If a signal ended the program, the status
is 128 + the number of the signal. Otherwise the status is one of these, as for all commands:
"""

SETTINGS_GROUPS = {"address", "programs"}
"""Groups of options that docs/reference/settings.md describes."""


def commands() -> str:
    """Give the page that lists every subcommand with its options."""
    lines = ["# Commands\n", GENERATED, INTRODUCTION]
    for name, about in COMMANDS.items():
        parser: argparse.ArgumentParser = import_module(f"codesync_cli.commands.{name}").parser()
        lines += [f"## codesync {name}\n", *described(parser, about)]
    return "\n".join(lines)


def described(parser: argparse.ArgumentParser, about: str) -> Iterator[str]:
    """Give the description and the options of a parser, then those of its subcommands."""
    yield " ".join((parser.description or sentence(about)).split()) + "\n"
    rows: list[str] = []
    nested: dict[str, argparse.ArgumentParser] = {}
    abouts: dict[str, str] = {}
    for group in parser._action_groups:  # argparse has no public access to its groups
        if group.title in SETTINGS_GROUPS:
            continue
        for action in group._group_actions:
            listed: list[argparse.Action] = vars(action).get("_choices_actions", [])
            if listed:  # subcommands
                nested |= cast(dict[str, argparse.ArgumentParser], action.choices)
                abouts |= {each.dest: each.help or each.dest for each in listed}
            elif action.dest != "help":
                rows.append(row(parser, action))
    if rows:
        yield "| argument | meaning |"
        yield "| --- | --- |"
        yield from rows
        yield ""
    for name, each in nested.items():
        yield f"### {each.prog}\n"
        yield from described(each, abouts[name])


def row(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    """Give the row of one argument."""
    value = (
        ""
        if action.nargs == 0
        else action.metavar or "|".join(map(str, action.choices or [action.dest.upper()]))
    )
    names = [f"{name} {value}".strip() for name in action.option_strings] or [str(value)]
    text = (action.help or "") % {"prog": parser.prog, **vars(action)}
    shown = ", ".join(f"`{name}`" for name in names).replace("|", "\\|")
    return f"| {shown} | {' '.join(text.split())} |"


def exit_statuses() -> str:
    """Give the page that lists the exit statuses, each with the text behind it in the code."""
    lines = ["# Exit statuses\n", GENERATED, STATUSES_INTRODUCTION]
    lines += ["| status | meaning |", "| --- | --- |"]
    texts = dict(statuses())
    for status in exit_codes.ExitCode:
        meaning = texts.get(status.name) or f"{status.name.replace('_', ' ').capitalize()}."
        lines.append(f"| {status.value} | {meaning} |")
    return "\n".join([*lines, ""])


def statuses() -> Iterator[tuple[str, str]]:
    """Give each name in ExitCode that has a text behind it, with this text."""
    body = ast.parse(inspect.getsource(exit_codes.ExitCode)).body[0]
    assert isinstance(body, ast.ClassDef)
    for before, node in zip(body.body, body.body[1:], strict=False):
        match before, node:
            case (
                ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield name, " ".join(text.split())
            case _:
                pass


def sentence(text: str) -> str:
    """Give a phrase as a sentence."""
    return f"{text[0].upper()}{text[1:]}."
