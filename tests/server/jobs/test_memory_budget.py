"""Memory for all rooms is bounded; holders that grew least recently are evicted."""

from codesync_server.jobs.memory_budget import MemoryBudget


class Holder:
    """Keeps some bytes."""

    def __init__(self, budget: MemoryBudget) -> None:
        self.size = 0
        self._budget = budget

    def grow(self, size: int) -> None:
        """Keep more."""
        self.size += size
        self._budget.report(self, self.size)

    def evict(self) -> None:
        """Keep nothing."""
        self.size = 0
        self._budget.report(self, 0)


def test_h34_those_that_did_not_grow_for_longest_are_evicted_first() -> None:
    budget = MemoryBudget(100)
    holders = [Holder(budget) for _ in range(4)]
    for holder in holders[:3]:
        holder.grow(30)
    holders[0].grow(5)
    holders[3].grow(30)
    assert [holder.size for holder in holders] == [35, 0, 0, 30]
    assert (budget.used, budget.evictions) == (65, 2)


def test_who_is_larger_than_the_limit_is_evicted_as_well() -> None:
    budget = MemoryBudget(100)
    holder = Holder(budget)
    holder.grow(101)
    assert (holder.size, budget.used) == (0, 0)


def test_what_is_garbage_is_not_counted() -> None:
    budget = MemoryBudget(100)
    holder = Holder(budget)
    holder.grow(60)
    assert budget.used == 60
    del holder
    assert budget.used == 0
