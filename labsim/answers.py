"""What results say by group, and what policies spent and brought about: tidy tables over replicates.

Every table has the mean over replicates and the band between the 5 and 95 % quantiles; one replicate has no band. What
is printed, written to CSV files, put into JSON and returned in Python are these same rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["BY_COLUMNS", "BY_MEASURES", "POLICY_COLUMNS", "by_group", "costs", "spending"]

# What is told by group and year: a stock by its December, a flow by the sum of the year.
BY_MEASURES = (
    "working_age", "working_age_trained", "working_age_certified", "employed", "unemployed", "unemployment_rate",
    "agricultural_workers", "agricultural_share",
    "seekers", "vacancies", "applications", "people_trained", "hires", "sent_abroad", "talent_came",
    "mean_wage", "mean_farm_income", "mean_business_income", "mean_income",
    "income_gain_share", "income_loss_share", "income_median_change",
)  # fmt: skip
BY_COLUMNS = ("grouping", "group", "year", "indicator", "unit", "concept", "value", "low", "high", "n_replicates")
POLICY_COLUMNS = {
    "policy": "object", "year": "int64", "months_in_force": "int64", "months_paused": "int64", "budget": "float64",
    "spent": "float64", "left": "float64", "private": "float64", "outcome": "object", "count": "float64",
    "cost": "float64",
}  # fmt: skip
_LEDGER_KEYS = ["policy", "purpose", "recipient", "payer"]


def by_group(monthly: pd.DataFrame, grouping: str, groupings: Sequence[str], kinds: Mapping[str, Any]) -> pd.DataFrame:
    """Return every measure that groups were told apart in, by group and year, "all" first; columns `BY_COLUMNS`.

    `monthly` is the tidy frame of one scenario; `kinds` gives unit, concept and kind ("flow" or "stock") of each
    indicator. A year counts if it is complete.
    """
    rest = [name for name in groupings if name != grouping]
    frame = monthly[monthly["indicator"].isin(BY_MEASURES)]
    for name in rest:
        frame = frame[frame[name] == "all"]
    grouped = set(frame.loc[frame[grouping] != "all", "indicator"])
    frame = frame.loc[frame["indicator"].isin(grouped), ["replicate", "month", "indicator", grouping, "value"]]
    month = pd.DatetimeIndex(frame["month"])
    frame = frame.assign(
        year=month.year, calendar=month.month, group=frame[grouping].astype(str), name=frame["indicator"].astype(str)
    )
    flows = frame["name"].map({name: kinds[name].kind == "flow" for name in set(frame["name"])}).to_numpy(bool)
    keys = ["name", "group", "year", "replicate"]
    summed = frame[flows].groupby(keys)["value"].agg(["sum", "size"])
    yearly = pd.concat(
        [
            frame[~flows & (frame["calendar"] == 12).to_numpy()].set_index(keys)["value"],
            summed.loc[summed["size"] == 12, "sum"].rename("value"),
        ]
    )
    table = _banded(yearly, ["name", "group", "year"])
    order = {name: place for place, name in enumerate(BY_MEASURES)}
    table["place"], table["first"] = table["name"].map(order), table["group"] != "all"
    table = table.sort_values(["year", "first", "group", "place"], ignore_index=True)
    table.insert(0, "grouping", grouping)
    table["indicator"] = table["name"]
    table["unit"] = [kinds[name].unit for name in table["name"]]
    table["concept"] = [kinds[name].concept for name in table["name"]]
    return table[list(BY_COLUMNS)]


def spending(ledger: pd.DataFrame, n_replicates: int) -> pd.DataFrame:
    """Return what was spent by policy, purpose, recipient, payer and year: VND and persons, mean and band.

    A replicate in which nothing was paid for a purpose counts as zero.
    """
    columns = [*_LEDGER_KEYS, "year", "amount", "amount_low", "amount_high", "persons"]
    if not len(ledger):
        return pd.DataFrame(columns=columns)
    keys = [*_LEDGER_KEYS, "year"]
    wide = ledger.pivot_table(index=keys, columns="replicate", values="amount", aggfunc="sum", fill_value=0)
    wide = wide.reindex(columns=range(1, n_replicates + 1), fill_value=0).sort_index()
    persons = ledger.groupby(keys)["persons"].sum() / n_replicates
    amounts = wide.to_numpy(dtype=float)
    low, high = np.quantile(amounts, [0.05, 0.95], axis=1) if n_replicates > 1 else (np.nan, np.nan)
    table = wide.index.to_frame(index=False)
    table["amount"], table["amount_low"], table["amount_high"] = amounts.mean(axis=1), low, high
    table["persons"] = persons.reindex(wide.index).to_numpy()
    return table[columns]


def costs(policies: pd.DataFrame) -> pd.DataFrame:
    """Return what each policy spent, what was left, and what a unit of its outcome cost, by year and in all.

    The row of `year` "all" sums the years. `unit_cost` is VND of public money for one unit of the outcome, each
    replicate by itself; money that nobody has capped leaves `budget` and `left` empty.
    """
    columns = [
        "policy", "year", "outcome", "months_in_force", "months_paused", "budget", "spent", "left", "private", "count",
        "count_low", "count_high", "cost", "unit_cost", "unit_cost_low", "unit_cost_high",
    ]  # fmt: skip
    if not len(policies):
        return pd.DataFrame(columns=columns)
    keys = ["policy", "outcome", "replicate"]
    sums = ["months_in_force", "months_paused", "budget", "spent", "left", "private", "count", "cost"]
    groups = policies.groupby(keys)[sums]
    # a sum of which no year is known is not known, rather than zero
    whole = groups.sum().where(groups.count() == groups.size().to_frame("n").to_numpy()).reset_index()
    rows = []
    for years in (policies.assign(year=policies["year"].astype(str)), whole.assign(year="all")):
        for (policy, year, outcome), part in years.groupby(["policy", "year", "outcome"], sort=True):
            counts, cost = part["count"].to_numpy(float), part["cost"].to_numpy(float)
            each = np.divide(cost, counts, out=np.full(len(part), np.nan), where=counts > 0)
            row: dict[str, Any] = {"policy": policy, "year": year, "outcome": outcome}
            row |= {name: float(part[name].mean(skipna=False)) for name in sums}
            row |= _band("count", counts) | _band("unit_cost", each)
            rows.append(row)
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values(["policy", "outcome", "year"], ignore_index=True)


def _band(name: str, values: np.ndarray) -> dict[str, float]:
    known = values[np.isfinite(values)]
    if not known.size:
        return {part: float("nan") for part in (name, f"{name}_low", f"{name}_high")}
    low, high = np.quantile(known, [0.05, 0.95]) if known.size > 1 else (np.nan, np.nan)
    return {name: float(known.mean()), f"{name}_low": float(low), f"{name}_high": float(high)}


def _banded(values: pd.Series[Any], keys: list[str]) -> pd.DataFrame:
    """Return mean, 5 and 95 % quantiles and number of replicates, one row for each combination of the keys."""
    groups = values.groupby(level=keys)
    table = groups.mean().rename("value").to_frame()
    table["n_replicates"] = groups.size()
    several = table["n_replicates"] > 1
    table["low"], table["high"] = groups.quantile(0.05).where(several), groups.quantile(0.95).where(several)
    return table.reset_index()
