"""Reads Yjs updates, as far as is needed to know what they would do. Pure.

The CRDT library drops what comes out of order, keeps what refers to nothing for ever, panics on
some malformed bytes, and lets replicas differ for good when two use one client id. An update is
therefore read here first, whole, and given to the library only when nothing of that can happen.

Format: Yjs update v1 (yjs `src/utils/encoding.js`, `src/structs/*`): structs by client, then the
delete set. Numbers are LEB128, texts are their length in bytes and UTF-8; a struct's length counts
UTF-16 code units.
"""

from dataclasses import dataclass, field

from codesync_protocol.shared_text import TEXTS

STRUCTS_MAX = 50_000
"""Structs and deleted ranges of one update; more are refused."""

_NUMBER_MAX = 1 << 53
_KIND, _HAS_ORIGIN, _HAS_RIGHT_ORIGIN, _HAS_PARENT_SUB = 0x1F, 0x80, 0x40, 0x20
_GC, _DELETED, _STRING = 0, 1, 4


class BadUpdate(Exception):
    """Not an update that an editor of plain texts makes; says why."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """A range of what somebody wrote, which is deleted."""

    client: int
    clock: int
    length: int

    @property
    def end(self) -> int:
        """The clock behind the range."""
        return self.clock + self.length


@dataclass(slots=True)
class Update:
    """What an update would do.

    Attributes:
        client: who wrote what it inserts; None when it inserts nothing.
        clock: the first clock of what it inserts.
        end: the clock behind it.
        inserted: bytes of text that it inserts.
        references: for each client, the highest clock that its structs refer to.
        deletions: what it deletes.
    """

    client: int | None = None
    clock: int = 0
    end: int = 0
    inserted: int = 0
    references: dict[int, int] = field(default_factory=dict[int, int])
    deletions: list[Deletion] = field(default_factory=list[Deletion])


def read_update(data: bytes) -> Update:
    """Read an update.

    Args:
        data: the bytes, from anybody.

    Raises:
        BadUpdate: it is malformed, or does what no editor of plain texts does.
    """
    reader = _Reader(data)
    update = Update()
    clients = reader.number()
    if clients > 1:
        raise BadUpdate("it has the edits of several clients")
    if clients:
        _read_structs(reader, update)
    _read_deletions(reader, update)
    if not reader.at_end:
        raise BadUpdate("something follows its end")
    return update


def read_state_vector(data: bytes) -> dict[int, int]:
    """Read a Yjs state vector: for each client the clock behind what it has written.

    Raises:
        BadUpdate: it is malformed.
    """
    reader = _Reader(data)
    clocks: dict[int, int] = {}
    for _ in range(reader.number()):
        client = reader.number()
        clocks[client] = reader.number()
    return clocks


def _read_structs(reader: "_Reader", update: Update) -> None:
    count = reader.number(STRUCTS_MAX)
    update.client = reader.number()
    update.clock = update.end = reader.number()
    for _ in range(count):
        info = reader.byte()
        kind = info & _KIND
        if kind != _GC:
            _read_place(reader, update, info)
        if kind in (_GC, _DELETED):
            length = reader.number()
        elif kind == _STRING:
            text = reader.text()
            update.inserted += len(text)
            length = _utf16_length(text)
        else:
            raise BadUpdate(f"it holds something else than text (content {kind})")
        if length == 0:
            raise BadUpdate("a struct is empty")
        update.end += length


def _read_place(reader: "_Reader", update: Update, info: int) -> None:
    for has in (_HAS_ORIGIN, _HAS_RIGHT_ORIGIN):
        if info & has:
            client, clock = reader.number(), reader.number()
            if client == update.client and clock >= update.end:
                raise BadUpdate("a struct refers to what comes after it")
            update.references[client] = max(clock, update.references.get(client, -1))
    if not info & (_HAS_ORIGIN | _HAS_RIGHT_ORIGIN):
        if reader.number() != 1 or reader.text().decode("utf-8", "replace") not in TEXTS:
            raise BadUpdate("it edits something else than the room's texts")
        if info & _HAS_PARENT_SUB:
            raise BadUpdate("it sets an attribute")


def _read_deletions(reader: "_Reader", update: Update) -> None:
    for _ in range(reader.number(STRUCTS_MAX)):
        client = reader.number()
        for _ in range(reader.number(STRUCTS_MAX)):
            deletion = Deletion(client, reader.number(), reader.number())
            update.deletions.append(deletion)
            if len(update.deletions) > STRUCTS_MAX:
                raise BadUpdate("it deletes too many ranges")


def _utf16_length(text: bytes) -> int:
    try:
        decoded = text.decode()
    except UnicodeDecodeError:
        raise BadUpdate("a text is not UTF-8") from None
    return len(decoded) + (
        0 if decoded.isascii() else sum(character > "\uffff" for character in decoded)
    )


class _Reader:
    """Takes one thing after the other from the bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def at_end(self) -> bool:
        return self._at == len(self._data)

    def byte(self) -> int:
        if self._at >= len(self._data):
            raise BadUpdate("it ends too early")
        self._at += 1
        return self._data[self._at - 1]

    def number(self, most: int = _NUMBER_MAX) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if value > most:
                raise BadUpdate("a number in it is too large")
            if byte < 0x80:
                return value
            shift += 7
            if shift > 56:
                raise BadUpdate("a number in it is too long")

    def text(self) -> bytes:
        length = self.number()
        end = self._at + length
        if end > len(self._data):
            raise BadUpdate("it ends too early")
        self._at, start = end, self._at
        return self._data[start:end]
