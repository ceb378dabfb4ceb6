"""A search in a room's history follows the pages of the server, and ends."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import pytest

from codesync_client import JobHistoryRequests, NotFound
from codesync_protocol.messages import FetchHistory, HistoryPage

Answer = Callable[[FetchHistory], HistoryPage]


@asynccontextmanager
async def answered(answer: Answer) -> AsyncGenerator[JobHistoryRequests]:
    """Answer each request at once."""

    def send() -> None:
        for question in past.parts():
            assert isinstance(question, FetchHistory)
            asyncio.get_running_loop().call_soon(past.receive, answer(question))

    past = JobHistoryRequests(send)
    yield past


async def test_a_search_continues_after_empty_pages() -> None:
    asked: list[int] = []

    def answer(question: FetchHistory) -> HistoryPage:
        asked.append(question.before)
        return HistoryPage(question.request, next_before={0: 50, 50: 7, 7: 0}[question.before])

    async with answered(answer) as past:
        pages = [page.next_before async for page in past.search(text="word")]
    assert (asked, pages) == ([0, 50, 7], [50, 7, 0])


async def test_a_search_ends_after_a_number_of_requests() -> None:
    def answer(question: FetchHistory) -> HistoryPage:
        return HistoryPage(question.request, next_before=(question.before or 1 << 40) - 1)

    async with answered(answer) as past:
        pages = [page.next_before async for page in past.search(requests=5)]
    assert len(pages) == 5
    assert pages[-1]


async def test_pages_that_do_not_come_closer_to_the_end_are_invalid() -> None:
    async with answered(lambda question: HistoryPage(question.request, next_before=9)) as past:
        with pytest.raises(NotFound, match="invalid"):
            await past.page(before=9)
