"""Budgets that record their charges."""

from codesync_server.access.budgets import Budget, Budgets
from codesync_server.access.payer import Payer


class RecordingBudgets(Budgets):
    """Budgets whose charges a test can read.

    Attributes:
        charges: name of the budget, payer and cost of each charge, in order.
    """

    def __init__(self) -> None:
        super().__init__()
        self.charges: list[tuple[str, Payer, float]] = []

    def delay(self, budget: Budget, payer: Payer, cost: float, now: float) -> float:
        """Spend, and record the charge."""
        if cost:
            self.charges.append((budget.name, payer, cost))
        return super().delay(budget, payer, cost, now)

    def costs_of(self, budget: Budget) -> list[float]:
        """Return the cost of each charge to a budget, in order."""
        return [cost for name, _, cost in self.charges if name == budget.name]
