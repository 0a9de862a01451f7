"""Wages, incomes, savings, learning by doing and forgetting."""

from __future__ import annotations

import math

import numpy as np

from labsim.compiled import kernel
from labsim.draws import DrawsOfMonth
from labsim.processes.base import process
from labsim.quantity import Parameters, Yearly, amount_in, quantity
from labsim.world import Activity, Kind, WorkerArrays, World

FARMING, BUSINESS = int(Activity.FARMING), int(Activity.HOUSEHOLD_BUSINESS)
EMPLOYEE, UNEMPLOYED = int(Activity.EMPLOYEE), int(Activity.UNEMPLOYED)
IN_TRAINING, OUT = int(Activity.IN_TRAINING), int(Activity.OUT_OF_LABOUR_FORCE)
CHILD = int(Activity.CHILD)


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


@process(reads="enterprises.field enterprises.district enterprises.kind market", writes="enterprises.wage_offer places")
def set_wages(world: World, parameters: EarningsParameters, draws: DrawsOfMonth) -> None:
    """Move wage offers: growth, plus a response to how hard vacancies of the field and tier are to fill; never below
    the minimum wage.

    offer *= exp((growth + response (2 unfilled share - 1)) / 12), shape `(n_enterprises, n_tiers)`, VND per month.
    """
    e, year = world.enterprises, world.calendar[0]
    region_4, region_3 = (
        amount_in(parameters.minimum_wage_region_4, year),
        amount_in(parameters.minimum_wage_region_3, year),
    )
    world.places.minimum_wage[:] = np.where(world.tables["minimum_wage_region"] <= 3, region_3, region_4)
    pressure = parameters.tightness_response * (2.0 * world.market.tightness[e.field] - 1.0)
    growth = np.exp((parameters.wage_growth + pressure) / 12.0)
    floor = np.where(e.kind == Kind.COOPERATIVE, 0.0, world.places.minimum_wage[e.district])
    e.wage_offer[:] = np.maximum(e.wage_offer * growth, floor[:, None])


@kernel
def _earn(
    w: WorkerArrays,
    own_income: np.ndarray,
    floor: np.ndarray,
    lost: np.ndarray,
    growth: np.ndarray,
    saving: np.ndarray,
    keeps: np.ndarray,
    fades: np.ndarray,
    grows: np.ndarray,
    ages: np.ndarray,
    most: np.float32,
) -> None:
    activity, spell, wages, skills, saved, district = w.activity, w.spell, w.wage, w.skill, w.savings, w.district
    work_field = w.work_field
    one, base, more, none = np.float32(1.0), np.float32(0.8), np.float32(0.4), np.float32(0.0)
    for i in range(activity.shape[0]):
        now = activity[i]
        spell[i] += ages[now]
        skill, wage, d = skills[i], wages[i], district[i]
        # own-account people earn by place and trade, employees by contract; tables in place of branches, which people's
        # mixed states would make the processor guess wrongly
        own = own_income[now, d, work_field[i] + 1] * (base + more * skill)
        wage = max(wage * growth[now], floor[now, d], own)
        saves = saving[now] * wage if saved[i] < most * wage else none
        kept = (saved[i] + saves) * (one - lost[now, d])
        wages[i] = wage
        saved[i] = kept if kept < none else kept * keeps[now]
        skills[i] = skill * fades[now] + grows[now]


@process(
    reads="workers.activity workers.district workers.work_field places events",
    writes="workers.spell workers.wage workers.skill workers.savings",
)
def earn_and_learn(world: World, parameters: EarningsParameters, draws: DrawsOfMonth) -> None:
    """Pay everyone, let savings and skill move, and count the month of the present spell.

    Skill: s += learning (1 - s) at work, s *= 1 - forgetting out of work. Income of own-account workers: mean x (0.8
    + 0.4 s).
    """
    places, p = world.places, parameters
    n, here = len(Activity), (len(Activity), len(places))
    working, idle = np.arange(n) <= EMPLOYEE, np.isin(np.arange(n), (UNEMPLOYED, IN_TRAINING, OUT))
    own_income = np.zeros((*here, world.n_fields + 1), dtype=np.float32)
    own_income[FARMING] = places.farm_income[:, None]
    own_income[BUSINESS] = np.concatenate([places.business_income[:, :1], places.business_income], axis=1)
    floor, lost = np.zeros(here, dtype=np.float32), np.zeros(here, dtype=np.float32)
    floor[EMPLOYEE] = places.minimum_wage
    lost[FARMING] = world.events.get("savings_lost", 0.0)
    growth = np.ones(n)
    growth[EMPLOYEE] = math.exp(p.wage_growth / 12.0)
    growth[FARMING] = growth[BUSINESS] = 0.0
    _earn(
        world.people,
        own_income,
        floor,
        lost,
        growth.astype(np.float32),
        np.where(working, p.saving_rate, 0.0).astype(np.float32),
        np.where(idle, 1.0 - p.dissaving, 1.0).astype(np.float32),
        np.where(working, 1.0 - p.learning, np.where(idle, 1.0 - p.forgetting, 1.0)).astype(np.float32),
        np.where(working, p.learning, 0.0).astype(np.float32),
        (np.arange(n) < CHILD).astype(np.int16),
        np.float32(p.most_saved),
    )
