"""The exact mean and variance of hires when each seeker applies to one vacancy at random and each vacancy hires one.

With U seekers and V vacancies the hires are the occupied urns of U balls thrown into V urns.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt

from labsim.evidence.formulas import urn_ball_mean, urn_ball_variance


def deviation(months: Iterable[tuple[int, int, int]]) -> float:
    """Return how many standard deviations the hires of all months together lie from their expectation.

    A month is (seekers, vacancies, hires). Given seekers and vacancies, months are independent: their variances add up.
    """
    difference, variance = 0.0, 0.0
    for seekers, vacancies, hires in months:
        if vacancies > 0:
            difference += hires - urn_ball_mean(seekers, vacancies)
            variance += urn_ball_variance(seekers, vacancies)
    return difference / sqrt(variance) if variance > 0 else 0.0


def check(months: Iterable[tuple[int, int, int]], name: str) -> float:
    """Return the deviation; raises AssertionError beyond four standard deviations (one chance in 16,000)."""
    z = deviation(months)
    if abs(z) > 4.0:
        raise AssertionError(f"{name}: hires lie {z:.1f} standard deviations from the urn-ball expectation")
    return z
