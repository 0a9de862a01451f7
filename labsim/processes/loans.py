"""Who opens a household business with a loan: the kernel, and what it needs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from labsim.compiled import kernel
from labsim.draws import gated, race, scramble, uniform_of
from labsim.processes.base import leave_all
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
    heads: np.ndarray,
    offer_key: np.uint64,
    key: np.uint64,
    lent: np.ndarray,
) -> int:
    """Let those among some rows who are offered a loan open a business; write how many did by district."""
    chance, loan, grant, months = terms
    activity, district, birth, wage, savings = w.activity, w.district, w.birth_month, w.wage, w.savings
    work_field, backed_until = w.work_field, w.backed_until
    people, trades, opened = np.empty_like(rows), np.empty(rows.shape[0], dtype=np.int64), 0
    for k in range(rows.shape[0]):
        i = rows[k]
        now, d = activity[i], district[i]
        if now > UNEMPLOYED or now == BUSINESS or gated(heads[k], offer_key, i) >= chance[d]:
            continue
        age = (month - birth[i]) // 12
        if age < by.youngest or age > by.oldest:
            continue
        bits = scramble(key, i)
        field = race(bits, room[d], 1)
        if field < 0:
            continue
        earned = wage[i] if now != UNEMPLOYED else by.idle * wage[i]
        gain = min(by.most_gain, (income[d, field] / max(1.0e5, earned)) ** by.response)
        money = max(0.0, savings[i]) + loan[d] + grant[d]
        ease = money / (money + by.capital) if by.capital > 0.0 else 1.0
        if uniform_of(bits, 0) < by.take_up * gain * ease:
            people[opened], trades[opened] = i, field
            opened += 1
    people, trades = people[:opened], trades[:opened]
    leave_all(w, e, p, flows, people, np.full(opened, BUSINESS))
    for k in range(opened):
        i, d = people[k], district[people[k]]
        work_field[i] = trades[k]
        wage[i] = income[d, trades[k]]
        savings[i] += grant[d] - max(0.0, min(savings[i], by.used * by.capital))
        backed_until[i] = month + months[d]
        lent[d] += 1
    return opened
