"""Targets of a resolution, and the scorecard: how likely a run meets each, and by how many persons it falls short.

A target whose wording may mean two things gets a verdict only beside both readings, and where the model measures the
other reading too, a verdict for each. A target is data (configs/<province>/targets.yaml). Its value is read at the end
of December of its year for a stock, as the sum over the year for a flow, or as the sum over all years from
`cumulate_from`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Literal

import numpy as np
import pandas as pd
import pydantic

from labsim.errors import ResultsError
from labsim.results import GROUPS, IndicatorInfo, wide
from labsim.text import _, current_language
from labsim.verdicts import (
    ABSENT,
    COUNTED,
    NONE,
    TOO_FEW,
    UNSAID,
    Setting,
    Verdict,
    averaged_over,
    brought_about_by,
    telling_scale,
    too_few,
    verdict,
)

__all__ = [
    "SCORECARD_COLUMNS", "UNKNOWN", "Label", "Otherwise", "Target", "Words", "base_of", "indicators_known", "is_share",
    "judged", "missing_persons", "said", "scorecard", "shortfall", "start_values", "target_values", "why_absent",
    "wilson",
]

SCORECARD_COLUMNS = (
    "id", "label", "concept", "year", "direction", "target", "value", "low", "high", "chance", "chance_low",
    "chance_high", "n_met", "n_replicates", "shortfall_persons", "shortfall_where_missed", "status", "verdict",
    "telling_scale", "note", "unit", "indicator", *GROUPS,
    "cumulate_from", "label_vi", "wording", "reading", "otherwise", "otherwise_indicator", "otherwise_target",
    "otherwise_value", "otherwise_n_met", "otherwise_chance", "source",
)  # fmt: skip
SCORED, BEYOND, NOT_MODELLED = "scored", "beyond the period", "not modelled"
UNKNOWN = Setting(is_known=False)  # everybody simulated, under policies that nobody named


class _Data(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Label(_Data):
    """Say something in English and Vietnamese."""

    en: str
    vi: str


Words = str | Label
"""What users read: in one language for all, or in English and Vietnamese."""


class Otherwise(_Data):
    """Say what to measure for the other reading of an ambiguous target; what is None is as in the first reading.

    `cumulate_from` is the first year of a sum; `one_year` says that the other reading sums over the target's year only.
    """

    indicator: str | None = None
    value: float | None = None
    cumulate_from: int | None = None
    one_year: bool = False


class Target(_Data):
    """State one target of a resolution.

    `value` is in `unit`; `indicator` is None for a target that the model cannot score, and `note` then says why.
    `cumulate_from` is the first year of a sum over years. `base` names the indicator that counts the persons of a
    share; without it the indicator's own base holds. `wording` is what the source says, `reading` how it is understood
    here, `ambiguous` what else it may mean and `otherwise` how the model would measure that, if it can. `facts` names
    rows of the collected facts ("name year value").
    """

    id: str
    label: Label
    indicator: str | None = None
    concept: str = ""
    district: str = "all"
    sex: str = "all"
    age: str = "all"
    ethnicity: str = "all"
    residence: str = "all"
    field: str = "all"
    direction: Literal["at_least", "at_most"]
    value: float
    year: int
    unit: str
    source: str
    wording: str = ""
    reading: Words = ""
    ambiguous: bool | Words = False
    otherwise: Otherwise | None = None
    cumulate_from: int | None = None
    base: str | None = None
    note: Words = ""
    facts: tuple[str, ...] = ()

    @property
    def groups(self) -> dict[str, str]:
        """Return the group columns that pick the target's series."""
        return {name: getattr(self, name) for name in GROUPS}

    @property
    def other(self) -> Target | None:
        """Return the target as its other reading has it, or None where the model cannot measure that."""
        if not self.ambiguous or self.otherwise is None:
            return None
        given = self.otherwise.model_dump(exclude_none=True, exclude={"one_year"})
        return self.model_copy(update=({"cumulate_from": None} if self.otherwise.one_year else {}) | given)

    @property
    def has_both_readings(self) -> bool:
        """Say whether the wording is clear, or else both things that it may mean are written down."""
        return not self.ambiguous or (bool(self.reading) and not isinstance(self.ambiguous, bool))

    def met_by(self, values: np.ndarray) -> np.ndarray:
        """Say of each value, shape `(n_replicates,)`, whether it meets the target."""
        met: np.ndarray = values >= self.value if self.direction == "at_least" else values <= self.value
        return met

    def gap_of(self, values: np.ndarray) -> np.ndarray:
        """Return how far each value stays behind the target, 0 where it is met, in the target's unit."""
        behind = self.value - values if self.direction == "at_least" else values - self.value
        return np.maximum(0.0, behind)


def indicators_known() -> dict[str, IndicatorInfo]:
    """Return what is known of every indicator, without the means to compute it."""
    from labsim.indicators import INDICATORS

    names = [field.name for field in fields(IndicatorInfo)]
    if _kept.get("of") is not INDICATORS:
        _kept["known"] = {
            key: IndicatorInfo(**{name: getattr(indicator, name) for name in names if hasattr(indicator, name)})
            for key, indicator in INDICATORS.items()
        }
        _kept["of"] = INDICATORS
    return dict(_kept["known"])


_kept: dict[str, Any] = {}  # the facts, and the indicators that they are of


def scorecard(
    monthly: pd.DataFrame,
    targets: Sequence[Target],
    indicators: Mapping[str, IndicatorInfo],
    setting: Setting = UNKNOWN,
) -> pd.DataFrame:
    """Score every target on the replicates of one scenario; one row a target, in the order given.

    `value` is the mean over replicates, `low` and `high` the 5 and 95 % quantiles (not known of a single replicate),
    all in the target's unit; `chance` is the share of replicates that meet it, with a 95 % Wilson interval;
    `shortfall_persons` the mean over replicates of the gap times the persons in the base, `shortfall_where_missed` the
    mean over those that miss the target (0 if none does). `verdict` says what is concluded (see `labsim.verdicts`):
    where the agents are too few at the scale of the `setting`, or no policy of it can bring the outcome about, there
    is no chance and no shortfall, and `telling_scale` is the scale at which the agents would be enough. A target that
    cannot be scored stays in the list, with `status` and `note` saying why.
    """
    rows = [_scored(monthly, target, indicators, setting) for target in targets]
    frame = pd.DataFrame(rows, columns=list(SCORECARD_COLUMNS))
    return frame.astype({"year": "int64", "cumulate_from": "Int64"})


def target_values(
    monthly: pd.DataFrame, targets: Sequence[Target], indicators: Mapping[str, IndicatorInfo]
) -> pd.DataFrame:
    """Return what every target that can be scored came to in every replicate.

    Columns: id, year, replicate, value (in the target's unit), met, shortfall_persons, and persons: those in the base
    of a share or a mean.
    """
    parts = []
    for target in targets:
        info = indicators.get(target.indicator or "")
        if info is None or target.indicator is None:
            continue
        try:
            factor = _factor(info.unit, target.unit)
            series = wide(monthly, target.indicator, target.groups)
        except (ResultsError, ValueError):
            continue
        found = _in_year(series, target, info.kind)
        if found is None:
            continue
        values = found * factor
        part = pd.DataFrame({"replicate": series.columns.to_numpy(), "value": values, "met": target.met_by(values)})
        part["shortfall_persons"] = shortfall(monthly, target, info, values)[0]
        part["persons"] = _persons(monthly, target, info, values.size)
        part.insert(0, "year", target.year)
        part.insert(0, "id", target.id)
        parts.append(part)
    columns = ["id", "year", "replicate", "value", "met", "shortfall_persons", "persons"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def judged(target: Target, values: np.ndarray, persons: np.ndarray, setting: Setting) -> tuple[Verdict, float]:
    """Return what takes the verdict on a target away ("" if nothing does), and the scale at which it would be told.

    `values` and `persons` (in the base; not a number where that is not known) have shape `(n_replicates,)`.
    """
    happened = bool((np.nan_to_num(values) != 0).any())
    if not happened and not _is_aimed_at(target, setting):
        return ABSENT, math.nan
    of_a_base = is_share(target.unit)
    share = 1.0 / _factor("share", target.unit) if of_a_base else 1.0
    known = persons if np.isfinite(persons).any() else None
    wanted, unit = target.value * share, target.unit
    if too_few(wanted, values * share, unit, known, setting.scale, is_share=of_a_base):
        return TOO_FEW, telling_scale(wanted, unit, known, setting.scale, is_share=of_a_base)
    return NONE, math.nan


def _is_aimed_at(target: Target, setting: Setting) -> bool:
    """Say whether some policy in the years of a target can bring it about, or none is needed."""
    first = target.year if target.cumulate_from is None else target.cumulate_from
    return setting.brings_about(target.indicator or "", first, target.year)


def missing_persons(shortfalls: np.ndarray, met: np.ndarray) -> float:
    """Return the mean of what is missing over the replicates that miss a target; 0 if none does."""
    missed = ~met.astype(bool)
    return float(shortfalls[missed].mean()) if missed.any() else 0.0 * float(np.sum(shortfalls))


def base_of(target: Target, info: IndicatorInfo) -> str | None:
    """Return the indicator that counts the persons of a share or a mean, if it is one."""
    return target.base or info.base or averaged_over(info.name)


def start_values(
    monthly: pd.DataFrame, targets: Sequence[Target], indicators: Mapping[str, IndicatorInfo]
) -> pd.DataFrame:
    """Return where every target that is a stock stood in the first month of every replicate.

    Columns: id, year (of the target), replicate, value (in the target's unit). Sums over a year have no start.
    """
    parts = []
    for target in targets:
        info = indicators.get(target.indicator or "")
        if info is None or target.indicator is None or info.kind != "stock" or target.cumulate_from is not None:
            continue
        try:
            factor = _factor(info.unit, target.unit)
            first = wide(monthly, target.indicator, target.groups).iloc[0]
        except (ResultsError, ValueError):
            continue
        part = pd.DataFrame({"replicate": first.index, "value": first.to_numpy(float) * factor})
        parts.append(part.assign(id=target.id, year=target.year))
    columns = ["id", "year", "replicate", "value"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def wilson(n_met: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Return the Wilson score interval of a share of which `n_met` of `n` were seen (Wilson 1927, JASA 22:209)."""
    if n == 0:
        return 0.0, 1.0
    share = n_met / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if n_met == 0 else max(0.0, centre - half)
    high = 1.0 if n_met == n else min(1.0, centre + half)
    return low, high


def _scored(
    monthly: pd.DataFrame, target: Target, indicators: Mapping[str, IndicatorInfo], setting: Setting
) -> dict[str, Any]:
    row = _stated(target, indicators)
    if target.indicator is None:
        why = said(target.note) or said(target.reading) or _("no indicator of the model measures it")
        return row | {"status": NOT_MODELLED, "note": why}
    info = indicators.get(target.indicator)
    if info is None:
        why = _("the model has no indicator {name!r}").format(name=target.indicator)
        return row | {"status": NOT_MODELLED, "note": "; ".join(filter(None, (why, said(target.note))))}
    try:
        factor = _factor(info.unit, target.unit)
        series = wide(monthly, target.indicator, target.groups)
        values = _in_year(series, target, info.kind)
    except (ResultsError, ValueError) as error:
        if isinstance(error, ResultsError) and not _is_aimed_at(target, setting):  # a share of what never happened
            why = _noted(target, why_absent(target.indicator))
            return row | {"status": SCORED, "verdict": ABSENT, "note": why}
        return row | {"status": NOT_MODELLED, "note": str(error)}
    if values is None:
        return row | {"status": BEYOND, "note": _why_beyond(series, target)}
    values = values * factor
    n_met = int(target.met_by(values).sum())
    low, high = np.quantile(values, [0.05, 0.95]) if values.size > 1 else (math.nan, math.nan)
    interval = wilson(n_met, values.size)
    level = {"value": float(values.mean()), "low": float(low), "high": float(high), "n_replicates": values.size}
    base = _persons(monthly, target, info, values.size)
    nothing, telling = judged(target, values, base, setting)
    if nothing == ABSENT:
        return row | level | {"status": SCORED, "verdict": ABSENT, "note": _noted(target, why_absent(target.indicator))}
    if not target.has_both_readings:
        why = _("no verdict: the wording is unclear, and its readings are not both given")
        return row | level | {"status": SCORED, "verdict": UNSAID, "note": _noted(target, why)}
    other, of_other = _otherwise(monthly, target, indicators, setting)
    if nothing or of_other[0]:
        nothing, telling = (nothing, telling) if nothing else of_other
        other |= {"otherwise_n_met": 0, "otherwise_chance": math.nan}
        note = _noted(target, "")
        return row | level | other | {"status": SCORED, "verdict": nothing, "telling_scale": telling, "note": note}
    persons, note = shortfall(monthly, target, info, values)
    concluded = verdict(n_met / values.size, *interval)
    if other and verdict(other["otherwise_chance"], *wilson(other["otherwise_n_met"], values.size)) != concluded:
        concluded = UNSAID
    return row | level | {
        "chance": n_met / values.size, "chance_low": interval[0], "chance_high": interval[1], "n_met": n_met,
        "shortfall_persons": float(persons.mean()), "status": SCORED,
        "shortfall_where_missed": missing_persons(persons, target.met_by(values)), "verdict": concluded,
        "note": _noted(target, note),
    } | other  # fmt: skip


def _noted(target: Target, note: str) -> str:
    return "; ".join(part for part in (said(target.note), note) if part)


def why_absent(indicator: str) -> str:
    """Say that no policy of a scenario brings the outcome about, and which would."""
    policies = ", ".join(brought_about_by(indicator))
    return _("no policy in force in these years brings it about; {policies} would").format(policies=policies)


def _otherwise(
    monthly: pd.DataFrame, target: Target, indicators: Mapping[str, IndicatorInfo], setting: Setting
) -> tuple[dict[str, Any], tuple[Verdict, float]]:
    """Return what the other reading of a target came to, and what takes its verdict away; nothing if not measured."""
    other = target.other
    found = target_values(monthly, [other], indicators) if other is not None else pd.DataFrame()
    if other is None or not len(found):
        return {}, (NONE, math.nan)
    values, persons = found["value"].to_numpy(float), found["persons"].to_numpy(float)
    return {
        "otherwise_indicator": other.indicator or "", "otherwise_target": other.value,
        "otherwise_value": float(values.mean()), "otherwise_n_met": int(found["met"].sum()),
        "otherwise_chance": float(found["met"].mean()),
    }, judged(other, values, persons, setting)  # fmt: skip


def _persons(monthly: pd.DataFrame, target: Target, info: IndicatorInfo, n: int) -> np.ndarray:
    """Return the persons in the base of a share or a mean in each replicate; not a number where that is not known."""
    base, unknown = base_of(target, info), np.full(n, math.nan)
    if base is None or target.unit in COUNTED:
        return unknown
    try:
        december = target.model_copy(update={"cumulate_from": None})
        persons = _in_year(wide(monthly, base, target.groups), december, "stock")
    except ResultsError:
        return unknown
    return unknown if persons is None else persons


def _stated(target: Target, indicators: Mapping[str, IndicatorInfo]) -> dict[str, Any]:
    """Return what is known of a target before any run."""
    info = indicators.get(target.indicator or "")
    unknown = (
        "value", "low", "high", "chance", "chance_low", "chance_high", "shortfall_persons",
        "shortfall_where_missed", "telling_scale", "otherwise_target", "otherwise_value", "otherwise_chance",
    )  # fmt: skip
    return {
        "id": target.id, "label": target.label.en, "label_vi": target.label.vi, "year": target.year,
        "direction": target.direction, "concept": target.concept or (info.concept if info else ""),
        "target": target.value, "unit": target.unit, "indicator": target.indicator or "",
        "cumulate_from": target.cumulate_from, "wording": target.wording, "reading": said(target.reading),
        "otherwise": "" if isinstance(target.ambiguous, bool) else said(target.ambiguous), "otherwise_indicator": "",
        "otherwise_n_met": 0, "source": target.source, "n_met": 0, "n_replicates": 0,
        "verdict": NONE, **target.groups,
        **dict.fromkeys(unknown, math.nan),
    }  # fmt: skip


def _in_year(series: pd.DataFrame, target: Target, kind: str) -> np.ndarray | None:
    """Return the value in the target's year of each replicate, or None if the run does not cover it."""
    months = pd.DatetimeIndex(series.index)
    if target.cumulate_from is None and kind == "stock":
        december = np.asarray((months.year == target.year) & (months.month == 12))
        return series[december].to_numpy(dtype=float)[0] if december.any() else None
    first = target.cumulate_from if target.cumulate_from is not None else target.year
    inside = np.asarray((months.year >= first) & (months.year <= target.year))
    if inside.sum() < 12 * (target.year - first + 1):
        return None
    summed: np.ndarray = series[inside].to_numpy(dtype=float).sum(axis=0)
    return summed


def _why_beyond(series: pd.DataFrame, target: Target) -> str:
    months = pd.DatetimeIndex(series.index)
    needed = f"{target.cumulate_from}-{target.year}" if target.cumulate_from is not None else str(target.year)
    return _("the run covers {first:%Y-%m} to {last:%Y-%m}; the target needs all of {years}").format(
        first=months.min(), last=months.max(), years=needed
    )


def shortfall(
    monthly: pd.DataFrame, target: Target, info: IndicatorInfo, values: np.ndarray
) -> tuple[np.ndarray, str]:
    """Return the shortfall in persons of each replicate, shape `(n_replicates,)`, and a note where it is not known."""
    gaps = target.gap_of(values)
    unknown = np.full(values.shape, math.nan)
    if not is_share(target.unit):
        return (gaps, "") if target.unit == "persons" else (unknown, "")
    base = target.base or info.base
    if base is None:
        return unknown, _("no shortfall in persons: the share names no base")
    try:
        december = target.model_copy(update={"cumulate_from": None})
        persons = _in_year(wide(monthly, base, target.groups), december, "stock")
    except ResultsError as error:
        return unknown, _("no shortfall in persons: {why}").format(why=error)
    return (unknown if persons is None else gaps / _factor("share", target.unit) * persons), ""


def said(words: Words) -> str:
    """Return words for users in the language in use."""
    return words if isinstance(words, str) else words.vi if current_language() == "vi" else words.en


def is_share(unit: str) -> bool:
    """Say whether a unit is that of a share, in any wording."""
    return unit in ("share", "%") or unit.startswith(("% of", "share of"))


def _factor(given: str, wanted: str) -> float:
    """Return what turns the unit of an indicator into that of a target. Raises ValueError if they do not compare."""
    if given == wanted:
        return 1.0
    if is_share(given) and is_share(wanted):
        return (100.0 if wanted.startswith("%") else 1.0) / (100.0 if given.startswith("%") else 1.0)
    raise ValueError(_("the indicator is in {given}, the target in {wanted}").format(given=given, wanted=wanted))
