"""How far the people of month 0 lie from the margins they were made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class MarginFit:
    """The fit to one margin: totals in rows, deviations relative to the expected count of a cell."""

    margin: str
    cells: int
    expected: float
    got: float
    largest: float  # largest absolute relative deviation of a cell that should hold at least 30 rows
    mean: float  # mean absolute relative deviation, weighted by expected count


@dataclass
class Misfit:
    """The fit of a starting population to every margin."""

    fits: list[MarginFit] = field(default_factory=list)

    def add(self, margin: str, expected: NDArray[Any], got: NDArray[Any]) -> None:
        """Compare counts over the cells of a margin, arrays of equal shape."""
        e, g = np.asarray(expected, dtype=np.float64).ravel(), np.asarray(got, dtype=np.float64).ravel()
        gap = np.abs(g - e)
        large = e >= 30.0
        worst = float((gap[large] / e[large]).max()) if large.any() else 0.0
        mean = float(gap.sum() / e.sum()) if e.sum() > 0 else 0.0
        self.fits.append(MarginFit(margin, e.size, float(e.sum()), float(g.sum()), worst, mean))

    def table(self) -> list[dict[str, str | int | float]]:
        """Return one row a margin, for the manifest."""
        return [dict(vars(fit)) for fit in self.fits]

    def worst(self) -> MarginFit:
        """Return the margin with the largest weighted mean deviation."""
        return max(self.fits, key=lambda fit: fit.mean)
