"""The kinds of abuse."""

from collections.abc import Awaitable, Callable

from benchmarks.abusers.abuse import Abuse
from benchmarks.abusers.connections import reconnects, silent_sockets, wrong_tokens
from benchmarks.abusers.edits import (
    edits_in_another_room,
    edits_in_the_same_room,
    expensive_edits,
)
from benchmarks.abusers.programs import (
    output_floods,
    quick_programs,
    sleepers_of_one_member,
    slow_terminals_in_two_rooms,
    thirty_keys,
)
from benchmarks.abusers.requests import history_queries

CASES: dict[str, Callable[[Abuse], Awaitable[None]]] = {
    case.__name__: case
    for case in (
        edits_in_the_same_room,
        edits_in_another_room,
        expensive_edits,
        reconnects,
        wrong_tokens,
        history_queries,
        silent_sockets,
        output_floods,
        quick_programs,
        sleepers_of_one_member,
        slow_terminals_in_two_rooms,
        thirty_keys,
    )
}
"""The kinds of abuse, by name."""
