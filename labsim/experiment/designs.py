"""Which points of a space of parameters a study visits: factorial, Latin hypercube, Sobol' sequence, or a list.

Every design is a table of numbers, shape `(n_points, n_factors)`, decided by the axes, the number of points and a seed.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

__all__ = ["DESIGNS", "Axis", "DesignName", "factorial", "latin_hypercube", "points_of", "sobol"]

DesignName = Literal["factorial", "latin_hypercube", "sobol", "listed"]
DESIGNS: tuple[str, ...] = get_args(DesignName)


@dataclass(frozen=True)
class Axis:
    """One thing that varies: its levels for a factorial design, its range for the others.

    `levels` may hold anything that a configuration takes; `labels` say what to call them. `low` and `high` bound the
    range; with `logarithmic` equal ratios are equally likely; `whole` gives whole numbers, equally likely (or, with
    `logarithmic`, the nearest). A range of whole numbers holds at least one.
    """

    name: str
    low: float = 0.0
    high: float = 1.0
    levels: tuple[Any, ...] = ()
    labels: tuple[str, ...] = ()
    logarithmic: bool = False
    whole: bool = False

    def label(self, value: Any) -> str:
        """Return what to call a value: the label of its level, or the number cut short."""
        if value in self.levels and self.labels:
            return self.labels[self.levels.index(value)]
        return f"{value:.4g}" if isinstance(value, float) else str(value)

    def at(self, share: float) -> float:
        """Return the value that lies a share (0 to 1) of the way through the range."""
        if self.whole and not self.logarithmic:
            count = math.floor(self.high) - math.ceil(self.low) + 1
            return float(math.ceil(self.low) + min(count - 1, int(share * count)))
        if self.logarithmic:
            value = self.low * (self.high / self.low) ** share
            value = min(math.floor(self.high), max(math.ceil(self.low), round(value))) if self.whole else value
        else:
            value = self.low + (self.high - self.low) * share
        return float(min(self.high, max(self.low, value)))  # rounding must not carry an end out of its range


def factorial(axes: Sequence[Axis]) -> list[tuple[Any, ...]]:
    """Return every combination of levels; the last axis varies fastest."""
    return list(itertools.product(*(axis.levels for axis in axes)))


def latin_hypercube(axes: Sequence[Axis], n_points: int, seed: int) -> list[tuple[Any, ...]]:
    """Return points of which each axis has one in every n-th of its range (McKay, Beckman and Conover 1979)."""
    from scipy.stats import qmc

    return _scaled(axes, qmc.LatinHypercube(len(axes), rng=np.random.default_rng(seed)).random(n_points))


def sobol(axes: Sequence[Axis], n_points: int, seed: int) -> list[tuple[Any, ...]]:
    """Return the first points of a scrambled Sobol' sequence; balanced where `n_points` is a power of two."""
    from scipy.stats import qmc

    sequence = qmc.Sobol(len(axes), rng=np.random.default_rng(seed))
    power = max(0, math.ceil(math.log2(max(1, n_points))))
    return _scaled(axes, sequence.random_base2(power)[:n_points])


def points_of(design: str, axes: Sequence[Axis], n_points: int, seed: int) -> list[tuple[Any, ...]]:
    """Return the points of a design by its name; a list of points is not made here."""
    if not axes:
        return [()]
    if design == "factorial":
        return factorial(axes)
    return (latin_hypercube if design == "latin_hypercube" else sobol)(axes, n_points, seed)


def _scaled(axes: Sequence[Axis], unit: np.ndarray) -> list[tuple[Any, ...]]:
    return [tuple(axis.at(float(share)) for axis, share in zip(axes, row, strict=True)) for row in unit]
