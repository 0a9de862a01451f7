"""Split the variance of an answer among parameters: Sobol' first-order and total indices (Sobol' 2001, Saltelli 2010).

S1 is the share of the variance that goes if a parameter becomes known; ST is the share that stays if all others
become known, its interactions included. Parameters are independent and each is equally likely anywhere in its range.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from labsim.experiment.screening import salib

__all__ = ["Indices", "indices_of", "saltelli_points", "sobol_indices"]

_Z = 1.959964
Function = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Indices:
    """Hold S1 and ST, each of shape `(n_groups,)`, with the half widths of their 95 % intervals (bootstrap)."""

    first: np.ndarray
    total: np.ndarray
    first_half: np.ndarray
    total_half: np.ndarray


def sobol_indices(
    function: Function, n_factors: int, base: int, seed: int, groups: Sequence[int] = (), resamples: int = 200
) -> Indices:
    """Return the indices of a function of points between 0 and 1, shape `(n, n_factors)` to `(n,)`.

    `base` is the number of base points, a power of two; `groups` gives each factor the number of its group (0, 1, ...),
    of which the indices then are. They need `base * (n_groups + 2)` values.
    """
    points = saltelli_points(n_factors, base, seed, groups)
    return indices_of(function(points), n_factors, seed, groups, resamples)


def saltelli_points(n_factors: int, base: int, seed: int, groups: Sequence[int] = ()) -> np.ndarray:
    """Return the points at which `indices_of` needs the answers, shape `(base * (n_groups + 2), n_factors)`.

    A single group explains everything: the base points alone show whether there is anything to explain.
    """
    if groups and len(set(groups)) == 1:
        return saltelli_points(n_factors, base, seed)[:: n_factors + 2]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: np.ndarray = salib("sample.sobol").sample(
            _problem(n_factors, groups), base, calc_second_order=False, seed=seed
        )
    return found


def indices_of(
    answers: np.ndarray, n_factors: int, seed: int, groups: Sequence[int] = (), resamples: int = 200
) -> Indices:
    """Return the indices of the answers at `saltelli_points`, shape `(n_points,)`."""
    n = len(set(groups)) if groups else n_factors
    if not np.ptp(answers) > 0:
        return Indices(*np.zeros((4, n)))
    if n == 1:
        return Indices(np.ones(1), np.ones(1), np.zeros(1), np.zeros(1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = salib("analyze.sobol").analyze(
            _problem(n_factors, groups), answers, calc_second_order=False, num_resamples=resamples, seed=seed
        )
    keys = ("S1", "ST", "S1_conf", "ST_conf")
    # SALib lists groups in the order in which their first members stand
    order = np.argsort(list(dict.fromkeys(groups))) if groups else np.arange(n)
    return Indices(*(np.asarray(found[key], dtype=float)[order] for key in keys))


def _problem(n_factors: int, groups: Sequence[int]) -> dict[str, object]:
    problem: dict[str, object] = {
        "num_vars": n_factors,
        "names": [f"x{place:04d}" for place in range(n_factors)],
        "bounds": [[0.0, 1.0]] * n_factors,
    }
    return problem | ({"groups": [f"g{group:04d}" for group in groups]} if groups else {})
