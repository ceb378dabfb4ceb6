"""The kinds of abuse."""

from collections.abc import Awaitable, Callable

from benchmarks.abusers.abuse import Abuse
from benchmarks.abusers.connections import (
    closed_connections,
    reconnects,
    silent_sockets,
    stats_requests,
    wrong_tokens,
)
from benchmarks.abusers.crowded_programs import dots, output_to_a_crowd, typed_lines_of_a_crowd
from benchmarks.abusers.edits import (
    carets_of_a_crowd,
    edits_in_another_room,
    edits_in_the_same_room,
    expensive_edits,
)
from benchmarks.abusers.frames import bytes_after_a_broken_frame, fragments
from benchmarks.abusers.programs import (
    output_floods,
    quick_programs,
    sleepers_of_one_member,
    slow_terminals_in_two_rooms,
    submit_and_cancel,
    thirty_keys,
)
from benchmarks.abusers.requests import SEARCHED_ROOM, history_queries, roles, searches

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
        carets_of_a_crowd,
        typed_lines_of_a_crowd,
        dots,
        submit_and_cancel,
        roles,
        fragments,
        bytes_after_a_broken_frame,
        searches,
        output_to_a_crowd,
        stats_requests,
        closed_connections,
    )
}
"""The kinds of abuse, by name."""

STORED_JOBS = {searches.__name__: (SEARCHED_ROOM, 30_000)}
"""The room, and the number of its finished jobs, that the store has before a case begins."""
