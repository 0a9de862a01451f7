"""Fitting tables to margins: iterative proportional fitting, raked choices, and log-odds shifted to a share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from labsim.errors import PopulationError
from labsim.text import _

Doubles = NDArray[np.float64]
Places = NDArray[np.intp]


def rake(
    seed: Doubles, margins: Sequence[tuple[tuple[int, ...], Doubles]], rounds: int = 200, tolerance: float = 1e-7
) -> Doubles:
    """Scale a table until its sums over the other axes meet each margin (Deming and Stephan 1940).

    A margin is (axes kept, totals of their shape). Raises PopulationError where a positive total meets only zeros.
    """
    table = seed.astype(np.float64).copy()
    for _round in range(rounds):
        worst = 0.0
        for kept, total in margins:
            others = tuple(axis for axis in range(table.ndim) if axis not in kept)
            now = table.sum(axis=others)
            if np.any((now <= 0) & (total > 1e-9)):
                message = _("raking: a margin over axes {axes} asks for people in a cell that the others leave empty")
                raise PopulationError(message.format(axes=kept))
            factor = np.divide(total, now, out=np.ones_like(now), where=now > 0)
            worst = max(worst, float(np.abs(factor - 1.0).max()))
            table *= np.expand_dims(factor, others)
        if worst < tolerance:
            break
    return table


@dataclass(frozen=True)
class ChoiceMargin:
    """How many people of each group make a choice of each class; NaN asks for nothing.

    `group` is each cell's group, `n_classes` classes are given by `class_of` for each option, `total` has shape
    `(groups, classes)`.
    """

    group: Places
    class_of: Places
    total: Doubles


def rake_choices(
    shares: Doubles, people: Doubles, margins: Sequence[ChoiceMargin], rounds: int = 60, care: float = 0.5
) -> Doubles:
    """Scale the shares of options in each cell until the margins hold, each cell's shares summing to 1.

    `shares` has shape `(n_cells, n_options)`, `people` (n_cells,) may be 0: such cells follow the others' factors.
    Stops when the gaps lie below `care` times the noise of drawing that many people, a share of 1 / sqrt(n).
    """
    tolerance = care / np.sqrt(max(people.sum(), 1.0))
    people = np.maximum(people, 1e-9)  # a trace, so that empty cells are scaled like the others
    table = shares * (people / shares.sum(axis=1))[:, None]
    sides = [_Side.of(margin) for margin in margins]
    for _round in range(rounds):
        gap = asked = 0.0
        for side in sides:
            now = side.sums(table)
            usable = (now > 0) & ~np.isnan(side.total)
            gap += float(np.abs(side.total - now)[usable].sum())
            asked += float(side.total[usable].sum())
            factor = np.divide(side.total, now, out=np.ones_like(now), where=usable)
            table *= factor[:, side.class_of][side.group]
        table *= (people / table.sum(axis=1))[:, None]
        if gap < tolerance * asked:
            break
    fitted: Doubles = table / people[:, None]
    return fitted


@dataclass(frozen=True, eq=False)
class _Side:
    """A margin made ready for the rounds: cells in the order of their groups, so that rows are added up in runs."""

    group: Places
    class_of: Places
    total: Doubles
    order: Places
    filled: Places  # the groups that have cells
    starts: Places  # where each of them starts in the order

    @classmethod
    def of(cls, margin: ChoiceMargin) -> Self:
        group = np.asarray(margin.group, dtype=np.intp)
        order = np.argsort(group, kind="stable")
        filled, starts = np.unique(group[order], return_index=True)
        return cls(group, margin.class_of, margin.total, order, filled, starts)

    def sums(self, table: Doubles) -> Doubles:
        """Return the table added up by group and class, shape `(n_groups, n_classes)`."""
        by_group = np.add.reduceat(table[self.order], self.starts, axis=0)
        n_classes = self.total.shape[1]
        found = np.zeros_like(self.total)
        for place, row in zip(self.filled.tolist(), by_group, strict=True):
            found[place] = np.bincount(self.class_of, row, n_classes)
        return found


def shifted_to(odds: Doubles, people: Doubles, target: Doubles) -> Doubles:
    """Return the shift of log-odds by group at which the mean chance of its members meets the target share.

    `odds` and `people` have shape `(n_groups, n_members)`, `target` and the result `(n_groups,)`; solved by bisection.
    """
    low, high = np.full(target.shape, -30.0), np.full(target.shape, 30.0)
    total = np.maximum(people.sum(axis=1), 1e-300)
    for _round in range(50):
        middle = 0.5 * (low + high)
        mean = (people / (1.0 + np.exp(-(odds + middle[:, None])))).sum(axis=1) / total
        too_few = mean < target
        low, high = np.where(too_few, middle, low), np.where(too_few, high, middle)
    shift: Doubles = 0.5 * (low + high)
    return shift


def chance(log_odds: Doubles) -> Doubles:
    """Return the probability with these log-odds."""
    values: Doubles = 1.0 / (1.0 + np.exp(-log_odds))
    return values
