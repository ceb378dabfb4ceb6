"""Protocol versions and their negotiation."""

from typing import Final

NEWEST: Final = 2
"""The protocol version that this release speaks by choice."""

OLDEST: Final = 2
"""The oldest protocol version that this release still speaks. Version 1 sent secrets."""


def agree(oldest: int, newest: int) -> int | None:
    """Choose the version for a connection.

    Args:
        oldest: the oldest version that the other end speaks.
        newest: the newest version that the other end speaks.

    Returns:
        The newest version that both ends speak, or None when there is none.
    """
    common = min(newest, NEWEST)
    return common if common >= max(oldest, OLDEST) and oldest <= newest else None
