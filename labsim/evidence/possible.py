"""Ranges as people of the field would give them, for pages on which somebody reads or answers them.

What the model takes, and what draws visit, may reach further: interest in training falls in a straight line that an
age of 130 only makes flatter. Nothing here changes a draw.
"""

from __future__ import annotations

import math

__all__ = ["possible_range"]

_YOUNGEST, _OLDEST = 15, 80  # of people who learn, work or own a business
_AGES = {
    "training.oldest": (30, _OLDEST),
    "training.oldest_full_time": (18, 45),
    "migration.oldest_leaver": (25, 70),
    "migration.young_until": (18, 40),
    "own_account.oldest_owner": (40, _OLDEST),
    "own_account.youngest_owner": (_YOUNGEST, 40),
    "in_service.oldest": (30, 62),
}


def possible_range(path: str, unit: str, low: float, high: float) -> tuple[float, float]:
    """Return the part of a parameter's range that people would call possible: ages of a working life in whole years,
    shares between nothing and all.

    A range that has no such part is returned as it is.
    """
    if unit == "years" and (path in _AGES or low >= _YOUNGEST):
        least, most = _AGES.get(path, (_YOUNGEST, _OLDEST))
        bounds = float(math.ceil(max(low, least))), float(math.floor(min(high, most)))
    elif unit == "share":
        bounds = max(low, 0.0), min(high, 1.0)
    else:
        return low, high
    return bounds if bounds[0] < bounds[1] else (low, high)
