"""The prior of an uncertain parameter: where it may plausibly lie, before any observation, by the grade of its value.

Declared ranges say what the model takes, from nobody to everybody for many a rate, and are far too wide for a prior.
So a parameter is spread about its present value within its declared range: a positive number by a ratio, evenly in its
logarithm; a share between 0 and 1 by its odds; a number that may be negative, or is zero, evenly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from labsim.config import Config
from labsim.evidence.assumptions import Assumptions
from labsim.experiment.uncertain import Choice, Uncertain
from labsim.experiment.variation import full_path

__all__ = ["Prior", "prior_of", "priors_of"]

Scale = Literal["even", "ratio", "odds"]


@dataclass(frozen=True)
class Prior:
    """Hold the range of a parameter from `low` to `high`, evenly likely on its scale."""

    parameter: Uncertain
    scale: Scale
    low: float
    high: float

    @property
    def name(self) -> str:
        """Return the path as a user writes it."""
        return self.parameter.name

    def at(self, share: float) -> float:
        """Return the value that lies a share (0 to 1) of the way through the range; whole numbers are rounded."""
        if self.scale == "ratio":
            value = self.low * (self.high / self.low) ** share
        elif self.scale == "odds":
            low, high = (math.log(end / (1.0 - end)) for end in (self.low, self.high))
            value = 1.0 / (1.0 + math.exp(-(low + (high - low) * share)))
        else:
            value = self.low + (self.high - self.low) * share
        value = min(self.high, max(self.low, value))  # rounding must not carry an end out of its range
        if self.parameter.factor.whole and self.parameter.kind == "value":
            return float(min(math.floor(self.high), max(math.ceil(self.low), round(value))))
        return float(f"{value:.6g}")  # what is simulated is what the posterior's file says

    @property
    def present(self) -> Any:
        """Return the parameter's present value as JSON keeps it."""
        value = self.parameter.factor.value
        return {str(year): amount for year, amount in value.items()} if isinstance(value, dict) else value


def prior_of(parameter: Uncertain, choice: Choice | None, assumed: Assumptions) -> Prior | None:
    """Return the prior of a parameter, the range of a choice where one is given; None where the range is a point."""
    if choice is not None and choice.low is not None:
        return Prior(parameter, "even", parameter.low, parameter.high)
    value, low, high = parameter.present, parameter.low, parameter.high
    ratios = {"D": assumed.ratio_of_d, "C": assumed.ratio_of_c}
    ratio = ratios.get(parameter.grade, assumed.ratio_of_b)
    scale: Scale = "even"
    if low == 0.0 and high == 1.0 and 0.0 < value < 1.0:
        scale = "odds"
        odds = value / (1.0 - value)
        bounds = (odds / ratio / (1.0 + odds / ratio), odds * ratio / (1.0 + odds * ratio))
    elif low >= 0.0 and value > 0.0:
        scale = "ratio"
        bounds = (value / ratio, value * ratio)
    else:
        width = (assumed.width_of_d if parameter.grade == "D" else assumed.width_of_others) * (high - low)
        bounds = (value - width, value + width)
    bounds = (max(low, bounds[0]), min(high, bounds[1]))
    if parameter.factor.whole and math.ceil(bounds[0]) >= math.floor(bounds[1]):
        return None
    return Prior(parameter, scale, *bounds) if bounds[0] < bounds[1] else None


def priors_of(
    config: Config,
    parameters: Sequence[Uncertain],
    choices: Sequence[Choice] = (),
    assumed: Assumptions | None = None,
) -> list[Prior]:
    """Return the priors of parameters that have a range, that of a choice where one gives it."""
    ranged = {full_path(config, one.path): one for one in choices if one.low is not None}
    found = (prior_of(one, ranged.get(one.factor.path), assumed or Assumptions()) for one in parameters)
    return [one for one in found if one is not None]
