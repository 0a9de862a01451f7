"""The chance that one replicate meets all targets, from what some replicates found, or from emulators of it.

Each target has a margin: how far its value lies on the right side, in the target's unit. Over replicates margins are
taken as normal, with the spread and the correlation that replicates show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, qmc

from labsim.experiment.emulator import Emulator, fitted

__all__ = ["Margins", "Surface", "chance_of", "score_of"]

Doubles = NDArray[np.float64]
_N_DRAWS = 1024
_FAR = 6.0  # standard deviations beyond which a joint chance is no measure of distance


@dataclass(frozen=True)
class Margins:
    """The margins of one dose: mean and standard deviation over replicates, `(n_targets,)`, and their correlation."""

    mean: Doubles
    sd: Doubles
    correlation: Doubles
    n: int

    @classmethod
    def of(cls, margins: Doubles) -> Margins:
        """Return the moments of margins, shape `(n_targets, n_replicates)`."""
        n_targets, n = margins.shape
        sd = margins.std(axis=1, ddof=1) if n > 1 else np.zeros(n_targets)
        scaled = np.divide(margins - margins.mean(axis=1, keepdims=True), sd[:, None], out=np.zeros_like(margins),
                           where=sd[:, None] > 0)  # fmt: skip
        correlation = scaled @ scaled.T / max(1, n - 1)
        np.fill_diagonal(correlation, 1.0)
        return cls(margins.mean(axis=1), sd, correlation, n)

    @property
    def chance(self) -> float:
        """Return the chance that a replicate meets all targets."""
        return float(chance_of(self.mean[None, :], self.sd[None, :], self.correlation)[0])

    @property
    def each(self) -> Doubles:
        """Return the chance of each target by itself, shape `(n_targets,)`."""
        return norm.cdf(_ratio(self.mean, self.sd))  # type: ignore[no-any-return]


def chance_of(mean: Doubles, sd: Doubles, correlation: Doubles) -> Doubles:
    """Return the chance that all margins are at least 0, shape `(n,)`, for means and deviations `(n, n_targets)`."""
    if mean.shape[1] == 1:
        return norm.cdf(_ratio(mean, sd)[:, 0])  # type: ignore[no-any-return]
    root = _root(correlation)
    unit = qmc.Sobol(mean.shape[1], rng=np.random.default_rng(1)).random(_N_DRAWS)
    draws = norm.ppf(np.clip(unit, 1e-9, 1 - 1e-9)) @ root.T
    met = np.ones((len(mean), _N_DRAWS), dtype=bool)
    for target in range(mean.shape[1]):
        met &= mean[:, target, None] + sd[:, target, None] * draws[None, :, target] >= 0.0
    found: Doubles = met.mean(axis=1)
    return found


def score_of(margins: Margins, chance: float) -> float:
    """Return how far a dose is beyond a wanted chance, in standard deviations of a replicate; below 0: too little."""
    weakest = float(_ratio(margins.mean, margins.sd).min())
    if len(margins.mean) > 1 and abs(weakest) < _FAR:
        # a joint chance of 0 or 1 is that of a finite number of draws
        weakest = float(norm.ppf(np.clip(margins.chance, 0.5 / _N_DRAWS, 1.0 - 0.5 / _N_DRAWS)))
    return weakest - float(norm.ppf(chance))


class Surface:
    """Emulators of every margin and of what is minimised, through the doses tried so far."""

    def __init__(self, unit: Doubles, found: Sequence[Margins], objective: Doubles) -> None:
        means = np.array([one.mean for one in found])
        self._means: list[Emulator] = [fitted(unit, column) for column in means.T]
        self._objective = fitted(unit, objective)
        self._sds = [_Spread(unit, column) for column in np.array([one.sd for one in found]).T]
        self.correlation = np.mean([one.correlation for one in found], axis=0)
        self.offset = np.zeros(means.shape[1])
        self.widened = np.ones(means.shape[1])

    def correct(self, unit: Doubles, fresh: Margins) -> None:
        """Shift the margins, and widen their spread, to what other replicates found at one point, shape `(1, n)`."""
        self.offset, self.widened = np.zeros(len(self.offset)), np.ones(len(self.widened))
        mean, _error, sd = self.margins(unit)
        self.offset = fresh.mean - mean[0]
        self.widened = np.divide(fresh.sd, sd[0], out=np.ones_like(fresh.sd), where=sd[0] > 0)

    def margins(self, unit: Doubles) -> tuple[Doubles, Doubles, Doubles]:
        """Return mean, its standard error and standard deviation of the margins at some points, `(n, n_targets)`."""
        found = [emulator(unit) for emulator in self._means]
        mean = np.stack([one[0] for one in found], axis=1) + self.offset
        sd = np.stack([plane(unit) for plane in self._sds], axis=1) * self.widened
        return mean, np.stack([one[1] for one in found], axis=1), sd

    def chance(self, unit: Doubles, errors: float = 0.0) -> Doubles:
        """Return the chance at some points; with `errors`, as if every mean were so many standard errors higher."""
        mean, error, sd = self.margins(unit)
        return chance_of(mean + errors * error, sd, self.correlation)

    def objective(self, unit: Doubles) -> Doubles:
        """Return what is minimised at some points, shape `(n,)`."""
        return self._objective(unit)[0]


class _Spread:
    """A plane through logarithms: a spread that changes slowly over the space, and is never below zero."""

    def __init__(self, unit: Doubles, sd: Doubles) -> None:
        known = sd > 0
        self._plane = np.zeros(unit.shape[1] + 1)
        self._is_zero = not known.any()
        if self._is_zero:
            return
        logs = np.log(sd[known])
        self._plane[0] = logs.mean()
        if known.sum() > 2 * (unit.shape[1] + 1):
            basis = np.hstack([np.ones((int(known.sum()), 1)), unit[known]])
            self._plane = np.linalg.lstsq(basis, logs, rcond=None)[0]

    def __call__(self, unit: Doubles) -> Doubles:
        if self._is_zero:
            return np.zeros(len(unit))
        basis = np.hstack([np.ones((len(unit), 1)), unit])
        found: Doubles = np.exp(basis @ self._plane)
        return found


def _ratio(mean: Doubles, sd: Doubles) -> Doubles:
    """Return means in standard deviations; without spread far on the side where the mean lies."""
    far = np.where(mean >= 0, 1e6, -1e6)
    return np.divide(mean, sd, out=far, where=sd > 0)


def _root(correlation: Doubles) -> Doubles:
    """Return a matrix whose product with its transpose is the correlation, also where that is not of full rank."""
    values, vectors = np.linalg.eigh(correlation)
    root: Doubles = vectors * np.sqrt(np.maximum(values, 0.0))
    return root
