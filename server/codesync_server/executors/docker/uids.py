"""The numeric users of sandboxes, from a range that no user of the machine has.

A sandbox that shared its uid with a real user would share the kernel's limits per user with that
user, and what escaped from it could read that user's files.
"""

import grp
import pwd
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from codesync_server.configuration.setting_types.uid_range import UidRange, show_uids

UNUSED = range(2_100_000_000, 2_147_000_001)
"""Above what login.defs, systemd (DynamicUser, nspawn), subuids, FreeIPA, SSSD and Winbind give out
by default, and below what systemd reserves again (0x7FFE0000)."""

MAPPED = range(20_000, 60_000)
"""For an engine that maps users, where there are 65,536 in all, and none of them is a real one."""

SUBORDINATE = ("/etc/subuid", "/etc/subgid")


class UidsInUse(Exception):
    """The range has users of the machine in it; the message says which, and what to do."""


def choose_uids(configured: range | None, info: dict[str, Any]) -> range:
    """Choose the users of sandboxes, and check that nobody has them. Reads files: it may block.

    Args:
        configured: what the operator set, if anything.
        info: what `docker info` tells.

    Raises:
        UidsInUse: users or groups of this machine are in the range.
    """
    options = info.get("SecurityOptions") or ()
    if any("rootless" in option or "userns" in option for option in options):
        return configured or MAPPED
    uids = configured or UNUSED
    taken = sorted(set(_owners_in(uids)))
    if taken:
        raise UidsInUse(
            f"the users of sandboxes, {show_uids(uids)}, are not free: {', '.join(taken[:5])};"
            f" set sandbox_uids to other ones ({UidRange('').allowed})"
        )
    return uids


def _owners_in(uids: range) -> Iterator[str]:
    for user in pwd.getpwall():
        if user.pw_uid in uids:
            yield f"user {user.pw_name} is {user.pw_uid}"
    for group in grp.getgrall():
        if group.gr_gid in uids:
            yield f"group {group.gr_name} is {group.gr_gid}"
    for path in SUBORDINATE:
        for owner, given in _subordinates(path):
            if given.start < uids.stop and uids.start < given.stop:
                yield f"{path} gives {show_uids(given)} to {owner}"


def _subordinates(path: str) -> Iterator[tuple[str, range]]:
    """Read a file of subuid(5): NAME:FIRST:COUNT."""
    with suppress(OSError):
        for line in Path(path).read_text(errors="replace").splitlines():
            owner, _, rest = line.partition(":")
            first, _, count = rest.partition(":")
            if first.isdecimal() and count.isdecimal() and int(count) > 0:
                yield owner, range(int(first), int(first) + int(count))
