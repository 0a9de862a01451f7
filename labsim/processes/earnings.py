"""Wages, incomes, savings, learning by doing and forgetting."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from labsim.compiled import inline, kernel
from labsim.draws import DrawsOfMonth
from labsim.processes.base import process
from labsim.quantity import Parameters, Yearly, amount_in, quantity
from labsim.rows import add_marked, least_of, mark_equal
from labsim.world import Activity, EnterpriseArrays, Kind, WorkerArrays, World

FARMING, BUSINESS = int(Activity.FARMING), int(Activity.HOUSEHOLD_BUSINESS)
EMPLOYEE = int(Activity.EMPLOYEE)
OUT, CHILD = int(Activity.OUT_OF_LABOUR_FORCE), int(Activity.CHILD)

COOPERATIVE = int(Kind.COOPERATIVE)
BLOCK = 2048  # people: their columns stay in the cache from one step to the next


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
    district, field, kind, wage_offer = e.district, e.field, e.kind, e.wage_offer
    factor = np.exp((growth + response * (2.0 * tightness - 1.0)) / 12.0)
    for r in range(e.active.shape[0]):
        floor = 0.0 if kind[r] == COOPERATIVE else minimum[district[r]]
        for t in range(wage_offer.shape[1]):
            wage_offer[r, t] = max(wage_offer[r, t] * factor[field[r], t], floor)


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


class Pay(NamedTuple):
    """What sets income this month, by district, in single precision as the column is."""

    farm: np.ndarray  # (n_districts,): VND per month
    business: np.ndarray  # (n_districts, n_fields + 1): VND per month, by field + 1
    floor: np.ndarray  # (n_districts,): least wage of employees
    lost: np.ndarray  # (n_districts,): share of farmers' savings lost to hazards
    growth: np.float32
    base: np.float32
    of_skill: np.float32


class Habits(NamedTuple):
    """How savings and skill move in a month, in single precision as the columns are."""

    saved: np.float32
    most: np.float32
    used_up: np.float32  # what is kept of savings
    learnt: np.float32
    forgotten: np.float32  # what is kept of skill


@inline
def _pay(
    activity: np.ndarray,
    wage: np.ndarray,
    skill: np.ndarray,
    field: np.ndarray,
    d: int,
    by: Pay,
    answers: np.ndarray,
    owners: np.ndarray,
) -> None:
    """Set the income of people of one district: nothing but arithmetic, so that it runs eight at a time."""
    land, least, growth, base, more = by.farm[d], by.floor[d], by.growth, by.base, by.of_skill
    for i in range(activity.shape[0]):
        now = activity[i]
        own = base + more * skill[i]
        pay = max(wage[i] * growth, least) if now == EMPLOYEE else wage[i]
        wage[i] = land * own if now == FARMING else pay
    trade = by.business[d]
    mark_equal(activity, BUSINESS, answers)
    for i in owners[: add_marked(answers[: activity.shape[0]], 0, owners, 0)]:
        wage[i] = trade[field[i] + 1] * (base + more * skill[i])


@inline
def _save(activity: np.ndarray, savings: np.ndarray, wage: np.ndarray, by: Habits) -> None:
    rate, most, keeps, none = by.saved, by.most, by.used_up, np.float32(0.0)
    for i in range(activity.shape[0]):
        now, kept, pay = activity[i], savings[i], wage[i]
        saved = kept + (rate * pay if kept < most * pay else none)
        used = kept * keeps if kept > none else kept
        savings[i] = saved if now <= EMPLOYEE else (used if now <= OUT else kept)


@inline
def _learn(activity: np.ndarray, skill: np.ndarray, by: Habits) -> None:
    learning, keeps, one = by.learnt, by.forgotten, np.float32(1.0)
    for i in range(activity.shape[0]):
        now, known = activity[i], skill[i]
        learnt = known + learning * (one - known)
        skill[i] = learnt if now <= EMPLOYEE else (known * keeps if now <= OUT else known)


@inline
def _lose(activity: np.ndarray, savings: np.ndarray, lost: float) -> None:
    kept, none = np.float32(1.0 - lost), np.float32(0.0)
    for i in range(activity.shape[0]):
        savings[i] *= kept if activity[i] == FARMING and savings[i] > none else np.float32(1.0)


@kernel
def _month_passes(w: WorkerArrays, runs: np.ndarray, by: Pay, habits: Habits, pays: bool, saves: bool) -> None:
    """Let income, savings, skill and spells move, a district at a time and in blocks that stay in the cache.

    `pays` says whether the pay of employees moves, `saves` whether savings do.
    """
    lost = by.lost
    activity, wage, skill, savings = w.activity, w.wage, w.skill, w.savings
    field, spell, district = w.work_field, w.spell, w.district
    answers, owners = np.empty(BLOCK, dtype=np.uint8), np.empty(BLOCK, dtype=np.int64)
    for r in range(runs.shape[0] - 1):
        for start in range(runs[r], runs[r + 1], BLOCK):
            end, d = min(start + BLOCK, runs[r + 1]), district[start]
            now = activity[start:end]
            least = least_of(now)
            if least >= CHILD:
                continue  # nothing happens to children, who stand together, and to people outside
            if pays or least < EMPLOYEE:
                _pay(now, wage[start:end], skill[start:end], field[start:end], d, by, answers, owners)
            if saves:
                _save(now, savings[start:end], wage[start:end], habits)
            _learn(now, skill[start:end], habits)
            if lost[d] > 0.0:
                _lose(now, savings[start:end], lost[d])
            months = spell[start:end]
            for i in range(end - start):
                months[i] += now[i] < CHILD


@process(
    reads="workers.activity workers.district workers.work_field places events.savings_lost",
    writes="workers.spell workers.wage workers.skill workers.savings",
)
def earn_and_learn(world: World, parameters: EarningsParameters, draws: DrawsOfMonth) -> None:
    """Pay everyone, let savings and skill move, and count the month of the present spell.

    Skill: s += learning (1 - s) at work, s *= 1 - forgetting out of work. Income of own-account workers: mean x
    (floor + s x rise).
    """
    places, p, single = world.places, parameters, np.float32
    business = np.zeros((len(places), world.n_fields + 1), dtype=single)
    business[:, 1:] = places.business_income
    farm, floor = places.farm_income.astype(single), places.minimum_wage.astype(single)
    growth = single(math.exp(p.wage_growth / 12.0))
    lost = world.events["savings_lost"]
    _month_passes(
        world.people,
        world.runs,
        Pay(farm, business, floor, lost, growth, single(p.own_pay_floor), single(p.own_pay_of_skill)),
        Habits(
            single(p.saving_rate),
            single(p.most_saved),
            single(1.0 - p.dissaving),
            single(p.learning),
            single(1.0 - p.forgetting),
        ),
        bool(growth != 1.0 or floor.any()),
        p.saving_rate > 0.0 or p.dissaving > 0.0,
    )
