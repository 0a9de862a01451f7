"""How much less a difference between two scenarios varies when both use the same draws.

The change: training seats for one person in 1,000, all in one year. For each seed both scenarios run; with common draws
the difference is taken within a seed, with independent seeds its variance is the sum of the two scenarios' variances.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labsim.config import Config, load
from labsim.evidence.check import heed_stop
from labsim.experiment.paired import VarianceCut, variance_cut
from labsim.profile import GROUPINGS
from labsim.quantity import amount_in
from labsim.simulation import Simulation
from labsim.world import Activity

__all__ = ["LIMITS", "ratios"]

LIMITS = {6: 100.0, 18: 20.0, 60: 5.0}  # months after the change: the least factor, from a prototype with keyed races
POLICY, AMOUNT, YEAR = "vocational_training", "seats_per_year", 2022
SHARE_CHANGED = 0.001


def ratios(months_after: tuple[int, ...], *, n_seeds: int, scale: float) -> dict[int, VarianceCut]:
    """Return by what factor pairing cuts the variance, by months after the start of the changed year."""
    sizes: Mapping[str, Any] = {"scale": scale, "period.until": f"{YEAR + max(months_after) // 12}-12"}
    config = load("son_la", settings=sizes)
    activity = Simulation(config, 0).workers.activity
    people = float((activity <= Activity.ABROAD).sum()) / scale  # of working age, here or away for work
    # The change starts in January: six months after is the end of June.
    months = [f"{YEAR + (n - 1) // 12}-{(n - 1) % 12 + 1:02d}" for n in months_after]
    path = f"policies.{POLICY}.{AMOUNT}"
    worlds = [load("son_la", settings={**sizes, path: doses}) for doses in _doses(config, people)]
    base, changed = (np.stack([_unemployment(one, seed, months) for seed in range(n_seeds)]) for one in worlds)
    return {n: variance_cut(base[:, at], changed[:, at]) for at, n in enumerate(months_after)}


def _doses(config: Config, people: float) -> tuple[dict[int, float], dict[int, float]]:
    """Return the seats of base and changed: given for every year, one of them raised in the changed one."""
    amounts = getattr(config.policies[POLICY], AMOUNT)
    base = {year: float(round(amount_in(amounts, year))) for year in range(YEAR - 1, YEAR + 10)}
    return base, base | {YEAR: float(round(base[YEAR] + SHARE_CHANGED * people))}


def _unemployment(config: Config, seed: int, months: list[str]) -> NDArray[np.float64]:
    """Return the unemployment rate of the whole province in some months ("2022-06"), shape `(n_months,)`."""
    heed_stop()
    monthly = Simulation(config, seed).run().recorder.monthly()
    whole = monthly[(monthly[list(GROUPINGS)] == "all").all(axis=1) & (monthly["indicator"] == "unemployment_rate")]
    series = whole.set_index(whole["month"].dt.strftime("%Y-%m"))["value"]
    return np.asarray(series.loc[months], dtype=np.float64)
