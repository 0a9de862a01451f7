"""What a calibration came to, as tables: how well each figure is met, and which parameters the figures moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from labsim.evidence.history import Doubles
from labsim.evidence.observations import Observation
from labsim.evidence.priors import Prior
from labsim.evidence.sampling import Sampled
from labsim.evidence.scoring import band
from labsim.evidence.weights import quantiles
from labsim.experiment.opened import OpenedStudy
from labsim.experiment.screening import told_apart
from labsim.results import GROUPS

__all__ = ["figures_in", "fit_table", "following_plan", "moved_table", "read_figures", "waves_table"]

_HALF, _MOST = (0.25, 0.75), (0.05, 0.95)
_BATCHES, _OF_EACH = 20, 500


def read_figures(study: OpenedStudy, figures: Sequence[Observation]) -> Doubles:
    """Return what the first replicate of every point says of some figures, `(n_points, n_figures)`; NaN: nothing."""
    n_points = len(study.points)
    if not figures:
        return np.empty((n_points, 0))
    names = ", ".join(sorted({f"'{one.indicator}'" for one in figures}))
    years = ", ".join(sorted({str(one.year) for one in figures}))
    groups = ", ".join(f'"{name}"' for name in GROUPS)
    monthly = study.sql(
        f"select point, month, indicator, {groups}, value from monthly"
        f" where replicate = 1 and indicator in ({names}) and year(month) in ({years})"
    )
    return figures_in(monthly, figures, n_points)


def figures_in(monthly: pd.DataFrame, figures: Sequence[Observation], n_points: int) -> Doubles:
    """Return figures from tidy series with a column `point`, shape `(n_points, n_figures)`; NaN: not there.

    A stock is read at the end of its month, a flow summed over the twelve months of its year.
    """
    found = np.full((n_points, len(figures)), np.nan)
    months = pd.DatetimeIndex(monthly["month"])
    for place, one in enumerate(figures):
        here = (monthly["indicator"] == one.indicator) & (months.year == one.year)
        if one.kind != "flow":
            here &= months.month == one.month
        for name, group in one.groups.items():
            here &= monthly[name] == group
        by_point = monthly.loc[here, ["point", "value"]].groupby("point")["value"]
        sums = by_point.sum()[by_point.size() == (12 if one.kind == "flow" else 1)]
        found[sums.index.to_numpy(int), place] = sums.to_numpy(float)
    return found


def fit_table(
    used: Sequence[Observation], found: Sampled, misfits: Doubles, weights: Doubles, others: Sequence[Observation],
    beside: Doubles,
) -> pd.DataFrame:  # fmt: skip
    """Return one row a figure, those in the fit first.

    Columns: indicator, where, when, unit, observed, low, high (the figure's plausible band), error, discrepancy,
    plan_following, unused, weight, share_of_misfit (of the posterior's mean squared misfit), prior_low
    and prior_high (90 % of the first wave), median, half_low, half_high, band_low, band_high (50 and 90 % of the
    posterior, luck included), width (of the 90 % band), in_half and in_band (the figure lies within), seen_low and
    seen_high (90 % of the figures that would be seen: the runs with the figure's own error), and in_seen.
    """
    mean = weights @ misfits
    whole = float(mean.sum())
    shares = [*(mean / whole if whole > 0 else np.zeros(len(used))), *np.full(len(others), np.nan)]
    values = np.hstack([found.values, beside])
    first = found.number == 0
    rows = []
    for place, one in enumerate((*used, *others)):
        known = np.isfinite(values[:, place])
        if not known.any():
            continue
        column, own = values[known, place], weights[known]
        half_low, median, half_high = quantiles(column, own, (_HALF[0], 0.5, _HALF[1]))
        low, high = quantiles(column, own, _MOST)
        prior = np.quantile(values[known & first, place], _MOST)
        seen_low, seen_high = band(column, one.spread, _MOST, own) if one.spread > 0 else (low, high)
        rows.append({
            "indicator": one.indicator, "where": one.where, "when": one.when, "unit": one.unit, "observed": one.value,
            "low": one.low, "high": one.high, "error": one.error, "discrepancy": one.discrepancy,
            "plan_following": one.plan_following, "unused": one.unused, "weight": one.weight,
            "share_of_misfit": shares[place], "prior_low": prior[0], "prior_high": prior[1], "median": median,
            "half_low": half_low, "half_high": half_high, "band_low": low, "band_high": high, "width": high - low,
            "in_half": bool(half_low <= one.value <= half_high), "in_band": bool(low <= one.value <= high),
            "seen_low": seen_low, "seen_high": seen_high, "in_seen": bool(seen_low <= one.value <= seen_high),
        })  # fmt: skip
    return pd.DataFrame(rows)


def following_plan(fit: pd.DataFrame) -> dict[str, float]:
    """Return how much of the fit figures make up that follow the plan.

    `series` and `plan_series` count series; `weight` is the share of series, `misfit` that of the squared misfit.
    """
    used = fit[fit["unused"] == ""]
    follows = used["plan_following"].astype(bool)
    return {
        "series": float(used["weight"].sum()), "plan_series": float(used.loc[follows, "weight"].sum()),
        "weight": float(used.loc[follows, "weight"].sum() / used["weight"].sum()),
        "misfit": float(used.loc[follows, "share_of_misfit"].sum()),
    }  # fmt: skip


def moved_table(priors: Sequence[Prior], found: Sampled, weights: Doubles, draws: pd.DataFrame) -> pd.DataFrame:
    """Return one row a parameter, those that the figures moved most first.

    Columns: parameter, grade, unit, kind, scale, prior_low, prior_high, present, prior_sd and posterior_sd (as shares
    of the prior's range), shift (of the mean, in standard deviations of the prior), ratio (of the standard deviations),
    median, low and high (90 % of the draws), p, moved, active. `p` says how often as many
    draws from the prior with these very weights have a mean as far off or a spread as small; `moved` holds at a false
    discovery rate of 5 % over all parameters; `active` says that the last emulators took it.
    """
    points = found.points
    mean = weights @ points
    sd = np.sqrt(np.maximum(weights @ (points - mean) ** 2, 0.0))
    prior_sd = np.sqrt(1.0 / 12.0)
    p = _chances_of_luck(mean, sd**2, weights)
    active = set().union(*found.waves[-1].active) if found.waves else set()
    columns = draws.to_numpy(float)
    frame = pd.DataFrame([
        {
            "parameter": one.name, "grade": one.parameter.grade, "unit": one.parameter.unit,
            "kind": one.parameter.kind, "scale": one.scale, "prior_low": one.low, "prior_high": one.high,
            "present": one.parameter.present, "prior_sd": prior_sd, "posterior_sd": sd[place],
            "shift": (mean[place] - 0.5) / prior_sd, "ratio": sd[place] / prior_sd,
            "median": float(np.median(columns[:, place])), "low": float(np.quantile(columns[:, place], _MOST[0])),
            "high": float(np.quantile(columns[:, place], _MOST[1])), "p": p[place], "active": place in active,
        }
        for place, one in enumerate(priors)
    ])  # fmt: skip
    frame["moved"] = told_apart(p)
    return frame.sort_values(["p", "parameter"], ignore_index=True)


def _chances_of_luck(mean: Doubles, variance: Doubles, weights: Doubles) -> Doubles:
    """Return for each parameter how often luck alone moves a mean as far or narrows a spread as much."""
    generator = np.random.default_rng(1)
    further, narrower = np.zeros(len(mean)), np.zeros(len(mean))
    for _batch in range(_BATCHES):
        by_luck = generator.random((_OF_EACH, len(weights)))
        means = by_luck @ weights
        spreads = (by_luck**2) @ weights - means**2
        further += (np.abs(means - 0.5)[:, None] >= np.abs(mean - 0.5)).sum(axis=0)
        narrower += (spreads[:, None] <= variance).sum(axis=0)
    found: Doubles = np.minimum(1.0, 2.0 * (1.0 + np.minimum(further, narrower)) / (1.0 + _BATCHES * _OF_EACH))
    return found


def waves_table(found: Sampled) -> pd.DataFrame:
    """Return one row a wave: its points, the share of the prior it was drawn from, and the parameters in emulators."""
    rows: list[dict[str, Any]] = []
    for place, size in enumerate(found.sizes):
        active = len(set().union(*found.waves[place].active)) if place < len(found.waves) else 0
        rows.append({"wave": place + 1, "points": size, "drawn_from": found.volumes[place], "active": active})
    return pd.DataFrame(rows)
