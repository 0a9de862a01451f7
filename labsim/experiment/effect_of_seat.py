"""Measure what a training seat does to whoever holds it, and to everybody else.

Two runs share every draw; one has more seats for a while. Whoever got a seat in that run only is compared, month by
month, with the same person in the other: this is the effect on the holder, with no selection in it. Everyone else is
compared in the same way: this is the displacement. Reviews of trials find a dip during the course, a few points
afterwards, and losses of others (Card, Kluve, Weber 2018; McKenzie 2017; Crepon et al. 2013).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from labsim.config import Config
from labsim.policies.vocational_training import VocationalTraining
from labsim.simulation import Simulation
from labsim.world import Activity, Level, Workers

EXTRA = "extra_seats"
# Work of any kind in the province; a job with an employer, which is what search and lock-in act on; work off the farm.
OUTCOMES = ("work", "paid_job", "off_farm")
_N_ACTIVITIES = len(Activity)
_COUNTS = np.zeros((len(OUTCOMES), _N_ACTIVITIES))
_COUNTS[0, [Activity.FARMING, Activity.HOUSEHOLD_BUSINESS, Activity.EMPLOYEE]] = 1.0
_COUNTS[1, Activity.EMPLOYEE] = 1.0
_COUNTS[2, [Activity.HOUSEHOLD_BUSINESS, Activity.EMPLOYEE]] = 1.0


@dataclass(frozen=True)
class SeatEffect:
    """What the seats of one pair of runs did; shapes `(n_outcomes, follow + 1)`, by months since enrolment.

    `holder` is the difference in points (100 = one person more for each holder). `others` is the difference of the
    number of everyone else in that outcome, per 100 holders, by months since the seats began to be offered.
    """

    holders: int
    holder: np.ndarray
    others: np.ndarray


LEVEL_MIX = {"short_course": 0.68, "elementary": 0.32}  # as the default of vocational training, cut off at elementary


def extra_seats(seats_per_year: float, start: str, stop: str, level_mix: Mapping[str, float]) -> VocationalTraining:
    """Return a policy that adds short and elementary seats in a window and nothing else: fees and meals stay."""
    return VocationalTraining(
        start=start,
        stop=stop,
        seats_per_year={2021: seats_per_year},
        level_mix=dict(level_mix),
        fee_paid=0.0,
        allowance=0.0,
        priority={},
    )


def _taking_a_seat(workers: Workers, level: np.ndarray) -> np.ndarray:
    """Mark who attends a short or an elementary course, shape `(n_workers,)`."""
    seated = workers.programme >= 0
    taking: np.ndarray = seated & (level[np.maximum(workers.programme, 0)] <= Level.ELEMENTARY)
    return taking


def effect_of_seat(
    config: Config,
    seed: int,
    seats_per_year: float = 8_000.0,
    window: tuple[str, str] = ("2022-01", "2022-12"),
    follow: int = 24,
    level_mix: Mapping[str, float] = LEVEL_MIX,
) -> SeatEffect:
    """Run a configuration with and without extra seats on common draws, and compare holders and others.

    A holder is enrolled within the window in the run with the extra seats, and has been in no course of the other run
    since the window opened. The configuration's own policies run in both.
    """
    more = {**config.policies, EXTRA: extra_seats(seats_per_year, *window, level_mix)}
    base, treated = Simulation(config, seed), Simulation(config.model_copy(update={"policies": more}), seed)
    level = treated.programmes.level
    first, last = (_month_of(config, date) for date in window)
    entered = np.full(len(treated.workers), -1)
    elsewhere = np.zeros(len(treated.workers), dtype=bool)
    sums, others = np.zeros((len(OUTCOMES), follow + 1)), np.zeros((len(OUTCOMES), follow + 1))
    history: list[tuple[int, np.ndarray, np.ndarray]] = []
    for month in range(1, last + follow + 1):
        base.step()
        treated.step()
        if month < first:
            continue
        elsewhere |= base.workers.programme >= 0
        if month <= last:
            new = _taking_a_seat(treated.workers, level) & (entered < 0) & ~elsewhere
            entered[new] = month
        one, other = treated.workers.activity, base.workers.activity
        history.append((month, one.copy(), other.copy()))
    holder = entered >= 0
    for month, one, other in history:
        since = month - entered
        seen = holder & (since >= 0) & (since <= follow)
        for row, counts in enumerate(_COUNTS):
            change = counts[one] - counts[other]
            sums[row] += np.bincount(since[seen], change[seen], follow + 1)
            if month - first <= follow:
                others[row, month - first] = change[~holder].sum()
    n = int(holder.sum())
    return SeatEffect(n, 100.0 * sums / max(1, n), 100.0 * others / max(1, n))


def _month_of(config: Config, date: str) -> int:
    """Return the month of a run that a date such as "2022-01" names."""
    year, month = (int(part) for part in date.split("-"))
    start_year, start_month = config.period.year_and_month(0)
    return (year - start_year) * 12 + month - start_month


def mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean over seeds and its standard error, from the variance between seeds."""
    return float(np.mean(values)), float(np.std(values, ddof=1) / math.sqrt(len(values)))
