"""Find the conditions under which something happens: boxes in the space of parameters (PRIM; Friedman and Fisher 1999).

The box begins as everything; a thin slice at one end of one parameter is peeled off again and again, always the one
whose loss leaves the box densest in cases; then slices are pasted back as long as that does not thin it out. Each
limit is judged by its quasi-p-value (Bryant and Lempert 2010, Technological Forecasting and Social Change 77:34): the
chance to find so many cases in the box if that limit selected nothing. "Quasi", since the limits were chosen by the
same data; a limit stays only if it is below 5 % over the number of parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

__all__ = ["Box", "Limit", "find_box"]

_PEEL, _LEAST, _LEVEL = 0.05, 0.05, 0.05


@dataclass(frozen=True)
class Limit:
    """Bound one parameter: `low` and `high` are None where the box is open; `p` is the quasi-p-value of the limit."""

    name: str
    low: float | None
    high: float | None
    p: float


@dataclass(frozen=True)
class Box:
    """Describe a box: `coverage` is the share of all cases that lie in it, `density` the share of cases among what
    lies in it, `mass` the share of all points in it; `n` points and `n_cases` cases were searched.

    Without limits no condition was told from chance, and the box is everything.
    """

    limits: tuple[Limit, ...]
    coverage: float
    density: float
    mass: float
    n: int
    n_cases: int

    def holds(self, name: str, values: np.ndarray) -> np.ndarray:
        """Say of each value of a parameter whether the box admits it."""
        inside = np.ones(len(values), dtype=bool)
        for limit in self.limits:
            if limit.name == name:
                inside = _between(values, limit.low, limit.high)
        return inside


Bounds = dict[int, tuple[float | None, float | None]]


def find_box(points: np.ndarray, cases: np.ndarray, names: Sequence[str]) -> Box:
    """Return the box that holds most cases and little else (the greatest harmonic mean of coverage and density).

    `points` has shape `(n, n_parameters)`, `cases` `(n,)` says where it happens. No box is smaller than 5 % of all
    points. What happens nowhere or everywhere has no box.
    """
    cases = cases.astype(bool)
    if cases.all() or not cases.any():
        return _described({}, points, cases, names)
    best, bounds = Bounds(), Bounds()
    while True:
        bounds = _peeled(points, cases, bounds)
        if not bounds:
            break
        if _merit(points, cases, bounds) > _merit(points, cases, best):
            best = dict(bounds)
        if _inside(points, bounds).sum() * (1 - _PEEL) < _LEAST * len(points) or cases[_inside(points, bounds)].all():
            break
    return _described(_kept(points, cases, _pasted(points, cases, best)), points, cases, names)


def _peeled(points: np.ndarray, cases: np.ndarray, bounds: Bounds) -> Bounds:
    """Return the bounds without the slice whose loss leaves the box densest; none if every slice is all of it."""
    inside = _inside(points, bounds)
    best, least = Bounds(), (-1.0, 0)
    for place in range(points.shape[1]):
        values = points[inside, place]
        low, high = bounds.get(place, (None, None))
        for tried in _slices(values, low, high):
            stays = _between(values, *tried)
            if not 0 < stays.sum() < len(values):
                continue
            density = (float(cases[inside][stays].mean()), int(stays.sum()))
            if density > least:
                best, least = {**bounds, place: tried}, density
    return best


def _slices(values: np.ndarray, low: float | None, high: float | None) -> list[tuple[float | None, float | None]]:
    """Return the bounds of one parameter after a slice is peeled off its lower or its upper end.

    A limit lies half way between the last point that goes and the first that stays.
    """
    ordered = np.unique(values)
    if len(ordered) < 2:
        return []
    up = int(np.clip(np.searchsorted(ordered, np.quantile(values, _PEEL), "right"), 1, len(ordered) - 1))
    down = int(np.clip(np.searchsorted(ordered, np.quantile(values, 1 - _PEEL), "left"), 1, len(ordered) - 1))
    return [(float(ordered[up - 1 : up + 1].mean()), high), (low, float(ordered[down - 1 : down + 1].mean()))]


def _pasted(points: np.ndarray, cases: np.ndarray, bounds: Bounds) -> Bounds:
    """Push limits outwards as long as the box gains in merit."""
    better = True
    while better:
        better = False
        for place, (low, high) in list(bounds.items()):
            for tried in _wider(points, bounds, place, low, high):
                if _merit(points, cases, tried) > _merit(points, cases, bounds):
                    bounds, better = tried, True
    return bounds


def _wider(points: np.ndarray, bounds: Bounds, place: int, low: float | None, high: float | None) -> list[Bounds]:
    """Return the bounds with one limit moved out by a slice of what lies in the box, or dropped at the end."""
    others = {one: limits for one, limits in bounds.items() if one != place}
    values = np.unique(points[_inside(points, others), place])
    step = max(1, round(_PEEL * int(_inside(points, bounds).sum())))
    found = []
    if low is not None:
        below = int(np.searchsorted(values, low)) - step
        found.append({**others, place: (float(values[below - 1 : below + 1].mean()) if below > 0 else None, high)})
    if high is not None:
        above = int(np.searchsorted(values, high)) + step
        wider = float(values[above - 1 : above + 1].mean()) if above < len(values) else None
        found.append({**others, place: (low, wider)})
    return [{one: limits for one, limits in each.items() if limits != (None, None)} for each in found]


def _kept(points: np.ndarray, cases: np.ndarray, bounds: Bounds) -> Bounds:
    """Drop limits that are not told from chance, the least sure first."""
    while bounds:
        chances = {place: _chance(points, cases, bounds, place) for place in bounds}
        worst = max(chances, key=lambda place: chances[place])
        if chances[worst] <= _LEVEL / points.shape[1]:
            break
        bounds = {place: limits for place, limits in bounds.items() if place != worst}
    return bounds


def _chance(points: np.ndarray, cases: np.ndarray, bounds: Bounds, place: int) -> float:
    without = {one: limits for one, limits in bounds.items() if one != place}
    share = cases[_inside(points, without)].mean()
    inside = cases[_inside(points, bounds)]
    return float(stats.binom.sf(inside.sum() - 1, len(inside), share))


def _merit(points: np.ndarray, cases: np.ndarray, bounds: Bounds) -> float:
    """Return the harmonic mean of coverage and density."""
    inside = _inside(points, bounds)
    return float(2 * cases[inside].sum() / (cases.sum() + inside.sum()))


def _inside(points: np.ndarray, bounds: Bounds) -> np.ndarray:
    found = np.ones(len(points), dtype=bool)
    for place, (low, high) in bounds.items():
        found &= _between(points[:, place], low, high)
    return found


def _between(values: np.ndarray, low: float | None, high: float | None) -> np.ndarray:
    found: np.ndarray = (values >= (-np.inf if low is None else low)) & (values <= (np.inf if high is None else high))
    return found


def _described(bounds: Bounds, points: np.ndarray, cases: np.ndarray, names: Sequence[str]) -> Box:
    limits = tuple(
        Limit(names[place], low, high, _chance(points, cases, bounds, place)) for place, (low, high) in bounds.items()
    )
    inside, n_cases = _inside(points, bounds), int(cases.sum())
    return Box(
        tuple(sorted(limits, key=lambda limit: limit.p)), float(cases[inside].sum() / max(1, n_cases)),
        float(cases[inside].mean()), float(inside.mean()), len(cases), n_cases,
    )  # fmt: skip
