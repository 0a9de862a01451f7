"""The mean of paired replicates and how far luck moves it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEVEL", "Mean", "mean_of"]

LEVEL = 0.95  # of every interval


@dataclass(frozen=True)
class Mean:
    """Hold a mean over `n` replicates and its interval at `LEVEL`; the interval of fewer than two is not a number."""

    mean: float
    low: float
    high: float
    n: int

    @property
    def is_clear(self) -> bool:
        """Return whether the interval is known and excludes zero."""
        return bool(self.low > 0.0 or self.high < 0.0)


def mean_of(values: NDArray[np.floating[Any]]) -> Mean:
    """Return the mean of numbers, shape `(n,)`, with Student's interval; numbers that all agree have none but zero.

    A few replicates with the same difference do not prove that it never differs, unless nothing differs at all.
    """
    n = len(values)
    if n == 0:
        return Mean(math.nan, math.nan, math.nan, 0)
    mean = float(values.mean())
    if not values.any():
        return Mean(0.0, 0.0, 0.0, n) if n > 1 else Mean(0.0, math.nan, math.nan, n)
    spread = float(values.std(ddof=1)) if n > 1 else 0.0
    if spread <= 1e-12 * float(np.abs(values).max()):
        return Mean(mean, math.nan, math.nan, n)
    from scipy.special import stdtrit

    half = float(stdtrit(n - 1, 0.5 + LEVEL / 2)) * spread / math.sqrt(n)
    return Mean(mean, mean - half, mean + half, n)
