"""Look for the cheapest dose that is likely enough to meet all targets: by bisection, or by waves about an emulator.

With one dose of which one end of the range meets the targets and the other does not, the bracket is narrowed. With more
doses, or where targets fight, a space-filling wave is followed by waves of the cheapest points that may be likely
enough, until what is cheapest among the points tried cannot be undercut by much.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, qmc

from labsim.experiment.chances import Margins, Surface, score_of
from labsim.experiment.doses import Dose, Space

__all__ = ["Search", "Tried"]

Doubles = NDArray[np.float64]
_CANDIDATES = 2048
_PER_WAVE = 4
_LEAST_WAVES = 2
_NEAR_ENOUGH = 0.005  # of the range of what is minimised
_ALIKE = 1e-5  # of the range of what is minimised
_HALF_NOISE = 0.25  # of the standard error of a dose: a narrower bracket would tell nothing


@dataclass(frozen=True)
class Tried:
    """One dose that was tried: its margins, and what it costs in terms of what is minimised."""

    dose: Dose
    margins: Margins
    objective: float


@dataclass
class Search:
    """A search among doses; `try_them` runs some and returns what they found, `most` limits how many are tried."""

    space: Space
    chance: float
    most: int
    seed: int
    try_them: Callable[[Sequence[Dose]], list[Tried]]
    tried: dict[Dose, Tried] = field(default_factory=dict)
    settled: bool = False

    def first_wave(self) -> list[Dose]:
        """Return the doses that are tried first: the corners, and with several axes points between them."""
        corners = self.space.corners()
        return corners if len(self.space.axes) == 1 else [*corners, *self._filling(4 * len(self.space.axes))]

    def look(self, *, monotone: bool) -> None:
        """Try doses until the answer is bracketed, or `most` are tried; `monotone`: a larger dose costs more."""
        self._try(self.first_wave())
        if len(self.space.axes) == 1:
            ends = [self.tried[end,] for end in (0, self.space.axes[0].n_steps)]
            likely = [self.is_likely(end) for end in ends]
            if monotone and any(likely):
                self.settled = all(likely)
                if not self.settled:
                    self._bisect(*(ends if likely[1] else ends[::-1]))
                return
            self._try(self._filling(6))
        self._waves()

    def is_likely(self, one: Tried) -> bool:
        """Say whether a dose is likely enough to meet the targets."""
        return score_of(one.margins, self.chance) >= 0.0

    def best(self) -> Tried:
        """Return the cheapest dose tried that is likely enough, or else the likeliest."""
        likely = [one for one in self.tried.values() if self.is_likely(one)]
        if likely:
            return min(likely, key=lambda one: (one.objective, self._size(one.dose), one.dose))
        return max(self.tried.values(), key=lambda one: (score_of(one.margins, self.chance), -one.objective))

    def surface(self) -> Surface:
        """Return emulators through everything tried so far."""
        tried = list(self.tried.values())
        unit = self.space.unit([one.dose for one in tried])
        return Surface(unit, [one.margins for one in tried], np.array([one.objective for one in tried]))

    def candidates(self) -> list[Dose]:
        """Return doses to choose from: all over the space, and more closely about the best so far."""
        n_axes = len(self.space.axes)
        unit = self._sequence(_CANDIDATES, 1)
        here = self.space.unit([self.best().dose])
        near = [np.clip(here + width * (unit[: _CANDIDATES // 4] - 0.5), 0.0, 1.0) for width in (0.4, 0.1)]
        edges = unit[: _CANDIDATES // 4].copy()
        edges[np.arange(len(edges)), np.arange(len(edges)) % n_axes] = np.arange(len(edges)) // n_axes % 2
        return list(dict.fromkeys(self.space.nearest(np.vstack([unit, *near, edges]))))

    def _try(self, doses: Sequence[Dose]) -> None:
        new = [dose for dose in dict.fromkeys(doses) if dose not in self.tried][: self.most - len(self.tried)]
        for one in self.try_them(new) if new else []:
            self.tried[one.dose] = one

    def _bisect(self, short: Tried, enough: Tried) -> None:
        """Narrow the bracket between a dose that falls short and one that is enough."""
        moved: list[bool] = []
        while len(self.tried) < self.most:
            width = abs(enough.dose[0] - short.dose[0])
            low, high = score_of(short.margins, self.chance), score_of(enough.margins, self.chance)
            noise = np.sqrt((1.0 + 0.5 * norm.ppf(self.chance) ** 2) / max(2, enough.margins.n))
            if width <= 1 or high - low <= _HALF_NOISE * noise:
                break
            # where the same end moves again and again, a line only creeps
            by_line = high - low < 20.0 and not (len(moved) > 1 and moved[-1] == moved[-2])
            share = -low / (high - low) if by_line else 0.5
            step = round(np.clip(share, 0.1, 0.9) * width)
            direction = 1 if enough.dose > short.dose else -1
            at = short.dose[0] + direction * min(width - 1, max(1, step))
            self._try([(at,)])
            middle = self.tried[at,]
            moved.append(self.is_likely(middle))
            short, enough = (short, middle) if moved[-1] else (middle, enough)
        else:
            return
        self.settled = True

    def _waves(self) -> None:
        wave = 0
        while True:
            surface, candidates = self.surface(), self.candidates()
            unit = self.space.unit(candidates)
            objective = surface.objective(unit)
            optimistic = surface.chance(unit, 1.0)
            best = self.best()
            if wave >= _LEAST_WAVES and self._is_settled(best, objective, optimistic):
                self.settled = True
                return
            chosen = self._next(candidates, objective, [surface.chance(unit), optimistic, surface.chance(unit, -1.0)])
            before = len(self.tried)
            self._try(chosen)
            wave += 1
            if len(self.tried) == before:
                self.settled = before < self.most
                return

    def _is_settled(self, best: Tried, objective: Doubles, optimistic: Doubles) -> bool:
        hopeful = optimistic >= self.chance
        if not self.is_likely(best):
            return not hopeful.any()
        spread = np.ptp([one.objective for one in self.tried.values()])
        return not hopeful.any() or best.objective - objective[hopeful].min() <= _NEAR_ENOUGH * spread

    def _next(self, candidates: Sequence[Dose], objective: Doubles, chances: Sequence[Doubles]) -> list[Dose]:
        """Return the cheapest new points that are, or may be, or are surely likely enough, and the likeliest."""
        new = np.array([dose not in self.tried for dose in candidates])
        size = np.array([self._size(dose) for dose in candidates])
        # costs that an emulator cannot tell apart are alike: of these the smallest dose comes first
        order = np.lexsort((size, np.rint(objective / max(1e-300, _ALIKE * np.ptp(objective)))))
        chosen: list[Dose] = []
        for chance in chances:
            fits = [place for place in order if new[place] and chance[place] >= self.chance]
            chosen += [candidates[fits[0]]] if fits else []
        left = np.where(new, chances[0], -1.0)
        if len(dict.fromkeys(chosen)) < _PER_WAVE and new.any():
            chosen.append(candidates[int(np.lexsort((objective, -left))[0])])
        return list(dict.fromkeys(chosen))

    def _filling(self, n: int) -> list[Dose]:
        return self.space.nearest(self._sequence(n, 0))

    def _sequence(self, n: int, which: int) -> Doubles:
        power = int(np.ceil(np.log2(n)))
        sequence = qmc.Sobol(len(self.space.axes), rng=np.random.default_rng([self.seed, which]))
        return np.asarray(sequence.random_base2(power)[:n], dtype=float)

    def _size(self, dose: Dose) -> float:
        """Return how far a dose goes from the low ends, so that of two that cost the same the smaller is taken."""
        return float(self.space.unit([dose]).sum())
