"""Pages that are read from the source code: the map of modules, and the messages."""

import ast
from collections.abc import Iterator
from pathlib import Path

from .checkout import GENERATED, PACKAGES, ROOT

MESSAGES_INTRODUCTION = """\
A message is a MessagePack array: its tag, then its fields in this order. Structs without a tag
are parts of messages. [The protocol](../explanation/protocol.md) describes who sends which message
when.
"""

MESSAGE_MODULES = ("session", "room", "document", "job", "output", "history")


def module_map() -> str:
    """Give the page that lists every module with its first sentence."""
    lines = ["# Map of the modules\n", GENERATED, "Every module, and the first sentence of it.\n"]
    for package in PACKAGES:
        lines += [f"## {package}\n", "| module | contents |", "| --- | --- |"]
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT / package).as_posix()
            lines.append(f"| `{name}` | {summary(path)} |")
        lines.append("")
    return "\n".join(lines)


def summary(path: Path) -> str:
    """Give the first paragraph of a module's docstring on one line."""
    text = ast.get_docstring(ast.parse(path.read_text())) or ""
    return " ".join(text.partition("\n\n")[0].split()).replace("|", "\\|")


def messages() -> str:
    """Give the page that lists every message with its fields."""
    folder = ROOT / "protocol/codesync_protocol/messages"
    lines = ["# Messages\n", GENERATED, MESSAGES_INTRODUCTION]
    for name in MESSAGE_MODULES:
        for node in ast.parse((folder / f"{name}.py").read_text()).body:
            if isinstance(node, ast.ClassDef) and is_struct(node):
                lines += [*describe(node), ""]
    return "\n".join(lines)


def is_struct(node: ast.ClassDef) -> bool:
    """Tell whether a class is a message or a part of one."""
    return any("Struct" in ast.unparse(base) for base in node.bases)


def describe(node: ast.ClassDef) -> Iterator[str]:
    """Give the heading, the description and the fields of a message."""
    tags: list[str] = [ast.literal_eval(word.value) for word in node.keywords if word.arg == "tag"]
    yield f"## {node.name}" + (f" `{tags[0]}`" if tags else "")
    yield ""
    text, _, attributes = (ast.get_docstring(node) or "").partition("Attributes:")
    yield " ".join(text.split())
    yield ""
    described = dict(described_attributes(attributes))
    fields = [part for part in node.body if isinstance(part, ast.AnnAssign)]
    if fields:
        yield "| field | type | default | |"
        yield "| --- | --- | --- | --- |"
    for part in fields:
        name = ast.unparse(part.target)
        default = f"`{ast.unparse(part.value)}`" if part.value else ""
        kind = ast.unparse(part.annotation).replace("|", "\\|")
        yield f"| {name} | `{kind}` | {default} | {described.get(name, '')} |"


def described_attributes(text: str) -> Iterator[tuple[str, str]]:
    """Give name and description of each attribute in a Google-style section."""
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
