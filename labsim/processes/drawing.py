"""Draw people in proportion to weights, exactly as many as there are places in each district."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from labsim.compiled import inline, kernel
from labsim.draws import DrawsOfMonth, gated

KindsOf = Callable[[np.ndarray], np.ndarray]
STRIDE, FEW = 32, 20_000
UNIT_8 = 1.0 / 256.0
MOST_TIME = 1e60


@kernel
def _finish_early(
    rows: np.ndarray,
    kinds: np.ndarray,
    district: np.ndarray,
    weights: np.ndarray,
    chance: np.ndarray,
    heads: np.ndarray,
    key: np.uint64,
    times: np.ndarray,
) -> int:
    """Move to the head of `rows` those whose time in the race, -ln(1 - u) / weight, is short enough to come into
    question.
    """
    n = 0
    for s in range(rows.shape[0]):
        i, k = rows[s], kinds[s]
        if k > 0:
            most = chance[district[i], k]
            if heads[s] * UNIT_8 < most:  # the head of the number alone rules most out
                u = gated(heads[s], key, i)
                if u < most:
                    rows[n] = i
                    times[n] = -math.log1p(-u) / weights[k]
                    n += 1
    return n


def _first_of_each(people: np.ndarray, homes: np.ndarray, times: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return those who are first in the race of their district, as many as it has places, in order; of equal times the
    first row counts.
    """
    by_home, n_homes = np.argsort(homes, kind="stable"), np.bincount(homes, minlength=len(places))
    inside = np.zeros(len(people), dtype=bool)
    first = 0
    for n_here, wanted in zip(n_homes.tolist(), places.tolist(), strict=True):
        here = by_home[first : first + n_here]
        first += n_here
        if wanted >= n_here:
            inside[here] = True
        elif wanted > 0:
            own = times[here]
            last = np.partition(own, wanted - 1)[wanted - 1]
            inside[here[own < last]] = True
            level = here[own == last]
            inside[level[: wanted - np.count_nonzero(own < last)]] = True
    chosen: np.ndarray = people[inside]
    return chosen


@kernel
def _count_kinds(kinds: np.ndarray, district: np.ndarray, step: int, numbers: np.ndarray) -> None:
    """Add up who was seen of each kind in each district, one row in `step`, shape `(n_districts, n_kinds)`."""
    for s in range(kinds.shape[0]):
        numbers[district[s * step], kinds[s]] += step


@inline
def _in_question(numbers: np.ndarray, weights: np.ndarray, time: float) -> float:
    """Return how many people of a district are expected to finish a race by a time."""
    total = 0.0
    for k in range(weights.shape[0]):
        if weights[k] > 0.0:
            total -= numbers[k] * math.expm1(-time * weights[k])
    return total


@kernel
def _chances(numbers: np.ndarray, weights: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return how likely each kind of people in each district is to come into question: six standard deviations more of
    them than places, shape `(n_districts, n_kinds)`.
    """
    chance = np.zeros(numbers.shape)
    for d in range(places.shape[0]):
        if places[d] <= 0:
            continue
        wanted, low, high = places[d] + 6.0 * math.sqrt(places[d]) + 10.0, 0.0, 1.0
        short = numbers[d, weights > 0.0].sum() <= wanted
        while not short and _in_question(numbers[d], weights, high) < wanted and high < MOST_TIME:
            low, high = high, 2.0 * high
        for _ in range(16):  # the higher bound holds, so that a rough one costs only a few people more to look at
            middle = 0.5 * (low + high)
            if _in_question(numbers[d], weights, middle) < wanted:
                low = middle
            else:
                high = middle
        for k in range(weights.shape[0]):
            if weights[k] > 0.0:
                chance[d, k] = 1.0 if short else -math.expm1(-high * weights[k])
    return chance


def draw_people(
    kinds_of: KindsOf,
    district: np.ndarray,
    weights: np.ndarray,
    places: np.ndarray,
    draws: DrawsOfMonth,
    decision: str,
    codes: np.ndarray,
    kinds_of_code: np.ndarray,
) -> np.ndarray:
    """Return as many people of each district as it has places, or all in question, in order; shape `(n,)`.

    `kinds_of` gives rows a number each, 0 for those not in question; kind k is drawn in proportion to `weights[k]`. The
    first in a race are drawn, so that one place more is one person more, and a change of one person's weight moves that
    person and one other. Who may be among the first is guessed from one row in 32, and seen by the byte at the
    gate of the decision; where the guess is too low everyone is looked at, so that it decides nothing. The code of a
    person, shape `(n_workers,)`, tells which kinds they can be of, shape `(n_codes, n_kinds)`, and so whom to look at.
    """
    n_people, shape = len(district), (len(places), len(weights))
    step = STRIDE if n_people > FEW else 1
    sample = np.arange(0, n_people, step)
    numbers = np.zeros(shape)
    _count_kinds(kinds_of(sample), district, step, numbers)
    chance = _chances(numbers, weights, places)
    people, homes, times = _first(kinds_of, district, weights, chance, draws, decision, codes, kinds_of_code)
    if (np.bincount(homes, minlength=len(places)) < places).any():
        everyone = np.ones_like(chance) * (weights > 0) * (places > 0)[:, None]
        people, homes, times = _first(kinds_of, district, weights, everyone, draws, decision, codes, kinds_of_code)
    return _first_of_each(people, homes, times, places)


def _first(
    kinds_of: KindsOf,
    district: np.ndarray,
    weights: np.ndarray,
    chance: np.ndarray,
    draws: DrawsOfMonth,
    decision: str,
    codes: np.ndarray,
    kinds_of_code: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (people, districts, times) of those whose number is below the chance of their district and kind."""
    most = (kinds_of_code * chance.max(axis=0)).max(axis=1)
    rows, heads = draws.gate_by(decision, most, codes)
    times = np.empty(len(rows))
    n = _finish_early(rows, kinds_of(rows), district, weights, chance, heads, draws.key(decision), times)
    return rows[:n], district[rows[:n]], times[:n]
