"""Searching past jobs works equally in every store."""

import secrets
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codesync_protocol.verdict import Result, Verdict
from codesync_server.store.changes import AcceptJob, FinishJob, SaveMember, SaveRoom
from codesync_server.store.contract import Store, UnsupportedQuery
from codesync_server.store.records import JobQuery
from tests.server.store.making import ALL, LATE, OK, a_job, a_member, a_room, ids, put, ran


async def test_pages_show_the_latest_first_and_only_what_has_ended(store: Store) -> None:
    await ran(store, *(a_job(number) for number in range(1, 8)))
    await ran(store, a_job(8, room="other"))
    await put(store, AcceptJob(a_job(9)))
    assert await ids(store) == [7, 6, 5, 4, 3, 2, 1]
    assert await ids(store, limit=3) == [7, 6, 5]
    assert await ids(store, before=5, limit=3) == [4, 3, 2]
    assert await ids(store, before=1) == []
    [job] = (await store.jobs("den", JobQuery(), before=ALL, limit=1)).jobs
    assert job.source is None, "lists are short"
    assert job.result == OK


async def test_jobs_are_found_by_what_is_known_of_them(store: Store) -> None:
    await ran(store, a_job(1, name="ben", text="def fibonacci(): pass"))
    await ran(store, a_job(2, language="cpp", title="Primes.cpp"), result=LATE)
    await ran(store, a_job(3))
    assert await ids(store, JobQuery(name="ben")) == [1]
    assert await ids(store, JobQuery(language="cpp")) == [2]
    assert await ids(store, JobQuery(verdict=Verdict.TIME_LIMIT)) == [2]
    assert await ids(store, JobQuery(text="FIBO")) == [1]
    assert await ids(store, JobQuery(text="primes")) == [2]
    assert await ids(store, JobQuery(text="wall time")) == [2]
    assert await ids(store, JobQuery(text="ben", verdict="ok")) == [1]
    assert await ids(store, JobQuery(name="ana", language="python")) == [3]
    assert await ids(store, JobQuery(name="nobody")) == []


@pytest.mark.parametrize("text", ["%", "_", "100%_sure", "a\\b", ".*", "$", "^", "(", "[x]", "'"])
async def test_what_is_looked_for_is_mere_text(store: Store, text: str) -> None:
    await ran(store, a_job(1, text="nothing of it"), a_job(2, text=f"before {text} behind"))
    assert await ids(store, JobQuery(text=text)) == [2]


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        ("GRÖSSE", "größe"),
        ("über", "ÜBER"),
        ("STRASSE", "straße"),
        ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
        ("Zoe\u0308", "zoë"),
        ("Zoë", "ZOE\u0308"),
    ],
)
async def test_neither_case_nor_composition_of_letters_matters(
    store: Store, there: str, wanted: str
) -> None:
    await ran(store, a_job(1, text="nothing of it"))
    await ran(store, a_job(2, text=f"before {there} behind"), a_job(3, title=f"{there}.py"))
    await ran(store, a_job(4, name=there))
    await ran(store, a_job(5), result=Result(Verdict.TIME_LIMIT, f"because of {there}"))
    assert await ids(store, JobQuery(text=wanted)) == [5, 4, 3, 2]


async def test_words_are_not_found_across_what_is_searched(store: Store) -> None:
    await ran(store, a_job(1, name="ana", title="main.py"))
    assert await ids(store, JobQuery(text="anamain")) == []
    assert await ids(store, JobQuery(text="ana main")) == []


@pytest.mark.parametrize("text", ["\0", "a\0b", "a\nb", "\x1b[31m", "\x85", "a\tb"])
async def test_words_with_control_characters_in_them_are_refused(store: Store, text: str) -> None:
    await ran(store, a_job(1, text=f"before {text} behind"))
    with pytest.raises(UnsupportedQuery, match="control characters"):
        await ids(store, JobQuery(text=text))


async def test_a_job_is_found_by_the_beginning_of_its_id(store: Store) -> None:
    likely = [replace(a_job(n), id=f"{n:04x}{'f' * 28}") for n in (0x11AA, 0x11AB, 0x12FF)]
    for record in likely:
        await put(store, AcceptJob(record), FinishJob(record.id, OK, "", ()))
    await put(store, AcceptJob(replace(a_job(9), id=f"11ac{'0' * 28}")))  # waits yet
    assert await ids(store, JobQuery(job="11aa")) == [0x11AA]
    assert await ids(store, JobQuery(job="11a")) == [0x11AB, 0x11AA]
    assert await ids(store, JobQuery(job=likely[2].id)) == [0x12FF]
    assert await ids(store, JobQuery(job="11"), limit=1) == [0x11AB]
    for nothing in ("2", "11ac", "1.", ".*", "%", "$"):
        assert await ids(store, JobQuery(job=nothing)) == []
    assert (await store.jobs("other", JobQuery(job="11"), before=ALL, limit=9)).jobs == []


@pytest.mark.parametrize(
    "hostile",
    ['{"$gt": ""}', "$where", "$ne", "'; DROP TABLE jobs; --", "../x", "a/b/c", "a.b", "x" * 5000],
)
async def test_a67_hostile_names_are_mere_names(store: Store, hostile: str) -> None:
    await ran(store, a_job(1))
    strange = a_job(2, name=hostile, title=hostile, text=hostile)
    await ran(store, strange)
    await put(store, SaveRoom(a_room("den")), SaveMember("den", a_member(hostile[:60])))
    assert await ids(store, JobQuery(name=hostile)) == [2]
    assert await ids(store, JobQuery(language=hostile)) == []
    assert await ids(store, JobQuery(verdict=hostile)) == []
    assert await store.room(hostile) is None
    assert await store.job(hostile) is None
    assert (await store.jobs(hostile, JobQuery(), before=ALL, limit=9)).jobs == []
    kept = await store.room("den")
    assert kept is not None
    assert [member.key for member in kept.members] == [hostile[:60]]
    assert await ids(store) == [2, 1]
    assert await store.check() == []


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=12),
    st.integers(1, 5),
    st.integers(1, 5),
)
async def test_pages_of_a_search_have_the_same_jobs_as_a_full_scan(
    store: Store, jobs: list[tuple[bool, bool, bool]], limit: int, searched: int
) -> None:
    room = secrets.token_hex(8)
    numbers = range((first := await store.last_order() + 1), first + len(jobs))
    for number, (is_there, is_finished, matches) in zip(numbers, jobs, strict=True):
        record = a_job(number, room=room, text="word" if matches else "other")
        if is_there:
            await put(store, AcceptJob(record))
        if is_there and is_finished:
            await put(store, FinishJob(record.id, OK, "", ()))
    wanted = JobQuery(text="word")
    found, before = list[int](), ALL
    while before:
        page = await store.jobs(room, wanted, before=before, limit=limit, searched=searched)
        assert len(page.jobs) <= limit
        assert page.next_before < before
        found += [job.order for job in page.jobs]
        before = page.next_before
    kept = zip(numbers, jobs, strict=True)
    assert found == [number for number, job in kept if all(job)][::-1]
