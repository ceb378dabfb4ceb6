"""Attacks on a server as data: hostile programs and members, with the expected results."""

from codesync_attacks.attack import Attack
from codesync_attacks.compilers import COMPILERS
from codesync_attacks.escapes import ESCAPES
from codesync_attacks.floods import FLOODS
from codesync_attacks.kernel import KERNEL
from codesync_attacks.limits import LIMITS
from codesync_attacks.scenarios import SCENARIOS

CORPUS: tuple[Attack, ...] = tuple(
    sorted(
        (*LIMITS, *FLOODS, *ESCAPES, *KERNEL, *COMPILERS, *SCENARIOS),
        key=lambda each: each.name[:3],
    )
)
"""All attacks, in the order of their numbers."""

__all__ = ["CORPUS", "Attack"]
