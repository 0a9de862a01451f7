"""Share a total out among players: Shapley values, interactions of pairs, and what each adds alone or last.

A coalition is a whole number whose bit i says that player i is in it. `worths[..., coalition]` is what each is worth.
"""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

__all__ = ["alone", "interactions", "last", "shapley_values"]

Worths = NDArray[np.float64]


def shapley_values(worths: Worths) -> Worths:
    """Return each player's share, shape `(..., n)`, of worths of shape `(..., 2**n)` (Shapley 1953).

    The mean over all orders of joining of what the player adds; the shares sum to the worth of all less that of none.
    """
    n = _players(worths)
    shares = np.zeros((*worths.shape[:-1], n))
    for player in range(n):
        bit = 1 << player
        for without in range(1 << n):
            if not without & bit:
                size = without.bit_count()
                weight = factorial(size) * factorial(n - size - 1) / factorial(n)
                shares[..., player] += weight * (worths[..., without | bit] - worths[..., without])
    return shares


def interactions(worths: Worths) -> dict[tuple[int, int], Worths]:
    """Return the Shapley interaction index of each pair, shape `(...,)` (Grabisch and Roubens 1999).

    The mean, over what others are there, of what two add together beyond the sum of what each adds by itself.
    """
    n = _players(worths)
    found = {}
    for one, two in combinations(range(n), 2):
        a, b = 1 << one, 1 << two
        index = np.zeros(worths.shape[:-1])
        for others in range(1 << n):
            if not others & (a | b):
                size = others.bit_count()
                weight = factorial(size) * factorial(n - size - 2) / factorial(n - 1)
                both, neither = worths[..., others | a | b], worths[..., others]
                index += weight * (both - worths[..., others | a] - worths[..., others | b] + neither)
        found[one, two] = index
    return found


def alone(worths: Worths) -> Worths:
    """Return what each player adds when nobody else is there, shape `(..., n)`."""
    n = _players(worths)
    return np.stack([worths[..., 1 << player] - worths[..., 0] for player in range(n)], axis=-1)


def last(worths: Worths) -> Worths:
    """Return what each player adds when all others are there, shape `(..., n)`."""
    n = _players(worths)
    everyone = (1 << n) - 1
    return np.stack([worths[..., everyone] - worths[..., everyone ^ (1 << player)] for player in range(n)], axis=-1)


def _players(worths: Worths) -> int:
    n = int(worths.shape[-1]).bit_length() - 1
    if n < 1 or worths.shape[-1] != 1 << n:
        raise ValueError(f"given {worths.shape[-1]} coalitions; allowed 2, 4, 8, ...: all of n players")
    return n
