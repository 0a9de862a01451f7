"""Draw people in proportion to weights, exactly as many as there are places in each district."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from labsim.compiled import kernel
from labsim.draws import DrawsOfMonth, gated

KindsOf = Callable[[np.ndarray], np.ndarray]
STRIDE, FEW = 16, 20_000
UNIT_8 = 1.0 / 256.0


@kernel
def _finish_early(
    rows: np.ndarray,
    kinds: np.ndarray,
    district: np.ndarray,
    weights: np.ndarray,
    chance: np.ndarray,
    gate: np.ndarray,
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
            if gate[i] * UNIT_8 < most:  # the head of the number alone rules most out
                u = gated(gate[i], key, i)
                if u < most:
                    rows[n] = i
                    times[n] = -math.log1p(-u) / weights[k]
                    n += 1
    return n


@kernel
def _first_of_each(people: np.ndarray, homes: np.ndarray, times: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return those who are first in the race of their district, as many as it has places, in order; of equal times the
    first row counts.
    """
    begin = np.zeros(places.shape[0] + 1, dtype=np.int64)
    for home in homes:
        begin[home + 1] += 1
    begin = np.cumsum(begin)
    place, of_district = begin[:-1].copy(), np.empty(times.shape[0])
    for s in range(times.shape[0]):
        of_district[place[homes[s]]] = times[s]
        place[homes[s]] += 1
    # the time of the last one who is drawn, and how many of those with just this time are
    last, ties = np.full(places.shape[0], np.inf), np.zeros(places.shape[0], dtype=np.int64)
    for d in range(places.shape[0]):
        here = of_district[begin[d] : begin[d + 1]]
        if places[d] == 0:
            last[d] = -1.0
        elif places[d] < here.shape[0]:
            last[d] = np.partition(here, places[d] - 1)[places[d] - 1]
            ties[d] = places[d] - (here < last[d]).sum()
    chosen, n = np.empty_like(people), 0
    for s in range(people.shape[0]):
        home, time = homes[s], times[s]
        if time == last[home]:
            ties[home] -= 1
        if time < last[home] or (time == last[home] and ties[home] >= 0):
            chosen[n] = people[s]
            n += 1
    return chosen[:n]


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
    for _ in range(16):  # the higher bound holds, so that a rough one costs only a few people more to look at
        middle = 0.5 * (low + high)
        enough = (open_ * -np.expm1(-middle[:, None] * weights)).sum(axis=1) >= wanted
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    chance: np.ndarray = np.where(short[:, None], 1.0, -np.expm1(-high[:, None] * weights))
    chance[:, weights <= 0] = 0.0
    chance[places <= 0] = 0.0
    return chance


def draw_people(
    kinds_of: KindsOf,
    district: np.ndarray,
    weights: np.ndarray,
    places: np.ndarray,
    draws: DrawsOfMonth,
    decision: str,
) -> np.ndarray:
    """Return as many people of each district as it has places, or all in question, in order; shape `(n,)`.

    `kinds_of` gives rows a number each, 0 for those not in question; kind k is drawn in proportion to `weights[k]`. The
    first in a race are drawn, so that one place more is one person more, and a change of one person's weight moves that
    person and one other. Who may be among the first is guessed from one row in sixteen, and seen by the byte at the
    gate of the decision; where the guess is too low everyone is looked at, so that it decides nothing.
    """
    n_people, shape = len(district), (len(places), len(weights))
    step = STRIDE if n_people > FEW else 1
    sample = np.arange(0, n_people, step)
    cells = district[sample].astype(np.int64) * shape[1] + kinds_of(sample)
    numbers = step * np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)
    chance = _chances(numbers, weights, places)
    people, times = _first(kinds_of, district, weights, chance, draws, decision)
    if (np.bincount(district[people], minlength=len(places)) < places).any():
        everyone = np.ones_like(chance) * (weights > 0) * (places > 0)[:, None]
        people, times = _first(kinds_of, district, weights, everyone, draws, decision)
    chosen: np.ndarray = _first_of_each(people, district[people], times, places)
    return chosen


def _first(
    kinds_of: KindsOf,
    district: np.ndarray,
    weights: np.ndarray,
    chance: np.ndarray,
    draws: DrawsOfMonth,
    decision: str,
) -> tuple[np.ndarray, np.ndarray]:
    """Return (people, times) of those whose number is below the chance of their district and kind."""
    rows, gate = draws.gate(decision, float(chance.max()), len(district))
    times = np.empty(len(rows))
    n = _finish_early(rows, kinds_of(rows), district, weights, chance, gate, draws.key(decision), times)
    return rows[:n], times[:n]
