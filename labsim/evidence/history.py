"""Rule out where the model cannot match what was observed: emulators of every figure, and how implausible a point is.

Craig and others 1997; Vernon, Goldstein and Bower 2010, Bayesian Analysis 5:619. Points are in the unit cube of the
priors. Only the parameters that show in a figure enter its emulator; what the others do is part of the noise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve
from scipy.stats import f as f_distribution

from labsim.experiment.emulator import Emulator, fitted
from labsim.experiment.one_core import on_one_core

__all__ = ["Wave", "active_parameters", "noise_variance", "plausible", "wave_of"]

Doubles = NDArray[np.float64]
Mask = NDArray[np.bool_]
_LEVEL = 0.05
_STEPS = 20  # of the search for an emulator's lengths: most of the likelihood is found in ten


@dataclass(frozen=True)
class Wave:
    """What the runs of a wave and those before it taught: an emulator and the noise [variance] of each figure.

    `active` are the places of the parameters that the emulator of each figure takes.
    """

    active: tuple[tuple[int, ...], ...]
    emulators: tuple[Emulator, ...]
    noise: Doubles

    def implausibility(self, points: Doubles, observed: Doubles, variance: Doubles) -> Doubles:
        """Return how many standard deviations each figure lies from what is emulated, shape `(n, n_figures)`.

        `variance` is that of figure and discrepancy, shape `(n_figures,)`; to it come the emulator's and the noise.
        """
        columns = []
        for place, (active, emulator) in enumerate(zip(self.active, self.emulators, strict=True)):
            mean, error = emulator(points[:, list(active)])
            own = error**2 + self.noise[place] + variance[place]
            columns.append(np.abs(mean - observed[place]) / np.sqrt(own))
        return np.stack(columns, axis=1)

    def least(self, points: Doubles, observed: Doubles, variance: Doubles) -> Doubles:
        """Return bounds below `implausibility`, with the largest error that an emulator can have: quicker by far."""
        columns = []
        for place, (active, emulator) in enumerate(zip(self.active, self.emulators, strict=True)):
            own = emulator.widest**2 + self.noise[place] + variance[place]
            columns.append(np.abs(emulator.mean(points[:, list(active)]) - observed[place]) / math.sqrt(own))
        return np.stack(columns, axis=1)


@on_one_core
def wave_of(points: Doubles, values: Doubles, most: int) -> Wave:
    """Fit the emulators of a wave, each to at most `most` parameters.

    Points have shape `(n, n_parameters)` and values `(n, n_figures)`, without gaps.
    """
    active = tuple(active_parameters(points, column, most) for column in values.T)
    emulators = tuple(
        fitted(points[:, list(chosen)], column, most_steps=_STEPS)
        for chosen, column in zip(active, values.T, strict=True)
    )
    noise = np.array([noise_variance(one, column) for one, column in zip(emulators, values.T, strict=True)])
    return Wave(active, emulators, noise)


def plausible(waves: Sequence[Wave], points: Doubles, observed: Doubles, variance: Doubles, limit: float) -> Mask:
    """Say which points no wave rules out, shape `(n,)`.

    A point is ruled out by its second most implausible figure, one bad figure being as likely the figure's fault; with
    two figures or fewer by the worst.
    """
    kept = np.ones(len(points), dtype=bool)
    for wave in waves:
        for judge in (wave.least, wave.implausibility):
            left = np.flatnonzero(kept)
            if not len(left):
                return kept
            apart = np.sort(judge(points[left], observed, variance), axis=1)
            decisive = apart[:, -2] if apart.shape[1] > 2 else apart[:, -1]
            kept[left[decisive > limit]] = False
    return kept


def noise_variance(emulator: Emulator, values: Doubles) -> float:
    """Return the mean squared error of an emulator at points left out one at a time: luck and all it does not see.

    The closed form of Dubrule 1983, Mathematical Geology 15:687, the trend and lengths held.
    """
    if emulator.variance == 0.0:
        return float(values.var())
    n = len(values)
    diagonal = np.diag(cho_solve((emulator.factor, True), np.eye(n)))
    left_out = emulator.scale * emulator.weights / diagonal
    return float((left_out**2).mean())


def active_parameters(points: Doubles, values: Doubles, most: int) -> tuple[int, ...]:
    """Return the places of the parameters that show in a figure, shape `(n,)`, at most `most`, in their order.

    Forward selection: the parameter most correlated with what the others leave over comes in as long as it explains
    more than luck would, all parameters taken together (Bonferroni). Where none does, the first stands for all: an
    emulator of one that does nothing is flat and rules nothing out.
    """
    n, n_parameters = points.shape
    rest = values - values.mean()
    if not rest.any():
        return (0,)
    basis = np.ones((n, 1))
    chosen: list[int] = []
    others = points - points.mean(axis=0)
    while len(chosen) < min(most, n - 3):
        norms = np.sqrt((others**2).sum(axis=0))
        shown = np.abs(others.T @ rest) / np.where(norms > 1e-9, norms, np.inf)
        place = int(shown.argmax())
        gain = float(shown[place] ** 2)
        left = float(rest @ rest)
        free = n - basis.shape[1] - 1
        ratio = gain / max(1e-300, (left - gain) / free)
        if f_distribution.sf(ratio, 1, free) * n_parameters > _LEVEL:
            break
        chosen.append(place)
        basis = np.hstack([basis, points[:, [place]]])
        q = np.linalg.qr(basis)[0]
        rest = values - q @ (q.T @ values)
        others = points - q @ (q.T @ points)
    return tuple(sorted(chosen)) or (0,)
