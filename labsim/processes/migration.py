"""Working in other provinces, coming back, settling elsewhere, moving in. Leaving needs a gain and the means."""

from __future__ import annotations

import math

import numpy as np

from labsim.compiled import kernel
from labsim.draws import DrawsOfMonth, gated, uniform
from labsim.processes.base import leave_all, move_all, process
from labsim.quantity import Parameters, quantity
from labsim.rows import where_equal
from labsim.world import Activity, EnterpriseArrays, Level, ProgrammeArrays, WorkerArrays, World

FARMING, EMPLOYEE, UNEMPLOYED = int(Activity.FARMING), int(Activity.EMPLOYEE), int(Activity.UNEMPLOYED)
AWAY, ABROAD = int(Activity.AWAY_IN_VIET_NAM), int(Activity.ABROAD)
OUTSIDE, LEFT = int(Activity.OUTSIDE), int(Activity.LEFT)
COLLEGE = int(Level.COLLEGE)
MOST_GAIN = 4.0  # an upper bound on the answer to the income gain


class MigrationParameters(Parameters):
    """Who leaves for other provinces, who comes, who returns."""

    leave_rate: float = quantity(
        0.0014,
        unit="per month",
        low=0,
        high=0.05,
        grade="D",
        year=2016,
        source=(
            "assumed; registered moves out of Son La were 2-3 per 1,000 a year (2013-16), which leaves out temporary"
            " work"
        ),
        help="chance that a person of 15-44 goes to work in another province, at equal income and ample means",
    )
    leave_response: float = quantity(
        1.0,
        unit="elasticity",
        low=0,
        high=5,
        grade="D",
        year=2020,
        source="assumed",
        help="how strongly leaving answers the income gain",
    )
    outside_wage: float = quantity(
        7.0e6,
        unit="VND per month",
        low=3e6,
        high=20e6,
        grade="B",
        year=2021,
        source="a couple earned about 15 million VND a month in Binh Duong (2021)",
        help="pay in industrial zones elsewhere at month 0",
    )
    outside_growth: float = quantity(
        0.06,
        unit="per year",
        low=-0.1,
        high=0.2,
        grade="B",
        year=2022,
        source="mean wage Viet Nam 6.6 (2020) to 7.5 million (2022)",
        help="growth of that pay",
    )
    cost_of_leaving: float = quantity(
        3.0e6,
        unit="VND",
        low=0,
        high=50e6,
        grade="D",
        year=2020,
        source="assumed",
        help="savings at which lack of means halves leaving",
    )
    oldest_leaver: float = quantity(
        45.0,
        unit="years",
        low=20,
        high=70,
        grade="D",
        year=2020,
        source="assumed",
        help="age below which people leave to work in other provinces",
    )
    young_until: float = quantity(
        30.0,
        unit="years",
        low=18,
        high=60,
        grade="D",
        year=2020,
        source="assumed",
        help="age below which people leave at the full rate",
    )
    older_factor: float = quantity(
        0.5,
        unit="factor",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed",
        help="rate of leaving above that age, relative to below",
    )
    idle_income: float = quantity(
        0.5,
        unit="share of last pay",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed: odd jobs and help of the family",
        help="what an unemployed person lives on when comparing",
    )
    saved_away: float = quantity(
        1.0e6,
        unit="VND per month",
        low=0,
        high=10e6,
        grade="D",
        year=2020,
        source="assumed",
        help="savings brought home for each month away, up to two years",
    )
    back_to_farm: float = quantity(
        0.6,
        unit="share",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed",
        help="share of rural people coming back who join the family farm",
    )
    return_rate: float = quantity(
        0.035,
        unit="per month",
        low=0,
        high=0.5,
        grade="D",
        year=2020,
        source="assumed: a spell away lasts about two and a half years",
        help="chance that a person away comes back in a month",
    )
    settle_rate: float = quantity(
        0.003,
        unit="per month",
        low=0,
        high=0.1,
        grade="D",
        year=2016,
        source="net migration of Son La about -1.3 per 1,000 a year (2015-16)",
        help="chance that a person away settles there for good",
    )
    in_migration: float = quantity(
        0.0006,
        unit="per person and year",
        low=0,
        high=0.02,
        grade="A",
        year=2016,
        source="statistics office: 0.6 per 1,000 a year in Son La, 2015-16",
        help="people who move in, relative to people of 15 and older",
    )


@kernel
def _leave(
    w: WorkerArrays,
    e: EnterpriseArrays,
    p: ProgrammeArrays,
    flows: np.ndarray,
    month: int,
    rate: float,
    response: float,
    wage: float,
    cost: float,
    oldest: float,
    young_until: float,
    older: float,
    idle: float,
    rows: np.ndarray,
    heads: np.ndarray,
    key: np.uint64,
) -> int:
    left = 0
    # column by column: memory is then asked for many people at once
    doing, birth = w.activity[rows], w.birth_month[rows]
    programme, wages, savings = w.programme[rows], w.wage[rows], w.savings[rows]
    people = np.empty_like(rows)
    for k in range(rows.shape[0]):
        i, now = rows[k], doing[k]
        if now > UNEMPLOYED:
            continue
        u = gated(heads[k], key, i)
        age = (month - birth[k]) // 12
        if age >= oldest or programme[k] >= 0:
            continue
        means = max(0.0, savings[k])
        ease = means / (means + cost) if cost > 0.0 else 1.0
        young = 1.0 if age < young_until else older
        if u >= rate * MOST_GAIN * young * ease:  # most are turned away before a power is taken
            continue
        earned = wages[k] if now != UNEMPLOYED else idle * wages[k]
        gain = min(MOST_GAIN, (wage / max(1.0e6, earned)) ** response)
        if u < rate * gain * young * ease:
            people[left] = i
            left += 1
    leave_all(w, e, p, flows, people[:left], np.full(left, AWAY))
    return left


@process(
    reads="workers.birth_month workers.wage workers.savings",
    writes=(
        "workers.activity workers.spell workers.employer workers.tier workers.work_field workers.programme"
        " workers.months_left enterprises.headcount programmes.taken ledger"
    ),
)
def leave_province(world: World, parameters: MigrationParameters, draws: DrawsOfMonth) -> None:
    """Let people of 15-44 go to work in other provinces.

    Chance = rate x (pay outside / present income)^response x savings / (savings + cost): a bad harvest pushes, an
    empty purse holds.
    """
    wage = parameters.outside_wage * math.exp(parameters.outside_growth * world.month / 12.0)
    kinds = np.zeros(len(Activity))
    kinds[: UNEMPLOYED + 1] = MOST_GAIN * parameters.leave_rate
    left = _leave(
        world.people,
        world.employers,
        world.courses,
        world.ledger.flows,
        world.month,
        parameters.leave_rate,
        parameters.leave_response,
        wage,
        parameters.cost_of_leaving,
        parameters.oldest_leaver,
        parameters.young_until,
        parameters.older_factor,
        parameters.idle_income,
        *draws.gate_by("leave the province", kinds, world.workers.activity),
        draws.key("leave the province"),
    )
    world.ledger.count("left_for_other_provinces", left)


@kernel
def _return(
    w: WorkerArrays,
    flows: np.ndarray,
    back: float,
    settle: float,
    saved: float,
    farm: float,
    rows: np.ndarray,
    key: np.uint64,
    counts: np.ndarray,
) -> None:
    savings, spell, urban = w.savings, w.spell, w.urban
    people, activities, n = np.empty_like(rows), np.empty(rows.shape[0], dtype=np.int64), 0
    for i in rows:
        u = uniform(key, i)
        if u >= settle + back:
            continue
        people[n], activities[n] = i, LEFT
        if u < settle:
            counts[0] += 1
        else:
            savings[i] += saved * min(24, spell[i])
            activities[n] = FARMING if urban[i] == 0 and u < settle + farm * back else UNEMPLOYED
            counts[1] += 1
        n += 1
    move_all(w, flows, people[:n], activities[:n])


@process(reads="workers.urban", writes="workers.activity workers.spell workers.savings ledger")
def return_home(world: World, parameters: MigrationParameters, draws: DrawsOfMonth) -> None:
    """Bring people back from other provinces at a constant hazard; some settle there for good.

    They bring `saved_away` for each month away, up to two years; some rural people go back to the farm, others search.
    """
    counts = np.zeros(2, dtype=np.int64)
    _return(
        world.people,
        world.ledger.flows,
        parameters.return_rate,
        parameters.settle_rate,
        parameters.saved_away,
        parameters.back_to_farm,
        where_equal(world.workers.activity, AWAY),
        draws.key("return"),
        counts,
    )
    world.ledger.count("settled_elsewhere", int(counts[0]))
    world.ledger.count("returned_from_other_provinces", int(counts[1]))


@kernel
def _move_in(w: WorkerArrays, flows: np.ndarray, chance: float, rows: np.ndarray, key: np.uint64) -> int:
    people, n = np.empty_like(rows), 0
    for i in rows:
        if uniform(key, i) < chance:
            people[n] = i
            n += 1
    move_all(w, flows, people[:n], np.full(n, UNEMPLOYED))
    return n


@process(reads="", writes="workers.activity workers.spell ledger")
def move_in(world: World, parameters: MigrationParameters, draws: DrawsOfMonth) -> None:
    """Let people from outside move in, at `in_migration` per person of 15 and older and year."""
    here = world.ledger.stocks[: int(Activity.ABROAD) + 1].sum()
    outside = world.ledger.stocks[OUTSIDE]
    chance = min(1.0, parameters.in_migration / 12.0 * here / max(1, outside))
    rows = where_equal(world.workers.activity, OUTSIDE)
    world.ledger.count("moved_in", _move_in(world.people, world.ledger.flows, chance, rows, draws.key("move in")))
