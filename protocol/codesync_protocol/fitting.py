"""Cuts texts to the bounds of their fields.

A receiver ends the connection when a text exceeds the bound of its field. So a sender cuts texts
of external origin, such as error messages of an engine or a database.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

_Fit = Callable[[Any], Any]
_T = TypeVar("_T")

_plans: "dict[type, _Fit | None]" = {}

ELLIPSIS = "…"


def fit(value: _T) -> _T:
    """Cut every text of a message to the bound of its field.

    Args:
        value: a message or a part of one.

    Returns:
        The same object if no text was too long, otherwise a copy with shortened texts.
    """
    kind: type = type(value)
    if kind not in _plans:
        _plans[kind] = _plan_of(kind)
    plan = _plans[kind]
    return plan(value) if plan is not None else value


def cut(text: str, code_points: int) -> str:
    """Shorten a text; the last code point of a shortened text is an ellipsis."""
    if len(text) <= code_points:
        return text
    return text[: code_points - 1] + ELLIPSIS


def _plan_of(kind: type) -> _Fit | None:
    """Return a function that cuts the texts of a type; None for a type without bounded texts."""
    described = inspect.type_info(kind)
    return _plan(described) if isinstance(described, inspect.StructType) else None


def _plan(kind: inspect.Type) -> _Fit | None:
    match kind:
        case inspect.Metadata(type=inner):
            return _plan(inner)
        case inspect.StrType(max_length=int() as longest, pattern=None):
            return lambda text: cut(text, longest)
        case inspect.UnionType(types=types):
            return _plan_optional(types)
        case inspect.VarTupleType(item_type=item):
            return _plan_tuple(_plan(item))
        case inspect.StructType(fields=fields):
            plans = {each.name: plan for each in fields if (plan := _plan(each.type))}
            return (lambda struct: _fitted(struct, plans)) if plans else None
        case _:
            return None


def _plan_optional(types: tuple[inspect.Type, ...]) -> _Fit | None:
    plans = [plan for each in types if (plan := _plan(each))]
    if not plans:
        return None
    return lambda value: None if value is None else plans[0](value)


def _plan_tuple(plan: _Fit | None) -> _Fit | None:
    if plan is None:
        return None

    def fit_items(items: tuple[Any, ...]) -> tuple[Any, ...]:
        fitted = tuple(map(plan, items))
        same = all(new is old for new, old in zip(fitted, items, strict=True))
        return items if same else fitted

    return fit_items


def _fitted(struct: msgspec.Struct, plans: dict[str, _Fit]) -> msgspec.Struct:
    changes: dict[str, Any] = {}
    for name, plan in plans.items():
        value = getattr(struct, name)
        if (fitted := plan(value)) is not value:
            changes[name] = fitted
    return msgspec.structs.replace(struct, **changes) if changes else struct
