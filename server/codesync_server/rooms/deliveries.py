"""Charges for the messages that a room sends to its members.

Each message to a room costs the server once for each member, however small the request was that
caused it. So the client whose request causes messages is charged for all of them before they are
sent, by the number of members and by bytes, and waits while it is in debt. Carets are not charged:
the interval of their announcements grows with their cost (`presence`).
"""

from codesync_protocol.limits import KIB
from codesync_server.access.budgets import member_budget
from codesync_server.access.token_buckets import Rate

DELIVERIES = member_budget(
    "messages to members of the room",
    "deliveries",
    member=Rate(20_000, 4_000),
    origin=Rate(60_000, 15_000),
)
"""Messages that members cause: edits, typed lines, submissions. A delivery takes about 10
microseconds. In a room of 200, one member can make 20 edits a second, and one link at one address
75."""

OUTPUT_DELIVERIES = member_budget(
    "output to members of the room",
    "deliveries",
    member=Rate(100_000, 10_000),
    origin=Rate(100_000, 10_000),
)
"""Output of programs. This budget is separate, so that no program delays people who type. The
burst is 3 MB of output for 200 members."""

OUTPUT_DEBT_MAX = 1.0
"""Seconds of debt above which output is not sent live. Members can fetch it."""

MESSAGES_OF_A_JOB = 4
"""A submission is announced, compiled, run and finished."""

BYTES_PER_DELIVERY = 8 * KIB
"""A message costs one more delivery for each of these many bytes."""


def deliveries(size: int) -> int:
    """Return the cost of sending a message of `size` bytes to one member."""
    return 1 + size // BYTES_PER_DELIVERY
