"""The ledger: who moved between activities, and who paid what for whom. Counts and money are integers and must
balance.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from labsim.wires import require_count

Longs = NDArray[np.int64]

STATE_BUDGET, POLICY_BANK, TRAINEES = "state budget", "social policy bank", "trainees"
PRIVATE_PAYERS = (TRAINEES, "workers", "employers", "households")  # what these pay is no public money


@dataclass(frozen=True)
class Payment:
    """One transfer of money: an amount in VND from a payer to a recipient, under a policy, for a number of persons."""

    month: int
    policy: str
    purpose: str
    payer: str
    recipient: str
    persons: float
    amount: int


@dataclass
class Ledger:
    """The books of a run.

    `flows[a, b]` counts the rows that went from activity a to activity b this month; `stocks` are the rows in each
    activity as carried forward by the flows alone, to be compared with a count of the people.
    """

    stocks: Longs
    flows: Longs
    counts: dict[str, int] = field(default_factory=dict)
    payments: list[Payment] = field(default_factory=list)
    spent: dict[tuple[str, int], int] = field(default_factory=dict)

    @classmethod
    def opened(cls, stocks: Longs) -> Ledger:
        """Return books that start from a count of rows by activity."""
        n = len(stocks)
        return cls(stocks=stocks.astype(np.int64), flows=np.zeros((n, n), dtype=np.int64))

    def start_month(self) -> None:
        """Clear the month's flows and counts."""
        self.flows[:] = 0
        self.counts.clear()

    def count(self, what: str, number: int) -> None:
        """Add a number of rows to what was counted this month. Raises LookupError for a name that is not declared."""
        require_count(what)
        self.counts[what] = self.counts.get(what, 0) + int(number)

    def close_month(self) -> None:
        """Carry the stocks forward by the month's flows."""
        self.stocks += self.flows.sum(axis=0) - self.flows.sum(axis=1)

    def pay(self, payment: Payment, year: int) -> None:
        """Enter a payment; nothing is entered for an amount of zero. Raises ValueError for a negative amount.

        What people pay themselves is entered too, but uses up no budget.
        """
        if payment.amount < 0:
            raise ValueError(f"{payment.policy}: a payment of {payment.amount} VND; amounts are not negative")
        if payment.amount == 0:
            return
        self.payments.append(payment)
        if payment.payer in PRIVATE_PAYERS:
            return
        key = (payment.policy, year)
        self.spent[key] = self.spent.get(key, 0) + payment.amount

    def paid_in(self, month: int, without: Collection[str] = ()) -> int:
        """Return what all payers but some paid in the newest month, or 0 if nothing was paid since an earlier one, in
        VND.
        """
        return sum(payment.amount for payment in self.payments_in(month) if payment.payer not in without)

    def payments_in(self, month: int) -> list[Payment]:
        """Return the payments of the newest month; none if nothing was paid since an earlier one."""
        return list(takewhile(lambda payment: payment.month == month, reversed(self.payments)))

    def balances(self) -> dict[str, int]:
        """Return what each account received less what it paid, in VND; they sum to zero."""
        totals: dict[str, int] = {}
        for p in self.payments:
            totals[p.payer] = totals.get(p.payer, 0) - p.amount
            totals[p.recipient] = totals.get(p.recipient, 0) + p.amount
        return totals
