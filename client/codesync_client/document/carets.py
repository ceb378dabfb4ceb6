"""The carets of members in the source, moved with changes of the text. Pure.

A caret that arrives refers to an older text: it is moved through the changes since then. All
positions are in bytes of UTF-8.
"""

from collections import deque
from dataclasses import dataclass
from math import inf
from typing import TypeVar

from codesync_client.document.change import Splice

CARETS_MAX = 2000
"""Stored carets; above this number the least recently updated one is removed. This bounds the
memory that a hostile server can use with invented members."""

HISTORY_MAX = 256
"""Changes through which a late caret can be moved."""


_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class CaretPlace:
    """The caret of a member.

    Attributes:
        anchor: the position where the selection began; equals `head` without a selection.
        head: the position of the caret.
    """

    anchor: int
    head: int

    def through(self, splices: tuple[Splice, ...]) -> "CaretPlace":
        """Return the caret after a change of the text."""
        anchor, head = self.anchor, self.head
        for splice in splices:
            anchor, head = splice.move(anchor), splice.move(head)
        return CaretPlace(anchor, head)


@dataclass(slots=True)
class _Past:
    seq: float  # inf: our own edit, of which the server has not told yet
    number: int
    splices: tuple[Splice, ...]


class Carets:
    """Everybody's carets in one text.

    Attributes:
        others: the others', by member id.
        own: ours, as the others know it; None when they know of none.
    """

    def __init__(self) -> None:
        self.others: dict[int, CaretPlace] = {}
        self.own: CaretPlace | None = None
        self._past: deque[_Past] = deque(maxlen=HISTORY_MAX)
        self._early: dict[int, tuple[int, CaretPlace]] = {}  # of a text that we do not have yet

    def arrived(self, member: int, base: int, place: CaretPlace, seq: int) -> None:
        """Take a caret.

        Args:
            member: whose.
            base: the last event of the text in which it counts.
            place: where.
            seq: the last event of our text; less than any when there is none that counts.
        """
        if base > seq:
            _put(self._early, member, (base, place))
            return
        self._early.pop(member, None)
        for past in self._past:
            if past.seq > base:
                place = place.through(past.splices)
        _put(self.others, member, place)

    def edited(self, splices: tuple[Splice, ...], member: int, seq: int) -> None:
        """Another member wrote; their caret stands behind what they wrote last."""
        self._move(splices)
        _put(self.others, member, _behind(splices))
        self._past.append(_Past(seq, 0, splices))
        self._take_early(seq)

    def wrote(self, splices: tuple[Splice, ...], number: int) -> None:
        """We changed the text ourselves.

        Args:
            splices: how.
            number: of the Edit that will tell the server.
        """
        self._move(splices)
        self.own = _behind(splices)
        self._past.append(_Past(inf, number, splices))

    def split(self, number: int, last: int) -> None:
        """Our edit of a number goes out as several, the last of which completes it.

        Args:
            number: of the first of them.
            last: of the last of them.
        """
        for past in self._past:
            if past.number == number:
                past.number = last

    def confirmed(self, number: int, seq: int) -> None:
        """The server told of our edit."""
        for past in self._past:
            if past.seq == inf and past.number <= number:
                past.seq = seq
        self._take_early(seq)

    def keep(self, members: set[int]) -> None:
        """Forget those who left."""
        self.others = {each: place for each, place in self.others.items() if each in members}
        self._early = {each: early for each, early in self._early.items() if each in members}

    def begin(self, seq: int) -> None:
        """Begin with another text, and with the carets that came before it did.

        Args:
            seq: the last event of that text.
        """
        self.others.clear()
        self._past.clear()
        self.own = None
        self._take_early(seq)

    def forget_early(self) -> None:
        """Forget the carets for which there was no text yet: that text will not come any more."""
        self._early.clear()

    def _take_early(self, seq: int) -> None:
        for early, (base, place) in list(self._early.items()):
            if base <= seq:
                self.arrived(early, base, place, seq)

    def _move(self, splices: tuple[Splice, ...]) -> None:
        self.others = {each: place.through(splices) for each, place in self.others.items()}
        self.own = self.own.through(splices) if self.own else None


def _put(carets: dict[int, _Value], member: int, value: _Value) -> None:
    """Set a member's entry, as the latest one; the oldest goes if there are too many."""
    carets.pop(member, None)
    carets[member] = value
    if len(carets) > CARETS_MAX:
        del carets[next(iter(carets))]


def _behind(splices: tuple[Splice, ...]) -> CaretPlace:
    last = splices[-1]
    end = last.at + len(last.inserted.encode())
    return CaretPlace(end, end)
