"""Hypothesis strategies for messages, built from the message types and the bounds in them."""

from typing import Any, get_args

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from codesync_protocol.messages import ClientMessage, ServerMessage

CLIENT_KINDS: tuple[type[msgspec.Struct], ...] = get_args(ClientMessage)
SERVER_KINDS: tuple[type[msgspec.Struct], ...] = get_args(ServerMessage)

LENGTH_MAX = 30
"""Longer texts, bytes and tuples teach nothing more, and take long."""

INT_MIN, INT_MAX = -(1 << 63), (1 << 64) - 1
"""What MessagePack can say."""


def messages(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    """All messages of a kind, every field within its bounds."""
    return values(inspect.type_info(kind))


def values(kind: inspect.Type) -> st.SearchStrategy[Any]:
    """All values of a type, as msgspec describes it."""
    match kind:
        case inspect.Metadata(type=inner):
            return values(inner)
        case inspect.BoolType():
            return st.booleans()
        case inspect.IntType():
            return st.integers(*int_bounds(kind))
        case inspect.FloatType(ge=low, le=high):
            return st.floats(low, high, allow_nan=False, allow_infinity=False)
        case inspect.StrType(pattern=str() as pattern):
            return st.from_regex(pattern, fullmatch=True)
        case inspect.StrType(min_length=shortest, max_length=longest):
            return st.text(min_size=shortest or 0, max_size=longest_drawn(shortest, longest))
        case inspect.BytesType(min_length=shortest, max_length=longest):
            return st.binary(min_size=shortest or 0, max_size=longest_drawn(shortest, longest))
        case inspect.EnumType(cls=enum):
            return st.sampled_from(list(enum))
        case inspect.NoneType():
            return st.none()
        case inspect.UnionType(types=types):
            return st.one_of(*map(values, types))
        case inspect.VarTupleType(item_type=item, min_length=shortest):
            return st.lists(values(item), min_size=shortest or 0, max_size=3).map(tuple)
        case inspect.StructType(cls=struct, fields=fields):
            return st.builds(struct, **{field.name: values(field.type) for field in fields})
        case _:
            raise NotImplementedError(f"no strategy for {kind}")


def longest_drawn(shortest: int | None, longest: int | None) -> int:
    """The greatest length that is tried of a text or of bytes."""
    return max(shortest or 0, min(longest or LENGTH_MAX, LENGTH_MAX))


def int_bounds(kind: inspect.IntType) -> tuple[int, int]:
    """The least and the greatest integer of a type."""
    low = INT_MIN if kind.ge is None else kind.ge
    high = INT_MAX if kind.le is None else kind.le
    return low, min(high, high if kind.lt is None else kind.lt - 1)
