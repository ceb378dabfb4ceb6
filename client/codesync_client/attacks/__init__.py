"""Attacks on a server, as data: tests run them against ours, `codesync attack` against yours."""

from codesync_client.attacks.attack import Attack
from codesync_client.attacks.compilers import COMPILERS
from codesync_client.attacks.escapes import ESCAPES
from codesync_client.attacks.floods import FLOODS
from codesync_client.attacks.kernel import KERNEL
from codesync_client.attacks.limits import LIMITS
from codesync_client.attacks.scenarios import SCENARIOS

CORPUS: tuple[Attack, ...] = tuple(
    sorted(
        (*LIMITS, *FLOODS, *ESCAPES, *KERNEL, *COMPILERS, *SCENARIOS),
        key=lambda each: each.name[:3],
    )
)
"""All of them, in the order of their numbers."""

__all__ = ["CORPUS", "Attack"]
