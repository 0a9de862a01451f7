"""Levers: what policies write and processes read. Rebuilt from neutral every month, so nothing is ever undone.

A lever is a named array with a neutral value and a rule of combining. Each amount knows which policy put it there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labsim.errors import PolicyError
from labsim.lever_amounts import SLACK, checked_amount, checked_rows, require_length
from labsim.lever_kinds import AGES, DEGREES, GROUPS, LEVERS, LeverKind, lever_named
from labsim.quantity import allowed_range
from labsim.text import _

__all__ = [
    "AGES",
    "DEGREES",
    "GROUPS",
    "LEVERS",
    "Contribution",
    "LeverKind",
    "Levers",
    "LeversOfPolicy",
    "lever_named",
]

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Contribution:
    """One amount that one policy put on one lever this month."""

    policy: str
    lever: str
    amount: Doubles  # broadcast against the lever's array


def _filled(size: int, value: float) -> Doubles:
    values = np.empty(size)  # quicker than `np.full`, hundreds of times a month
    values.fill(value)
    return values


class Levers:
    """The levers of the month; read as arrays (`levers["training_seats"]`), written through `by(policy)`."""

    def __init__(self, sizes: dict[str, int]) -> None:
        self._sizes = sizes
        self._values: dict[str, Doubles] = {}
        self.contributions: list[Contribution] = []
        self._shares: dict[str, dict[str, Doubles]] = {}

    @property
    def sizes(self) -> dict[str, int]:
        """Return how many rows there are of each thing that a lever may range over."""
        return dict(self._sizes)

    def reset(self) -> None:
        """Put every lever back to its neutral value and forget who wrote."""
        self._values.clear()
        self.contributions.clear()
        self._shares.clear()

    def __getitem__(self, name: str) -> Doubles:
        """Return a lever's values, shape `(n,)`; `(1,)` for a lever over workers or enterprises that nobody wrote."""
        value = self._values.get(name)
        if value is None:
            kind = LEVERS[name]
            wide = kind.over in ("workers", "enterprises")
            value = _filled(1 if wide else self._sizes[kind.over], kind.neutral)
            self._values[name] = value
        return value

    def size(self, name: str) -> int:
        """Return how many rows a lever ranges over."""
        return self._sizes[LEVERS[name].over]

    def by(self, policy: str) -> LeversOfPolicy:
        """Return the levers as one policy writes them."""
        return LeversOfPolicy(self, policy)

    def put(self, policy: str, name: str, rule: str, amount: Any, to: Any) -> None:
        """Combine an amount with a lever, at all rows or at some: a mask of shape `(n,)`, or ids.

        Raises PolicyError for an unknown lever, a rule other than its own, rows that it does not have or that are given
        twice, an amount of another shape than the rows, and one that is no number or lies outside the lever's range,
        alone or together with what was written before.
        """
        kind = lever_named(name)
        if kind.rule != rule:
            message = _("lever {name!r} combines by {own!r}, not {rule!r}")
            raise PolicyError(message.format(name=name, own=kind.rule, rule=rule))
        size = self._sizes[kind.over]
        amount = checked_amount(name, kind, amount)
        rows = None if to is None else checked_rows(name, kind, to, size)
        if isinstance(amount, np.ndarray) and amount.ndim:
            require_length(name, kind, amount, rows, size)
        idle = kind.neutral if rule != "max" else -np.inf
        change = _filled(size, idle)
        change[slice(None) if rows is None else rows] = amount
        if not (change != idle).any():
            return  # nothing was asked for: the lever stays as it is, bit for bit
        now = self[name]
        if rule == "add":
            value = now + change
        elif rule == "multiply":
            value = now * change
        else:
            value = np.maximum(now, change)
        if rule != "max":
            self._require_range(name, kind, value)
        self._values[name] = value
        self.contributions.append(Contribution(policy, name, change))
        self._shares.pop(name, None)

    def _require_range(self, name: str, kind: LeverKind, value: Doubles) -> None:
        """Refuse what several amounts come to, where it is more than the lever takes."""
        others = list(dict.fromkeys(one.policy for one in self.contributions if one.lever == name))
        if others and not value.max() <= kind.high * SLACK:
            message = _("lever {name}: {given:g} together with what {policies} wrote; allowed {allowed}")
            allowed = allowed_range(kind.low, kind.high, kind.unit)
            raise PolicyError(message.format(name=name, given=value.max(), policies=", ".join(others), allowed=allowed))

    def shares(self, name: str) -> dict[str, Doubles]:
        """Return each policy's share of a lever, shape `(n,)` each; they sum to 1 where anything was written.

        Of an added lever, in proportion to the amounts; of one that is raised, it lies with whoever raised it highest,
        equally among equals.
        """
        if name in self._shares:
            return self._shares[name]
        kind = LEVERS[name]
        mine: dict[str, Doubles] = {}
        for contribution in self.contributions:
            if contribution.lever == name:
                amount = contribution.amount
                if kind.rule == "max":
                    amount = (amount == self[name]).astype(np.float64)
                    mine[contribution.policy] = np.maximum(mine.get(contribution.policy, 0.0), amount)
                else:
                    mine[contribution.policy] = mine.get(contribution.policy, 0.0) + amount
        if len(mine) == 1:  # whoever is alone has all of it
            found = {policy: (amount > 0).astype(np.float64) for policy, amount in mine.items()}
            self._shares[name] = found
            return found
        total = sum(mine.values(), np.zeros(self._sizes[kind.over]))
        found = {policy: np.divide(a, total, out=np.zeros_like(a), where=total > 0) for policy, a in mine.items()}
        self._shares[name] = found
        return found


@dataclass(frozen=True)
class LeversOfPolicy:
    """The levers through the hands of one policy; every amount is remembered under its name."""

    levers: Levers
    policy: str

    def add(self, name: str, amount: Any, to: Any = None) -> None:
        """Add an amount to a lever, everywhere or at some rows (a mask or ids)."""
        self.levers.put(self.policy, name, "add", amount, to)

    def multiply(self, name: str, factor: Any, to: Any = None) -> None:
        """Multiply a lever by a factor, everywhere or at some rows."""
        self.levers.put(self.policy, name, "multiply", factor, to)

    def raise_to(self, name: str, amount: Any, to: Any = None) -> None:
        """Raise a lever to at least an amount, everywhere or at some rows."""
        self.levers.put(self.policy, name, "max", amount, to)
