"""One process of one month as it meets the people watched, and who tells what it did to them and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from labsim.config import Config
from labsim.draws import DrawsOfMonth, uniforms
from labsim.world import World

__all__ = ["REASONS", "Moment", "explains"]

Reason = Callable[["Moment"], Iterator[None]]
REASONS: dict[str, Reason] = {}


def explains(process: str) -> Callable[[Reason], Reason]:
    """Declare who tells what a process did: a generator that looks before its `yield` and tells after it."""

    def declare(reason: Reason) -> Reason:
        REASONS[process] = reason
        return reason

    return declare


@dataclass
class Moment:
    """One process of one month as it meets the people watched; arrays have shape `(n_people,)`."""

    world: World
    parameters: Any
    draws: DrawsOfMonth
    config: Config
    people: np.ndarray
    before: dict[str, np.ndarray]
    after: dict[str, np.ndarray] = field(default_factory=dict)
    told: list[tuple[int, str, dict[str, Any], bool]] = field(default_factory=list)

    def changed(self, column: str) -> np.ndarray:
        """Return the places of the people in whose row a column changed."""
        return np.flatnonzero(self.before[column] != self.after[column])

    def moved(self, *, start: int | None = None, end: int | None = None) -> list[int]:
        """Return the places of those who changed activity, from one and to one if these are given."""
        then, now = self.before["activity"], self.after["activity"]
        moved = then != now
        if start is not None:
            moved &= then == start
        if end is not None:
            moved &= now == end
        return [int(k) for k in np.flatnonzero(moved)]

    def tell(self, at: int, kind: str, /, *, minor: bool = False, **facts: Any) -> None:
        """Tell what happened to the person at a place, and why."""
        self.told.append((at, kind, {name: _plain(value) for name, value in facts.items()}, minor))

    def uniform(self, decision: str, at: int) -> float:
        """Return the number in (0, 1) that a decision of this month has for a person."""
        return float(uniforms(self.draws.key(decision), self.people[at : at + 1])[0])

    def gated(self, decision: str, at: int) -> float:
        """Return the number in (0, 1) of a decision that passes a gate."""
        head = self.draws.heads(decision, self.people[at : at + 1])[0]
        return (float(head) + self.uniform(decision, at)) / 256.0

    def age(self, at: int) -> int:
        """Return a person's age in whole years."""
        return int(self.world.month - self.world.workers.birth_month[self.people[at]]) // 12

    def column(self, name: str, at: int) -> Any:
        """Return a value of a person's row as it is now."""
        return getattr(self.world.workers, name)[self.people[at]].item()


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    return round(value, 10) if isinstance(value, float) else value
