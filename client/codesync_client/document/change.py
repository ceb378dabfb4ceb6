"""What happened to a shared text, piece by piece. Pure, and free of the CRDT library."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Splice:
    """A piece of a text that was replaced.

    Attributes:
        at: where, in bytes, after the splices before it.
        deleted: how many bytes went.
        inserted: what came.
    """

    at: int
    deleted: int
    inserted: str

    def move(self, position: int) -> int:
        """Where a position is afterwards; what is inserted exactly there comes behind it."""
        if position <= self.at:
            return position
        after = position - self.deleted
        return after + len(self.inserted.encode()) if after >= self.at else self.at


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to one text.

    Attributes:
        text: which of TEXTS.
        splices: what was replaced, in this order.
        member: who did it; None when it was we.
    """

    text: str
    splices: tuple[Splice, ...]
    member: int | None = None
