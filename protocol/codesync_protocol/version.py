"""Protocol versions and their negotiation."""

from typing import Final

NEWEST: Final = 2
"""The newest protocol version of this release."""

OLDEST: Final = 2
"""The oldest protocol version of this release. Version 1 sent secrets."""


def agree(oldest: int, newest: int) -> int | None:
    """Choose the version for a connection.

    Args:
        oldest: the oldest version that the other end speaks.
        newest: the newest version that the other end speaks.

    Returns:
        The newest version that both ends speak, or None if there is none.
    """
    common = min(newest, NEWEST)
    return common if common >= max(oldest, OLDEST) and oldest <= newest else None
