"""How far an assumed parameter may plausibly lie from its declared value, before any figure is looked at.

Declared ranges say what the model takes, from nobody to everybody for many a rate, and a band over them says nothing.
So a parameter is spread about its value: a positive number by a ratio, evenly in its logarithm; a share between 0 and 1
by its odds; a number that may be negative, or is zero, evenly. The spread itself is assumed, and never narrowed.
"""

from __future__ import annotations

import math

from labsim.experiment.uncertain import Uncertain

__all__ = ["spread_at"]

# By grade: a rate may be so many times larger or smaller; a number that may be negative lies within so much of its
# declared range on each side.
RATIOS = {"C": 1.5, "D": 2.0}
WIDTHS = {"C": 0.05, "D": 0.1}


def spread_at(parameter: Uncertain, share: float) -> float:
    """Return the value that lies a share (0 to 1) of the way through the plausible range of a parameter."""
    width = WIDTHS.get(parameter.grade, WIDTHS["C"])
    value, low, high = parameter.present, parameter.low, parameter.high
    ratio = RATIOS.get(parameter.grade, RATIOS["C"])
    factor = math.exp(math.log(ratio) * (2.0 * share - 1.0))
    if low == 0.0 and high == 1.0 and 0.0 < value < 1.0:
        odds = value / (1.0 - value) * factor
        found = odds / (1.0 + odds)
    elif low >= 0.0 and value > 0.0:
        found = value * factor
    else:
        found = value + width * (high - low) * (2.0 * share - 1.0)
    found = min(high, max(low, found))
    if parameter.factor.whole and parameter.kind == "value":
        return float(min(math.floor(high), max(math.ceil(low), round(found))))
    return found
