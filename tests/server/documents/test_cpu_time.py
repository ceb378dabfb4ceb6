"""The cpu time of hostile edits, compared with ordinary ones in the same test (A60, A62).

Only the time of this thread counts, so other load of the machine does not matter much.
"""

from collections.abc import Callable, Iterable
from random import Random
from statistics import median
from time import thread_time

from codesync_protocol.limits import DOCUMENT_MAX, EDIT_STRUCTS_MAX
from codesync_protocol.shared_text import SOURCE
from codesync_server.documents.document import Document, EditRejected
from tests.server.documents.crafted import insertion, update

MUTATIONS = 2000
EDITS = 3000
RATIO_MAX = 8.0


def seconds(work: Callable[[], object]) -> float:
    """CPU time of the calling thread."""
    began = thread_time()
    work()
    return thread_time() - began


def honest_edits(client: int) -> list[bytes]:
    """Updates of somebody who types at the end of the text."""
    clocks = range(EDITS)
    return [update(client, at, [insertion("x", (client, at - 1) if at else None)]) for at in clocks]


def apply_all(document: Document, edits: Iterable[bytes], client: int) -> int:
    """Apply edits, whether they are taken or refused; count those that are taken."""
    taken = 0
    for each in edits:
        try:
            document.apply(each, client)
        except EditRejected:
            continue
        taken += 1
    return taken


def test_a60_a_mutated_update_costs_about_as_much_as_an_honest_one() -> None:
    random = Random(60)
    document = Document()
    document.write(SOURCE, "text " * 2000)
    ana, eve = document.assign(), document.assign()
    parts = [insertion("x" * 8, (1, 3 * number)) for number in range(EDIT_STRUCTS_MAX // 2)]
    right = update(eve, 0, parts, [(1, number * 7, 2) for number in range(50)])
    mutated: list[bytes] = []
    for _ in range(MUTATIONS):
        data = bytearray(right)
        for _ in range(random.randint(1, 4)):
            data[random.randrange(len(data))] = random.randrange(256)
        mutated.append(bytes(data))
    honest = [update(ana, 8 * len(parts) * number, parts) for number in range(20)]
    cost = seconds(lambda: apply_all(document, honest, ana)) / len(honest)
    attack = seconds(lambda: apply_all(document, mutated, eve)) / len(mutated)
    assert document.rebuilt <= MUTATIONS / 100
    assert attack < RATIO_MAX * cost, (attack, cost)


def test_a62_insertions_and_deletions_in_turns_stay_as_cheap_as_at_first() -> None:
    """The history is renewed as the room does it; no edit becomes dearer for those before it."""
    document = Document()
    document.write(SOURCE, "print('hello')\n" * 100)
    eve = document.assign()
    costs: list[float] = []
    clock = 0
    for _ in range(20):

        def churn(at: int = clock, into: Document = document, client: int = eve) -> None:
            for number in range(EDITS // 10):
                into.apply(update(client, at + number, [insertion("x", (1, 5), (1, 6))]), client)
                into.apply(update(client, 0, [], [(client, at + number, 1)]), client)

        costs.append(seconds(churn))
        clock += EDITS // 10
        if document.is_overlong:
            document, clock = document.renewed(), 0
            eve = document.assign()
    assert document.rebuilt == 0
    assert document.size == 1500
    assert median(costs[-5:]) < RATIO_MAX * median(costs[:5]), costs


def test_a62_single_bytes_without_end_stay_cheap_and_end_at_the_size_of_a_text() -> None:
    document = Document()
    ana = document.assign()
    edits = honest_edits(ana)
    third = len(edits) // 3
    first = seconds(lambda: apply_all(document, edits[:third], ana))
    assert apply_all(document, edits[third : 2 * third], ana) == third
    last = seconds(lambda: apply_all(document, edits[2 * third :], ana))
    assert document.size == EDITS
    assert last < RATIO_MAX * first


def test_a62_a_paste_of_100_mb_is_refused_and_each_part_is_cheap() -> None:
    """Parts as large as an edit may be, sent without end: all beyond the text's size is refused."""
    document = Document()
    eve = document.assign()
    part = "x" * 60_000
    fitting = DOCUMENT_MAX // len(part)

    def paste(number: int) -> bytes:
        at = number * len(part)
        return update(eve, at, [insertion(part, (eve, at - 1) if at else None)])

    taken = [paste(number) for number in range(fitting)]
    accepted = seconds(lambda: apply_all(document, taken, eve)) / fitting
    refused_part = paste(fitting)
    tries = 100_000_000 // len(part)
    refused = seconds(lambda: apply_all(document, [refused_part] * tries, eve)) / tries
    assert document.size == fitting * len(part) <= DOCUMENT_MAX
    assert refused < RATIO_MAX * accepted
