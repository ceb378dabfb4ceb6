"""Splits lists into pages that fit into messages, and joins them again."""

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any, Generic, TypeVar

import msgspec

from codesync_protocol.codec import encoded_size
from codesync_protocol.limits import PAGES_MAX
from codesync_protocol.messages import Members, Queue, Welcome, WelcomePart
from codesync_protocol.messages.lists import (
    LANGUAGES,
    MEMBERS,
    QUEUED_JOBS,
    RECENT_JOBS,
    ListBound,
)

_T = TypeVar("_T", bound=msgspec.Struct)
_Page = TypeVar("_Page", Members, Queue)


def pages(items: Iterable[_T], bound: ListBound) -> list[tuple[_T, ...]]:
    """Split items into pages.

    Args:
        items: the items in order; each alone is smaller than `bound.size`.
        bound: the bound of one page.

    Returns:
        The pages in order, at least one; none exceeds the bound.
    """
    items = tuple(items)
    if len(items) <= bound.items and encoded_size(*items) <= bound.size:
        return [items]  # most lists: counting all at once takes a quarter of the time
    split: list[list[_T]] = [[]]
    size = 0
    for item in items:
        item_size = encoded_size(item)
        if len(split[-1]) >= bound.items or size + item_size > bound.size:
            split.append([])
            size = 0
        split[-1].append(item)
        size += item_size
    return [tuple(page) for page in split]


def first_page(items: Sequence[_T], bound: ListBound) -> tuple[_T, ...]:
    """Return the first items that fit into one page."""
    return pages(items, bound)[0]


def split_members(members: Members) -> list[Members]:
    """Split a list of members into messages of at most one page each."""
    split = pages(members.members, MEMBERS)[:PAGES_MAX]
    return [Members(page, at, at < len(split) - 1) for at, page in enumerate(split)]


def split_queue(queue: Queue) -> list[Queue]:
    """Split a queue into messages of at most one page of jobs each."""
    split = pages(queue.jobs, QUEUED_JOBS)[:PAGES_MAX]
    return [
        msgspec.structs.replace(queue, jobs=page, page=at, more=at < len(split) - 1)
        for at, page in enumerate(split)
    ]


def split_welcome(welcome: Welcome) -> list[Welcome | WelcomePart]:
    """Split a welcome into one message and the parts that follow it.

    Args:
        welcome: a welcome with lists of any length.

    Returns:
        The welcome with the first page of each list, then the other pages.
    """
    lists: list[list[tuple[Any, ...]]] = [
        pages(welcome.members.members, MEMBERS),
        pages(welcome.queue.jobs, QUEUED_JOBS),
        pages(welcome.jobs, RECENT_JOBS),
        pages(welcome.languages, LANGUAGES),
    ]
    count = min(PAGES_MAX, max(map(len, lists)))
    split = list(zip_longest(*lists, fillvalue=()))[:count]
    members, queued, jobs, languages = split[0]
    first = msgspec.structs.replace(
        welcome,
        members=Members(members),
        queue=msgspec.structs.replace(welcome.queue, jobs=queued),
        jobs=jobs,
        languages=languages,
        more=count > 1,
    )
    rest = (
        WelcomePart(page[0], page[1], page[2], page[3], at < count)
        for at, page in enumerate(split[1:], 2)
    )
    return [first, *rest]


def join_welcome(first: Welcome, parts: Sequence[WelcomePart]) -> Welcome:
    """Join a welcome and the parts that followed it."""

    def joined(items: tuple[Any, ...], name: str) -> tuple[Any, ...]:
        return sum((getattr(part, name) for part in parts), items)

    queued = joined(first.queue.jobs, "queued")
    return msgspec.structs.replace(
        first,
        members=Members(joined(first.members.members, "members")),
        queue=msgspec.structs.replace(first.queue, jobs=queued),
        jobs=joined(first.jobs, "jobs"),
        languages=joined(first.languages, "languages"),
        more=False,
    )


class Pages(Generic[_Page]):
    """Collects the pages of one type of state; a new first page begins again."""

    def __init__(self) -> None:
        self._pages: list[_Page] = []

    def add(self, page: _Page) -> list[_Page]:
        """Add a page.

        Returns:
            All pages in order if this one completes them, otherwise nothing. A page out of order
            is dropped: the state that it belongs to was replaced by a newer one.
        """
        if page.page == 0:
            self._pages = []
        elif page.page != len(self._pages) or page.page >= PAGES_MAX:
            return []
        self._pages.append(page)
        if page.more:
            return []
        complete, self._pages = self._pages, []
        return complete


def join_members(split: Sequence[Members]) -> Members:
    """Join the pages of a list of members."""
    if len(split) == 1:
        return split[0]
    return Members(tuple(member for page in split for member in page.members))


def join_queue(split: Sequence[Queue]) -> Queue:
    """Join the pages of a queue; its numbers are those of the last page."""
    if len(split) == 1:
        return split[0]
    jobs = tuple(job for page in split for job in page.jobs)
    return msgspec.structs.replace(split[-1], jobs=jobs, page=0, more=False)
