"""The world at month 0, put together from people, training, work, employers and those outside."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from labsim.ledger import Ledger
from labsim.levers import AGES, DEGREES, GROUPS, Levers
from labsim.population.employers import Staff, draw_posts, open_enterprises, staff_employers
from labsim.population.fit import measure_misfit
from labsim.population.labour import Work, find_work, join_labour_force, train_people
from labsim.population.margins import DESTINATIONS, FIRST_ADULT, LEVELS, Margins, single_ages
from labsim.population.misfit import Misfit
from labsim.population.outsiders import Outsiders, gather_outsiders
from labsim.population.people import (
    MONTHS_AT_18,
    UPPER_SECONDARY,
    Bytes,
    People,
    digital_people,
    poor_people,
    settle_people,
)
from labsim.population.reading import read_margins
from labsim.population.sampling import Doubles, Traits, choose
from labsim.population.students import Students, build_schools, enrol_students
from labsim.profile import Period, Profile
from labsim.world import (
    N_ACTIVITIES,
    N_TIERS,
    NEW_GROUPS,
    NOBODY,
    Activity,
    Certificate,
    Enterprises,
    Kind,
    Level,
    Market,
    Places,
    Sector,
    Workers,
    World,
)

Mask = NDArray[np.bool_]

_MOST_SPELL = 480.0
_HORIZON_OF_NEVER = 1000.0  # months since a hazard that has not struck


class OwnAccount(Protocol):
    """What `populate` reads of the parameters of own-account work."""

    @property
    def own_use_share(self) -> float:
        """Share of farmers who produce mainly for own use."""


class PopulationConfig(Protocol):
    """What `populate` reads of a configuration."""

    @property
    def province(self) -> Profile:
        """The province and its folder of margins."""

    @property
    def period(self) -> Period:
        """When the run starts and ends."""

    @property
    def scale(self) -> float:
        """Simulated persons per real person."""

    @property
    def own_account(self) -> OwnAccount:
        """The parameters of own-account work."""


def populate(config: PopulationConfig, seed: int) -> tuple[World, Misfit]:
    """Make the world at month 0 of a province, and report how well it fits the margins.

    Everyone who can ever appear has a row: people of 15 and more, children who reach 15 before the end of the period,
    people away, abroad and outside, and firms that may be founded. The scale is 0.001 or more (above 1 the province is
    multiplied).
    Raises PopulationError or ConfigError for margins that are missing, wrong or contradict each other.
    """
    margins, traits, scale = read_margins(config.province), Traits(seed), float(config.scale)
    year, month = config.period.year_and_month(0)
    sectors = np.array([Sector[one.sector.upper()] for one in config.province.fields], dtype=np.uint8)
    institutions, programmes = build_schools(config.province, margins, scale)
    people = settle_people(margins, traits, scale, config.period.n_months)
    children = people.age < FIRST_ADULT
    learning = children | ((people.months < MONTHS_AT_18) & (people.schooling == UPPER_SECONDARY))
    students = enrol_students(margins, traits, people, programmes, month)
    learning[students.rows] = True
    in_force = join_labour_force(margins, traits, people, learning)
    level = train_people(margins, traits, people, learning, in_force)
    posts = draw_posts(margins, traits, scale)
    market = posts.by_market(margins.employers, len(margins.districts), len(margins.fields))
    work = find_work(margins, traits, people, level, in_force, sectors == Sector.AGRICULTURE, market)
    staff = staff_employers(margins, traits, people, work, posts)
    enterprises = open_enterprises(margins, traits, posts, staff)
    outsiders = gather_outsiders(margins, traits, scale)
    workers = _fill(margins, traits, people, outsiders, level, in_force, children)
    _employ(margins, traits, workers, work, staff)
    _study(workers, students, programmes.institution)
    _equip(margins, traits, workers, people.n, enterprises)
    workers.own_use[:] = traits.spread("own use", len(workers)) < config.own_account.own_use_share
    places = _places(margins, workers)
    world = World(
        scale=scale, start_year=year, start_month=month, workers=workers, enterprises=enterprises,
        institutions=institutions, programmes=programmes, places=places, fields=margins.fields,
        ethnic_groups=margins.peoples, sector_of_field=sectors, accessibility=margins.accessibility.copy(),
        levers=Levers(_lever_sizes(workers, enterprises, len(programmes), len(places), len(margins.fields))),
        ledger=Ledger.opened(np.bincount(workers.activity, minlength=N_ACTIVITIES)),
        market=_empty_market(len(places), len(margins.fields)), demand_index=np.ones(len(margins.fields)),
        tables=_rate_tables(margins, workers, people.n), employer_groups=(*margins.employers.ids, *NEW_GROUPS),
    )  # fmt: skip
    return world, measure_misfit(margins, people, world, work, posts, in_force, sectors == Sector.AGRICULTURE)


def _lever_sizes(
    workers: Workers, enterprises: Enterprises, n_programmes: int, n_districts: int, n_fields: int
) -> dict[str, int]:
    return {
        "programmes": n_programmes, "groups": len(GROUPS), "destinations": len(DESTINATIONS), "districts": n_districts,
        "workers": len(workers), "enterprises": len(enterprises), "ages": len(AGES),
        "markets": n_districts * n_fields, "degrees": len(DEGREES),
    }  # fmt: skip


def _fill(
    margins: Margins, traits: Traits, people: People, outsiders: Outsiders, level: Bytes, in_force: Mask, children: Mask
) -> Workers:
    """Lay people and outsiders into the columns of the workers; adults are out of work until told otherwise."""
    w = Workers(people.n + outsiders.n)
    inside, beyond = slice(0, people.n), slice(people.n, None)
    for name in ("district", "urban", "sex", "ethnicity", "schooling"):
        column = getattr(w, name)
        column[inside], column[beyond] = getattr(people, name), getattr(outsiders, name)
    w.birth_month[inside], w.birth_month[beyond] = -people.months, -outsiders.months
    w.level[inside], w.level[beyond] = level, outsiders.level
    w.activity[inside] = np.where(children, np.uint8(Activity.CHILD), np.uint8(Activity.OUT_OF_LABOUR_FORCE))
    w.activity[beyond] = outsiders.activity
    w.destination[beyond], w.months_left[beyond] = outsiders.destination, outsiders.months_left
    w.poor[inside] = poor_people(margins, traits, people)
    w.poor[beyond], w.digital[beyond] = outsiders.poor, outsiders.digital
    w.digital[inside] = digital_people(margins, traits, people, level, in_force)
    w.wage[beyond] = outsiders.wage
    paper = traits.spread("paper", w.n_rows) < margins.paper
    w.certificate[:] = np.where(
        w.level >= Level.ELEMENTARY, Certificate.THREE_MONTHS_OR_MORE,
        np.where((w.level == Level.SHORT_COURSE) & paper, Certificate.UNDER_THREE_MONTHS, Certificate.NO_PAPER),
    )  # fmt: skip
    w.vocational[:] = _vocational(margins, traits, w)
    return w


def _vocational(margins: Margins, traits: Traits, w: Workers) -> Mask:
    """Mark who took a vocational course: all who hold its paper, and as many of those without as the margin asks.

    The province reports the share for ethnic minority people of working age, and how many of them are 18 to 35; the
    same chance by age is taken for everyone.
    """
    age = -w.birth_month // 12
    certain = (w.level <= Level.COLLEGE) & (w.certificate != Certificate.NO_PAPER)
    open_ = (w.level == Level.SHORT_COURSE) & ~certain
    of_margin = (w.ethnicity > 0) & (age >= 15) & (age < 60) & (w.activity != Activity.OUTSIDE)
    wanted = margins.start["minority_vocational"] * of_margin.sum()
    young = (age >= 18) & (age <= 35)
    chance = np.zeros(w.n_rows)
    for group, share in (
        (young, margins.start["minority_vocational_young"]),
        (~young, 1.0 - margins.start["minority_vocational_young"]),
    ):
        here = of_margin & group
        missing = share * wanted - (certain & here).sum()
        chance[group] = np.clip(missing / max(1, (open_ & here).sum()), 0.0, 1.0)
    marked: Mask = certain | (open_ & (traits.spread("vocational", w.n_rows) < chance))
    return marked


def _employ(margins: Margins, traits: Traits, w: Workers, work: Work, staff: Staff) -> None:
    """Write what people do, the field of their skill, and how good they are at it."""
    options = work.options
    w.activity[work.rows] = options.activity.astype(np.uint8)[work.option]
    w.work_field[work.rows] = options.field.astype(np.int16)[work.option]
    w.employer[staff.rows], w.tier[staff.rows] = staff.employer, staff.tier
    trained = np.minimum(w.level, np.uint8(Level.UNIVERSITY))
    table = np.concatenate([np.zeros((1, len(margins.fields))), margins.skill_field])
    table[0, 0] = 1.0  # the untrained know the family's fields
    drawn = choose(
        np.cumsum(table / table.sum(axis=1, keepdims=True), axis=1)[:, :-1],
        trained,
        traits.spread("skill field", w.n_rows),
    )
    own = margins.start["skill_from_work"] * (trained > 0) + (1.0 - margins.start["young_field_open"]) * (trained == 0)
    keeps = (w.work_field >= 0) & (traits.spread("skill from work", w.n_rows) < own)
    w.field[:] = np.where(keeps, w.work_field, drawn)
    mean = np.array([margins.start[f"skill_{name}"] for name in LEVELS])
    years = np.minimum(-w.birth_month / np.float32(12.0), np.float32(50.0))
    skill = (
        mean[w.level]
        + margins.start["skill_by_age"] * (years - 35.0)
        + margins.start["skill_spread"] * traits.normal("skill", w.n_rows)
    )
    w.skill[:] = np.clip(skill, 0.05, 0.97)


def _study(w: Workers, students: Students, institution: NDArray[np.int16]) -> None:
    w.activity[students.rows] = Activity.IN_TRAINING
    w.programme[students.rows] = students.programme
    w.months_left[students.rows] = students.months_left
    w.school[students.rows] = institution[students.programme]


def _equip(margins: Margins, traits: Traits, w: Workers, n_inside: int, enterprises: Enterprises) -> None:
    """Write income, savings, months in the present state and lasting traits."""
    start = margins.start
    inside = np.arange(w.n_rows) < n_inside
    income = np.full(w.n_rows, start["idle_income"], dtype=np.float32)
    farming, business, employed = (
        w.activity == one for one in (Activity.FARMING, Activity.HOUSEHOLD_BUSINESS, Activity.EMPLOYEE)
    )
    farm_income = start["farm_income"] * margins.farm_factor
    income[farming] = farm_income.astype(np.float32)[w.district[farming]]
    income[business] = margins.business_income.astype(np.float32)[w.work_field[business]]
    offer = enterprises.wage_offer[w.employer[employed], w.tier[employed]]
    income[employed] = offer * (0.85 + 0.3 * w.skill[employed])
    income[~inside] = w.wage[~inside]
    idle = w.activity == Activity.UNEMPLOYED
    income[idle] = farm_income.astype(np.float32)[w.district[idle]]
    w.wage[:] = np.where(w.activity == Activity.CHILD, np.float32(0.0), income)
    w.wage[(w.activity == Activity.OUT_OF_LABOUR_FORCE) | (w.activity == Activity.IN_TRAINING)] = 0.0
    months = start["savings_months"] * np.exp(start["savings_spread"] * traits.normal("savings", w.n_rows))
    w.savings[:] = np.where(w.activity == Activity.CHILD, 0.0, income * months)
    _time_in_state(margins, traits, w, enterprises)
    w.pace[:] = (traits.each("pace", np.arange(w.n_rows)) * 256.0).astype(np.uint8)


def _time_in_state(margins: Margins, traits: Traits, w: Workers, enterprises: Enterprises) -> None:
    start = margins.start
    mean = np.ones(N_ACTIVITIES)
    named = (
        (Activity.FARMING, "farming"), (Activity.HOUSEHOLD_BUSINESS, "business"), (Activity.EMPLOYEE, "employee"),
        (Activity.UNEMPLOYED, "unemployed"), (Activity.OUT_OF_LABOUR_FORCE, "out"), (Activity.AWAY_IN_VIET_NAM, "away"),
        (Activity.ABROAD, "away"), (Activity.OUTSIDE, "away"),
    )  # fmt: skip
    for activity, name in named:
        mean[activity] = start[f"spell_{name}"]
    months = mean[w.activity]
    posted = np.flatnonzero(w.employer != NOBODY)
    public = enterprises.kind[w.employer[posted]] == Kind.PUBLIC
    months[posted[public]] = start["spell_public"]
    months *= -np.log(traits.spread("spell", w.n_rows))
    since_15 = np.maximum(1, -w.birth_month.astype(np.int32) - 180)
    w.spell[:] = np.clip(months, 1.0, np.minimum(since_15, _MOST_SPELL))
    learning = w.activity == Activity.IN_TRAINING
    w.spell[learning] = np.maximum(1, np.minimum(4, since_15[learning]))
    child = w.activity == Activity.CHILD
    w.spell[child] = -w.birth_month[child]


def _places(margins: Margins, w: Workers) -> Places:
    n, n_fields = len(margins.districts), len(margins.fields)
    farmers = w.district[w.activity == Activity.FARMING]
    traders = w.activity == Activity.HOUSEHOLD_BUSINESS
    code = w.district[traders].astype(np.int64) * n_fields + w.work_field[traders]
    income = start_farm_income(margins)
    return Places(
        names=margins.districts, distance=margins.distance.copy(), hazard_rate=margins.hazard_rate.copy(),
        farm_people=np.bincount(farmers, minlength=n).astype(np.float64), farm_income=income, farm_hours=np.ones(n),
        climate_factor=np.ones(n), hit_months=np.full(n, _HORIZON_OF_NEVER),
        business_people=np.bincount(code, minlength=n * n_fields).reshape(n, n_fields).astype(np.float64),
        business_income=np.tile(margins.business_income, (n, 1)), minimum_wage=margins.minimum_wage.copy(),
    )  # fmt: skip


def start_farm_income(margins: Margins) -> Doubles:
    """Return farm income at the start by district [VND per month and farmer], shape `(n_districts,)`."""
    return margins.start["farm_income"] * margins.farm_factor


def _empty_market(n_districts: int, n_fields: int) -> Market:
    shape = (n_districts, n_fields, N_TIERS)
    return Market(vacancies=np.zeros(shape), offer=np.zeros(shape), tightness=np.full(shape[1:], 0.5))


def _rate_tables(margins: Margins, w: Workers, n_inside: int) -> dict[str, Doubles]:
    """Return the yearly rates and base incomes that processes read.

    Participation is that of people who are not at school or in training, as found at the start.
    """
    activity = w.activity[:n_inside]
    adult = activity < Activity.CHILD
    pupil = (w.schooling[:n_inside] == UPPER_SECONDARY) & (w.birth_month[:n_inside] > -MONTHS_AT_18)
    counted = adult & ~pupil & (activity != Activity.IN_TRAINING)
    age = np.minimum(-w.birth_month[:n_inside] // 60, FIRST_ADULT + len(margins.participation) - 1) - FIRST_ADULT
    code = age * 2 + w.sex[:n_inside]
    size = len(margins.participation) * 2
    force = np.bincount(code[counted & (activity <= Activity.UNEMPLOYED)], minlength=size)
    people = np.bincount(code[counted], minlength=size)
    share = (force / np.maximum(1, people)).reshape(-1, 2)
    return {
        "mortality": margins.mortality.copy(), "participation": single_ages(share),
        "minimum_wage_region": margins.wage_region.copy(), "farm_income": start_farm_income(margins),
        "business_income": np.tile(margins.business_income, (len(margins.districts), 1)),
    }  # fmt: skip
