"""The limit on file descriptors, and the part of it for clients."""

import logging
import os
import resource

from codesync_server.configuration.settings import Settings

RESERVED = 200
"""For the engine, the containers, the store, the log and what Python itself opens."""

RESERVED_PART = 0.25
"""If the limit is low, this part of it is reserved instead."""

log = logging.getLogger(__name__)


def raise_limit(wanted: int) -> int:
    """Raise the soft limit on open files as far as wanted and allowed.

    Args:
        wanted: descriptors.

    Returns:
        The limit now.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted if soft == resource.RLIM_INFINITY else soft
    raised = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
    except (OSError, ValueError):
        return soft
    return raised


def divide_descriptors(settings: Settings) -> tuple[int, int]:
    """Divide the descriptors between members and handshakes; raise the soft limit if necessary.

    Returns:
        The most members and the most handshakes at the same time. They are the settings' unless
        the hard limit on open files is too low for them; that is logged.
    """
    members, handshakes = settings.connections_max, settings.handshakes_max
    limit = raise_limit(members + handshakes + RESERVED)
    available = limit - min(RESERVED, int(limit * RESERVED_PART))
    if available >= members + handshakes:
        return members, handshakes
    part = available / (members + handshakes)
    fewer = max(1, int(members * part)), max(1, int(handshakes * part))
    log.warning(
        "the limit of %d open files is too low for connections_max = %d and handshakes_max = %d;"
        " using %d and %d. Raise it (ulimit -n, LimitNOFILE= in a systemd unit) to at least %d",
        *(limit, members, handshakes, *fewer, members + handshakes + RESERVED),
    )
    return fewer


def limit() -> int:
    """Return the soft limit on open files."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def in_use() -> int:
    """Return the number of open descriptors; 0 where the system does not tell."""
    for folder in ("/proc/self/fd", "/dev/fd"):
        try:
            return len(os.listdir(folder)) - 1  # the listing itself has one open
        except OSError:
            continue
    return 0
