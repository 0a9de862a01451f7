"""What a worker does for one replicate: simulate it, score its targets, and pick out the series that pages show.

Scoring takes a tenth of the time of a small simulation; done here, it keeps nobody's page waiting.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from labsim.experiment.opened import targets_of
from labsim.experiment.posterior import beside_margins
from labsim.experiment.run import Job, Replicate, indicators_known, simulate
from labsim.results import GROUPS, IndicatorInfo
from labsim.target_file import load_targets
from labsim.targets import Target, base_of, target_values

__all__ = ["ACTIVITIES", "DISTRICT_SERIES", "FLOWS", "SECTORS", "Scored", "scored", "targets_for"]

SECTORS = ("agricultural_share", "industry_share", "services_share")
ACTIVITIES = (
    "farmers", "household_businesses", "employees", "unemployed", "in_training", "out_of_labour_force",
    "away_in_viet_nam", "abroad",
)  # fmt: skip
FLOWS = (
    "hires", "separations", "businesses_opened", "businesses_closed", "people_trained", "left_for_other_provinces",
    "returned_from_other_provinces", "sent_abroad", "returned_from_abroad", "reached_fifteen",
)  # fmt: skip
DISTRICT_SERIES = (
    "working_age", "working_age_trained", "unemployment_rate", "agricultural_share", "mean_income", "employed",
)  # fmt: skip
_MORE = ("underemployment_rate", "labour_force", "jobs_created")
_TOLD_APART = ("district", "residence")


@dataclass(frozen=True)
class Scored:
    """A replicate with what its targets came to, and the part of its series that pages show.

    `targets` and `others` have a row a target: id, year, value, met, shortfall_persons, persons; `others` by the other
    reading of those whose wording may mean two things.
    """

    replicate: Replicate
    shown: pd.DataFrame
    targets: pd.DataFrame
    others: pd.DataFrame

    def numbered(self, number: int, scenario: str) -> Scored:
        """Return the same under another number and name of the scenario: equal worlds share their replicates."""
        one = self.replicate
        if one.replicate == number and str(one.monthly["scenario"].iloc[0]) == scenario:
            return self
        frames = {name: getattr(one, name).assign(replicate=number) for name in ("ledger", "population", "policies")}
        renamed = replace(one, replicate=number, monthly=_as(one.monthly, number, scenario), **frames)
        others = {name: getattr(self, name).assign(replicate=number) for name in ("targets", "others")}
        return Scored(renamed, _as(self.shown, number, scenario), **others)


def scored(job: Job) -> Scored:
    """Simulate one replicate in this process and score it."""
    found = simulate(job)
    targets = targets_for(job)
    known = indicators_known()
    shown = _chosen(found.monthly, _wanted(targets, known))
    others = [one.other for one in targets if one.other is not None]
    whole = shown[(shown["district"] == "all").to_numpy()]
    return Scored(found, shown, target_values(whole, targets, known), target_values(whole, others, known))


def targets_for(job: Job) -> list[Target]:
    """Return the targets of the province of a job."""
    file = beside_margins(job.config, "targets.yaml")
    return list(_read(file, file.stat().st_mtime_ns)) if file is not None else targets_of(job.config.province.id)


@lru_cache(maxsize=16)
def _read(file: Path, _changed: int) -> tuple[Target, ...]:
    """Return the targets of a file, read again only when it has changed: reading takes as long as scoring does."""
    return tuple(load_targets(file))


def _as(monthly: pd.DataFrame, number: int, scenario: str) -> pd.DataFrame:
    return monthly.assign(replicate=number, scenario=monthly["scenario"].cat.rename_categories([scenario]))


def _wanted(targets: Sequence[Target], known: Mapping[str, IndicatorInfo]) -> set[str]:
    """Return the indicators that pages show or targets need."""
    names: set[str] = {*SECTORS, *ACTIVITIES, *FLOWS, *DISTRICT_SERIES, *_MORE}
    for target in targets:
        for one in (target, target.other):
            info = known.get(one.indicator or "") if one is not None else None
            if one is not None and info is not None:
                names |= {info.name, *filter(None, (base_of(one, info),))}
    return names


def _chosen(monthly: pd.DataFrame, wanted: set[str]) -> pd.DataFrame:
    column = monthly["indicator"]
    keep = _is_one_of(column, wanted)
    for name in GROUPS:
        if name not in _TOLD_APART:
            keep &= (monthly[name] == "all").to_numpy()
    in_district = (monthly["district"] != "all").to_numpy()
    of_district = _is_one_of(column, DISTRICT_SERIES)
    chosen: pd.DataFrame = monthly[keep & (~in_district | of_district)].reset_index(drop=True)
    return chosen


def _is_one_of(column: pd.Series[Any], names: Collection[str]) -> np.ndarray:
    """Say of each row of a column of categories whether it holds one of some names."""
    codes = [code for code, name in enumerate(column.cat.categories) if name in names]
    return np.isin(column.cat.codes.to_numpy(), codes)
