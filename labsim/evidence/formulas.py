"""What is known in closed form of the small worlds that the model contains: means, variances, steady states."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "erlang_b", "frictional_fixed_point", "frictional_spread", "lake_path", "lake_variance", "stays",
    "stock_variance", "urn_ball_mean", "urn_ball_variance",
]  # fmt: skip

Numbers = NDArray[np.float64]


def urn_ball_mean(seekers: float, vacancies: float) -> float:
    """Return E[hires] = V (1 - (1 - 1/V)^U): vacancies that at least one of U applicants hits."""
    return float(vacancies * (1.0 - (1.0 - 1.0 / vacancies) ** seekers))


def urn_ball_variance(seekers: float, vacancies: float) -> float:
    """Return the variance of occupied urns.

    It follows from P(two given urns empty) = (1 - 2/V)^U and P(one empty) = (1 - 1/V)^U.
    """
    one = (1.0 - 1.0 / vacancies) ** seekers
    two = max(0.0, 1.0 - 2.0 / vacancies) ** seekers
    return float(vacancies * (vacancies - 1.0) * two + vacancies * one - vacancies**2 * one**2)


def lake_path(separation: float, finding: float, months: ArrayLike, start: ArrayLike) -> Numbers:
    """Return the unemployed share after some months under two constant monthly rates, from a share at the start.

    u' = u (1 - f) + s (1 - u), so u(t) = u* + (1 - s - f)^t (u(0) - u*) with u* = s / (s + f).
    """
    settled = separation / (separation + finding)
    left = (1.0 - separation - finding) ** np.asarray(months, dtype=np.float64)
    path: Numbers = settled + left * (np.asarray(start, dtype=np.float64) - settled)
    return path


def lake_variance(separation: float, finding: float, months: ArrayLike, start: ArrayLike) -> Numbers:
    """Return the variance, times the number of people, of the share that `lake_path` gives; people are independent."""
    # given the start: those without work at first stay so with p1, the others become so with p0
    p1, p0 = (lake_path(separation, finding, months, at) for at in (1.0, 0.0))
    share = np.asarray(start, dtype=np.float64)
    variance: Numbers = share * p1 * (1.0 - p1) + (1.0 - share) * p0 * (1.0 - p0)
    return variance


def frictional_fixed_point(people: float, posts: float, rate: float) -> tuple[float, float]:
    """Return employment and vacancies at which a month's hires, separations and openings are equal.

    Separations s L; whoever was without work before them applies: hires = urn-ball(N - L, v); posts missing at the
    month's start, P - L - v, are opened and can be filled from the next. So v = P - (1 + s) L, and hires = s L.
    """
    from scipy.optimize import brentq

    def gap(employed: float) -> float:
        return urn_ball_mean(people - employed, posts - (1.0 + rate) * employed) - rate * employed

    employed = float(brentq(gap, 0.5 * posts, min(people, (posts - 1.0) / (1.0 + rate)) - 1e-9))
    return employed, posts - (1.0 + rate) * employed


def frictional_spread(people: float, posts: float, rate: float) -> tuple[Numbers, Numbers]:
    """Return linear noise about the fixed point: covariances of (employed, vacancies), shapes `(2, 2)`.

    The first are those of one month, the second those of a long average, times its months.
    """
    employed, vacancies = frictional_fixed_point(people, posts, rate)
    seekers = people - employed
    by_seeker = urn_ball_mean(seekers + 0.5, vacancies) - urn_ball_mean(seekers - 0.5, vacancies)
    by_vacancy = urn_ball_mean(seekers, vacancies + 0.5) - urn_ball_mean(seekers, vacancies - 0.5)
    step = np.array([[1.0 - rate - by_seeker, by_vacancy], [by_seeker - 1.0, -by_vacancy]])
    hires, separations = urn_ball_variance(seekers, vacancies), rate * (1.0 - rate) * employed
    noise = np.array([[hires + separations, -hires], [-hires, hires]])
    one_month = np.linalg.solve(np.eye(4) - np.kron(step, step), noise.ravel()).reshape(2, 2)
    inverse = np.linalg.inv(np.eye(2) - step)
    return one_month, inverse @ noise @ inverse.T


def erlang_b(load_offered: float, seats: int) -> float:
    """Return the blocked share of a loss system by Erlang's recursion."""
    blocked = 1.0
    for n in range(1, seats + 1):
        blocked = load_offered * blocked / (n + load_offered * blocked)
    return blocked


def stays(months: int, leaving: float) -> Numbers:
    """Return the share still there k months after the start, k = 0 ... months - 1, if a share leaves every month."""
    return np.asarray((1.0 - leaving) ** np.arange(months), dtype=np.float64)


def stock_variance(places_a_month: float, months: int) -> float:
    """Return the variance of some months' departures if whole places are the rounding of their mean by lot."""
    part = places_a_month - math.floor(places_a_month)
    return months * part * (1.0 - part)
