"""What the statistics office counts and the model records only in parts: people of all ages, rates per head.

The model follows people of 15 and older, and children only if they reach 15 within the period. All children of a year
are those of the margins a year older and thinned by mortality, and as many births a year as there were in the five
years before the start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from labsim.config import Config
from labsim.population.margins import FIRST_ADULT
from labsim.population.reading import read_margins
from labsim.results import IndicatorInfo
from labsim.text import mark

__all__ = ["DERIVED", "NOT_COMPARED", "PARTS", "children", "derived"]

_LABELS = {
    "population": (mark("people of all ages"), "persons"),
    "employed_to_population": (mark("people in work, in people of all ages"), "%"),
    "net_migration_rate": (mark("net migration from other provinces"), "per 1,000"),
    "in_migration_rate": (mark("people who moved in from other provinces"), "per 1,000"),
    "out_migration_rate": (mark("people who moved out to other provinces"), "per 1,000"),
}
DERIVED = {name: IndicatorInfo(name, label, unit, "survey") for name, (label, unit) in _LABELS.items()}
NOT_COMPARED = {
    "in_migration_rate": mark("an input of the model, taken from this series"),
    "out_migration_rate": mark("the model counts temporary work away, which the survey leaves out"),
}
# The recorded series that each is made of; flows are those of the twelve months before.
PARTS = {
    "population": ("population_15_plus",),
    "employed_to_population": ("employed", "population_15_plus"),
    "net_migration_rate": (
        "moved_in", "returned_from_other_provinces", "left_for_other_provinces", "population_15_plus",
    ),
}  # fmt: skip
_YOUNGEST_ADULT = 5 * FIRST_ADULT


def derived(
    name: str, series: Callable[[str], pd.DataFrame], young: Mapping[str, float]
) -> pd.DataFrame:
    """Return a derived series, months ("2016-12") in rows, from what `series` gives of its parts by name.

    `young` are the children of each month; migration is that of the twelve months before.
    """
    adults = series("population_15_plus")
    people = adults.add(pd.Series({month: young[month] for month in adults.index}), axis=0)
    if name == "population":
        return people
    if name == "employed_to_population":
        return 100.0 * series("employed") / people
    come, back, gone = (series(part).rolling(12).sum() for part in PARTS["net_migration_rate"][:3])
    return 1000.0 * (come + back - gone) / people


def children(config: Config) -> np.ndarray:
    """Return the children below 15 at each month of the period, shape `(n_months + 1,)`, straight within a year."""
    margins = read_margins(config.province)
    by_sex = margins.age_sex[:FIRST_ADULT].T  # (sexes, groups of five years)
    now = np.repeat(by_sex / 5.0, 5, axis=1)
    births = by_sex[:, 0] / 5.0
    survived = np.exp(-margins.mortality[:, : _YOUNGEST_ADULT - 1])
    n_years = -(-config.period.n_months // 12)
    totals = [now.sum()]
    for _year in range(n_years):
        now = np.concatenate([births[:, None], now[:, :-1] * survived], axis=1)
        totals.append(now.sum())
    found: np.ndarray = np.interp(np.arange(config.period.n_months + 1) / 12.0, np.arange(n_years + 1), totals)
    return found
