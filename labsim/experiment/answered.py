"""What an answer says, as tables: doses, targets before and after, money, and every dose that was tried."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm, t

from labsim.experiment.chances import Margins, Surface, chance_of
from labsim.experiment.doses import Dose, Space
from labsim.experiment.question import COST, Question
from labsim.experiment.search import Tried
from labsim.experiment.trials import Found
from labsim.targets import UNKNOWN, Target, base_of, judged, wilson
from labsim.verdicts import COUNTED, Setting, Verdict

if TYPE_CHECKING:
    from labsim.results import IndicatorInfo

__all__ = [
    "costs_table",
    "dose_interval",
    "doses_table",
    "margins_of",
    "objective_of",
    "targets_table",
    "tried_table",
    "with_bases",
]

Doubles = NDArray[np.float64]
_INSIDE = 0.05  # how far inside the range a bound is compared with, as a share of the range
_AT_BOUND = 0.02  # of the range
_TOTAL = "all"
_ALIKE = 0.005  # chances nearer than this are not told apart


def with_bases(targets: Sequence[Target], indicators: Mapping[str, IndicatorInfo]) -> tuple[Target, ...]:
    """Return targets and, for each share or mean, a series that counts the persons it is taken of."""
    found = list(targets)
    for target in targets:
        info = indicators[target.indicator or ""]
        base = base_of(target, info)
        if base and base in indicators and target.unit not in COUNTED:
            found.append(target.model_copy(update={
                "id": _persons_id(target), "indicator": base, "unit": indicators[base].unit, "cumulate_from": None,
            }))  # fmt: skip
    return tuple(found)


def margins_of(targets: Sequence[Target], found: Found) -> Margins:
    """Return how far the targets' values lie on their right side, over the replicates of a dose."""
    rows = []
    for target in targets:
        gap = found.values[target.id, target.year] - target.value
        rows.append(gap if target.direction == "at_least" else -gap)
    return Margins.of(np.array(rows))


def objective_of(question: Question, dose: Dose, found: Found) -> float:
    """Return what is minimised at a dose: mean public money in VND, the dose, or the mean of an indicator."""
    if question.objective is not None:
        return float(found.values[question.objective.id, question.objective.year].mean())
    if question.minimise == COST:
        return float(found.cost.mean())
    return question.space.values(dose)[question.minimise]


def dose_interval(question: Question, surface: Surface, n: int) -> tuple[float, float] | None:
    """Return the doses between which the least one lies in 95 % of such searches; None with several axes.

    The mean of `n` replicates is off by s / sqrt(n), their spread by s / sqrt(2 n); both move the dose at which the
    emulated chance is the one wanted.
    """
    if len(question.space.axes) != 1:
        return None
    axis = question.space.axes[0]
    unit = np.linspace(0.0, 1.0, 4001)[:, None]
    mean, _error, sd = surface.margins(unit)
    reach = norm.ppf(0.975) * sd * math.sqrt((1.0 + 0.5 * norm.ppf(question.chance) ** 2) / n)
    ends = []
    for side in (-1.0, 1.0):
        likely = chance_of(mean + side * reach, sd, surface.correlation) >= question.chance
        turns = np.flatnonzero(likely[1:] != likely[:-1])
        if not turns.size:
            return None
        ends.append(axis.low + (axis.high - axis.low) * float(unit[turns[0], 0] + unit[turns[0] + 1, 0]) / 2.0)
    return min(ends), max(ends)


def doses_table(
    question: Question, dose: Dose | None, surface: Surface | None, interval: tuple[float, float] | None
) -> pd.DataFrame:
    """Return one row a dose: path, unit, grade, since, base, dose, its interval, the range, and which bound binds."""
    rows = []
    for place, axis in enumerate(question.space.axes):
        factor = axis.factor
        value = factor.number if dose is None else axis.value(dose[place])
        low, high = interval or (math.nan, math.nan)
        bound = "" if dose is None or surface is None else _binding(question.space, surface, dose, place)
        rows.append({
            "path": factor.name, "unit": factor.unit, "grade": factor.grade, "since": factor.since,
            "base": factor.number, "dose": value, "dose_low": low, "dose_high": high, "low": axis.low,
            "high": axis.high, "binds": bound,
        })  # fmt: skip
    return pd.DataFrame(rows).astype({"since": "Int64"})


def nothing_told(target: Target, found: Found, setting: Setting) -> tuple[Verdict, float]:
    """Return what takes the verdict on a target away at a dose ("" if nothing does), and the scale that would tell."""
    values = found.values[target.id, target.year]
    persons = found.values.get((_persons_id(target), target.year), np.full(values.shape, math.nan))
    return judged(target, values, persons, setting)


def targets_table(
    targets: Sequence[Target],
    base: Found,
    after: Found,
    indicators: Mapping[str, IndicatorInfo],
    settings: tuple[Setting, Setting] = (UNKNOWN, UNKNOWN),
) -> pd.DataFrame:
    """Return one row a target: value and chance before and after on the same replicates, persons gained, and binds.

    `persons` is the mean change towards the target, paired by replicate, between its 95 % limits; not a number where
    the target counts no persons. The target that is met least often `binds`. `settings` are those before and after: a
    chance from which nothing can be concluded is not a number, `nothing_...` says why and `telling_scale_...` what
    would tell.
    """
    rows: list[dict[str, Any]] = []
    for target in targets:
        row: dict[str, Any] = {
            "id": target.id, "label": target.label.en, "label_vi": target.label.vi, "year": target.year,
            "direction": target.direction, "target": target.value, "unit": target.unit,
        }  # fmt: skip
        for word, found, setting in zip(("before", "after"), (base, after), settings, strict=True):
            values = found.values[target.id, target.year]
            met = target.met_by(values)
            nothing, telling = nothing_told(target, found, setting)
            chances = (math.nan,) * 3 if nothing else (met.mean(), *wilson(int(met.sum()), met.size))
            row |= {
                word: values.mean(), f"chance_{word}": chances[0], f"chance_{word}_low": chances[1],
                f"chance_{word}_high": chances[2], f"nothing_{word}": nothing, f"telling_scale_{word}": telling,
            }  # fmt: skip
        change = _persons(target, after, indicators) - _persons(target, base, indicators)
        row |= dict(zip(("persons", "persons_low", "persons_high"), _with_limits(change), strict=True))
        rows.append(row)
    frame = pd.DataFrame(rows)
    frame["binds"] = frame["chance_after"] <= frame["chance_after"].min() + _ALIKE
    return frame


def costs_table(question: Question, base: Found, after: Found) -> pd.DataFrame:
    """Return one row a policy and one of all: VND of public money before and after, the paired difference, by year.

    `difference` is the mean over replicates between its 95 % limits, over all years; `per_year` divides it by the
    years from the first in which a dose holds.
    """
    period = question.varied.base.period
    first = min((axis.factor.since for axis in question.space.axes if axis.factor.since), default=None)
    began = period.year_and_month(1)[0]
    years = period.year_and_month(period.n_months)[0] - max(first or began, began) + 1
    rows = []
    for policy in (*sorted({*base.spent, *after.spent}), _TOTAL):
        before, then = (
            found.cost if policy == _TOTAL else found.spent.get(policy, np.zeros_like(found.cost))
            for found in (base, after)
        )
        mean, low, high = _with_limits(then - before)
        rows.append({
            "policy": policy, "before": before.mean(), "after": then.mean(), "difference": mean, "difference_low": low,
            "difference_high": high, "per_year": mean / years, "years": years,
        })  # fmt: skip
    return pd.DataFrame(rows)


def tried_table(question: Question, tried: Sequence[Tried], proposed: Dose | None) -> pd.DataFrame:
    """Return one row a dose tried, cheapest first: the doses, what is minimised, chances, margins, and the fronts.

    Chances are those of normal margins with the moments of the dose's replicates. A dose is on the `front` if no other
    costs less and is as likely; on the `target_front`, with two targets or more, if none has all chances as high.
    """
    rows = []
    for one in tried:
        row: dict[str, Any] = {**question.space.values(one.dose), "objective": one.objective}
        row["chance"] = one.margins.chance
        for target, mean, sd, chance in zip(
            question.targets, one.margins.mean, one.margins.sd, one.margins.each, strict=True
        ):
            row |= {
                f"chance {target.id}": chance,
                f"value {target.id}": target.value + (mean if target.direction == "at_least" else -mean),
                f"spread {target.id}": sd,
            }
        rows.append(row | {"proposed": one.dose == proposed})
    if not rows:
        return pd.DataFrame()
    # of doses that are alike in what is compared the smaller stands first
    frame = pd.DataFrame(rows).sort_values(["objective", *question.space.values(tried[0].dose)], ignore_index=True)
    each = frame[[f"chance {target.id}" for target in question.targets]].to_numpy(float)
    frame["front"] = _not_dominated(np.column_stack([-frame["objective"], _rounded(frame["chance"].to_numpy(float))]))
    frame["target_front"] = _not_dominated(_rounded(each)) if each.shape[1] > 1 else False
    return frame


def _binding(space: Space, surface: Surface, dose: Dose, place: int) -> str:
    """Return "low" or "high" if a dose stands at that end of its range and the weakest target would gain beyond it."""
    last = space.axes[place].n_steps
    near = _AT_BOUND * last  # of doses this close to each other noise picks one
    is_low = dose[place] <= near
    if near < dose[place] < last - near:
        return ""
    here = space.unit([dose])
    inside = here.copy()
    inside[0, place] += _INSIDE if is_low else -_INSIDE
    (mean, _error, sd), (within, _error, _sd) = surface.margins(here), surface.margins(inside)
    weakest = int(np.argmin(mean[0] / np.maximum(sd[0], 1e-12)))
    if mean[0, weakest] <= within[0, weakest]:
        return ""
    return "low" if is_low else "high"


def _not_dominated(scores: Doubles) -> NDArray[np.bool_]:
    """Say of each row, shape `(n, n_scores)`, whether no other is as high in every score and higher in one.

    Of equal rows the first stands for all.
    """
    as_high = (scores[None, :, :] >= scores[:, None, :]).all(axis=2)
    higher = (scores[None, :, :] > scores[:, None, :]).any(axis=2)
    before = np.tri(len(scores), k=-1, dtype=bool)
    dominated = np.asarray((as_high & (higher | before)).any(axis=1), dtype=bool)
    return ~dominated


def _rounded(chances: Doubles) -> Doubles:
    return np.round(chances / (2.0 * _ALIKE)) * 2.0 * _ALIKE


def _persons(target: Target, found: Found, indicators: Mapping[str, IndicatorInfo]) -> Doubles:
    """Return the persons that a target counts in each replicate, negative where fewer are better; else NaN."""
    values = found.values[target.id, target.year]
    sign = 1.0 if target.direction == "at_least" else -1.0
    if target.unit == "persons":
        return sign * values
    whole = found.values.get((_persons_id(target), target.year))
    if whole is None or not _share_of_one(target.unit):
        return np.full(values.shape, math.nan)
    return sign * values * whole / (100.0 if target.unit.startswith("%") else 1.0)


def _with_limits(change: Doubles) -> tuple[float, float, float]:
    """Return the mean over replicates and its 95 % limits by Student's t."""
    mean = float(change.mean())
    half = float(t.ppf(0.975, change.size - 1) * change.std(ddof=1) / math.sqrt(change.size))
    return mean, mean - half, mean + half


def _share_of_one(unit: str) -> bool:
    return unit in ("%", "share") or unit.startswith(("% of", "share of"))


def _persons_id(target: Target) -> str:
    return f"persons of {target.id}"
