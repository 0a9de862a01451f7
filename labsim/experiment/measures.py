"""Read off a study what its points shall be compared by: targets in their year, indicators at the end, and money."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labsim.experiment.opened import OpenedStudy, targets_of
from labsim.experiment.run import indicators_known
from labsim.results import GROUPS, IndicatorInfo
from labsim.targets import Target, judged
from labsim.verdicts import NONE, Verdict

__all__ = ["END", "MAIN", "TARGET", "Measure", "Measured", "measured"]

TARGET: Literal["target"] = "target"
END: Literal["indicator"] = "indicator"
# What is printed and drawn besides targets, where it is recorded.
MAIN = (
    "unemployment_rate", "certified_share", "trained_share", "agricultural_share", "employees", "mean_income",
    "underemployment_rate", "youth_unemployment_rate", "income_gini", "away_in_viet_nam", "people_trained", "hires",
    "jobs_created", "sent_abroad", "placed", "hired_by_partners",
)  # fmt: skip
_MONEY = "spending"  # an indicator that the ledger tells better
Values = NDArray[np.float64]
ByReplicate = Mapping[Any, float]
_SIGN = {"up": 1, "down": -1}


@dataclass(frozen=True)
class Measure:
    """Name one number of a run: a target in its year, or an indicator at the end.

    `when` is the year, the years or the month; `until` the last year that can have led to it (None: all); `better` is
    "up", "down" or "" and `sign` 1, -1 or 0. `main` says that it is printed without being asked for.
    """

    kind: Literal["target", "indicator"]
    id: str
    label: str
    label_vi: str
    when: str
    unit: str
    better: str
    main: bool
    until: int | None = None
    target: float = math.nan
    key: tuple[str, int] = ("", 0)

    @property
    def sign(self) -> int:
        """Return the direction that is better as a number."""
        return _SIGN.get(self.better, 0)


@dataclass(frozen=True)
class Measured:
    """Hold every number by which the points of a study are compared; arrays are over the replicates of a province.

    `points`: point, province, scenario, title_en, title_vi, place_en, place_vi, base. `replicates`: those finished at
    every point, by province.
    """

    study: OpenedStudy
    points: pd.DataFrame
    replicates: dict[str, list[int]]
    _targets: pd.DataFrame = field(repr=False)
    _ends: pd.DataFrame = field(repr=False)
    _spent: pd.DataFrame = field(repr=False)
    _months: tuple[pd.Timestamp, pd.Timestamp] = field(repr=False)

    def name(self, point: int) -> str:
        """Return what a point's scenario is called."""
        return self._names[point]

    def measures(self, province: str) -> list[Measure]:
        """Return the targets of a province that could be scored, and all indicators of the whole province."""
        here = self.points.loc[self.points["province"] == province, "point"]
        found = self._targets.loc[self._targets["point"].isin(here), ["id", "year"]]
        scored = set(found.itertuples(index=False, name=None))
        targets = [_of_target(one) for one in targets_of(province) if (one.id, one.year) in scored]
        recorded = set(self._ends.loc[self._ends["point"].isin(here), "indicator"]) - {_MONEY}
        main = set(MAIN) & recorded or recorded
        known = indicators_known()
        names = sorted(recorded & set(known), key=lambda name: (MAIN.index(name) if name in MAIN else len(MAIN), name))
        return targets + [self._of_indicator(known[name], name in main) for name in names]

    def values(self, measure: Measure, point: int) -> Values:
        """Return a measure at a point, shape `(n_replicates,)`; not a number where a run has none."""
        if measure.kind == TARGET:
            return self._of_target(measure, point, "value")
        return self._in_order(self._ends_by.get((point, measure.id)), point, math.nan)

    def met(self, measure: Measure, point: int) -> Values:
        """Return 1 for each replicate that meets a target and 0 for others; nothing for an indicator."""
        return self._of_target(measure, point, "met") if measure.kind == TARGET else np.zeros(0)

    def shortfall(self, measure: Measure, point: int) -> Values:
        """Return the persons missing for a target; nothing for an indicator."""
        return self._of_target(measure, point, "shortfall_persons") if measure.kind == TARGET else np.zeros(0)

    def judged(self, measure: Measure, point: int) -> tuple[Verdict, float]:
        """Return what takes the verdict on a target away at a point, and the scale that would tell; see `targets`."""
        if measure.kind != TARGET:
            return NONE, math.nan
        stated = {(one.id, one.year): one for one in targets_of(self._provinces[point])}
        persons = self._of_target(measure, point, "persons")
        return judged(stated[measure.key], self.values(measure, point), persons, self.study.setting(point))

    def spent(
        self, point: int, *, until: int | None = None, policy: str | None = None, money: str = "public"
    ) -> Values:
        """Return VND spent up to the end of a year, by one policy or all; zero in replicates that spent nothing."""
        key = (point, until, policy, money)
        if key not in self._sums:
            self._sums[key] = self._summed(*key)
        return self._sums[key]

    def _summed(self, point: int, until: int | None, policy: str | None, money: str) -> Values:
        here = self._spent[self._spent["point"] == point]
        if until is not None:
            here = here[here["year"] <= until]
        if policy is not None:
            here = here[here["policy"] == policy]
        return self._in_order(here.groupby("replicate")[money].sum().to_dict(), point, 0.0)

    def policies(self, *points: int) -> list[str]:
        """Return the policies that some of the points have."""
        return sorted(self._spent.loc[self._spent["point"].isin(points), "policy"].unique())

    def paths(self, gap: Callable[[Values, Values], tuple[float, float, float]]) -> pd.DataFrame:
        """Return the main series of bases and other scenarios, and what `gap` says of their values in each month."""
        known = indicators_known()
        rows: list[dict[str, Any]] = []
        for province, points in self.points.groupby("province", sort=False):
            names = [one.id for one in self.measures(str(province)) if one.kind == END and one.main]
            wide = _by_month(self.study.monthly(names, list(points["point"])), known, self.replicates[str(province)])
            base, *others = points["point"]
            for name in names:
                for other in others:
                    one, two = wide[base, name], wide[other, name]
                    months = one.index.intersection(two.index)
                    values = zip(months, one.loc[months].to_numpy(float), two.loc[months].to_numpy(float), strict=True)
                    for month, a, b in values:
                        mean, low, high = gap(a, b)
                        rows.append({
                            "province": province, "scenario": self.name(other), "base": self.name(base),
                            "indicator": name, "label": known[name].label, "unit": known[name].unit,
                            "kind": known[name].kind, "month": month, "base_value": a.mean(), "value": b.mean(),
                            "difference": mean, "low": low, "high": high,
                        })  # fmt: skip
        return pd.DataFrame(rows)

    @cached_property
    def _names(self) -> dict[int, str]:
        return dict(zip(self.points["point"], self.points["scenario"], strict=True))

    @cached_property
    def _provinces(self) -> dict[int, str]:
        return dict(zip(self.points["point"], self.points["province"], strict=True))

    @cached_property
    def _sums(self) -> dict[tuple[int, int | None, str | None, str], Values]:
        return {}

    @cached_property
    def _ends_by(self) -> dict[Any, ByReplicate]:
        return {
            key: dict(zip(part["replicate"], part["value"], strict=True))
            for key, part in self._ends.groupby(["point", "indicator"], observed=True)
        }

    @cached_property
    def _targets_by(self) -> dict[Any, pd.DataFrame]:
        return {key: part.set_index("replicate") for key, part in self._targets.groupby(["point", "id", "year"])}

    def _in_order(self, by_replicate: ByReplicate | None, point: int, missing: float) -> Values:
        wanted = self.replicates[self._provinces[point]]
        return np.array([(by_replicate or {}).get(one, missing) for one in wanted], dtype=np.float64)

    def _of_target(self, measure: Measure, point: int, column: str) -> Values:
        part = self._targets_by.get((point, *measure.key))
        return self._in_order(None if part is None else part[column].to_dict(), point, math.nan)

    def _of_indicator(self, info: IndicatorInfo, main: bool) -> Measure:
        first, last = self._months
        when = f"{last:%Y-%m}"
        if info.kind == "flow":
            whole = first.month == 1 and last.month == 12
            when = f"{first:%Y}-{last:%Y}" if whole else f"{first:%Y-%m}/{last:%Y-%m}"
        return Measure(END, info.name, info.label, "", when, info.unit, info.better or "", main)


def measured(study: OpenedStudy) -> Measured:
    """Read everything that comparing needs; raises ResultsError if no run is finished."""
    runs = study.runs
    points = _named(study)
    provinces = dict(zip(points["point"], points["province"], strict=True))
    done = runs[runs["status"] == "ok"].assign(province=lambda frame: frame["point"].map(provinces))
    replicates = {}
    for province, here in points.groupby("province", sort=False):
        ready = done[done["province"] == province].groupby("replicate").size()
        replicates[str(province)] = [int(one) for one in ready.index[ready == len(here)]]
    spent = study.sql(
        "select point, replicate, policy, year, any_value(spent) as public, any_value(private) as private"
        " from policies group by all"
    )
    ends, months = _at_the_end(study)
    return Measured(study, points, replicates, study.target_values(), ends, spent, months)


def _named(study: OpenedStudy) -> pd.DataFrame:
    """Return the points with a short name, and with the scenario's title where it tells the point from the others."""
    rows = []
    titles: list[tuple[str, str]] = []
    for point in study.about["points"]:
        province, base = point["province"], study.about["bases"][f"{point['province']}/{point['scenario']}"]
        title, place = base["title"], base["province"].get("name") or {}
        name = point["name"].removeprefix(f"{province} ").removeprefix(f"{province}: ")
        titles.append((province, str(title.get("en"))))
        rows.append({
            "point": point["number"], "province": province, "scenario": name,
            "title_en": title.get("en") or name, "title_vi": title.get("vi") or name,
            "place_en": place.get("en") or province, "place_vi": place.get("vi") or province,
        })  # fmt: skip
    for row, title in zip(rows, titles, strict=True):
        if titles.count(title) > 1:
            row["title_en"] = row["title_vi"] = row["scenario"]
    first = {row["province"]: row["scenario"] for row in reversed(rows)}
    return pd.DataFrame(rows).assign(base=lambda frame: frame["province"].map(first))


def _at_the_end(study: OpenedStudy) -> tuple[pd.DataFrame, tuple[pd.Timestamp, pd.Timestamp]]:
    """Return point, replicate, indicator and value at the end, and the first and last month that count.

    The end is the last month that all points have: of a stock its value then, of a flow the sum of all months.
    """
    whole = " and ".join(f'"{name}" = \'all\'' for name in GROUPS)
    span = study.sql(f"select min(month) as first, max(month) as last from monthly where {whole} group by point")
    first, last = pd.Timestamp(span["first"].max()), pd.Timestamp(span["last"].min())
    flows = sorted(name for name, info in indicators_known().items() if info.kind == "flow")
    listed = ", ".join(f"'{name}'" for name in flows)
    found = study.sql(f"""
        select point, replicate, indicator, sum(value) as value from monthly
        where {whole} and month <= '{last}' and (indicator in ({listed}) or month = '{last}') group by all
    """)
    started = study.sql(f"select min(month) as first from monthly where indicator in ({listed})")["first"].iloc[0]
    return found, (pd.Timestamp(started) if not pd.isna(started) else first, last)


def _of_target(target: Target) -> Measure:
    when = str(target.year) if target.cumulate_from is None else f"{target.cumulate_from}-{target.year}"
    better = "up" if target.direction == "at_least" else "down"
    return Measure(
        TARGET, target.id, target.label.en, target.label.vi, when, target.unit, better, True, target.year, target.value,
        (target.id, target.year),
    )  # fmt: skip


def _by_month(
    monthly: pd.DataFrame, known: dict[str, IndicatorInfo], replicates: Sequence[int]
) -> dict[tuple[Any, str], pd.DataFrame]:
    """Return each series of each point by month and replicate; a flow by whole years, at their last month."""
    found = {}
    for (point, name), part in monthly.groupby(["point", "indicator"], observed=True):
        frame = part.pivot(index="month", columns="replicate", values="value")[list(replicates)]
        if known[str(name)].kind == "flow":
            months = pd.DatetimeIndex(frame.index)
            grouped = frame.groupby(months.year)
            ends = pd.Series(months, index=months).groupby(months.year).max()
            frame = grouped.sum()[grouped.size() == 12]
            frame.index = pd.DatetimeIndex(ends.loc[frame.index])
        found[point, str(name)] = frame
    return found
