"""Changes of a shared text, piece by piece. Pure, and without the CRDT library."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Splice:
    """A replaced piece of a text.

    Attributes:
        at: the position in bytes, after the splices before it.
        deleted: the number of deleted bytes.
        inserted: the inserted text.
    """

    at: int
    deleted: int
    inserted: str

    def move(self, position: int) -> int:
        """Return a position after the splice; text inserted exactly there follows it."""
        if position <= self.at:
            return position
        after = position - self.deleted
        return after + len(self.inserted.encode()) if after >= self.at else self.at


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one text.

    Attributes:
        text: the name of the text.
        splices: the replaced pieces in order.
        member: the author; None for this member.
    """

    text: str
    splices: tuple[Splice, ...]
    member: int | None = None
