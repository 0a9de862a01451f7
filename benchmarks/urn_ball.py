"""The exact mean and variance of hires when each seeker applies to one vacancy at random and each vacancy hires one.

With U seekers and V vacancies the hires are the occupied urns of U balls thrown into V urns.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt


def expected_hires(seekers: int, vacancies: int) -> float:
    """Return V (1 - (1 - 1/V)^U)."""
    if vacancies == 0:
        return 0.0
    return float(vacancies * (1.0 - (1.0 - 1.0 / vacancies) ** seekers))


def variance_of_hires(seekers: int, vacancies: int) -> float:
    """Return V (1 - 1/V)^U + V (V - 1) (1 - 2/V)^U - V^2 (1 - 1/V)^(2U)."""
    if vacancies < 2:
        return 0.0
    v, u = float(vacancies), seekers
    empty = (1.0 - 1.0 / v) ** u
    return max(0.0, float(v * empty + v * (v - 1.0) * (1.0 - 2.0 / v) ** u - (v * empty) ** 2))


def deviation(months: Iterable[tuple[int, int, int]]) -> float:
    """Return how many standard deviations the hires of all months together lie from their expectation.

    A month is (seekers, vacancies, hires). Given seekers and vacancies, months are independent: their variances add up.
    """
    difference, variance = 0.0, 0.0
    for seekers, vacancies, hires in months:
        difference += hires - expected_hires(seekers, vacancies)
        variance += variance_of_hires(seekers, vacancies)
    return difference / sqrt(variance) if variance > 0 else 0.0


def check(months: Iterable[tuple[int, int, int]], name: str) -> float:
    """Return the deviation; raises AssertionError beyond four standard deviations (one chance in 16,000)."""
    z = deviation(months)
    if abs(z) > 4.0:
        raise AssertionError(f"{name}: hires lie {z:.1f} standard deviations from the urn-ball expectation")
    return z
