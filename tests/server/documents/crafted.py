"""Hostile Yjs updates, written byte by byte."""

from collections.abc import Iterator

from codesync_protocol.shared_text import SOURCE
from codesync_server.documents.document import Document

Id = tuple[int, int]
"""The client and the clock of a character."""


def number(value: int) -> bytes:
    """A LEB128 number."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def insertion(text: str, left: Id | None = None, right: Id | None = None) -> bytes:
    """A struct that inserts a text between two characters."""
    out = bytes([4 | (0x80 if left else 0) | (0x40 if right else 0)])
    for each in (left, right):
        if each:
            out += number(each[0]) + number(each[1])
    if not left and not right:
        out += b"\x01\x06source"
    data = text.encode()
    return out + number(len(data)) + data


def update(
    client: int, clock: int, structs: list[bytes], deleted: list[tuple[int, int, int]] | None = None
) -> bytes:
    """An update with some structs and deleted ranges (client, clock, length)."""
    out = b"\x00"
    if structs:
        out = b"\x01" + number(len(structs)) + number(client) + number(clock) + b"".join(structs)
    clients = sorted({each[0] for each in deleted or ()})
    out += number(len(clients))
    for who in clients:
        ranges = [each[1:] for each in deleted or () if each[0] == who]
        out += number(who) + number(len(ranges))
        for start, length in ranges:
            out += number(start) + number(length)
    return out


def cheap_edits_of_a_costly_history(
    low: int, high: int, structs: int
) -> Iterator[tuple[int, bytes]]:
    """Edits that are cheap one by one, of a history whose loading takes quadratic time.

    The text begins with "ab" of client 1. Replicas load the clients of a state by falling ids, so
    all structs of `high` are there when those of `low` are compared with them.

    Args:
        low: the first client.
        high: the second client, with a higher id.
        structs: how many each of them inserts; 11,000 take 13 s of CPU time to load.
    """
    for clock in range(0, structs, 5):
        yield low, update(low, clock, [insertion("x", (1, 0)) for _ in range(5)])
    for clock in range(0, structs, 5):
        places = [(high, at - 1) if at else None for at in range(clock, clock + 5)]
        chain = [insertion("y", place or (1, 0), place or (1, 1)) for place in places]
        yield high, update(high, clock, chain)


def costly_history(structs: int) -> Document:
    """A document whose history takes quadratic time to load."""
    document = Document()
    document.write(SOURCE, "ab")
    low, high = sorted(document.assign() for _ in range(2))
    for client, edit in cheap_edits_of_a_costly_history(low, high, structs):
        document.apply(edit, client)
    return document
