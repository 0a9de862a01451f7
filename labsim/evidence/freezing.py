"""Split the variance of an answer between groups of parameters and luck, at as many parameters as there are.

Runs come in blocks. The first run of a block has a point and a seed; every other run keeps one group of parameters of
that point and takes all the rest, the seed too, from a second point. What two runs that share one group have in common
is the share of the variance that rests on this group alone (Sobol' 2001, Mathematics and Computers in Simulation
55:271; with the symmetrical estimator of Janon, Klein, Lagnoux, Nodet and Prieur 2014, ESAIM: Probability and
Statistics 18:342). What the first run and one that shares nothing with it seem to have in common is chance; it is taken
off in proportion to what else the other run holds. No emulator stands between, and the number of parameters does not
count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labsim.experiment.designs import Axis, sobol

__all__ = ["Blocks", "Frozen", "blocks", "frozen"]

RESAMPLES = 1000
_LEVELS = (0.025, 0.975)


@dataclass(frozen=True)
class Blocks:
    """The points of a design of blocks: `points` between 0 and 1, shape `(n_blocks, n_runs, n_factors)`.

    `luck` numbers the seed of each run, shape `(n_blocks, n_runs)`. Runs of a block are: the point itself; all its
    parameters with another seed; the second point; and, where there is more than one group, one run for each group that
    is kept.
    """

    points: np.ndarray
    luck: np.ndarray


@dataclass(frozen=True)
class Frozen:
    """Shares of the variance of one answer, each with a 95 % interval (bootstrap over blocks), shape `(3,)`.

    `groups`, shape `(n_groups, 3)`, and `together` are shares of the variance that is not luck: of each group alone,
    and of what groups do only together. `luck` is a share of the whole variance. All are NaN for an answer that does
    not vary. Estimates are not cut off at 0 and 1.
    """

    groups: np.ndarray
    together: np.ndarray
    luck: np.ndarray
    n_blocks: int


def blocks(groups: Sequence[int], n_blocks: int, seed: int) -> Blocks:
    """Return the design for factors of which `groups` gives the group (0, 1, ...) of each.

    A design of more blocks begins with that of fewer, so that runs are kept when blocks are added.
    """
    n = len(groups)
    axes = [Axis(f"x{place}") for place in range(2 * n)]
    both = np.array(sobol(axes, n_blocks, seed), dtype=float).reshape(n_blocks, 2, n)
    point, other = both[:, 0], both[:, 1]
    kept = [np.asarray(groups) == group for group in sorted(set(groups))]
    runs = [point, point, other] + ([np.where(mask, point, other) for mask in kept] if len(kept) > 1 else [])
    luck = 2 * np.arange(n_blocks)[:, None] + np.array([0] + [1] * (len(runs) - 1))
    return Blocks(np.stack(runs, axis=1), luck)


def frozen(answers: np.ndarray, seed: int) -> Frozen:
    """Return the shares of answers, shape `(n_blocks, n_runs)` as in `Blocks`; blocks with a missing run are left out.

    Raises ValueError for fewer than 8 whole blocks.
    """
    whole = answers[np.isfinite(answers).all(axis=1)]
    n = len(whole)
    if n < 8:
        raise ValueError(f"given {n} whole blocks; allowed 8 or more")
    n_groups = max(1, whole.shape[1] - 3)
    if not np.ptp(whole) > 0:
        nothing = np.full(3, np.nan)
        return Frozen(np.full((n_groups, 3), np.nan), nothing, nothing, n)
    scaled = (whole - whole.mean()) / whole.std()
    picks = np.random.default_rng(seed).integers(0, n, (RESAMPLES, n))
    value, resampled = _shares(scaled[None]), _shares(scaled[picks])
    bounds = np.nanquantile(resampled, _LEVELS, axis=0)
    found = np.stack([value[0], bounds[0], bounds[1]], axis=1)
    return Frozen(found[:n_groups], found[-2], found[-1], n)


def _shares(answers: np.ndarray) -> np.ndarray:
    """Return the shares of groups, together, luck, shape `(n_samples, n_groups + 2)`, of `(n_samples, n, n_runs)`."""
    first, second = answers[:, :, :1], answers[:, :, 2:3]
    known = _in_common(first, answers[:, :, 1:2])  # what all parameters decide together
    kept = answers[:, :, 3:]
    by_chance = _in_common(first, second) * np.clip(_in_common(second, kept), 0.0, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        alone = (_in_common(first, kept) - by_chance) / np.where(known > 0, known, np.nan)
    if not kept.shape[2]:
        alone = np.ones_like(known)
    return np.concatenate([alone, 1.0 - alone.sum(axis=1, keepdims=True), 1.0 - known], axis=1)


def _in_common(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the share of the variance that pairs have in common, shape `(n_samples, n_pairs)`."""
    mean = (one + other).mean(axis=1) / 2
    variance = (one**2 + other**2).mean(axis=1) / 2 - mean**2
    shared = (one * other).mean(axis=1) - mean**2
    with np.errstate(divide="ignore", invalid="ignore"):
        found: np.ndarray = np.where(variance > 0, shared / variance, np.nan)
    return found
