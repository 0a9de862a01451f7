"""Who opens a household business with a loan: the kernel, and what it needs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from labsim.compiled import kernel
from labsim.draws import gated, race, scramble, uniform_of
from labsim.processes.base import leave_programme, leave_work, move
from labsim.world import Activity, EnterpriseArrays, ProgrammeArrays, WorkerArrays

BUSINESS, UNEMPLOYED = int(Activity.HOUSEHOLD_BUSINESS), int(Activity.UNEMPLOYED)


class Opening(NamedTuple):
    """How people answer an offer, as in the parameters of own-account work; money in VND, ages in years."""

    take_up: float
    response: float
    most_gain: float
    capital: float
    used: float
    idle: float
    youngest: float
    oldest: float


class Terms(NamedTuple):
    """What is offered this month, arrays of shape `(n_districts,)`."""

    chance: np.ndarray  # that somebody who farms, has a job or none is offered a loan
    loan: np.ndarray  # VND
    grant: np.ndarray  # VND
    months: np.ndarray  # of support after the opening


@kernel
def open_with_loans(
    w: WorkerArrays,
    e: EnterpriseArrays,
    p: ProgrammeArrays,
    flows: np.ndarray,
    month: int,
    income: np.ndarray,
    room: np.ndarray,
    by: Opening,
    terms: Terms,
    rows: np.ndarray,
    gate: np.ndarray,
    offer_key: np.uint64,
    key: np.uint64,
    lent: np.ndarray,
) -> int:
    """Let those among some rows who are offered a loan open a business; write how many did by district."""
    chance, loan, grant, months = terms
    opened = 0
    for i in rows:
        now, d = w.activity[i], w.district[i]
        if now > UNEMPLOYED or now == BUSINESS or gated(gate[i], offer_key, i) >= chance[d]:
            continue
        age = (month - w.birth_month[i]) // 12
        if age < by.youngest or age > by.oldest:
            continue
        bits = scramble(key, i)
        field = race(bits, room[d], 1)
        if field < 0:
            continue
        earned = w.wage[i] if now != UNEMPLOYED else by.idle * w.wage[i]
        gain = min(by.most_gain, (income[d, field] / max(1.0e5, earned)) ** by.response)
        money = max(0.0, w.savings[i]) + loan[d] + grant[d]
        ease = money / (money + by.capital) if by.capital > 0.0 else 1.0
        if uniform_of(bits, 0) < by.take_up * gain * ease:
            leave_work(w, e, i)
            leave_programme(w, p, i)
            move(w, flows, i, BUSINESS)
            w.work_field[i] = field
            w.wage[i] = income[d, field]
            w.savings[i] += grant[d] - max(0.0, min(w.savings[i], by.used * by.capital))
            w.backed_until[i] = month + months[d]
            lent[d] += 1
            opened += 1
    return opened
