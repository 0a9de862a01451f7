"""One replicate of a two-stage randomised trial, run beside the same world without it.

Districts are drawn into shares of treated people, then people within districts, by lots keyed to district and person.
The other run has the same people with the same luck and no trial: what differs is the trial and its consequences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from labsim.config import Config
from labsim.draws import key_of, rounded, uniforms
from labsim.errors import RunError
from labsim.experiment.executor import stop_requested
from labsim.experiment.treatments import Treatment, TrialPolicy
from labsim.simulation import Simulation
from labsim.text import _
from labsim.world import Activity, Workers

__all__ = ["COLUMNS", "OTHERS", "OUTCOMES", "TREATED", "UNTREATED", "Lots", "drawn", "run_pair"]

TREATED, UNTREATED, OTHERS = "treated", "untreated", "others"
# Work of any kind in the province; a job with an employer; work off the farm; income from work; a course begun since.
OUTCOMES = ("work", "paid_job", "off_farm", "income", "course")
COLUMNS = ("month", "share", "group", "outcome", "persons", "without", "with")
_POLICY = "trial"
_WORK = np.zeros((3, len(Activity)), dtype=np.int64)
_WORK[0, [Activity.FARMING, Activity.HOUSEHOLD_BUSINESS, Activity.EMPLOYEE]] = 1
_WORK[1, Activity.EMPLOYEE] = 1
_WORK[2, [Activity.HOUSEHOLD_BUSINESS, Activity.EMPLOYEE]] = 1


@dataclass(frozen=True)
class Lots:
    """What was drawn: the share of each district `(n_districts,)`; who is eligible and treated `(n_workers,)`."""

    share: np.ndarray
    eligible: np.ndarray
    treated: np.ndarray


def drawn(seed: int, eligible: np.ndarray, district: np.ndarray, n_districts: int, shares: Sequence[float]) -> Lots:
    """Draw districts into shares in equal numbers (or nearly), then that share of the eligible in each district.

    A share of people that is not whole is rounded up or down by chance.
    """
    order = np.argsort(uniforms(key_of(seed, "trial: districts", 0), np.arange(n_districts)), kind="stable")
    share = np.empty(n_districts)
    share[order] = np.asarray(shares)[np.arange(n_districts) % len(shares)]
    rows = np.flatnonzero(eligible)
    home = district[rows].astype(np.int64)
    wanted = rounded(np.bincount(home, minlength=n_districts) * share, key_of(seed, "trial: places", 0))
    by_lot = np.lexsort((uniforms(key_of(seed, "trial: people", 0), rows), home))
    rank = np.arange(len(rows)) - np.searchsorted(home[by_lot], home[by_lot])
    treated = np.zeros(len(eligible), dtype=bool)
    treated[rows[by_lot[rank < wanted[home[by_lot]]]]] = True
    return Lots(share, eligible, treated)


def run_pair(
    config: Config, seed: int, treatment: Treatment, shares: Sequence[float], first: int, months: int, follow: int
) -> pd.DataFrame:
    """Run a world with and without a trial that treats in the months `first` to `first + months - 1`.

    Returns one row a month since the start (1 to `follow`), share, group (treated, untreated, others: everyone not
    eligible) and outcome: persons, and the sums over them without and with the trial. Counts are whole numbers; income
    is in VND per month. Raises RunError if nobody is eligible, or if interrupted.
    """
    policy = TrialPolicy()
    both = config.model_copy(update={"policies": {**config.policies, _POLICY: policy}})
    without, with_trial = Simulation(config, seed), Simulation(both, seed)
    for _month in range(first - 1):
        _step(without, with_trial)
    w = without.workers
    eligible = treatment.eligible(w, first - 1)
    if not eligible.any():
        raise RunError(_("nobody is eligible when the trial begins; give a larger --scale"))
    home = w.district.copy()
    lots = drawn(seed, eligible, home, len(without.world.places), shares)
    when = first + np.floor(uniforms(key_of(seed, "trial: months", 0), np.arange(len(w))) * months).astype(np.int64)
    policy.begin(treatment, lots.treated, when, first + months - 1)
    cells, names = _cells(lots, home, shares)
    persons = np.bincount(cells, minlength=len(names))
    begun = [np.zeros(len(w), dtype=bool), np.zeros(len(w), dtype=bool)]
    parts = []
    for since in range(1, follow + 1):
        _step(without, with_trial)
        sums = []
        for place, model in enumerate((without, with_trial)):
            begun[place] |= model.workers.programme >= 0
            sums.append([np.bincount(cells, one, len(names)) for one in _outcomes(model.workers, begun[place])])
        parts += _rows(since, names, persons, *sums)
    return pd.DataFrame(parts, columns=list(COLUMNS))


def _step(*models: Simulation) -> None:
    if stop_requested():
        raise RunError(_("interrupted"))
    for model in models:
        model.step()


def _cells(lots: Lots, home: np.ndarray, shares: Sequence[float]) -> tuple[np.ndarray, list[tuple[float, str]]]:
    """Return the cell of each person, shape `(n_workers,)`, and the share and group of each cell."""
    groups = (TREATED, UNTREATED, OTHERS)
    names = [(float(share), group) for share in shares for group in groups]
    of_share = np.searchsorted(np.asarray(shares), lots.share)
    group = np.where(lots.treated, 0, np.where(lots.eligible, 1, 2))
    return of_share[home] * len(groups) + group, names


def _outcomes(workers: Workers, begun: np.ndarray) -> list[np.ndarray]:
    """Return every outcome of every person, shape `(n_workers,)` each, in the order of OUTCOMES."""
    counts = [_WORK[row][workers.activity] for row in range(len(_WORK))]
    return [*counts, np.where(counts[0] > 0, workers.wage.astype(np.float64), 0.0), begun.astype(np.int64)]


def _rows(
    since: int, names: list[tuple[float, str]], persons: np.ndarray, without: Any, with_trial: Any
) -> list[tuple[Any, ...]]:
    return [
        (since, share, group, outcome, int(persons[cell]), float(one[cell]), float(two[cell]))
        for outcome, one, two in zip(OUTCOMES, without, with_trial, strict=True)
        for cell, (share, group) in enumerate(names)
        if persons[cell]
    ]
