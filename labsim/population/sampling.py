"""Keyed draws spread evenly over people, and rounding that keeps totals.

Rows that stand next to each other are people alike (same district, residence, sex, age). So a draw that is spread
evenly over neighbours keeps the margins almost exactly, while each single draw stays uniform: a Latin hypercube (McKay,
Beckman, Conover 1979).
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labsim.draws import key_of, uniforms

Doubles = NDArray[np.float64]
Longs = NDArray[np.int64]

_BLOCK = 256
_NORMAL_STEPS = 4096
_normal_table: list[Doubles] = []


def _even_steps() -> NDArray[np.uint16]:
    """Return the odd steps that spread short runs evenly: no term of the continued fraction of step / 256 above 4."""
    steps = []
    for step in range(1, _BLOCK, 2):
        a, b, largest = _BLOCK, step, 0
        while b:
            largest, a, b = max(largest, a // b), b, a % b
        if largest <= 4:
            steps.append(step)
    return np.array(steps, dtype=np.uint16)


_STEPS = _even_steps()


class Traits:
    """The keyed draws of one starting population."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def key(self, trait: str) -> np.uint64:
        """Return the key of a trait."""
        return key_of(self.seed, f"population/{trait}", 0)

    def one(self, trait: str) -> float:
        """Return a single number in (0, 1)."""
        return float(uniforms(self.key(trait), np.zeros(1, dtype=np.int64))[0])

    def each(self, trait: str, ids: NDArray[Any]) -> Doubles:
        """Return an independent number in (0, 1) for each id, shape `(n,)`."""
        return uniforms(self.key(trait), ids)

    def spread(self, trait: str, n: int) -> Doubles:
        """Return n numbers in (0, 1), one in each 256th of every 256 neighbours, nearly so over fewer, shape `(n,)`."""
        blocks = np.arange(-(-n // _BLOCK))
        bits = (uniforms(self.key(f"{trait}/block"), blocks) * 2.0**53).astype(np.uint64)[:, None]
        flip = ((bits >> np.uint64(10)) % np.uint64(_BLOCK)).astype(np.uint16)
        start = ((bits >> np.uint64(20)) % np.uint64(_BLOCK)).astype(np.uint16)
        step = _STEPS[((bits >> np.uint64(30)) % np.uint64(_STEPS.size)).astype(np.intp)]
        # an odd step walks through all places of a block, since the block's length is a power of two
        order = ((np.arange(_BLOCK, dtype=np.uint16) ^ flip) * step + start) & np.uint16(_BLOCK - 1)
        values = uniforms(self.key(trait), np.arange(n))
        values += order.ravel()[:n]
        values *= 1.0 / _BLOCK
        return values

    def normal(self, trait: str, n: int) -> Doubles:
        """Return n standard normal numbers spread over neighbours, in steps of 1/4096 of probability, shape `(n,)`."""
        if not _normal_table:
            law = NormalDist()
            _normal_table.append(np.array([law.inv_cdf((i + 0.5) / _NORMAL_STEPS) for i in range(_NORMAL_STEPS)]))
        values: Doubles = _normal_table[0][(self.spread(trait, n) * _NORMAL_STEPS).astype(np.int16)]
        return values


def counts_of(expected: Doubles, start: float) -> Longs:
    """Round expected counts so that every run of neighbouring cells keeps its sum to within one.

    `start` in (0, 1) is where the running sum begins; over all starts each count has its expectation.
    """
    edges = np.floor(np.cumsum(expected.ravel()) + start).astype(np.int64)
    return np.diff(edges, prepend=np.int64(0)).reshape(expected.shape)


def choose(cumulative: Doubles, cell: NDArray[Any], u: Doubles) -> NDArray[np.uint8]:
    """Return the option whose share of (0, 1) holds u, from cumulative shares of shape `(n_cells, n_options - 1)`."""
    chosen = np.zeros(u.size, dtype=np.uint8)
    for option in range(cumulative.shape[1]):
        chosen += u > np.ascontiguousarray(cumulative[:, option])[cell]
    return chosen


def choose_of_many(shares: Doubles, cell: NDArray[Any], u: Doubles) -> NDArray[np.intp]:
    """Return an option for each person by one binary search over all cells; shares `(n_cells, n_options)`."""
    n_cells, n_options = shares.shape
    edges = np.cumsum(shares, axis=1)
    edges /= edges[:, -1:]
    edges += np.arange(n_cells)[:, None]
    # a draw lies at least 2**-53 inside its cell, but adding the cell may round it up to the edge
    points = np.minimum(cell + u, np.nextafter(cell + 1.0, 0.0))
    found = np.searchsorted(edges.ravel(), points, side="right") - np.asarray(cell, dtype=np.int64) * n_options
    chosen: NDArray[np.intp] = np.minimum(found, n_options - 1)
    return chosen


def first_of_race(weights: Doubles, u: Doubles, n: int) -> NDArray[np.intp]:
    """Return the places of the n who finish first in a race with these weights, sorted (no one twice)."""
    able = np.flatnonzero(weights > 0)
    n = min(n, able.size)
    times = -np.log(u[able]) / weights[able]
    return np.sort(able[np.argpartition(times, n - 1)[:n]]) if n else able[:0]
