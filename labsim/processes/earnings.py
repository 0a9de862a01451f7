"""Wages, incomes, savings, learning by doing and forgetting."""

from __future__ import annotations

import math

import numpy as np

from labsim.compiled import kernel
from labsim.draws import DrawsOfMonth
from labsim.processes.base import process
from labsim.quantity import Parameters, Yearly, amount_in, quantity
from labsim.world import Activity, EnterpriseArrays, Kind, WorkerArrays, World

FARMING, BUSINESS = int(Activity.FARMING), int(Activity.HOUSEHOLD_BUSINESS)
EMPLOYEE = int(Activity.EMPLOYEE)
OUT, CHILD = int(Activity.OUT_OF_LABOUR_FORCE), int(Activity.CHILD)

COOPERATIVE = int(Kind.COOPERATIVE)


class EarningsParameters(Parameters):
    """How pay moves, and what people save and learn."""

    wage_growth: float = quantity(
        0.055,
        unit="per year",
        low=-0.1,
        high=0.2,
        grade="B",
        year=2022,
        source="mean wage Viet Nam 6.6 (2020) to 7.5 million VND (2022)",
        help="growth of wage offers in current prices at unchanged tightness",
    )
    tightness_response: float = quantity(
        0.05,
        unit="per year",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed",
        help="rise of offers in a year when no vacancy of the market is filled, relative to half of them",
    )
    minimum_wage_region_3: Yearly = quantity(
        {2020: 3.43e6, 2022: 3.64e6, 2024: 3.86e6},
        unit="VND per month",
        low=0,
        high=20e6,
        grade="B",
        year=2024,
        source="government decrees on regional minimum wages",
        help="minimum wage in region III (provincial capitals)",
    )
    minimum_wage_region_4: Yearly = quantity(
        {2020: 3.07e6, 2022: 3.25e6, 2024: 3.45e6},
        unit="VND per month",
        low=0,
        high=20e6,
        grade="B",
        year=2024,
        source="government decrees on regional minimum wages",
        help="minimum wage in region IV (other districts)",
    )
    saving_rate: float = quantity(
        0.10,
        unit="share of income",
        low=0,
        high=0.6,
        grade="D",
        year=2020,
        source="assumed",
        help="share of income that working people keep",
    )
    dissaving: float = quantity(
        0.05,
        unit="per month",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed",
        help="share of savings that people without work use up in a month",
    )
    most_saved: float = quantity(
        24.0,
        unit="months of income",
        low=1,
        high=240,
        grade="D",
        year=2020,
        source="assumed",
        help="savings above which income is spent on house and family",
    )
    own_pay_floor: float = quantity(
        0.8,
        unit="share of mean income",
        low=0.3,
        high=1,
        grade="D",
        year=2020,
        source="assumed",
        help="own-account income of a person without any skill, relative to the district's mean",
    )
    own_pay_of_skill: float = quantity(
        0.4,
        unit="share of mean income",
        low=0,
        high=2,
        grade="D",
        year=2020,
        source="assumed",
        help="rise of own-account income from no skill to mastery",
    )
    learning: float = quantity(
        0.004,
        unit="per month",
        low=0,
        high=0.1,
        grade="C",
        year=2020,
        source="Mincer experience profiles, about 3-5 % a year at first",
        help="learning by doing: share of the way to mastery",
    )
    forgetting: float = quantity(
        0.004,
        unit="per month",
        low=0,
        high=0.1,
        grade="C",
        year=2015,
        source="skill loss out of work, review values 3-6 % a year",
        help="skill lost while out of work",
    )


@kernel
def _offer(e: EnterpriseArrays, tightness: np.ndarray, minimum: np.ndarray, growth: float, response: float) -> None:
    factor = np.exp((growth + response * (2.0 * tightness - 1.0)) / 12.0)
    for r in range(e.active.shape[0]):
        floor = 0.0 if e.kind[r] == COOPERATIVE else minimum[e.district[r]]
        for t in range(e.wage_offer.shape[1]):
            e.wage_offer[r, t] = max(e.wage_offer[r, t] * factor[e.field[r], t], floor)


@process(reads="enterprises.field enterprises.district enterprises.kind market", writes="enterprises.wage_offer places")
def set_wages(world: World, parameters: EarningsParameters, draws: DrawsOfMonth) -> None:
    """Move wage offers: growth, plus a response to how hard vacancies of the field and tier are to fill; never below
    the minimum wage.

    offer *= exp((growth + response (2 unfilled share - 1)) / 12), shape `(n_enterprises, n_tiers)`, VND per month.
    """
    year = world.calendar[0]
    region_4, region_3 = (
        amount_in(parameters.minimum_wage_region_4, year),
        amount_in(parameters.minimum_wage_region_3, year),
    )
    world.places.minimum_wage[:] = np.where(world.tables["minimum_wage_region"] <= 3, region_3, region_4)
    _offer(
        world.employers,
        world.market.tightness,
        world.places.minimum_wage,
        parameters.wage_growth,
        parameters.tightness_response,
    )


@kernel
def _pay(
    w: WorkerArrays,
    runs: np.ndarray,
    farm: np.ndarray,
    business: np.ndarray,
    floor: np.ndarray,
    growth: np.float32,
    base: np.float32,
    more: np.float32,
) -> None:
    """Set everyone's income, district by district: within one, nothing but arithmetic, so that it runs eight at a
    time.
    """
    for r in range(runs.shape[0] - 1):
        here = slice(runs[r], runs[r + 1])
        activity, wage, skill, field = w.activity[here], w.wage[here], w.skill[here], w.work_field[here]
        d = w.district[runs[r]]
        land, least, trade = farm[d], floor[d], business[d]
        for i in range(activity.shape[0]):
            now = activity[i]
            own = base + more * skill[i]
            pay = max(wage[i] * growth, least) if now == EMPLOYEE else wage[i]
            wage[i] = land * own if now == FARMING else pay
        for i in range(activity.shape[0]):
            if activity[i] == BUSINESS:
                wage[i] = trade[field[i] + 1] * (base + more * skill[i])


@kernel
def _save(w: WorkerArrays, rate: np.float32, most: np.float32, keeps: np.float32) -> None:
    activity, savings, wage, none = w.activity, w.savings, w.wage, np.float32(0.0)
    for i in range(activity.shape[0]):
        now, kept, pay = activity[i], savings[i], wage[i]
        saved = kept + (rate * pay if kept < most * pay else none)
        used = kept * keeps if kept > none else kept
        savings[i] = saved if now <= EMPLOYEE else (used if now <= OUT else kept)


@kernel
def _learn(w: WorkerArrays, learning: np.float32, keeps: np.float32) -> None:
    activity, skill, one = w.activity, w.skill, np.float32(1.0)
    for i in range(activity.shape[0]):
        now, known = activity[i], skill[i]
        learnt = known + learning * (one - known)
        skill[i] = learnt if now <= EMPLOYEE else (known * keeps if now <= OUT else known)


@kernel
def _lose(w: WorkerArrays, runs: np.ndarray, lost: np.ndarray) -> None:
    for r in range(runs.shape[0] - 1):
        kept = np.float32(1.0 - lost[w.district[runs[r]]])
        if kept < np.float32(1.0):
            for i in range(runs[r], runs[r + 1]):
                if w.activity[i] == FARMING and w.savings[i] > 0.0:
                    w.savings[i] *= kept


@process(
    reads="workers.activity workers.district workers.work_field places events",
    writes="workers.spell workers.wage workers.skill workers.savings",
)
def earn_and_learn(world: World, parameters: EarningsParameters, draws: DrawsOfMonth) -> None:
    """Pay everyone, let savings and skill move, and count the month of the present spell.

    Skill: s += learning (1 - s) at work, s *= 1 - forgetting out of work. Income of own-account workers: mean x
    (floor + s x rise).
    """
    places, p, single = world.places, parameters, np.float32
    workers, people = world.workers, world.people
    workers.spell += workers.activity < CHILD
    business = np.zeros((len(places), world.n_fields + 1), dtype=single)
    business[:, 1:] = places.business_income
    farm, floor = places.farm_income.astype(single), places.minimum_wage.astype(single)
    growth = single(math.exp(p.wage_growth / 12.0))
    # without own-account people, raises and minimum wages, or without saving, nothing would change
    if growth != 1.0 or floor.any() or (workers.activity < EMPLOYEE).any():
        _pay(people, world.runs, farm, business, floor, growth, single(p.own_pay_floor), single(p.own_pay_of_skill))
    if p.saving_rate > 0.0 or p.dissaving > 0.0:
        _save(people, single(p.saving_rate), single(p.most_saved), single(1.0 - p.dissaving))
    _learn(people, single(p.learning), single(1.0 - p.forgetting))
    lost = world.events.get("savings_lost")
    if lost is not None and lost.any():
        _lose(people, world.runs, lost)
