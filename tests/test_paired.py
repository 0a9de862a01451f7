"""Statistics of paired replicates against known answers, and against simulation where they are laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from labsim.experiment.paired import difference_of, holm, ratio_of, variance_cut

COVERAGE, MANY = 0.95, 2_000
# four standard errors of a share of 0.95 seen in MANY trials
NOISE = 4 * math.sqrt(COVERAGE * (1 - COVERAGE) / MANY)


def correlated(rng: np.random.Generator, n: int, rho: float, ratio: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Return two normal samples of shape (n,) with a correlation, the second `ratio` times as wide."""
    one, two = rng.standard_normal((2, n))
    return one, ratio * (rho * one + math.sqrt(1 - rho * rho) * two)


def test_a_difference_has_the_interval_and_the_p_of_a_paired_t_test() -> None:
    rng = np.random.default_rng(1)
    base = rng.normal(10.0, 3.0, 15)
    other = base + rng.normal(0.4, 1.0, 15)
    found, known = difference_of(base, other), stats.ttest_rel(other, base)
    interval = known.confidence_interval(COVERAGE)
    assert found.mean == pytest.approx((other - base).mean())
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert found.p == pytest.approx(known.pvalue)
    assert found.n_up + found.n_down + found.n_equal == found.n == 15
    assert found.n_up == int((other > base).sum())


def test_no_difference_at_all_is_exactly_zero_and_never_clear() -> None:
    found = difference_of([3.0, 5.0, 4.0], [3.0, 5.0, 4.0])
    assert (found.mean, found.low, found.high, found.p, found.n_equal) == (0.0, 0.0, 0.0, 1.0, 3)
    assert not found.is_clear
    assert math.isnan(variance_cut([3.0, 5.0, 4.0], [3.0, 5.0, 4.0]).factor)


def test_rounding_is_no_difference() -> None:
    values = np.array([0.1, 0.2, 0.7]) * 1e6
    found = difference_of(values, values * (1 + 1e-15))
    assert (found.mean, found.n_equal) == (0.0, 3)


@pytest.mark.parametrize(("n", "clear"), [(2, False), (5, False), (6, True), (12, True)])
def test_a_difference_that_never_varies_is_clear_only_where_its_sign_is(n: int, clear: bool) -> None:
    found = difference_of(np.arange(n, dtype=float), np.arange(n) + 2.0)
    assert found.mean == 2.0
    assert found.p == 2.0 ** (1 - n)
    assert found.is_clear is clear
    assert math.isnan(found.low) is not clear


def test_one_replicate_has_a_difference_and_no_interval() -> None:
    found = difference_of([1.0], [3.0])
    assert found.mean == 2.0
    assert math.isnan(found.low) and math.isnan(found.p) and not found.is_clear
    assert math.isnan(difference_of([1.0], [1.0]).p)


def test_what_is_not_known_stays_unknown() -> None:
    found = difference_of([1.0, math.nan, 2.0], [2.0, 1.0, 4.0])
    assert math.isnan(found.mean) and not found.is_clear
    assert math.isnan(variance_cut([1.0, math.nan, 2.0], [2.0, 1.0, 4.0]).factor)


@pytest.mark.parametrize(("rho", "ratio"), [(0.0, 1.0), (0.95, 1.0), (0.9, 1.6)])
def test_the_interval_of_the_factor_of_pairing_holds_the_truth_as_often_as_it_says(rho: float, ratio: float) -> None:
    truth = (1 + ratio**2) / (1 + ratio**2 - 2 * rho * ratio)
    rng = np.random.default_rng(2)
    found = [variance_cut(*correlated(rng, 10, rho, ratio)) for _trial in range(MANY)]
    held = np.mean([one.low <= truth <= one.high for one in found])
    assert held == pytest.approx(COVERAGE, abs=NOISE)


def test_the_factor_of_pairing_is_the_variance_of_independent_runs_over_that_of_the_difference() -> None:
    one, two = correlated(np.random.default_rng(3), 20, 0.9)
    expected = (one.var(ddof=1) + two.var(ddof=1)) / (two - one).var(ddof=1)
    assert variance_cut(one, two).factor == pytest.approx(expected)


def test_a_ratio_to_what_does_not_vary_has_students_interval() -> None:
    above = np.array([4.0, 6.0, 5.0, 9.0])
    found, known = ratio_of(above, np.full(4, 2.0)), difference_of(np.zeros(4), above)
    assert (found.value, found.low, found.high) == pytest.approx((known.mean / 2, known.low / 2, known.high / 2))


def test_a_ratio_is_unknown_just_where_what_stands_below_is_not_clear() -> None:
    rng = np.random.default_rng(4)
    seen = set()
    for _trial in range(200):
        above, below = rng.normal(5.0, 1.0, 6), rng.normal(1.0, 1.0, 6)
        clear = difference_of(np.zeros(6), below).is_clear
        assert math.isfinite(ratio_of(above, below).low) is clear
        seen.add(clear)
    assert seen == {True, False}


def test_fiellers_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    held = 0
    for _trial in range(MANY):
        below = rng.normal(4.0, 1.0, 8)
        found = ratio_of(3.0 * below + rng.normal(0.0, 2.0, 8), below)
        held += found.low <= 3.0 <= found.high
    assert held / MANY == pytest.approx(COVERAGE, abs=NOISE)


def test_holms_p_values() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    unknown = holm([0.02, math.nan])
    assert unknown[0] == pytest.approx(0.04) and math.isnan(unknown[1])
    assert holm([]) == []
