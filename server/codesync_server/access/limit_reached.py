"""The refusal of a budget or share: the reached limit, and the time to try again."""

from math import ceil

from codesync_protocol.errors import Code, FrameError
from codesync_server.access.payer import Level

OWNERS = {
    Level.SERVER: "The server's",
    Level.ADDRESS: "Your address's",
    Level.INVITE: "Your invite's",
    Level.ORIGIN: "Your invite's and address's",
    Level.ROOM: "This room's",
    Level.MEMBER: "Your",
}
"""Whose limit it is, at the beginning of a refusal."""


class LimitReached(FrameError):
    """A limit is reached. The message is one or two sentences: which limit, and when to try again.

    Attributes:
        level: whose limit it is.
        name: what is limited.
        limit: the limit in words, such as "12 jobs".
        retry_after: seconds until another attempt makes sense.
    """

    def __init__(
        self, level: Level, name: str, limit: str, retry_after: float, text: str, code: Code
    ) -> None:
        super().__init__(code, f"{text} Try again in about {_seconds(retry_after)}.")
        self.level = level
        self.name = name
        self.limit = limit
        self.retry_after = retry_after


def amount_in_words(amount: float, unit: str) -> str:
    """Write an amount with its unit; 1024 bytes and more as KiB or MiB."""
    if unit == "bytes" and amount >= 1024:
        size, symbol = (amount / 1024, "KiB") if amount < 1024**2 else (amount / 1024**2, "MiB")
        return f"{size:.4g} {symbol}"
    return f"{amount:.10g} {unit.removesuffix('s') if amount == 1 else unit}"


def _seconds(seconds: float) -> str:
    whole = max(1, ceil(seconds))
    return f"{whole} s" if whole < 120 else f"{ceil(whole / 60)} min"
