"""Statistics of paired replicates: differences, what pairing saved, ratios of two differences, and many tests at once.

Two scenarios with the same seeds differ, replicate by replicate, by what was changed and its consequences alone. What
varies between replicates is therefore the difference itself, and intervals are those of its mean.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "LEVEL", "Difference", "Ratio", "VarianceCut", "difference_of", "holm", "mean_of", "ratio_of", "variance_cut",
]

LEVEL = 0.95  # of every interval
_ROUNDING = 1e-12  # differences below this share of the values are rounding
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Difference:
    """Hold the mean of paired differences, its interval at `LEVEL`, and the chance `p` of so large a one by luck alone.

    Not a number where `n` replicates cannot say. `n_up`, `n_down` and `n_equal` count replicates by sign.
    """

    mean: float
    low: float
    high: float
    p: float
    n: int
    n_up: int
    n_down: int
    n_equal: int

    @property
    def is_clear(self) -> bool:
        """Return whether the interval is known and excludes zero."""
        return bool(self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class VarianceCut:
    """Hold by what factor pairing cut the variance of a difference, with its interval; not a number if undefined."""

    factor: float
    low: float
    high: float


@dataclass(frozen=True)
class Ratio:
    """Hold a ratio of two mean differences with its interval."""

    value: float
    low: float
    high: float


UNKNOWN_CUT = VarianceCut(math.nan, math.nan, math.nan)
UNKNOWN_RATIO = Ratio(math.nan, math.nan, math.nan)


def difference_of(base: Sequence[float] | Numbers, other: Sequence[float] | Numbers) -> Difference:
    """Return how much `other` lies above `base`, replicate by replicate; both of shape `(n,)`.

    The interval is Student's, over replicates. Where all differ by the same amount there is no variance to judge by: no
    difference at all is exactly zero; any other has the p of a sign test, and an interval only where that is clear.
    """
    gaps = _gaps(base, other)
    n, mean = gaps.size, float(gaps.mean())
    signs = int((gaps > 0).sum()), int((gaps < 0).sum())
    deviation = _deviation(gaps) if n > 1 else math.nan
    if n < 2:
        p = low = high = math.nan
    elif deviation == 0.0:
        p = 1.0 if mean == 0.0 else 2.0 ** (1 - n)
        known = mean == 0.0 or p < 1.0 - LEVEL
        low = high = mean if known else math.nan
    else:
        from scipy.special import stdtr

        error = deviation / math.sqrt(n)
        half = _student(n - 1) * error
        low, high = mean - half, mean + half
        p = 2.0 * float(stdtr(n - 1, -abs(mean) / error))
    return Difference(mean, low, high, p, n, *signs, int((gaps == 0).sum()))


def mean_of(differences: Sequence[float] | Numbers) -> Difference:
    """Return the mean of differences that were taken replicate by replicate already, shape `(n,)`."""
    return difference_of(np.zeros(len(differences)), differences)


def variance_cut(base: Sequence[float] | Numbers, other: Sequence[float] | Numbers) -> VarianceCut:
    """Return the sum of the two variances over the variance of the difference; both of shape `(n,)`.

    This is what independent luck would have made of the variance. With S the sums and D the differences the factor is
    (1 + var S / var D) / 2, so that its interval follows from that of a ratio of correlated variances (Morgan 1939;
    Pitman 1939, Biometrika 31), exact for normal numbers. Undefined where differences do not vary, or for `n` below 3.
    """
    one, two = np.asarray(base, dtype=float), np.asarray(other, dtype=float)
    gaps, sums, n = _gaps(one, two), one + two, len(one)
    spread = float(np.var(gaps, ddof=1)) if n > 1 and _deviation(gaps) > 0.0 else 0.0
    if spread == 0.0:
        return UNKNOWN_CUT
    ratio = float(np.var(sums, ddof=1)) / spread
    factor = (1.0 + ratio) / 2.0
    if n < 3 or ratio == 0.0:
        return VarianceCut(factor, math.nan, math.nan)
    t = _student(n - 2)
    r = float(np.corrcoef(sums, gaps)[0, 1])
    k = 1.0 + 2.0 * (1.0 - r * r) * t * t / (n - 2)
    root = math.sqrt(k * k - 1.0)
    return VarianceCut(factor, (1.0 + ratio * (k - root)) / 2.0, (1.0 + ratio * (k + root)) / 2.0)


def ratio_of(above: Sequence[float] | Numbers, below: Sequence[float] | Numbers) -> Ratio:
    """Return the ratio of two means over replicates with Fieller's interval (1954, JRSS B 16:175); shapes `(n,)`.

    The interval is bounded just where Student's interval of the mean below excludes zero; elsewhere, and where the mean
    below is zero, nothing is known.
    """
    one, two = np.asarray(above, dtype=float), np.asarray(below, dtype=float)
    n = one.size
    if n < 2 or float(two.mean()) == 0.0:
        return UNKNOWN_RATIO
    factor = _student(n - 1) ** 2 / n
    covariance = np.cov(one, two)
    mean_one, mean_two = float(one.mean()), float(two.mean())
    a = mean_two**2 - factor * float(covariance[1, 1])
    b = mean_one * mean_two - factor * float(covariance[0, 1])
    c = mean_one**2 - factor * float(covariance[0, 0])
    if a <= 0.0:
        return UNKNOWN_RATIO
    root = math.sqrt(max(0.0, b * b - a * c))
    return Ratio(mean_one / mean_two, (b - root) / a, (b + root) / a)


def holm(chances: Sequence[float]) -> list[float]:
    """Return p values that hold for all of several tests together (Holm 1979, Scand. J. Statist. 6:65).

    A test that could not be made stays not a number, and counts as one of them.
    """
    order = sorted(range(len(chances)), key=lambda place: (math.isnan(chances[place]), chances[place]))
    adjusted, highest = [math.nan] * len(chances), 0.0
    for rank, place in enumerate(order):
        if not math.isnan(chances[place]):
            highest = max(highest, min(1.0, (len(chances) - rank) * chances[place]))
            adjusted[place] = highest
    return adjusted


@cache
def _student(freedom: int) -> float:
    """Return the quantile of Student's distribution that an interval at `LEVEL` reaches on either side."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.5 + LEVEL / 2))


def _gaps(base: Sequence[float] | Numbers, other: Sequence[float] | Numbers) -> Numbers:
    """Return the differences, exactly zero where they are no more than rounding."""
    one, two = np.asarray(base, dtype=float), np.asarray(other, dtype=float)
    gaps: Numbers = two - one
    gaps[np.abs(gaps) <= _ROUNDING * np.maximum(np.abs(one), np.abs(two))] = 0.0
    return gaps


def _deviation(gaps: Numbers) -> float:
    """Return the standard deviation, exactly zero where it is no more than rounding."""
    found = float(gaps.std(ddof=1))
    return 0.0 if found <= 1e-9 * float(np.abs(gaps).max()) else found
