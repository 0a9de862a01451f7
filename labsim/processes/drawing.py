"""Draw people in proportion to weights, exactly as many as there are places in each district."""

from __future__ import annotations

import math

import numpy as np

from labsim.compiled import kernel
from labsim.draws import uniform


@kernel
def _count_kinds(kinds: np.ndarray, district: np.ndarray, numbers: np.ndarray) -> None:
    for i in range(kinds.shape[0]):
        numbers[district[i], kinds[i]] += 1


@kernel
def _finish_early(
    kinds: np.ndarray,
    district: np.ndarray,
    weights: np.ndarray,
    chance: np.ndarray,
    key: np.uint64,
    people: np.ndarray,
    times: np.ndarray,
) -> int:
    """Write those whose time in the race, -ln(1 - u) / weight, is short enough to come into question."""
    n = 0
    for i in range(kinds.shape[0]):
        k = kinds[i]
        if k > 0 and chance[district[i], k] > 0.0:
            u = uniform(key, i)
            if u < chance[district[i], k]:
                people[n] = i
                times[n] = -math.log1p(-u) / weights[k]
                n += 1
    return n


def _chances(numbers: np.ndarray, weights: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return how likely each kind of people in each district is to come into question: six standard deviations more of
    them than places, shape `(n_districts, n_kinds)`.
    """
    wanted = np.where(places > 0, places + 6.0 * np.sqrt(places) + 10.0, 0.0)
    low, high = np.zeros(len(places)), np.full(len(places), 1.0)
    open_ = numbers * (weights > 0)
    short = open_.sum(axis=1) <= wanted
    for _ in range(200):
        if ((open_ * -np.expm1(-high[:, None] * weights)).sum(axis=1) >= wanted)[~short].all():
            break
        high *= 2.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        enough = (open_ * -np.expm1(-middle[:, None] * weights)).sum(axis=1) >= wanted
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    chance: np.ndarray = np.where(short[:, None], 1.0, -np.expm1(-high[:, None] * weights))
    chance[:, weights <= 0] = 0.0
    chance[places <= 0] = 0.0
    return chance


def draw_people(
    kinds: np.ndarray, district: np.ndarray, weights: np.ndarray, places: np.ndarray, key: np.uint64
) -> np.ndarray:
    """Return as many people of each district as it has places, or all in question, in order; shape `(n,)`.

    `kinds` are numbers of a kind of people, shape `(n_workers,)`, 0 for those not in question; kind k is drawn in
    proportion to `weights[k]`. The first in a race are drawn, so that one place more is one person more, and a change
    of one person's weight moves that person and one other.
    """
    numbers = np.zeros((len(places), len(weights)), dtype=np.int64)
    _count_kinds(kinds, district, numbers)
    chance = _chances(numbers, weights, places)
    wanted = np.minimum(places, (numbers * (weights > 0))[:, 1:].sum(axis=1))
    people, times = np.empty(len(kinds), dtype=np.int32), np.empty(len(kinds))
    n = _finish_early(kinds, district, weights, chance, key, people, times)
    if (np.bincount(district[people[:n]], minlength=len(places)) < wanted).any():  # rare: all come into question
        n = _finish_early(kinds, district, weights, np.where(chance > 0.0, 1.0, 0.0), key, people, times)
    people, times = people[:n], times[:n]
    home = district[people]
    order = np.lexsort((times, home))
    first = np.searchsorted(home[order], np.arange(len(places)))
    rank = np.arange(n) - first[home[order]]
    chosen: np.ndarray = np.sort(people[order[rank < places[home[order]]]])
    return chosen
