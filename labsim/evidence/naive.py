"""Two rules that need no model: nothing changes, and everything goes on as it did. They know no figure after the start.
"""

from __future__ import annotations

from collections.abc import Sequence

from labsim.experiment.observed_series import Figure

__all__ = ["LAST_VALUE", "LINEAR_TREND", "last_value", "linear_trend"]

LAST_VALUE, LINEAR_TREND = "last_value", "linear_trend"
YEARS_BACK = 5.0  # how far back a trend looks


def last_value(known: Sequence[Figure]) -> float | None:
    """Return the latest of the figures known at the start, or None if there is none."""
    return max(known, key=_when).value if known else None


def linear_trend(known: Sequence[Figure], when: float) -> float | None:
    """Return the straight line through the latest known figure and the earliest of the five years before it.

    `when` is the time asked for [years]. None where fewer than two figures are known: there is no trend then.
    """
    if not known:
        return None
    last = max(known, key=_when)
    first = min((one for one in known if _when(last) - _when(one) <= YEARS_BACK), key=_when)
    span = _when(last) - _when(first)
    if span <= 0:
        return None
    return last.value + (last.value - first.value) / span * (when - _when(last))


def _when(figure: Figure) -> float:
    return figure.year + figure.month / 12.0
