"""Screen many parameters with few runs: elementary effects along random trajectories.

Morris 1991, Technometrics 33:161; mu* after Campolongo, Cariboni and Saltelli 2007, Env. Modelling & Software 22:1509.

A trajectory starts at a random point of the ranges and moves one parameter after the other by two thirds of its range
(on four levels); an elementary effect is the change of the answer for each whole range. All points of a trajectory
share their seeds, so that luck cancels as far as it can; what is left of it shows in the spread between replicates.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from labsim.errors import RunError
from labsim.text import _

__all__ = ["elementary_effects", "salib", "screen", "tied_ranks", "told_apart", "trajectories"]

LEVELS = 4
_RESAMPLES, _LEVEL, _Z = 1000, 0.05, 1.959964


def salib(module: str) -> Any:
    """Return a module of SALib. Raises RunError with the command that installs it."""
    try:
        return import_module(f"SALib.{module}")
    except ImportError as error:
        raise RunError(_("SALib is not installed: pip install 'labsim[experiments]'")) from error


def trajectories(n_factors: int, n: int, seed: int) -> np.ndarray:
    """Return the points of `n` trajectories, shape `(n * (n_factors + 1), n_factors)`, each between 0 and 1."""
    problem = {"num_vars": n_factors, "names": list(map(str, range(n_factors))), "bounds": [[0.0, 1.0]] * n_factors}
    found: np.ndarray = salib("sample.morris").sample(problem, n, num_levels=LEVELS, seed=seed)
    return found


def elementary_effects(points: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Return the change of the answer for each whole range, shape `(n_trajectories, n_factors, n_replicates)`.

    `points` has shape `(n_points, n_factors)`, `answers` `(n_points, n_replicates)`. Trajectories with an answer
    that is missing (NaN) are left out.
    """
    n_factors = points.shape[1]
    steps = points.reshape(-1, n_factors + 1, n_factors)
    values = answers.reshape(-1, n_factors + 1, answers.shape[1])
    moved = np.diff(steps, axis=1)
    which = np.abs(moved).argmax(axis=2)
    size = np.take_along_axis(moved, which[:, :, None], axis=2)
    effects = np.empty((len(steps), n_factors, answers.shape[1]))
    np.put_along_axis(effects, which[:, :, None], np.diff(values, axis=1) / size, axis=1)
    whole: np.ndarray = effects[np.isfinite(effects).all(axis=(1, 2))]
    return whole


def screen(effects: np.ndarray, seed: int = 1) -> pd.DataFrame:
    """Return one row a parameter: mu_star with its 95 % interval, mu, sigma, noise_share, p, beyond_noise and rank.

    `effects` has shape `(n_trajectories, n_factors, n_replicates)`. `noise_share` is the part of the mean squared
    effect that is luck; `square` is what is left of that mean. `p` tests that there is no effect, by squared effects
    beside the spread between replicates; `beyond_noise` holds at a false discovery rate of 5 % (Benjamini and Hochberg
    1995) over all parameters. Parameters share a rank where their mu_star are not told apart. At least two replicates.
    """
    n, _n_factors, n_replicates = effects.shape
    mean = effects.mean(axis=2)
    luck = effects.var(axis=2, ddof=1).mean(axis=0) / n_replicates
    square = (mean**2).mean(axis=0)
    generator = np.random.default_rng(seed)
    resampled = np.abs(mean)[generator.integers(0, n, (_RESAMPLES, n))].mean(axis=1)
    low, high = np.quantile(resampled, [0.025, 0.975], axis=0)
    p = _chance_of_luck(effects)
    mu_star = np.abs(mean).mean(axis=0)
    beyond = told_apart(p)
    ranks = tied_ranks(np.where(beyond, mu_star, 0.0), np.where(beyond, resampled - mu_star, 0.0))
    return pd.DataFrame({
        "mu_star": mu_star, "low": low, "high": high, "mu": mean.mean(axis=0),
        "sigma": mean.std(axis=0, ddof=1) if n > 1 else np.nan,
        "square": np.maximum(0.0, square - luck),
        "noise_share": np.divide(luck, square, out=np.zeros_like(square), where=square > 0).clip(0.0, 1.0),
        "p": p, "beyond_noise": beyond, "rank": np.where(beyond, ranks, beyond.sum() + 1),
    })  # fmt: skip


def _chance_of_luck(effects: np.ndarray) -> np.ndarray:
    """Return for each parameter how often luck alone makes squared effects as large beside the spread of replicates.

    A ratio of variances whose degrees of freedom are those of a sum of unequal variances (Satterthwaite 1946), since
    luck may be large along few trajectories. Taken from the estimated variances they are too few where luck is alike
    along all (a third of them with two replicates): the test then misses small effects rather than finding luck.
    """
    n_replicates = effects.shape[2]
    free = n_replicates - 1
    luck = effects.var(axis=2, ddof=1)
    squares = n_replicates * (effects.mean(axis=2) ** 2).sum(axis=0)
    total = luck.sum(axis=0)
    safe = np.where(total > 0, total, 1.0)
    n_free = np.where(total > 0, safe**2 / np.where(total > 0, (luck**2).sum(axis=0), 1.0), 1.0)
    found: np.ndarray = stats.f.sf(squares / safe, n_free, n_free * free)
    return np.where(total > 0, found, np.where(squares > 0, 0.0, 1.0))


def told_apart(p: np.ndarray) -> np.ndarray:
    """Say which of several tests hold at a false discovery rate of 5 % (Benjamini and Hochberg 1995)."""
    order = np.argsort(p, kind="stable")
    passed = p[order] <= _LEVEL * np.arange(1, len(p) + 1) / len(p)
    last = int(np.flatnonzero(passed).max()) + 1 if passed.any() else 0
    found = np.zeros(len(p), dtype=bool)
    found[order[:last]] = True
    return found


def tied_ranks(estimates: np.ndarray, deviations: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """Return ranks (1 is the largest); those that are not told apart from the first of their rank share it.

    `deviations` has shape `(n_resamples, n)`; `scale` turns the mean square of a difference of two of its columns into
    the variance of the difference of their estimates.
    """
    order = np.argsort(-estimates, kind="stable")
    ranks = np.ones(len(estimates), dtype=int)
    first = 0
    for place in range(1, len(order)):
        one, other = order[first], order[place]
        error = np.sqrt(scale * ((deviations[:, one] - deviations[:, other]) ** 2).mean())
        if estimates[one] - estimates[other] > _Z * error:
            first = place
        ranks[other] = first + 1
    return ranks
