"""Hostile Yjs updates, written byte by byte."""

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
