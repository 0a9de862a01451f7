"""How much less a difference between two scenarios varies when both use the same draws.

The change: training seats for one person in 1,000, all in one year. For each seed both scenarios run; with common draws
the difference is taken within a seed, with independent seeds its variance is the sum of the two scenarios' variances.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

POLICY = "vocational_training"
AMOUNT = "seats_per_year"
YEAR = 2022
UNEMPLOYMENT = "unemployment_rate"
SHARE_CHANGED = 0.001
LAST_INSIDE_OR_AWAY = 7  # activities up to "abroad": people of working age, here or away for work
GROUP_COLUMNS = ("district", "sex", "age", "ethnicity", "residence", "field")


def _amount_in(amounts: dict[int, float], year: int) -> float:
    given = [y for y in amounts if y <= year]
    return amounts[max(given)] if given else 0.0


def _settings(config: Any, n_people: float) -> tuple[list[str], list[str]]:
    """Return the settings of base and changed: seats given for every year, one of them raised in the changed one."""
    amounts = getattr(config.policies[POLICY], AMOUNT)
    years = range(YEAR - 1, YEAR + 10)
    base = {year: _amount_in(amounts, year) for year in years}
    changed = base | {YEAR: base[YEAR] + SHARE_CHANGED * n_people}

    def written(by_year: dict[int, float]) -> str:
        return f"policies.{POLICY}.{AMOUNT}={{" + ", ".join(f"{y}: {n:.0f}" for y, n in by_year.items()) + "}"

    return [written(base)], [written(changed)]


def _unemployment(config: Any, seed: int, months: list[str]) -> NDArray[np.float64]:
    """Return the unemployment rate of the whole province in some months ("2022-06"), shape `(n_months,)`."""
    import labsim

    model = labsim.LabourModel(config, seed=seed)
    model.run()
    monthly = model.recorder.monthly()
    chosen = monthly["indicator"] == UNEMPLOYMENT
    for column in GROUP_COLUMNS:
        chosen &= monthly[column] == "all"
    series = monthly[chosen].set_index(monthly.loc[chosen, "month"].dt.strftime("%Y-%m"))["value"]
    return np.asarray(series.loc[months], dtype=np.float64)


def ratios(months_after: tuple[int, ...], *, n_seeds: int, scale: float) -> dict[int, float]:
    """Return the variance ratio by months after the start of the changed year."""
    import labsim

    at_scale = [f"scale={scale}", f"period.until={YEAR + max(months_after) // 12}-12"]
    config = labsim.load("son_la", settings=at_scale)
    activity = np.asarray(labsim.LabourModel(config, seed=0).workers.activity)
    people = float((activity <= LAST_INSIDE_OR_AWAY).sum()) / scale
    # The change starts in January: six months after is the end of June.
    months = [f"{YEAR + (n - 1) // 12}-{(n - 1) % 12 + 1:02d}" for n in months_after]
    by_scenario = []
    for settings in _settings(config, people):
        scenario = labsim.load("son_la", settings=[*at_scale, *settings])
        by_scenario.append(np.stack([_unemployment(scenario, seed, months) for seed in range(n_seeds)]))
    base, changed = by_scenario
    independent = base.var(axis=0, ddof=1) + changed.var(axis=0, ddof=1)
    common = (changed - base).var(axis=0, ddof=1)
    ratio = np.divide(independent, common, out=np.full_like(common, np.inf), where=common > 0)
    return dict(zip(months_after, ratio.tolist(), strict=True))
