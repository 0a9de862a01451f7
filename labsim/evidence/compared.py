"""Which figures are compared, what the two rules know of each series, and what the runs say at the same months."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from labsim.config import Config
from labsim.errors import ConfigError, Problem
from labsim.evidence.naive import LAST_VALUE, LINEAR_TREND, last_value, linear_trend
from labsim.evidence.scoring import BANDS, MODEL, band
from labsim.experiment.counted import DERIVED, NOT_COMPARED, PARTS, children, derived
from labsim.experiment.observed_series import GROUPS, Figure, infos
from labsim.experiment.opened import OpenedStudy
from labsim.text import _

__all__ = ["Chosen", "chosen_figures", "key_of", "series_of"]

OBSERVED = "observed"


@dataclass(frozen=True)
class Chosen:
    """Figures after the start by series, those known at the start, and which series have none and borrow the first.

    `known` holds for a late series its first figure, and nothing for one of a single figure; `start_error` the error of
    the figure that a run starts from; `groupings` what runs must tell apart; `until` the last year; `left_out` says
    why figures are not compared.
    """

    later: Mapping[str, tuple[Figure, ...]]
    known: Mapping[str, tuple[Figure, ...]]
    late: frozenset[str]
    start_error: Mapping[str, float]
    groupings: tuple[str, ...]
    until: int
    left_out: Mapping[str, str]


def key_of(figure: Figure) -> str:
    """Return the name of a figure's series: indicator, groups, and the concept where it is not the indicator's."""
    concept = figure.series[1]
    here = [name for name in figure.groups if name != "all"]
    words = [figure.indicator, *here, *([concept] if concept != infos()[figure.indicator].concept else [])]
    return ", ".join(words)


def chosen_figures(later: Sequence[Figure], known: Sequence[Figure], start: int, until: int | None) -> Chosen:
    """Pick figures after the end of a year, to the end of another (default: the last there is).

    Raises ConfigError if none can be compared.
    """
    left_out: dict[str, str] = {}
    after = [one for one in later if one.year > start and one.status == OBSERVED and _usable(one, left_out)]
    last = until if until is not None else max((one.year for one in after), default=start)
    by_series: dict[str, list[Figure]] = {}
    for one in after:
        if one.year <= last:
            by_series.setdefault(key_of(one), []).append(one)
    before_start = [one for one in known if one.year <= start and one.status in (OBSERVED, "derived")]
    before: dict[str, tuple[Figure, ...]] = {}
    late, errors = set(), {}
    for key, figures in by_series.items():
        figures.sort(key=_time)
        own = sorted((one for one in before_start if key_of(one) == key), key=_time)
        if own and own[-1].year == start:
            errors[key] = own[-1].error
        if not own and len(figures) > 1:
            late.add(key)
            own = figures[:1]
        before[key] = tuple(own)
    if not by_series:
        message = _("no series of observed figures that can be compared between {start} and {until}")
        words = message.format(start=start + 1, until=last if last > start else "...")
        raise ConfigError([Problem(None, None, None, "--observed", words)])
    flows = [part[0] for part in by_series.values() if infos()[part[0].indicator].kind == "flow"]
    groupings = tuple(name for at, name in enumerate(GROUPS) if any(one.groups[at] != "all" for one in flows))
    series = {key: tuple(part) for key, part in by_series.items()}
    return Chosen(series, before, frozenset(late), errors, groupings, last, left_out)


def _usable(figure: Figure, left_out: dict[str, str]) -> bool:
    """Say whether the model has what a figure counts, and write down why not."""
    info = infos()[figure.indicator]
    why = _(NOT_COMPARED.get(figure.indicator, "")) if figure.indicator in NOT_COMPARED else ""
    if figure.indicator in DERIVED and any(name != "all" for name in figure.groups):
        why = _("known for all people only")
    elif (info.kind == "flow" or figure.indicator.endswith("migration_rate")) and figure.month != 12:
        why = why or _("a flow is compared over a whole year")
    elif figure.indicator not in DERIVED and figure.series[1] != info.concept:
        why = _("another concept than the indicator's")
    if why:
        left_out[key_of(figure)] = why
    return not why


def series_of(
    chosen: Chosen, study: OpenedStudy, config: Config, declared: int
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return one row a figure with forecast, bands and rules; and why series were left out. See `Backcast`.

    The first `declared` points of the study have the declared parameters and make the forecast, the others the band;
    with none of the first the others make both.
    """
    values, rows, left_out = _Values(study, config, chosen), [], {}
    for key, figures in chosen.later.items():
        frame = values.of(figures[0])
        if frame is None:
            left_out[key] = _("the runs record no such series")
            continue
        late = key in chosen.late
        for place, one in enumerate(figures):
            centre, drawn = _of_month(frame, f"{one.year}-{one.month:02d}", declared)
            row = _row(key, one) | {"late": late, "scored": not (late and place == 0)}
            row |= {MODEL: float(centre.mean()) if len(centre) else math.nan}
            error = math.hypot(one.error, chosen.start_error.get(key, 0.0) if _is_stock(one) else 0.0)
            row |= {"error": one.error} | _bands(drawn, error, one.value)
            row |= {
                LAST_VALUE: _or_nan(last_value(chosen.known[key])),
                LINEAR_TREND: _or_nan(None if late else linear_trend(chosen.known[key], _time(one))),
            }
            rows.append(row)
    if not rows:
        raise ConfigError([Problem(None, None, None, key, why) for key, why in left_out.items()])
    return pd.DataFrame(rows), left_out


def _of_month(frame: pd.DataFrame, month: str, declared: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what the declared points and the others say of a month; without declared ones the others are both."""
    if month not in frame.index:
        return np.zeros(0), np.zeros(0)
    values, points = frame.to_numpy(float)[frame.index.get_loc(month)], frame.columns.to_numpy(int)
    drawn = values[points >= declared]
    return (values[points < declared] if declared else drawn), drawn


def _row(key: str, one: Figure) -> dict[str, Any]:
    info = infos()[one.indicator]
    return {
        "key": key, "indicator": one.indicator, "label": info.label, "concept": one.series[1], "unit": one.unit,
        **dict(zip(GROUPS, one.groups, strict=True)), "year": one.year, "month": one.month, "observed": one.value,
        "low": one.low, "high": one.high, "plan_following": one.plan_following, "grade": one.grade,
        "source": one.source, "note": one.note,
    }  # fmt: skip


def _bands(drawn: np.ndarray, error: float, observed: float) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for level, ends in BANDS.items():
        low, high = band(drawn, error, ends)
        found |= {f"low_{level}": low, f"high_{level}": high, f"inside_{level}": bool(low <= observed <= high)}
    return found


class _Values:
    """What the runs say of each series: months in rows, points in columns; a flow summed over twelve months."""

    def __init__(self, study: OpenedStudy, config: Config, chosen: Chosen) -> None:
        figures = [part[0] for part in chosen.later.values()]
        names = sorted({part for one in figures for part in PARTS.get(one.indicator, (one.indicator,))})
        grouped = any(name != "all" for one in figures for name in one.groups)
        monthly = study.monthly(names, grouped=grouped)
        monthly["month"] = pd.DatetimeIndex(monthly["month"]).strftime("%Y-%m")
        self._monthly = monthly
        calendar = map(config.period.year_and_month, range(config.period.n_months + 1))
        months = [f"{year}-{month:02d}" for year, month in calendar]
        self._young = dict(zip(months, children(config).tolist(), strict=True))

    def of(self, figure: Figure) -> pd.DataFrame | None:
        """Return the series that a figure is of, or None if the runs have none."""
        if figure.indicator in PARTS:
            return derived(figure.indicator, lambda name: self._pivot(name, ("all",) * len(GROUPS)), self._young)
        frame = self._pivot(figure.indicator, figure.groups)
        if not len(frame):
            return None
        return frame if _is_stock(figure) else frame.rolling(12).sum()

    def _pivot(self, name: str, groups: tuple[str, ...]) -> pd.DataFrame:
        here = self._monthly[self._monthly["indicator"] == name]
        for column, member in zip((*GROUPS, "field"), (*groups, "all"), strict=True):
            here = here[here[column] == member]
        return here.pivot(index="month", columns="point", values="value").sort_index()


def _is_stock(figure: Figure) -> bool:
    return infos()[figure.indicator].kind == "stock" and not figure.indicator.endswith("migration_rate")


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def _time(figure: Figure) -> float:
    return figure.year + figure.month / 12.0
