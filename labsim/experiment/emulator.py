"""A quick stand-in for many runs: a Gaussian process through the means of a number of points.

Rasmussen and Williams 2006, Gaussian Processes for Machine Learning, chapters 2 and 5: a linear trend by generalised
least squares, a Matern 5/2 kernel with a length for every axis, and noise of unknown size, by maximum likelihood.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

from labsim.experiment.one_core import on_one_core

__all__ = ["Emulator", "fitted"]

Doubles = NDArray[np.float64]
# lengths in units of the range; noise as a share of the variance about the trend
_LENGTHS, _NOISE = (0.05, 20.0), (1e-8, 1.0)
_START, _STEPS = 0.7, 60
_FLAT = 1e-12


@dataclass(frozen=True)
class Emulator:
    """A fitted process; points are in the unit cube, shape `(n, n_axes)`."""

    points: Doubles
    lengths: Doubles
    variance: float
    trend: Doubles
    weights: Doubles
    factor: Doubles
    shift: float
    scale: float

    @on_one_core
    def mean(self, where: Doubles) -> Doubles:
        """Return the mean alone at some points, shape `(n,)`: a small part of the work."""
        mean = _basis(where) @ self.trend
        if self.variance > 0.0:
            mean = mean + _kernel(where, self.points, self.lengths) @ self.weights
        found: Doubles = self.shift + self.scale * mean
        return found

    @property
    def widest(self) -> float:
        """Return the largest standard error that the mean can have anywhere."""
        return self.scale * math.sqrt(self.variance)

    @on_one_core
    def __call__(self, where: Doubles) -> tuple[Doubles, Doubles]:
        """Return the mean and its standard error at some points, each of shape `(n,)`."""
        mean = _basis(where) @ self.trend
        if self.variance == 0.0:
            return self.shift + self.scale * mean, np.zeros(len(where))
        cross = _kernel(where, self.points, self.lengths)
        mean = mean + cross @ self.weights
        left = self.variance * (1.0 - np.einsum("ij,ji->i", cross, cho_solve((self.factor, True), cross.T)))
        return self.shift + self.scale * mean, self.scale * np.sqrt(np.maximum(left, 0.0))


@on_one_core
def fitted(points: Doubles, values: Doubles, most_steps: int = _STEPS) -> Emulator:
    """Fit values, shape `(n,)`, at points of the unit cube, shape `(n, n_axes)`; the same input gives the same fit."""
    n, n_axes = points.shape
    shift, scale = float(values.mean()), float(values.std())
    if scale <= _FLAT * max(1.0, abs(shift)):
        flat = np.zeros(n_axes + 1)
        return Emulator(points, np.ones(n_axes), 0.0, flat, np.zeros(n), np.eye(n), shift, 1.0)
    scaled = (values - shift) / scale
    bounds = [(math.log(low), math.log(high)) for low, high in [_LENGTHS] * n_axes + [_NOISE]]
    start = np.log([_START] * n_axes + [1e-4])
    how = {"maxiter": most_steps}
    found = minimize(_misfit, start, args=(points, scaled), method="L-BFGS-B", bounds=bounds, options=how)
    lengths, noise = np.exp(found.x[:-1]), float(np.exp(found.x[-1]))
    factor, trend, weights, variance = _solved(points, scaled, lengths, noise)
    return Emulator(points, lengths, variance, trend, weights, factor, shift, scale)


def _misfit(logs: Doubles, points: Doubles, values: Doubles) -> float:
    """Return minus the logarithm of the likelihood, the trend and the variance at their best values."""
    factor, _trend, _weights, variance = _solved(points, values, np.exp(logs[:-1]), float(np.exp(logs[-1])))
    n = len(values)
    return 0.5 * n * math.log(max(variance, 1e-300)) + float(np.log(np.diag(factor)).sum())


def _solved(
    points: Doubles, values: Doubles, lengths: Doubles, noise: float
) -> tuple[Doubles, Doubles, Doubles, float]:
    """Return the Cholesky factor, the trend, the weights of the kernel and the variance for given lengths and noise."""
    n = len(values)
    covariance = _kernel(points, points, lengths) + (noise + 1e-9) * np.eye(n)
    factor = cho_factor(covariance, lower=True)
    basis = _basis(points)
    inside = basis.T @ cho_solve(factor, basis)
    trend = np.linalg.lstsq(inside, basis.T @ cho_solve(factor, values), rcond=None)[0]
    rest = values - basis @ trend
    weights = cho_solve(factor, rest)
    return np.tril(factor[0]), trend, weights, float(rest @ weights) / n


def _basis(points: Doubles) -> Doubles:
    return np.hstack([np.ones((len(points), 1)), points - 0.5])


def _kernel(one: Doubles, other: Doubles, lengths: Doubles) -> Doubles:
    """Return the Matern 5/2 correlation between two sets of points."""
    apart = (one[:, None, :] - other[None, :, :]) / lengths
    distance = np.sqrt(5.0) * np.sqrt((apart**2).sum(axis=2))
    value: Doubles = (1.0 + distance + distance**2 / 3.0) * np.exp(-distance)
    return value
