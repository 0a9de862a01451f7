"""The labour market of `frictional_mesa` in numpy, twice: as its equations read, and written to be fast.

labsim is held to the plain one, which is to numpy what `frictional_mesa` is to Mesa. The other says what a program
made for this one market can do: it uses single precision, reuses buffers and keeps the target and speed of learning up
to date only where someone's state changed, so that a month is one array of random numbers, one comparison and three
passes over the skills. It has no employers, pay, fields, books or indicators.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SEPARATION = np.float32(0.02)
POSTS_PER_WORKER = 0.95
GROWTH = np.float32(0.02)
DECAY = np.float32(0.02)


class Market:
    """The labour market as arrays of shape `(n_workers,)`."""

    def __init__(self, n_workers: int, seed: int) -> None:
        self.generator = np.random.default_rng(seed)
        self.posts = int(POSTS_PER_WORKER * n_workers)
        self.employed = np.zeros(n_workers, dtype=bool)
        self.employed[: int(0.95 * n_workers)] = True
        self.n_employed = int(self.employed.sum())
        self.skill = np.full(n_workers, 0.5, dtype=np.float32)
        self.towards = self.employed.astype(np.float32)  # skill moves towards 1 in work and towards 0 without
        self.speed = np.where(self.employed, GROWTH, DECAY)
        self._chance = np.empty(n_workers, dtype=np.float32)
        self._change = np.empty(n_workers, dtype=np.float32)
        self.history: list[tuple[int, int, int]] = []  # seekers, vacancies, hires

    def step(self) -> None:
        """Simulate one month."""
        seekers = np.flatnonzero(~self.employed)
        vacancies = self.posts - self.n_employed
        self.generator.random(out=self._chance, dtype=np.float32)
        separated = np.flatnonzero((self._chance < SEPARATION) & self.employed)
        hired = self._hires(seekers, vacancies)
        self._set(separated, False)
        self._set(hired, True)
        np.subtract(self.towards, self.skill, out=self._change)
        self._change *= self.speed
        self.skill += self._change
        self.history.append((len(seekers), vacancies, len(hired)))
        self.n_employed += len(hired) - len(separated)

    def _hires(self, seekers: NDArray[np.intp], vacancies: int) -> NDArray[np.intp]:
        """Return who is hired: one applicant of each vacancy, each with the same chance."""
        if vacancies == 0 or len(seekers) == 0:
            return seekers[:0]
        # In an order drawn at random, the last to write its name on a vacancy is any of its applicants.
        order = self.generator.permutation(seekers)
        chosen = np.full(vacancies, -1, dtype=np.intp)
        chosen[self.generator.integers(0, vacancies, len(order))] = order
        return chosen[chosen >= 0]

    def _set(self, who: NDArray[np.intp], employed: bool) -> None:
        self.employed[who] = employed
        self.towards[who] = 1.0 if employed else 0.0
        self.speed[who] = GROWTH if employed else DECAY


class PlainMarket:
    """The labour market as whole arrays of shape `(n_workers,)`, a line for each equation."""

    def __init__(self, n_workers: int, seed: int) -> None:
        self.generator = np.random.default_rng(seed)
        self.posts = int(POSTS_PER_WORKER * n_workers)
        self.employed = np.arange(n_workers) < int(0.95 * n_workers)
        self.skill = np.full(n_workers, 0.5)
        self.history: list[tuple[int, int, int]] = []  # seekers, vacancies, hires

    def step(self) -> None:
        """Simulate one month."""
        seekers = self.generator.permutation(np.flatnonzero(~self.employed))
        vacancies = self.posts - int(self.employed.sum())
        separated = self.employed & (self.generator.random(len(self.employed)) < float(SEPARATION))
        hired = seekers[:0]
        if vacancies > 0:
            # in an order drawn at random, the first to apply to a vacancy is any of its applicants
            _filled, first = np.unique(self.generator.integers(0, vacancies, len(seekers)), return_index=True)
            hired = seekers[first]
        self.employed[separated] = False
        self.employed[hired] = True
        learning = self.skill + float(GROWTH) * (1.0 - self.skill)
        self.skill = np.where(self.employed, learning, self.skill - float(DECAY) * self.skill)
        self.history.append((len(seekers), vacancies, len(hired)))
