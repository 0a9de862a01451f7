"""Observed figures of a province as data: what was seen, where and when, how sure it is, and whether it can be used."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from labsim.config import Config
from labsim.evidence.assumptions import Assumptions
from labsim.experiment.observed_series import GROUPS as FIGURE_GROUPS
from labsim.experiment.observed_series import Figure, figures_of
from labsim.experiment.run import indicators_known
from labsim.results import GROUPS, IndicatorInfo
from labsim.text import _

__all__ = ["Observation", "groupings_of", "last_month", "observations_of"]


@dataclass(frozen=True)
class Observation:
    """One observed figure.

    `value`, `low` and `high` (its plausible band) are in `unit`; `spread` is the standard deviation of the figure about
    the truth that the band stands for, `error` the one that counts in the fit, larger where the figure is
    `plan_following`, and `discrepancy` that of the truth about the model. `weight` is one
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
    spread: float
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
    assumed, known = assumed or Assumptions(), indicators_known()
    figures = [one for one in figures_of(config, "observed.csv") if one.indicator in known]
    within = [one for one in figures if 0 < _month_of(one, config) <= config.period.n_months]
    return _weighed([_observation(one, known[one.indicator], config, assumed) for one in within])


def last_month(config: Config) -> str | None:
    """Return the last month, as ``2022-12``, of the figures that could be used; None where there are none."""
    open_end = config.model_copy(update={"period": config.period.model_copy(update={"until": "2099-12"})})
    found = [(one.year, one.month) for one in observations_of(open_end) if not one.unused]
    return "{}-{:02d}".format(*max(found)) if found else None


def groupings_of(observations: Sequence[Observation]) -> list[str]:
    """Return the groupings that runs must record for figures about a part of the people."""
    return [name for name in GROUPS if any(one.groups[name] != "all" for one in observations)]


def _month_of(figure: Figure, config: Config) -> int:
    return config.period.month_index(f"{figure.year}-{figure.month:02d}")


def _observation(figure: Figure, info: IndicatorInfo, config: Config, assumed: Assumptions) -> Observation:
    follows, spread = figure.plan_following, figure.error
    discrepancy = assumed.discrepancy * abs(figure.value)
    groups = dict.fromkeys(GROUPS, "all") | dict(zip(FIGURE_GROUPS, figure.groups, strict=True))
    return Observation(
        indicator=info.name, concept=figure.concept, groups=groups, year=figure.year, month=figure.month,
        value=figure.value, low=figure.low, high=figure.high, unit=figure.unit, kind=info.kind, plan_following=follows,
        grade=figure.grade, source=figure.source, spread=spread,
        error=spread * (assumed.plan_following if follows else 1.0), discrepancy=discrepancy,
        weight=1.0, unused=_why_not(figure, info, _month_of(figure, config)),
    )  # fmt: skip


def _why_not(figure: Figure, info: IndicatorInfo, at: int) -> str:
    """Say why a figure is not used; empty where it is."""
    if figure.status != "observed":
        words = {
            "derived": _("derived from other figures"),
            "partial": _("counts a part of the people meant"),
            "unclear": _("whom it counts is not known"),
        }
        return words.get(figure.status, _("planned, not observed"))
    if figure.concept != info.concept:
        return _("another concept than the indicator's")
    if info.kind == "flow" and (figure.month != 12 or at < 12):
        return _("a flow over less than a calendar year")
    return ""


def _weighed(observations: Sequence[Observation]) -> list[Observation]:
    counts: dict[tuple[str, ...], int] = {}
    for one in observations:
        counts[one.series] = counts.get(one.series, 0) + (not one.unused)
    return [replace(one, weight=0.0 if one.unused else 1.0 / counts[one.series]) for one in observations]
