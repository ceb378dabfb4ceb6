"""Pages about security: the attacks of `codesync attack`, and the threat model."""

import tomllib

from codesync_attacks import CORPUS

from .checkout import GENERATED, ROOT, Mistake
from .tests import matching

THREATS = "docs/reference/threats.toml"

ATTACKS_INTRODUCTION = """\
`codesync attack` runs these attacks against your own server. While an attack runs, another member
runs ordinary programs beside it. During A01 to A40 these programs may take at most twice as long as
on the quiet server; both are measured in the same run. `--json` prints one object for each attack,
and `--only A03` runs one. The tests run the same attacks against real Docker.

A program that is refused something, and continues, ends as `ok`. It prints each refusal, and the
output is compared with the expected one. B01 to B03 are members who behave badly.
[Hazards](../hazards.md) describes the numbers.
"""

THREATS_INTRODUCTION = """\
For each kind of actor: what the actor can do, what CodeSync promises, and the tests that verify
each promise. [Security](../explanation/security.md) explains how the promises are kept.
"""


def attacks() -> str:
    """Give the page that lists the attacks of `codesync attack`."""
    lines = ["# Attacks of `codesync attack`\n", GENERATED, ATTACKS_INTRODUCTION]
    lines += ["| attack | language | expected verdict |", "| --- | --- | --- |"]
    for attack in CORPUS:
        number, _, _ = attack.id.partition("-")
        lines.append(f"| {number} {attack.title} | {attack.language} | {attack.expected} |")
    return "\n".join([*lines, ""])


def threat_model() -> str:
    """Give the page of promises, each with the tests that verify it.

    Raises:
        Mistake: a pattern names no test.
    """
    model = tomllib.loads((ROOT / THREATS).read_text())
    lines = ["# Threat model\n", GENERATED, THREATS_INTRODUCTION]
    for actor in model["actor"]:
        lines += [f"## {actor['name']}\n", f"Can {actor['can']}.\n"]
        lines += ["| promise | verified by |", "| --- | --- |"]
        for promise in actor["promise"]:
            tests = "<br>".join(f"`{checked(pattern)}`" for pattern in promise["tests"])
            lines.append(f"| {promise['text']} | {tests} |")
        lines.append("")
    return "\n".join(lines)


def checked(pattern: str) -> str:
    """Return a pattern that names at least one test.

    Raises:
        Mistake: it names none.
    """
    if not matching(pattern):
        raise Mistake(f"{THREATS}: no test matches {pattern}")
    return pattern
