"""What a run says so far: targets with their chances, paired differences, series, districts and money.

Values come from the functions that the command line uses, on the replicates that are there; a finished run says what
`labsim run` prints for the same scenario, scale and seed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from labsim import verdicts
from labsim.answers import costs, spending
from labsim.app.runs import BASE, OWN, PairedRun
from labsim.app.scoring import Scored, targets_for
from labsim.experiment.paired import Difference, difference_of
from labsim.experiment.run import Job, indicators_known
from labsim.results import IndicatorInfo, joined, wide
from labsim.targets import Target, judged, missing_persons, wilson
from labsim.text import current_language

__all__ = ["DISTRICT_MEASURES", "SIDES", "Answer", "Fan", "Score", "Verdict", "answer_of"]

SIDES = (BASE, OWN)
DISTRICT_MEASURES = ("trained", "unemployment_rate", "agricultural_share", "mean_income")


@dataclass(frozen=True)
class Fan:
    """A series over replicates: its median and the bands that hold 50 and 90 % of them, shape `(n_times,)` each."""

    times: tuple[str, ...]
    median: np.ndarray
    low: np.ndarray
    quarter: np.ndarray
    three_quarters: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class Score:
    """What a target came to over replicates: mean, 5 and 95 % quantiles, the share that met it with its interval.

    `persons` is the mean number of persons missing, over the replicates that miss it. Where `nothing` says why no
    verdict is given ("" elsewhere), `chance` and `persons` are not numbers and `telling_scale` may be one.
    """

    values: np.ndarray = field(repr=False)
    value: float
    low: float
    high: float
    n_met: int
    chance: float
    chance_low: float
    chance_high: float
    persons: float
    nothing: verdicts.Verdict = verdicts.NONE
    telling_scale: float = math.nan

    @property
    def verdict(self) -> verdicts.Verdict:
        """Return what is concluded from this side alone, by the first reading."""
        return self.nothing or verdicts.verdict(self.chance, self.chance_low, self.chance_high)


@dataclass(frozen=True)
class Verdict:
    """A target, its score in the base and the scenario, and the paired difference.

    `gap` is in the target's unit, `persons` the change in the persons missing; `other` the scores by the other reading
    where the model measures it.
    """

    target: Target
    base: Score
    own: Score
    gap: Difference
    persons: Difference
    other: Score | None

    @property
    def key(self) -> str:
        """Return the target's name and year."""
        return f"{self.target.id}@{self.target.year}"

    @property
    def label(self) -> str:
        """Return what the target is about, in the language in use."""
        return self.target.label.vi if current_language() == "vi" else self.target.label.en

    @property
    def concluded(self) -> verdicts.Verdict:
        """Return what is concluded of the scenario, by both readings where the wording is unclear."""
        first = self.own.verdict
        if first == verdicts.ABSENT:
            return first
        if not self.target.has_both_readings:
            return verdicts.UNSAID
        if self.own.nothing or self.other is None:
            return first
        return self.other.nothing or (first if first == self.other.verdict else verdicts.UNSAID)

    @property
    def is_better(self) -> bool | None:
        """Say whether the scenario is clearly better than its base, clearly worse (False), or neither (None)."""
        if not self.gap.is_clear or self.gap.mean == 0:
            return None
        return (self.gap.mean > 0) == (self.target.direction == "at_least")


@dataclass(frozen=True)
class Answer:
    """Hold what a run says; everything is by side: the scenario (`OWN`) and its base (`BASE`).

    `n` replicates of each are in it. Without a change both are the same.
    """

    n: int
    is_paired: bool
    manifest: Mapping[str, Any]
    found: Mapping[str, tuple[Scored, ...]] = field(repr=False)
    targets: tuple[Target, ...] = field(repr=False)
    indicators: Mapping[str, IndicatorInfo] = field(repr=False)
    settings: Mapping[str, verdicts.Setting] = field(repr=False)

    @cached_property
    def monthly(self) -> dict[str, pd.DataFrame]:
        """Return the tidy series that pages show."""
        return {side: joined([one.shown for one in self.found[side]]) for side in SIDES}

    @cached_property
    def verdicts(self) -> list[Verdict]:
        """Return every target that could be scored, in the order of the resolution."""
        by = {side: _by_target([one.targets for one in self.found[side]]) for side in SIDES}
        others = _by_target([one.others for one in self.found[OWN]])
        found = []
        for target in self.targets:
            key = target.id, target.year
            if any(len(by[side].get(key, ())) != self.n for side in SIDES):
                continue
            base, own = by[BASE][key], by[OWN][key]
            second = others[key] if key in others and len(others[key]) == self.n else None
            found.append(Verdict(
                target, _score(target, base, self.settings[BASE]), _score(target, own, self.settings[OWN]),
                _gap(base, own, "value"), _gap(base, own, "shortfall_persons"),
                None if second is None else _score(target.other or target, second, self.settings[OWN]),
            ))  # fmt: skip
        return found

    def fan(self, indicator: str, side: str = OWN, groups: Mapping[str, str] | None = None) -> Fan:
        """Return a series by year: a stock in December, a flow summed. Raises ResultsError if it was not recorded."""
        series = self.yearly(indicator, side, groups)
        values = series.to_numpy(float)
        low, quarter, median, three, high = np.nanquantile(values, [0.05, 0.25, 0.5, 0.75, 0.95], axis=1)
        return Fan(tuple(str(year) for year in series.index), median, low, quarter, three, high)

    def yearly(self, indicator: str, side: str = OWN, groups: Mapping[str, str] | None = None) -> pd.DataFrame:
        """Return a series by year (rows) and replicate (columns), in its own unit."""
        series = wide(self.monthly[side], indicator, groups)
        months = pd.DatetimeIndex(series.index)
        if self.indicators[indicator].kind == "flow":
            grouped = series.groupby(months.year)
            whole: pd.DataFrame = grouped.sum()[grouped.size() == 12]
            return whole
        december: pd.DataFrame = series[months.month == 12].copy()
        december.index = pd.DatetimeIndex(december.index).year
        return december

    @cached_property
    def spending(self) -> dict[str, pd.DataFrame]:
        """Return what was spent by policy, purpose, recipient, payer and year, VND."""
        return {side: spending(self._all(side, "ledger"), self.n) for side in SIDES}

    @cached_property
    def costs(self) -> dict[str, pd.DataFrame]:
        """Return by year and in all what each policy spent and the cost of a unit of its outcome."""
        return {side: costs(self._all(side, "policies")) for side in SIDES}

    def public_money(self, side: str = OWN, policy: str | None = None) -> np.ndarray:
        """Return public money of all years in each replicate, VND, shape `(n,)`: of one policy or of all."""
        frame = self._all(side, "policies").drop_duplicates(["replicate", "policy", "year"])
        if policy is not None:
            frame = frame[frame["policy"] == policy]
        sums = frame.groupby("replicate")["spent"].sum()
        return sums.reindex(range(1, self.n + 1), fill_value=0.0).to_numpy(float)

    @cached_property
    def extra_money(self) -> Difference:
        """Return the public money that the scenario takes more than its base, VND over all years."""
        return difference_of(self.public_money(BASE), self.public_money(OWN))

    def districts(self, measure: str, side: str = OWN) -> pd.DataFrame:
        """Return a measure of the last December by district (rows) and replicate (columns)."""
        names = sorted(set(self.monthly[side]["district"].astype(str)) - {"all"})
        rows = {}
        for name in names:
            here = {"district": name}
            if measure == "trained":
                people = self.yearly("working_age", side, here).iloc[-1]
                rows[name] = 100.0 * self.yearly("working_age_trained", side, here).iloc[-1] / people
            else:
                rows[name] = self.yearly(measure, side, here).iloc[-1]
        return pd.DataFrame(rows).T

    def _all(self, side: str, table: str) -> pd.DataFrame:
        frame: pd.DataFrame = pd.concat(
            [getattr(one.replicate, table) for one in self.found[side]], ignore_index=True
        )
        return frame


def answer_of(run: PairedRun) -> Answer | None:
    """Return what a run says so far, or None while no pair of replicates is there."""
    base, own = run.pairs()
    if not base:
        return None
    config = run.own
    names = {BASE: run.base.scenario, OWN: config.scenario}
    # numbered without gaps: what is there of a run that goes on need not be the first ones
    found = {
        side: tuple(one.numbered(number, names[side]) for number, one in enumerate(part, start=1))
        for side, part in ((BASE, base), (OWN, own))
    }
    manifest = {
        "province": config.province.id, "province_name": config.province.name.model_dump(),
        "scenario": config.scenario, "scale": config.scale, "replicates": len(base), "seed": config.seed,
        "start": config.period.start, "until": config.period.until, "posterior": run.told(),
        "config": config.to_dict(), "changes": list(config.changes),
    }  # fmt: skip
    return Answer(
        len(base), run.is_paired, manifest, found, tuple(targets_for(Job(run.base, 1, 1))), indicators_known(),
        {BASE: verdicts.setting_of(run.base), OWN: verdicts.setting_of(config)},
    )  # fmt: skip


def _gap(base: pd.DataFrame, own: pd.DataFrame, column: str) -> Difference:
    return difference_of(base[column].to_numpy(float), own[column].to_numpy(float))


def _by_target(frames: list[pd.DataFrame]) -> dict[Any, pd.DataFrame]:
    together = pd.concat([one for one in frames if len(one)] or frames[:1], ignore_index=True)
    return dict(iter(together.groupby(["id", "year"]))) if len(together) else {}


def _score(target: Target, part: pd.DataFrame, setting: verdicts.Setting) -> Score:
    values, n_met = part["value"].to_numpy(float), int(part["met"].sum())
    low, high = np.quantile(values, [0.05, 0.95]) if values.size > 1 else (np.nan, np.nan)
    interval = wilson(n_met, values.size)
    level = values, float(values.mean()), float(low), float(high)
    nothing, telling = judged(target, values, part["persons"].to_numpy(float), setting)
    if nothing:
        return Score(*level, 0, math.nan, math.nan, math.nan, math.nan, nothing, telling)
    missing = missing_persons(part["shortfall_persons"].to_numpy(float), part["met"].to_numpy(bool))
    return Score(*level, n_met, n_met / values.size, *interval, missing)
