"""The doses that a question may give: one axis for each thing varied, and a grid of round numbers on it.

A point is a tuple of whole numbers, the step of each axis; it stands in the unit cube where an emulator or a design
needs it, and as doses in their own units where a run does.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labsim.errors import ConfigError, Problem
from labsim.experiment.study import Vary
from labsim.experiment.variation import Factor, range_message
from labsim.number_text import settled, typed_number
from labsim.quantity import within
from labsim.text import _

__all__ = ["Dose", "DoseAxis", "Space", "read_vary", "space_of"]

Dose = tuple[int, ...]
Doubles = NDArray[np.float64]
OPTION = "--vary"
_FINEST = 1000  # steps of an axis, about


@dataclass(frozen=True)
class DoseAxis:
    """One thing that is varied, between `low` and `high` in steps of a round number."""

    factor: Factor
    low: float
    high: float
    step: float

    @property
    def n_steps(self) -> int:
        """Return the number of the last step, which is `high`."""
        return math.ceil((self.high - self.low) / self.step - 1e-9)

    def value(self, at: int) -> float:
        """Return the dose at a step."""
        return float(f"{min(self.high, self.low + at * self.step):.12g}")


@dataclass(frozen=True)
class Space:
    """All doses that may be tried."""

    axes: tuple[DoseAxis, ...]

    def values(self, dose: Dose) -> dict[str, float]:
        """Return a dose in the units of what is varied, by its path."""
        return {axis.factor.name: axis.value(at) for axis, at in zip(self.axes, dose, strict=True)}

    def unit(self, doses: Sequence[Dose]) -> Doubles:
        """Return doses in the unit cube, shape `(n, n_axes)`."""
        steps = np.array([axis.n_steps for axis in self.axes], dtype=float)
        unit: Doubles = np.array(doses, dtype=np.float64).reshape(-1, len(self.axes)) / steps
        return unit

    def nearest(self, unit: Doubles) -> list[Dose]:
        """Return the dose next to each point of the unit cube, shape `(n, n_axes)`."""
        steps = np.array([axis.n_steps for axis in self.axes], dtype=float)
        return [tuple(int(at) for at in row) for row in np.rint(np.clip(unit, 0.0, 1.0) * steps)]

    def corners(self) -> list[Dose]:
        """Return every corner of up to three axes; of more, the one with all lows and the one with all highs."""
        ends = [(0, axis.n_steps) for axis in self.axes]
        if len(ends) <= 3:
            return list(itertools.product(*ends))
        return [tuple(end[side] for end in ends) for side in (0, 1)]


def read_vary(texts: Sequence[str]) -> dict[str, tuple[float, float] | None]:
    """Read "path" or "path=low:high", several separated by commas; raises ConfigError."""
    found: dict[str, tuple[float, float] | None] = {}
    for text in (part.strip() for whole in texts for part in whole.split(",")):
        path, equals, given = (part.strip() for part in text.partition("="))
        if not path or path in found:
            message = _("given twice") if path else _("nothing given; allowed PATH or PATH=LOW:HIGH")
            raise ConfigError([Problem(OPTION, None, None, path, message)])
        found[path] = _read_range(path, given) if equals else None
    return found


def space_of(factors: Sequence[Factor], given: Mapping[str, tuple[float, float] | None]) -> Space:
    """Return the doses to try, from the ranges given or else declared; raises ConfigError with everything wrong."""
    axes = []
    problems = []
    for factor, asked in zip(factors, given.values(), strict=True):
        low, high = asked or (factor.low, factor.high)
        try:
            low, high = settled(low, factor.unit), settled(high, factor.unit)
            problem = _problem(factor, low, high)
        except ValueError as error:
            problem = str(error)
        if problem:
            problems.append(Problem(OPTION, None, None, factor.name, problem))
        elif low is not None and high is not None:
            step = _round_step((high - low) / _FINEST)
            axes.append(DoseAxis(factor, float(low), float(high), max(1.0, step) if factor.whole else step))
    if problems:
        raise ConfigError(problems)
    return Space(tuple(axes))


def _problem(factor: Factor, low: float | None, high: float | None) -> str:
    if isinstance(factor.value, dict) and not factor.yearly:
        return _("a group of numbers; name one of them: {names}").format(
            names=", ".join(f"{factor.name}.{name}" for name in factor.value))  # fmt: skip
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return _("its declared range is open; give a range: PATH=LOW:HIGH")
    if not low < high:
        return _("given {low} to {high}; allowed the lower number first").format(low=f"{low:g}", high=f"{high:g}")
    outside = [bound for bound in (low, high) if not within(bound, factor.low, factor.high)]
    if outside:
        return range_message(factor, outside[0])
    if factor.whole and (low != round(low) or high != round(high)):
        return _("given {low} to {high}; allowed whole numbers").format(low=f"{low:g}", high=f"{high:g}")
    return ""


def _read_range(path: str, given: str) -> tuple[float, float]:
    try:
        bounds = [typed_number(part) for part in given.split(":")]
        Vary.model_validate({"range": tuple(bounds)})
    except ValueError as error:
        message = _('given "{given}"; allowed LOW:HIGH, two numbers, the lower first').format(given=given)
        raise ConfigError([Problem(OPTION, None, None, path, message)]) from error
    return bounds[0], bounds[1]  # as written: the unit of what is varied decides what they may mean


def _round_step(most: float) -> float:
    """Return the largest of ..., 0.1, 0.2, 0.5, 1, 2, 5, ... that is not above a number."""
    power = 10.0 ** math.floor(math.log10(most))
    return float(f"{max(times for times in (1, 2, 5) if times * power <= most * (1 + 1e-12)) * power:.6g}")
