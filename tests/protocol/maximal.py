"""The largest value of each type of message, built from the bounds in the types."""

import math
from enum import Enum
from typing import Any, cast

import msgspec
from msgspec import inspect

from codesync_protocol.codec import encoded_size
from codesync_protocol.messages.lists import BYTES_MAX

LARGEST_CHARACTER = "\U0010ffff"
"""4 bytes of UTF-8."""


class Unbounded(Exception):
    """A field of a message has no bound; the message names it."""


def largest(kind: type[msgspec.Struct]) -> Any:
    """Build the largest message of a type.

    Raises:
        Unbounded: a field has no bound.
    """
    return _largest(inspect.type_info(kind), kind.__name__)


def _largest(kind: inspect.Type, where: str) -> Any:
    match kind:
        case inspect.Metadata(type=inspect.VarTupleType() as inner):
            # msgspec declares a dict of anything.
            extra = cast("dict[str, int]", kind.extra)  # pyright: ignore[reportUnknownMemberType]
            return _list_of(inner, where, extra[BYTES_MAX])
        case inspect.BoolType():
            return True
        case inspect.NoneType():
            return None
        case inspect.IntType():
            return _integer(kind, where)
        case inspect.FloatType():
            return math.pi  # each has 9 bytes
        case inspect.StrType(pattern=str(), max_length=int(longest)):
            return "f" * longest  # the patterns allow only ASCII, hexadecimal digits among it
        case inspect.StrType(max_length=int(longest)):
            return LARGEST_CHARACTER * longest
        case inspect.BytesType(max_length=int(longest)):
            return b"\xff" * longest
        case inspect.EnumType(cls=enum):
            return max(_members(enum), key=lambda each: len(str(each.value)))
        case inspect.UnionType(types=types):
            return _largest(next(t for t in types if not isinstance(t, inspect.NoneType)), where)
        case inspect.VarTupleType(max_length=int(longest), item_type=item):
            return (_largest(item, where),) * longest
        case inspect.StructType(cls=struct, fields=fields):
            values = {each.name: _largest(each.type, f"{where}.{each.name}") for each in fields}
            return struct(**values)
        case _:
            raise Unbounded(f"{where} has no bound ({kind})")


def _members(enum: type[Enum]) -> list[Enum]:
    return list(enum)


def _integer(kind: inspect.IntType, where: str) -> int:
    if kind.le is not None:
        return kind.le
    if kind.lt is not None:
        return kind.lt - 1
    raise Unbounded(f"{where} has no bound")


def _list_of(kind: inspect.VarTupleType, where: str, bytes_max: int) -> tuple[Any, ...]:
    """Fill a list that is bounded in bytes up to that bound."""
    assert kind.max_length is not None
    item = _largest(kind.item_type, where)
    if isinstance(item, bytes):  # many short ones have more headers than few long ones
        size = max(1, bytes_max // kind.max_length - 5)
        return (b"\xff" * size,) * kind.max_length
    size = encoded_size(item)
    assert size <= bytes_max, f"one item of {where} has {size} bytes, all together {bytes_max}"
    return (item,) * min(kind.max_length, bytes_max // size)
