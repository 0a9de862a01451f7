"""How well a forecast did: errors of the model and of two naive rules, bands and how often they held.

A band is about the figure that was observed, so the error of the figure is in it: the forecast's draws, each widened by
a normal error. Where a run starts from an observed figure, the error of that figure is in it too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from labsim.evidence.naive import LAST_VALUE, LINEAR_TREND
from labsim.targets import wilson

__all__ = ["BANDS", "METHODS", "MODEL", "band", "coverage_of", "errors_of", "told_apart"]

Doubles = NDArray[np.float64]
MODEL = "model"
METHODS = (MODEL, LAST_VALUE, LINEAR_TREND)
BANDS = {50: (0.25, 0.75), 90: (0.05, 0.95)}
_Z = 1.959964
_STEPS = 60


def band(draws: Doubles, error: float, quantiles: Sequence[float], weights: Doubles | None = None) -> list[float]:
    """Return quantiles of draws, shape `(n_draws,)`, each with a normal error of standard deviation `error`.

    With an error draws may have `weights`.
    """
    known = np.isfinite(draws)
    values, shares = draws[known], None if weights is None else weights[known]
    if not len(values):
        return [math.nan] * len(quantiles)
    if error <= 0:
        return [float(one) for one in np.quantile(values, quantiles)]
    found = []
    for wanted in quantiles:
        low, high = values.min() - 8 * error, values.max() + 8 * error
        for _step in range(_STEPS):
            middle = (low + high) / 2
            below = float(np.average(ndtr((middle - values) / error), weights=shares))
            low, high = (middle, high) if below < wanted else (low, middle)
        found.append(float((low + high) / 2))
    return found


def errors_of(series: pd.DataFrame) -> pd.DataFrame:
    """Return one row a series and method: n, rmse, mae, bias (in the unit), and whether it is closest.

    Methods are compared on the same figures. `closest` names the method with the smallest root mean square error;
    `told` is False where the error of the figures could have turned the order of model and rule.
    """
    rows = []
    for key, part in series[series["scored"]].groupby("key", sort=False):
        there = [method for method in METHODS if part[method].notna().all()]
        rmse = {method: math.sqrt(float(((part[method] - part["observed"]) ** 2).mean())) for method in there}
        best = min(rmse, key=lambda method: (rmse[method], METHODS.index(method)))
        for method in METHODS:
            gap = (part[method] - part["observed"]).to_numpy(float)
            known = method in there
            told = method == MODEL or (known and told_apart(part[MODEL], part[method], part["observed"], part["error"]))
            rows.append({
                "key": key, "method": method, "n": len(part) if known else 0,
                "rmse": rmse.get(method, math.nan), "mae": float(np.abs(gap).mean()) if known else math.nan,
                "bias": float(gap.mean()) if known else math.nan, "closest": method == best, "told": bool(told),
            })  # fmt: skip
    columns = ["key", "method", "n", "rmse", "mae", "bias", "closest", "told"]
    return pd.DataFrame(rows, columns=columns)


def told_apart(model: pd.Series, rule: pd.Series, observed: pd.Series, error: pd.Series) -> bool:
    """Say whether the mean squared errors of model and rule differ by more than the error of the figures explains.

    The difference is linear in the observed values: its standard deviation is 2 sqrt(sum((m - r)^2 s^2)) / n for
    independent errors s and 2 |sum((m - r) s)| / n for a common one. Figures of one series share much of theirs, so the
    larger of the two counts.
    """
    m, r, o, s = (one.to_numpy(float) for one in (model, rule, observed, error))
    difference = float(((m - o) ** 2 - (r - o) ** 2).mean())
    apart = (m - r) * s
    spread = 2.0 * max(math.sqrt(float((apart**2).sum())), abs(float(apart.sum()))) / len(o)
    return abs(difference) > _Z * spread


def coverage_of(series: pd.DataFrame) -> pd.DataFrame:
    """Return for each series and for all ("") and each band: n, inside, share with its Wilson interval, mean width."""
    scored = series[series["scored"]]
    rows = []
    for key, part in [*scored.groupby("key", sort=False), ("", scored)]:
        for level in BANDS:
            n, inside = len(part), int(part[f"inside_{level}"].sum())
            low, high = wilson(inside, n)
            width = float((part[f"high_{level}"] - part[f"low_{level}"]).mean()) if key else math.nan
            rows.append({
                "key": key, "band": level, "n": n, "inside": inside, "share": inside / n if n else math.nan,
                "share_low": low, "share_high": high, "width": width,
            })  # fmt: skip
    return pd.DataFrame(rows)
