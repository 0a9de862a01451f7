"""The waves of a calibration: where each draws its points, what its runs say of the figures, and what they rule out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from labsim.evidence.history import Doubles, Wave, plausible, wave_of
from labsim.experiment.designs import Axis, latin_hypercube

__all__ = ["Sampled", "Sampling", "sampled"]

_BATCH, _MOST_CANDIDATES = 2048, 65536
_FEWEST = 20  # points that make a wave; a region that is found less often is too small to look into


@dataclass(frozen=True)
class Sampling:
    """Say how many points a wave has, how many waves there are, and how many parameters an emulator takes at most."""

    samples: int
    waves: int
    most: int
    seed: int
    limit: float


@dataclass(frozen=True)
class Sampled:
    """All points that were run, whole runs only.

    `points` has shape `(n, n_parameters)`, each between 0 and 1; `values` `(n, n_figures)`; `number` is the wave of
    each, from 0. `volumes` are the shares of the prior that the waves were drawn from, `sizes` their points, and
    `waves` what each taught. `left` is the share that no wave rules out, None where nothing is left of it.
    """

    points: Doubles
    values: Doubles
    number: NDArray[np.int64]
    sizes: tuple[int, ...]
    volumes: tuple[float, ...]
    waves: tuple[Wave, ...] = field(default=())
    left: float | None = 1.0

    def inside(self, observed: Doubles, variance: Doubles, limit: float) -> NDArray[np.bool_]:
        """Say for every point and wave whether it lies in the region the wave was drawn from, `(n, n_waves)`."""
        columns = [
            plausible(self.waves[:place], self.points, observed, variance, limit) for place in range(len(self.sizes))
        ]
        return np.stack(columns, axis=1)


def sampled(
    run: Callable[[int, Doubles], Doubles | None], n_parameters: int, observed: Doubles, variance: Doubles,
    how: Sampling,
) -> Sampled | None:  # fmt: skip
    """Run wave after wave, each in what those before it left; None where `run` was interrupted.

    `run(number, points)` returns the figures of the points of a wave, shape `(n_points, n_figures)`; those with a gap
    are left out. The first wave is a Latin hypercube over the whole prior.
    """
    parts: list[tuple[Doubles, Doubles]] = []
    volumes: list[float] = []
    waves: list[Wave] = []
    points = np.array(latin_hypercube([Axis(str(place)) for place in range(n_parameters)], how.samples, how.seed))
    left: float | None = 1.0
    for number in range(how.waves):
        values = run(number, points)
        if values is None:
            return None
        whole = np.isfinite(values).all(axis=1)
        parts.append((points[whole], values[whole]))
        volumes.append(1.0 if left is None else left)
        all_points, all_values = (np.concatenate([part[place] for part in parts]) for place in (0, 1))
        if len(all_points) < _FEWEST:
            left = None
            break
        waves.append(wave_of(all_points, all_values, how.most))
        points, left = _next(waves, n_parameters, observed, variance, how)
        if left is None:
            break
    number_of = np.repeat(np.arange(len(parts)), [len(part[0]) for part in parts])
    sizes = tuple(len(part[0]) for part in parts)
    return Sampled(
        np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts]), number_of, sizes,
        tuple(volumes), tuple(waves), left,
    )  # fmt: skip


def _next(
    waves: Sequence[Wave], n_parameters: int, observed: Doubles, variance: Doubles, how: Sampling
) -> tuple[Doubles, float | None]:
    """Return points of the region that is left, and the share of the prior it holds; None where it is not found."""
    generator = np.random.default_rng([how.seed, len(waves)])
    found: list[Doubles] = []
    n_found = n_tried = 0
    while n_found < how.samples and n_tried < _MOST_CANDIDATES:
        candidates = generator.random((_BATCH, n_parameters))
        kept = candidates[plausible(waves, candidates, observed, variance, how.limit)]
        found.append(kept)
        n_found += len(kept)
        n_tried += _BATCH
    share = n_found / n_tried
    return np.concatenate(found)[: how.samples], share if n_found >= _FEWEST else None
