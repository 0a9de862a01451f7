"""Weigh runs by how well they match what was observed: approximate Bayesian computation on runs, not on an emulator.

The kernel is the density of the observed figures about what a run says, with the error of figure and discrepancy; with
this kernel the weights are those of the exact posterior of a model that has such errors (Wilkinson 2013, Statistical
Applications in Genetics and Molecular Biology 12:129). Points were drawn from several regions; each is weighed by the
prior over the density of all waves together (Owen and Zhou 2000, JASA 95:135).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from labsim.draws import key_of, uniforms

__all__ = ["density_of_waves", "effective_size", "quantiles", "resampled", "squared_misfits", "weights_of"]

Doubles = NDArray[np.float64]
Numbers = NDArray[np.int64]
_DECISION = "posterior: resampling"


def squared_misfits(values: Doubles, observed: Doubles, variance: Doubles, shares: Doubles) -> Doubles:
    """Return the squared standardised misfit of each figure, shape `(n_runs, n_figures)`, times its weight `shares`."""
    found: Doubles = (values - observed) ** 2 / variance * shares
    return found


def density_of_waves(inside: NDArray[np.bool_], sizes: Sequence[int], volumes: Sequence[float]) -> Doubles:
    """Return the density of all waves together at each point, relative to the prior, shape `(n,)`.

    `inside` says for every point and wave, shape `(n, n_waves)`, whether it lies in the region that the wave was drawn
    from; `sizes` are the numbers of points and `volumes` the shares of the prior that the regions hold.
    """
    total = float(sum(sizes))
    densities = [size / total / volume for size, volume in zip(sizes, volumes, strict=True)]
    found: Doubles = inside.astype(np.float64) @ np.array(densities)
    return found


def weights_of(misfits: Doubles, density: Doubles) -> Doubles:
    """Return weights that add up to one, shape `(n_runs,)`; `misfits` is summed over figures."""
    logs = -0.5 * misfits.sum(axis=1) - np.log(density)
    raw = np.exp(logs - logs.max())
    found: Doubles = raw / raw.sum()
    return found


def effective_size(weights: Doubles) -> float:
    """Return how many equally weighted draws are worth as much (Kish 1965)."""
    return float(1.0 / (weights**2).sum())


def resampled(weights: Doubles, n: int, seed: int) -> Numbers:
    """Return the places of `n` draws of equal weight, in order: systematic resampling, keyed by the seed."""
    first = float(uniforms(key_of(seed, _DECISION, 0), np.array([0]))[0])
    reached = np.cumsum(weights)
    found: Numbers = np.searchsorted(reached / reached[-1], (np.arange(n) + first) / n, side="right")
    return np.minimum(found, len(weights) - 1)


def quantiles(values: Doubles, weights: Doubles, shares: Sequence[float]) -> Doubles:
    """Return weighted quantiles of some values, shape `(n_shares,)`: the least value that reaches each share."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    places = np.searchsorted(reached / reached[-1], shares, side="left")
    found: Doubles = values[order][np.minimum(places, len(values) - 1)]
    return found
