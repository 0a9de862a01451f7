"""People reach fifteen, leave school, enter and leave the labour force, retire and die.

With every other process switched off, the stocks by age and sex follow the cohort-component (Leslie) product of the
same rates.
"""

from __future__ import annotations

import math

import numpy as np

from labsim.compiled import kernel
from labsim.draws import DrawsOfMonth, gated, limit_of, uniform
from labsim.processes.base import leave_all, move_all, process
from labsim.quantity import Parameters, Yearly, amount_in, quantity
from labsim.world import Activity, EnterpriseArrays, ProgrammeArrays, Sex, WorkerArrays, World

FARMING = int(Activity.FARMING)
EMPLOYEE, UNEMPLOYED = int(Activity.EMPLOYEE), int(Activity.UNEMPLOYED)
IN_TRAINING, OUT = int(Activity.IN_TRAINING), int(Activity.OUT_OF_LABOUR_FORCE)
CHILD, OUTSIDE, LEFT = int(Activity.CHILD), int(Activity.OUTSIDE), int(Activity.LEFT)
MONTHS_AT_15, MONTHS_AT_18 = 180, 216


class DemographyParameters(Parameters):
    """How people come of age, take part in the labour force, retire and die."""

    mortality_factor: float = quantity(
        1.0,
        unit="factor",
        low=0.5,
        high=1.5,
        grade="B",
        year=2020,
        source="UN WPP 2024 rates for Viet Nam times the province multiplier of the official projection",
        help="factor on the mortality table of the province",
    )
    participation_turnover: float = quantity(
        0.30,
        unit="per year",
        low=0.0,
        high=1.0,
        grade="D",
        year=2020,
        source="assumed",
        help="how fast people move in and out of the labour force toward the participation of their age and sex",
    )
    retirement_age_men: Yearly = quantity(
        {
            2020: 60.0,
            2021: 60.25,
            2022: 60.5,
            2023: 60.75,
            2024: 61.0,
            2025: 61.25,
            2026: 61.5,
            2027: 61.75,
            2028: 62.0,
        },
        unit="years",
        low=50,
        high=70,
        grade="B",
        year=2023,
        source="Labour Code 2019, Decree 135/2020: three months a year",
        help="statutory retirement age of men",
    )
    retirement_age_women: Yearly = quantity(
        {
            2020: 55.0,
            2021: 55.33,
            2022: 55.67,
            2023: 56.0,
            2024: 56.33,
            2025: 56.67,
            2026: 57.0,
            2027: 57.33,
            2028: 57.67,
            2029: 58.0,
            2030: 58.33,
        },
        unit="years",
        low=50,
        high=70,
        grade="B",
        year=2023,
        source="Labour Code 2019, Decree 135/2020: four months a year",
        help="statutory retirement age of women",
    )
    retire_from_post: float = quantity(
        0.9,
        unit="share",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed",
        help="share of employees who leave the labour force on reaching the statutory age; the others farm on",
    )
    farm_at_home: float = quantity(
        0.75,
        unit="share",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed",
        help="share of rural people entering the labour force who join the family farm rather than look for a job",
    )


@kernel
def _come_of_age(
    w: WorkerArrays, flows: np.ndarray, month: int, at_home: float, rows: np.ndarray, key: np.uint64
) -> tuple[int, int]:
    entered, left_school, n = 0, 0, 0
    activity, birth, schooling, urban = w.activity, w.birth_month, w.schooling, w.urban
    people, activities = np.empty_like(rows), np.empty(rows.shape[0], dtype=np.int64)
    for i in rows:
        age, now, pupil = month - birth[i], activity[i], schooling[i] >= 3
        entering = now == CHILD and age == MONTHS_AT_15
        leaving = now == OUT and age == MONTHS_AT_18 and pupil
        if not entering and not leaving:
            continue
        people[n], activities[n] = i, OUT  # still a pupil until eighteen
        entered += entering
        if leaving or not pupil:
            left_school += 1
            activities[n] = FARMING if urban[i] == 0 and uniform(key, i) < at_home else UNEMPLOYED
        n += 1
    move_all(w, flows, people[:n], activities[:n])
    return entered, left_school


@process(reads="workers.birth_month workers.schooling workers.urban", writes="workers.activity workers.spell ledger")
def come_of_age(world: World, parameters: DemographyParameters, draws: DrawsOfMonth) -> None:
    """Let children who reach fifteen in, and pupils leave upper secondary school at eighteen.

    Who leaves school in a rural home joins the family farm with probability `farm_at_home`, else looks for work.
    """
    rows = np.concatenate([world.born_in(world.month - age) for age in (MONTHS_AT_15, MONTHS_AT_18)]).astype(np.int64)
    entered, left_school = _come_of_age(
        world.people, world.ledger.flows, world.month, parameters.farm_at_home, rows, draws.key("come of age")
    )
    world.ledger.count("reached_fifteen", entered)
    world.ledger.count("left_school", left_school)


@kernel
def _die(
    w: WorkerArrays,
    e: EnterpriseArrays,
    p: ProgrammeArrays,
    flows: np.ndarray,
    month: int,
    chance: np.ndarray,
    key: np.uint64,
) -> int:
    deaths = 0
    activity, birth, sex = w.activity, w.birth_month, w.sex
    people = np.empty(activity.shape[0] // 12 + 1, dtype=np.int64)
    # Everyone's risk of a whole year is drawn once a year, in a month of their own: a twelfth of the people a month.
    for i in range(month % 12, activity.shape[0], 12):
        # children draw too: few then pass, and a processor that guesses who is a child guesses wrong
        age = min(max(month - birth[i], 0) // 12, chance.shape[1] - 1)
        if uniform(key, i) < chance[sex[i], age] and activity[i] < CHILD:
            people[deaths] = i
            deaths += 1
    leave_all(w, e, p, flows, people[:deaths], np.full(deaths, LEFT))
    return deaths


@process(
    reads="workers.birth_month workers.sex",
    writes=(
        "workers.activity workers.spell workers.employer workers.tier workers.work_field workers.programme"
        " workers.months_left enterprises.headcount programmes.taken ledger"
    ),
)
def die(world: World, parameters: DemographyParameters, draws: DrawsOfMonth) -> None:
    """Draw each person's yearly risk of dying, 1 - exp(-m(age, sex)), in the one month of the year that is theirs."""
    chance = 1.0 - np.exp(-parameters.mortality_factor * world.tables["mortality"])
    deaths = _die(
        world.people, world.employers, world.courses, world.ledger.flows, world.month, chance, draws.key("die")
    )
    world.ledger.count("deaths", deaths)


def retirement_months(parameters: DemographyParameters, year: int) -> np.ndarray:
    """Return the statutory retirement age of men and women in a year, shape `(2,)`, in months."""
    ages = (amount_in(parameters.retirement_age_men, year), amount_in(parameters.retirement_age_women, year))
    return np.array([round(12 * ages[Sex.MALE]), round(12 * ages[Sex.FEMALE])])


@kernel
def _retire(
    w: WorkerArrays,
    e: EnterpriseArrays,
    p: ProgrammeArrays,
    flows: np.ndarray,
    month: int,
    at: np.ndarray,
    share: float,
    rows: np.ndarray,
    key: np.uint64,
) -> int:
    retired = 0
    activity, birth, sex = w.activity, w.birth_month, w.sex
    people, activities = np.empty_like(rows), np.empty(rows.shape[0], dtype=np.int64)
    for i in rows:
        if activity[i] == EMPLOYEE and month - birth[i] == at[sex[i]]:
            people[retired], activities[retired] = i, OUT if uniform(key, i) < share else FARMING
            retired += 1
    leave_all(w, e, p, flows, people[:retired], activities[:retired])
    return retired


@process(
    reads="workers.birth_month workers.sex",
    writes=(
        "workers.activity workers.spell workers.employer workers.tier workers.work_field workers.programme"
        " workers.months_left enterprises.headcount programmes.taken tables ledger"
    ),
)
def retire(world: World, parameters: DemographyParameters, draws: DrawsOfMonth) -> None:
    """Let employees go when they reach the statutory retirement age of the year."""
    at = retirement_months(parameters, world.calendar[0])
    world.tables["retirement_months"] = at
    # once each, though the ages of men and women may be one
    rows = np.concatenate([world.born_in(world.month - age) for age in np.unique(at).tolist()]).astype(np.int64)
    retired = _retire(
        world.people,
        world.employers,
        world.courses,
        world.ledger.flows,
        world.month,
        at,
        parameters.retire_from_post,
        rows,
        draws.key("retire"),
    )
    world.ledger.count("retired", retired)


@kernel
def _take_part(
    w: WorkerArrays,
    e: EnterpriseArrays,
    p: ProgrammeArrays,
    flows: np.ndarray,
    month: int,
    enter: np.ndarray,
    leave: np.ndarray,
    at_home: float,
    rows: np.ndarray,
    heads: np.ndarray,
    key: np.uint64,
) -> None:
    oldest = enter.shape[1] - 1
    # column by column: memory is then asked for many people at once
    doing, birth, sexes = w.activity[rows], w.birth_month[rows], w.sex[rows]
    schooling, urban = w.schooling, w.urban
    people, activities, n = np.empty_like(rows), np.empty(rows.shape[0], dtype=np.int64), 0
    for k in range(rows.shape[0]):
        i, now, sex = rows[k], doing[k], sexes[k]
        if now > OUT or now == IN_TRAINING:
            continue
        u = gated(heads[k], key, i)
        months = month - birth[k]
        age = min(months // 12, oldest)
        if now == OUT:
            if u >= enter[sex, age] or (schooling[i] >= 3 and months < MONTHS_AT_18):  # or still a pupil
                continue
            # the position of u within the accepted range is itself uniform: it decides farm or search
            activities[n] = FARMING if urban[i] == 0 and u < at_home * enter[sex, age] else UNEMPLOYED
        elif u < leave[sex, age]:
            activities[n] = OUT
        else:
            continue
        people[n] = i
        n += 1
    leave_all(w, e, p, flows, people[:n], activities[:n])


@kernel
def _write_kinds(activity: np.ndarray, birth: np.ndarray, oldest: int, kinds: np.ndarray) -> None:
    """Write 0 for young people of the labour force, 1 for older ones, 2 outside it, 3 for who may not change."""
    last = np.int16(oldest)
    for i in range(kinds.shape[0]):
        kind = np.uint8(birth[i] <= last)
        kind = np.uint8(2) if activity[i] == OUT else kind
        kinds[i] = np.uint8(3) if (activity[i] > OUT) | (activity[i] == IN_TRAINING) else kind


def _who_may_change(
    world: World, draws: DrawsOfMonth, enter: np.ndarray, leave: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return (rows, heads) as `DrawsOfMonth.gate`: those outside the labour force by the greatest chance to enter, and
    those in it by the greatest chance to leave of the younger or of the older.

    The older are those from the age above forty from which people leave more often than the young do.
    """
    w = world.workers
    at_age = leave.max(axis=0)
    young = limit_of(float(at_age[MONTHS_AT_15 // 12 : 41].max()))
    above = np.flatnonzero(256.0 * at_age[41:] >= young)
    oldest_young = 41 + int(above[0]) if above.size else len(at_age)
    kinds = np.empty(len(w), dtype=np.uint8)
    _write_kinds(w.activity, w.birth_month, world.month - 12 * oldest_young, kinds)
    of_young, of_older = at_age[MONTHS_AT_15 // 12 : oldest_young].max(), at_age[oldest_young:].max(initial=0.0)
    return draws.gate_by("take part", np.array([of_young, of_older, enter.max(), 0.0]), kinds)


@process(
    reads="workers.birth_month workers.sex workers.urban workers.schooling",
    writes=(
        "workers.activity workers.spell workers.employer workers.tier workers.work_field workers.programme"
        " workers.months_left enterprises.headcount programmes.taken ledger"
    ),
)
def take_part(world: World, parameters: DemographyParameters, draws: DrawsOfMonth) -> None:
    """Let people enter and leave the labour force.

    With turnover t a year and participation P(age, sex): leaving at t (1 - P), entering at t P, so that P is the
    steady state.
    """
    participation = world.tables["participation"]
    turnover = parameters.participation_turnover
    moved = 1.0 - math.exp(-turnover / 12.0)
    enter, leave = moved * participation, moved * (1.0 - participation)
    _take_part(
        world.people,
        world.employers,
        world.courses,
        world.ledger.flows,
        world.month,
        enter,
        leave,
        parameters.farm_at_home,
        *_who_may_change(world, draws, enter, leave),
        draws.key("take part"),
    )
