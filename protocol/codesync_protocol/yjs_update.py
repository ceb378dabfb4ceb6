"""Reads Yjs updates, as far as necessary to know their effects. Pure.

The CRDT library drops updates that are out of order, keeps updates that refer to missing text for
ever, panics on some malformed bytes, and lets replicas differ permanently when two clients use one
id. So updates are read here first, completely, and only safe ones are given to the library.

Format: Yjs update v1 (yjs `src/utils/encoding.js`, `src/structs/*`): structs by client, then the
delete set. Numbers are LEB128, texts are their length in bytes and UTF-8; a struct's length counts
UTF-16 code units.

Every count is compared with the number of remaining bytes before it controls an allocation or a
loop: a struct and a deleted range have at least two bytes each.
"""

from dataclasses import dataclass, field

from codesync_protocol.limits import EDIT_RANGES_MAX, EDIT_STRUCTS_MAX
from codesync_protocol.shared_text import TEXTS

_ENTRY_BYTES_MIN = 2
"""The fewest bytes of a struct, a deleted range, a client's section or a state vector's entry."""

_NUMBER_MAX = 1 << 53
_KIND, _HAS_ORIGIN, _HAS_RIGHT_ORIGIN, _HAS_PARENT_SUB = 0x1F, 0x80, 0x40, 0x20
_GC, _DELETED, _STRING = 0, 1, 4


class BadUpdate(Exception):
    """The bytes are not an update of plain texts; the message says why."""


class TooComplex(BadUpdate):
    """The update has more structs or deleted ranges than one edit may have."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """A deleted range of the text of one client."""

    client: int
    clock: int
    length: int

    @property
    def end(self) -> int:
        """The clock after the range."""
        return self.clock + self.length


@dataclass(frozen=True, slots=True)
class Insertion:
    """A struct of an update.

    Attributes:
        clock: the clock of its first UTF-16 code unit.
        length: its length in UTF-16 code units.
        text: its text as UTF-8; None when the text was deleted before it was sent.
    """

    clock: int
    length: int
    text: bytes | None

    @property
    def end(self) -> int:
        """The clock after the struct."""
        return self.clock + self.length


Place = tuple[tuple[int, int] | None, tuple[int, int] | None]
"""The ids (client, clock) of the characters to the left and to the right of a struct."""


@dataclass(slots=True)
class Update:
    """The effects of an update.

    Attributes:
        client: who wrote what it inserts; None when it inserts nothing.
        clock: the first clock of what it inserts.
        end: the clock behind it.
        inserted: bytes of text that it inserts.
        insertions: its structs, in the order of their clocks.
        places: where each struct belongs.
        references: for each client, the highest clock that its structs refer to.
        deletions: what it deletes.
    """

    client: int | None = None
    clock: int = 0
    end: int = 0
    inserted: int = 0
    insertions: list[Insertion] = field(default_factory=list[Insertion])
    places: list[Place] = field(default_factory=list[Place])
    references: dict[int, int] = field(default_factory=dict[int, int])
    deletions: list[Deletion] = field(default_factory=list[Deletion])


def read_update(
    data: bytes, structs_max: int = EDIT_STRUCTS_MAX, ranges_max: int = EDIT_RANGES_MAX
) -> Update:
    """Read an update.

    Args:
        data: the bytes, from anybody.
        structs_max: the most structs that it may have.
        ranges_max: the most deleted ranges that it may have.

    Raises:
        TooComplex: it has more structs or ranges.
        BadUpdate: it is malformed, or does what no editor of plain texts does.
    """
    reader = Reader(data)
    update = Update()
    clients = reader.number()
    if clients > 1:
        raise BadUpdate("it has the edits of several clients")
    if clients:
        _read_structs(reader, update, structs_max)
    update.deletions = _read_deletions(reader, ranges_max)
    if not reader.at_end:
        raise BadUpdate("something follows its end")
    return update


def read_state(data: bytes, entries_max: int | None = None) -> tuple[list[Update], list[Deletion]]:
    """Read an update with the structs of any number of clients: the state of a document.

    Args:
        data: the bytes.
        entries_max: the most clients and structs, and the most deleted ranges; None: no limit.

    Returns:
        The structs, one Update without deletions for each client, and all deleted ranges.

    Raises:
        TooComplex: it has more.
        BadUpdate: it is malformed, or holds something else than plain texts.
    """
    reader = Reader(data)
    clients: list[Update] = []
    left = most = len(data) if entries_max is None else entries_max
    for _ in range(reader.count()):
        clients.append(Update())
        _read_structs(reader, clients[-1], left, may_be_gc=True)
        left -= max(1, len(clients[-1].insertions))
    deletions = _read_deletions(reader, most)
    if not reader.at_end:
        raise BadUpdate("something follows its end")
    return clients, deletions


def _read_structs(
    reader: "Reader", update: Update, structs_max: int, *, may_be_gc: bool = False
) -> None:
    count = reader.count()
    if count > structs_max:
        raise TooComplex(f"it has {count} structs; one edit may have {structs_max}")
    update.client = reader.number()
    update.clock = update.end = reader.number()
    for _ in range(count):
        info = reader.byte()
        kind = info & _KIND
        place: Place = (None, None)
        text: bytes | None = None
        if kind != _GC:
            place = _read_place(reader, update, info)
        if kind == _DELETED or (kind == _GC and may_be_gc):
            length = reader.number()
        elif kind == _STRING:
            text = reader.text()
            update.inserted += len(text)
            length = _utf16_length(text)
        else:
            raise BadUpdate(f"it holds something else than text (content {kind})")
        if length == 0:
            raise BadUpdate("a struct is empty")
        update.insertions.append(Insertion(update.end, length, text))
        update.places.append(place)
        update.end += length


def _read_place(reader: "Reader", update: Update, info: int) -> Place:
    place: list[tuple[int, int] | None] = []
    for has in (_HAS_ORIGIN, _HAS_RIGHT_ORIGIN):
        if not info & has:
            place.append(None)
            continue
        client, clock = reader.number(), reader.number()
        if client == update.client and clock >= update.end:
            raise BadUpdate("a struct refers to what comes after it")
        update.references[client] = max(clock, update.references.get(client, -1))
        place.append((client, clock))
    if not info & (_HAS_ORIGIN | _HAS_RIGHT_ORIGIN):
        if reader.number() != 1 or reader.text().decode("utf-8", "replace") not in TEXTS:
            raise BadUpdate("it edits something else than the room's texts")
        if info & _HAS_PARENT_SUB:
            raise BadUpdate("it sets an attribute")
    return place[0], place[1]


def _read_deletions(reader: "Reader", ranges_max: int) -> list[Deletion]:
    deletions: list[Deletion] = []
    sections = reader.count()
    if sections > ranges_max:  # each takes time, also without a range
        raise TooComplex(f"it deletes from {sections} clients; {ranges_max} are allowed")
    for _ in range(sections):
        client, count = reader.number(), reader.count()
        if len(deletions) + count > ranges_max:
            raise TooComplex(f"it deletes more than {ranges_max} ranges")
        deletions += [Deletion(client, reader.number(), reader.number()) for _ in range(count)]
    return deletions


def _utf16_length(text: bytes) -> int:
    if text.isascii():
        return len(text)
    try:
        return len(text.decode().encode("utf-16-le")) // 2
    except UnicodeDecodeError:
        raise BadUpdate("a text is not UTF-8") from None


class Reader:
    """Reads values from bytes in order."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def at_end(self) -> bool:
        """Whether all bytes were read."""
        return self._at == len(self._data)

    def byte(self) -> int:
        """Read one byte.

        Raises:
            BadUpdate: there is none left.
        """
        if self._at >= len(self._data):
            raise BadUpdate("it ends too early")
        self._at += 1
        return self._data[self._at - 1]

    def number(self) -> int:
        """Read one LEB128 number.

        Raises:
            BadUpdate: it is malformed, or larger than any clock.
        """
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if value > _NUMBER_MAX:
                raise BadUpdate("a number in it is too large")
            if byte < 0x80:
                return value
            shift += 7
            if shift > 56:
                raise BadUpdate("a number in it is too long")

    def count(self) -> int:
        """Read the number of entries that follow.

        Raises:
            BadUpdate: the bytes that are left cannot hold so many.
        """
        count = self.number()
        if count * _ENTRY_BYTES_MIN > len(self._data) - self._at:
            raise BadUpdate("it counts more entries than its bytes can hold")
        return count

    def text(self) -> bytes:
        """Read a text that follows its length.

        Raises:
            BadUpdate: it ends too early.
        """
        length = self.number()
        end = self._at + length
        if end > len(self._data):
            raise BadUpdate("it ends too early")
        self._at, start = end, self._at
        return self._data[start:end]
