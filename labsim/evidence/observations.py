"""Observed figures of a province as data: what was seen, where and when, how sure it is, and whether it can be used."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from labsim.config import Config
from labsim.errors import ConfigError, Problem
from labsim.evidence.assumptions import Assumptions
from labsim.experiment.posterior import beside_margins
from labsim.experiment.run import indicators_known
from labsim.results import GROUPS, IndicatorInfo
from labsim.text import _

__all__ = ["Observation", "groupings_of", "last_month", "observations_of"]


@dataclass(frozen=True)
class Observation:
    """One observed figure.

    `value`, `low` and `high` (its plausible band) are in `unit`; `error` is the standard deviation of the figure about
    the truth, larger where it is `plan_following`, and `discrepancy` that of the truth about the model. `weight` is one
    over the number of figures in use of the same series, whose errors are one error. `unused` says why a figure is not
    in the fit; empty where it is.
    """

    indicator: str
    concept: str
    groups: Mapping[str, str]
    year: int
    month: int
    value: float
    low: float
    high: float
    unit: str
    kind: str
    plan_following: bool
    grade: str
    source: str
    error: float
    discrepancy: float
    weight: float
    unused: str

    @property
    def sd(self) -> float:
        """Return the standard deviation of the figure about what the model says, luck aside."""
        return math.hypot(self.error, self.discrepancy)

    @property
    def when(self) -> str:
        """Return the year of a flow, the month of a stock."""
        return str(self.year) if self.kind == "flow" else f"{self.year}-{self.month:02d}"

    @property
    def where(self) -> str:
        """Return the group of people it is about, empty for all."""
        return ", ".join(name for name in self.groups.values() if name != "all")

    @property
    def series(self) -> tuple[str, ...]:
        """Return what the figures of one series share."""
        return (self.indicator, self.concept, *self.groups.values())


def observations_of(config: Config, assumed: Assumptions | None = None) -> list[Observation]:
    """Return the observed figures of a province within the period simulated that the model has an indicator for.

    Those that cannot be used are there too, and say why. Raises ConfigError for a file that cannot be read.
    """
    assumed = assumed or Assumptions()
    path = beside_margins(config, "observed.csv")
    if path is None:
        return []
    try:
        rows = pd.read_csv(path, encoding="utf-8").to_dict("records")
        found = [_observation(row, config, assumed) for row in rows]
    except (OSError, ValueError, KeyError, UnicodeDecodeError) as error:
        message = _("cannot be read as observed figures ({why})").format(why=error)
        raise ConfigError([Problem(str(path), None, None, "", message)]) from error
    return _weighed([one for one in found if one is not None])


def last_month(config: Config) -> str | None:
    """Return the last month, as ``2022-12``, of the figures that could be used; None where there are none."""
    open_end = config.model_copy(update={"period": config.period.model_copy(update={"until": "2099-12"})})
    found = [(one.year, one.month) for one in observations_of(open_end) if not one.unused]
    return "{}-{:02d}".format(*max(found)) if found else None


def groupings_of(observations: Sequence[Observation]) -> list[str]:
    """Return the groupings that runs must record for figures about a part of the people."""
    return [name for name in GROUPS if any(one.groups[name] != "all" for one in observations)]


def _observation(row: Mapping[Any, Any], config: Config, assumed: Assumptions) -> Observation | None:
    """Return a figure of the file, or None where it is of another time or the model has no such indicator."""
    known = indicators_known()
    info = known.get(str(row["indicator"]))
    year, month = int(row["year"]), int(row["month"])
    at = config.period.month_index(f"{year}-{month:02d}")
    if info is None or not 0 < at <= config.period.n_months:
        return None
    value, low, high = (float(row[name]) for name in ("value", "low", "high"))
    follows = str(row["plan_following"]).lower() == "true"
    error = (high - low) / 2.0 / assumed.deviations_in_band * (assumed.plan_following if follows else 1.0)
    return Observation(
        indicator=info.name, concept=str(row["concept"]), groups={name: _group(row, name) for name in GROUPS},
        year=year, month=month, value=value, low=low, high=high, unit=str(row["unit"]), kind=info.kind,
        plan_following=follows, grade=str(row.get("grade", "")), source=str(row.get("source", "")), error=error,
        discrepancy=assumed.discrepancy * abs(value), weight=1.0, unused=_why_not(row, info, at),
    )  # fmt: skip


def _why_not(row: Mapping[Any, Any], info: IndicatorInfo, at: int) -> str:
    """Say why a figure is not used; empty where it is."""
    if row["status"] != "observed":
        words = {"derived": _("derived from other figures"), "partial": _("counts a part of the people meant")}
        return words.get(str(row["status"]), _("planned, not observed"))
    if row["concept"] != info.concept:
        return _("another concept than the indicator's")
    if row["unit"] != info.unit:
        return _("another unit than the indicator's")
    if info.kind == "flow" and (int(row["month"]) != 12 or at < 12):
        return _("a flow over less than a calendar year")
    return ""


def _group(row: Mapping[Any, Any], name: str) -> str:
    given = row.get(name, "all")
    return "all" if given is None or given != given else str(given)


def _weighed(observations: Sequence[Observation]) -> list[Observation]:
    counts: dict[tuple[str, ...], int] = {}
    for one in observations:
        counts[one.series] = counts.get(one.series, 0) + (not one.unused)
    return [
        Observation(**{**vars(one), "weight": 0.0 if one.unused else 1.0 / counts[one.series]})
        for one in observations
    ]
