#!/usr/bin/env python3
"""Write the parts of docs/ that are made from the code, or check that they are up to date.

scripts/docs.py           write docs/map.md, docs/messages.md, the settings in docs/operating.md,
                          the attacks and the threat model (docs/threats.toml) in docs/security.md
scripts/docs.py --check   exit 1 if they are not what they would be
"""

import ast
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from codesync_attacks import CORPUS
from codesync_server.configuration.show import as_tables

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (
    "protocol/codesync_protocol",
    "client/codesync_client",
    "server/codesync_server",
    "tui/codesync_tui",
    "attacks/codesync_attacks",
    "cli/codesync_cli",
)
MADE = "<!-- Made by scripts/docs.py from the code; do not edit. -->\n"
MESSAGES_INTRODUCTION = """\
A message is a MessagePack array: its tag, then its fields in this order. Those without a tag stand
inside others. [protocol.md](protocol.md) says who sends what when.
"""


def module_map() -> str:
    """Every module with its first sentence."""
    lines = ["# The map\n", MADE, "Every module and the sentence that says what it is.\n"]
    for package in PACKAGES:
        lines += [f"## {package}\n", "| module | what it is |", "| --- | --- |"]
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT / package).as_posix()
            lines.append(f"| `{name}` | {summary(path)} |")
        lines.append("")
    return "\n".join(lines)


def summary(path: Path) -> str:
    """The first paragraph of a module's docstring, on one line."""
    text = ast.get_docstring(ast.parse(path.read_text())) or ""
    return " ".join(text.partition("\n\n")[0].split()).replace("|", "\\|")


def messages() -> str:
    """Every message of the wire with its fields."""
    folder = ROOT / "protocol/codesync_protocol/messages"
    lines = [
        "# The messages\n",
        MADE,
        MESSAGES_INTRODUCTION,
    ]
    for path in (
        folder / "session.py",
        folder / "room.py",
        folder / "document.py",
        folder / "job.py",
        folder / "output.py",
        folder / "history.py",
    ):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and is_struct(node):
                lines += [*describe(node), ""]
    return "\n".join(lines)


def is_struct(node: ast.ClassDef) -> bool:
    """Whether a class is a message or a part of one."""
    return any("Struct" in ast.unparse(base) for base in node.bases)


def describe(node: ast.ClassDef) -> Iterator[str]:
    """A message's heading, sentence and fields."""
    tags = [ast.literal_eval(word.value) for word in node.keywords if word.arg == "tag"]
    yield f"## {node.name}" + (f" `{tags[0]}`" if tags else "")
    yield ""
    text, _, attributes = (ast.get_docstring(node) or "").partition("Attributes:")
    yield " ".join(text.split())
    yield ""
    told = dict(told_attributes(attributes))
    fields = [part for part in node.body if isinstance(part, ast.AnnAssign)]
    if fields:
        yield "| field | type | default | |"
        yield "| --- | --- | --- | --- |"
    for part in fields:
        name = ast.unparse(part.target)
        default = f"`{ast.unparse(part.value)}`" if part.value else ""
        kind = ast.unparse(part.annotation).replace("|", "\\|")
        yield f"| {name} | `{kind}` | {default} | {told.get(name, '')} |"


def told_attributes(text: str) -> Iterator[tuple[str, str]]:
    """Name and description of each attribute in a Google-style section."""
    name, description = "", ""
    for line in text.splitlines():
        begins = line.startswith("    ") and not line.startswith("     ")
        if begins and ":" in line:
            if name:
                yield name, description
            name, _, description = (part.strip() for part in line.strip().partition(":"))
        elif line.strip():
            description += " " + line.strip()
    if name:
        yield name, description


def attacks() -> Iterator[str]:
    """What `codesync attack` tries, and how each attack ends."""
    yield "| attack | language | ends as |"
    yield "| --- | --- | --- |"
    for attack in CORPUS:
        number, _, _ = attack.id.partition("-")
        yield f"| {number} {attack.title} | {attack.language} | {attack.expected} |"


def threats() -> Iterator[str]:
    """What is promised about each kind of actor, and the tests that verify it."""
    model = tomllib.loads((ROOT / "docs/threats.toml").read_text())
    for actor in model["actor"]:
        yield f"### {actor['name']}\n"
        yield f"Can {actor['can']}.\n"
        yield "| promise | verified by |"
        yield "| --- | --- |"
        for promise in actor["promise"]:
            tests = "<br>".join(f"`{pattern}`" for pattern in map(checked, promise["tests"]))
            yield f"| {promise['text']} | {tests} |"
        yield ""


def checked(pattern: str) -> str:
    """Give a pattern of tests back if it names any test.

    Raises:
        SystemExit: it names none.
    """
    file, _, name = pattern.partition("::")
    path = ROOT / file
    nodes = ast.walk(ast.parse(path.read_text())) if path.is_file() else ()
    functions = (each for each in nodes if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))
    if not any(
        each.name.startswith("test_") and fnmatchcase(each.name, name) for each in functions
    ):
        raise SystemExit(f"docs/threats.toml: no test is called {pattern}")
    return pattern


def with_sections(name: str, sections: dict[str, Iterator[str]]) -> str:
    """A hand-written page with the lines between the two marks of each title made anew."""
    text = (ROOT / name).read_text()
    for title, lines in sections.items():
        text = with_section(name, text, title, lines)
    return text


def with_section(name: str, text: str, title: str, lines: Iterator[str]) -> str:
    """A page with the lines between its two marks of one title made anew."""
    begin = f"<!-- {title}: made by scripts/docs.py from the code; do not edit. -->\n"
    end = f"<!-- end of {title} -->\n"
    before, found_begin, rest = text.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found_begin and found_end):
        raise SystemExit(f"{name} has no section {title}: the lines {begin}and {end}")
    return "\n".join([f"{before}{begin}", *lines, "", f"{end}{after}"])


def main() -> int:
    """Write or check."""
    made = {
        "docs/map.md": module_map(),
        "docs/messages.md": messages(),
        "docs/operating.md": with_sections("docs/operating.md", {"settings": as_tables()}),
        "docs/security.md": with_sections(
            "docs/security.md", {"threats": threats(), "attacks": attacks()}
        ),
    }
    stale = [name for name, text in made.items() if not is_current(ROOT / name, text)]
    if "--check" in sys.argv:
        for name in stale:
            print(f"{name} is not up to date: run scripts/docs.py", file=sys.stderr)
        return 1 if stale else 0
    for name in stale:
        (ROOT / name).write_text(made[name])
        print(f"wrote {name}")
    return 0


def is_current(path: Path, text: str) -> bool:
    """Whether a file holds just this text."""
    return path.exists() and path.read_text() == text


if __name__ == "__main__":
    sys.exit(main())
