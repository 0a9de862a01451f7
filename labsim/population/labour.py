"""Who is in the labour force, how they were trained, and what they work at: each raked to its margins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labsim.errors import PopulationError
from labsim.population.margins import (
    BAND_OF_AGE,
    BANDS,
    CIRCLES,
    FIRST_ADULT,
    OWNERS,
    STAFF_MEASURES,
    STAFF_OF,
    WORK_BAND_OF_AGE,
    WORK_BANDS,
    WORK_LEVELS,
    WORKS,
    Margins,
)
from labsim.population.people import Bytes, People
from labsim.population.raking import ChoiceMargin, chance, rake, rake_choices, shifted_to
from labsim.population.sampling import Doubles, Traits, choose, choose_of_many
from labsim.text import _
from labsim.world import N_LEVELS, N_TIERS, PUBLIC_BODIES, Activity

Mask = NDArray[np.bool_]
Places = NDArray[np.intp]

_LEVEL_AGE_OF_AGE = np.array([0, 0, 0, 0, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4])
_CLASS_OF_LEVEL = np.array([0, 1, 2, 2, 2, 2, 2])  # untrained, short course, three months or more
_MOST = 0.995


def join_labour_force(margins: Margins, traits: Traits, people: People, learning: Mask) -> Mask:
    """Return who is in the labour force, given who is a child, pupil or student (`learning`)."""
    n_ages, n_sexes = margins.participation.shape
    n_homes = margins.participation_odds.size
    n_peoples = len(margins.peoples)
    free = np.flatnonzero(~learning)
    group = (people.age[free].astype(np.int16) - FIRST_ADULT) * 2 + people.sex[free]
    home = people.urban[free].astype(np.int16) * n_peoples + people.ethnicity[free]
    counted = np.bincount(group.astype(np.int64) * n_homes + home, minlength=n_ages * n_sexes * n_homes)
    home_counts: Doubles = counted.reshape(n_ages * n_sexes, n_homes).astype(np.float64)
    adults = people.age >= FIRST_ADULT
    everyone = np.bincount(
        ((people.age - np.uint8(FIRST_ADULT)) * np.uint8(2) + people.sex)[adults], minlength=n_ages * n_sexes
    )
    wanted = margins.participation.ravel() * everyone / np.maximum(1.0, home_counts.sum(axis=1))
    odds = np.broadcast_to(margins.participation_odds.ravel(), home_counts.shape)
    table = chance(odds + shifted_to(odds, home_counts, np.clip(wanted, 0.0, _MOST))[:, None])
    inside = np.zeros(people.n, dtype=bool)
    inside[free] = traits.spread("labour force", free.size) < table[group, home]
    return inside


def train_people(margins: Margins, traits: Traits, people: People, learning: Mask, in_force: Mask) -> Bytes:
    """Return the highest training of each person; children, pupils and students have none yet."""
    sizes = (len(margins.participation), 2, 2, len(margins.peoples), 4)
    age, _sex, urban, ethnicity, schooling = np.unravel_index(np.arange(int(np.prod(sizes))), sizes)
    seed = (margins.level_schooling[:, schooling] * margins.level_age[:, _LEVEL_AGE_OF_AGE[age + FIRST_ADULT]]).T
    free = np.flatnonzero(~learning)
    code = people.age[free].astype(np.int16) - np.int16(FIRST_ADULT)
    for size, column in zip(sizes[1:], (people.sex, people.urban, people.ethnicity, people.schooling), strict=True):
        code *= np.int16(size)
        code += column[free]
    counted = np.bincount(code[in_force[free]], minlength=seed.shape[0]).astype(np.float64)
    asked = [ChoiceMargin(np.zeros(seed.shape[0], np.intp), np.arange(N_LEVELS), (counted.sum() * margins.level)[None])]
    band = BAND_OF_AGE[age + FIRST_ADULT]
    for name, group in (("residence", urban), ("ethnicity", (ethnicity > 0).astype(np.intp)), ("age", band)):
        asked.append(ChoiceMargin(group, _CLASS_OF_LEVEL, _balanced(margins, margins.trained[name], group, counted)))
    shares = rake_choices(seed, counted, asked, care=0.02)
    level = np.zeros(people.n, dtype=np.uint8)
    level[free] = choose(np.cumsum(shares, axis=1)[:, :-1], code, traits.spread("level", free.size))
    return level


def _balanced(margins: Margins, trained: Doubles, group: Places, counted: Doubles) -> Doubles:
    """Return people by group and class (untrained, short, longer) that sum to the whole province's shares."""
    n: Doubles = np.bincount(group, counted, trained.shape[0]).astype(np.float64)
    table = np.stack([1.0 - trained[:, 0], trained[:, 0] - trained[:, 1], trained[:, 1]], axis=1) * n[:, None]
    classes = np.bincount(_CLASS_OF_LEVEL, margins.level) * n.sum()
    return rake(np.maximum(table, 1e-9), [((0,), n), ((1,), classes)])


@dataclass(frozen=True, eq=False)
class Options:
    """What a person in the labour force may do, arrays of shape `(n_options,)`; -1 where it does not apply."""

    activity: NDArray[np.int64]
    field: NDArray[np.int64]
    tier: NDArray[np.int64]
    owner: NDArray[np.int64]  # place in OWNERS
    work: NDArray[np.int64]  # row of the affinities

    @property
    def n(self) -> int:
        """Return the number of options."""
        return int(self.activity.size)


def list_options(margins: Margins, farming: list[int], posts: Doubles) -> Options:
    """Return the options: farming by field, businesses by trade, unemployment, and the posts there are.

    `posts` has shape `(n_owners, districts, fields, tiers)`.
    """
    rows: list[tuple[int, int, int, int, int]] = [
        (Activity.FARMING, field, -1, -1, WORKS.index("farming")) for field in farming
    ]
    for trade in np.flatnonzero(margins.business_share > 0):
        rows.append((Activity.HOUSEHOLD_BUSINESS, int(trade), -1, -1, WORKS.index("business")))
    rows.append((Activity.UNEMPLOYED, -1, -1, -1, WORKS.index("unemployed")))
    for owner, name in enumerate(OWNERS):
        for field in range(len(margins.fields)):
            for tier in range(N_TIERS):
                if posts[owner, :, field, tier].sum() > 0:
                    post = ("unskilled", "skilled", "professional")[tier]
                    work = WORKS.index(post if name == "private" else f"public_{post}")
                    rows.append((Activity.EMPLOYEE, field, tier, owner, work))
    return Options(*np.array(rows, dtype=np.int64).T)


@dataclass(eq=False)
class Work:
    """What each person of the labour force does: rows of people and their option, arrays `(n_labour_force,)`."""

    rows: NDArray[np.intp]
    option: NDArray[np.intp]
    options: Options


def find_work(
    margins: Margins, traits: Traits, people: People, level: Bytes, in_force: Mask, agriculture: Mask, posts: Doubles
) -> Work:
    """Give everyone in the labour force an activity, field and tier, raked to posts, trades, farms and unemployment.

    `agriculture` marks the fields of that sector, shape `(n_fields,)`.
    """
    farming = [int(field) for field in np.flatnonzero(agriculture)]
    if not farming:
        raise PopulationError(_("one field at least must be of the sector agriculture"))
    options = list_options(margins, farming, posts)
    rows = np.flatnonzero(in_force)
    sizes = (len(margins.districts), 2, 2, len(WORK_BANDS), len(CIRCLES), len(WORK_LEVELS))
    band, circle = WORK_BAND_OF_AGE.astype(np.uint8), margins.circle.astype(np.uint8)
    code = people.district[rows].astype(np.int16)
    levels = np.minimum(level[rows], np.uint8(len(WORK_LEVELS) - 1))
    for size, column in zip(
        sizes[1:],
        (people.urban[rows], people.sex[rows], band[people.age[rows]], circle[people.ethnicity[rows]], levels),
        strict=True,
    ):
        code *= np.int16(size)
        code += column
    counted = np.bincount(code, minlength=int(np.prod(sizes))).astype(np.float64)
    lived = np.flatnonzero(counted)
    cells = _Cells(counted[lived], *(index[lived] for index in np.unravel_index(np.arange(counted.size), sizes)))
    totals = _work_margins(margins, options, cells, agriculture, posts)
    shares = rake_choices(_seed(margins, options, cells), cells.people, totals, care=0.3)
    place = np.zeros(counted.size, dtype=np.int16)
    place[lived] = np.arange(lived.size)
    # people of one cell stand together for the draw, so that it is spread evenly among people alike
    order = np.argsort(code, kind="stable")
    option = np.empty(rows.size, dtype=np.intp)
    option[order] = choose_of_many(shares, place[code[order]], traits.spread("work", rows.size))
    return Work(rows, option, options)


@dataclass(frozen=True, eq=False)
class _Cells:
    people: Doubles
    district: Places
    urban: Places
    sex: Places
    band: Places
    circle: Places
    level: Places


def _seed(margins: Margins, options: Options, cells: _Cells) -> Doubles:
    """Return relative odds of each option in each cell."""
    men = np.where(options.field >= 0, margins.men_in_field[options.field], 0.5)
    by_sex = np.stack([2.0 * men, 2.0 * (1.0 - men)])
    work = options.work
    urban = np.stack([np.ones(options.n), margins.work_urban[work]])
    seed: Doubles = margins.work_level[work].T[cells.level] * margins.work_circle[work].T[cells.circle]
    seed *= margins.work_age[work].T[cells.band] * by_sex[cells.sex] * urban[cells.urban]
    return seed


def _work_margins(
    margins: Margins, options: Options, cells: _Cells, agriculture: Mask, posts: Doubles
) -> list[ChoiceMargin]:
    nobody = np.zeros(cells.people.size, dtype=np.intp)
    n_bands = len(BANDS)
    home_band = cells.urban * n_bands + np.minimum(cells.band, n_bands - 1)  # the unemployed are counted as 55+
    force = np.bincount(home_band, cells.people, 2 * n_bands).reshape(2, n_bands)
    shape = margins.unemployment_shape
    idle = shape * force * (margins.unemployment * force.sum(axis=1) / (shape * force).sum(axis=1))[:, None]
    employed = force.sum(axis=1) - idle.sum(axis=1)
    own_farm = options.activity == Activity.FARMING
    post = options.activity == Activity.EMPLOYEE
    trade = options.activity == Activity.HOUSEHOLD_BUSINESS
    farm_work = own_farm | (post & agriculture[options.field])
    filled = (
        posts[options.owner, :, options.field, options.tier] * (1.0 - margins.start["vacancy_share"]) * post[:, None]
    )
    farm_total = margins.agriculture * employed.sum()
    businesses = employed.sum() - farm_total - filled[~farm_work].sum()
    if businesses < 0 or farm_total < filled[farm_work].sum():
        raise PopulationError(_("enterprises.csv: more posts than the sectors of sector_residence.csv leave room for"))
    by_district = _by_district(margins, options, cells, filled, businesses)
    urban_farm = min(margins.urban_agriculture * employed[1], farm_total)
    home_class = np.where(farm_work, 0, np.where(trade, 1 + np.cumsum(trade) - 1, int(trade.sum()) + 1))
    by_home = np.full((2, int(trade.sum()) + 2), np.nan)
    by_home[:, 0] = farm_total - urban_farm, urban_farm
    trades = by_district[:, trade].sum(axis=0)
    by_home[1, 1:-1] = trades * margins.business_urban[options.field[trade]]
    by_home[0, 1:-1] = trades - by_home[1, 1:-1]
    farmers = farm_total - filled[farm_work].sum()
    farm_class = np.where(own_farm, np.cumsum(own_farm), 0)
    by_farm = np.full((1, int(own_farm.sum()) + 1), np.nan)
    high_tech = margins.start["high_tech_farmers"] if own_farm.sum() > 1 else 0.0
    by_farm[0, 1:] = farmers * high_tech / max(1, own_farm.sum() - 1)
    by_farm[0, 1] = farmers * (1.0 - high_tech)
    trained = margins.trained["sector"][0]
    farm_trained = farm_total * np.array(
        [[1 - trained[0], np.nan], [trained[0] - trained[1], np.nan], [trained[1], np.nan]]
    )
    idle_total = np.stack([idle.ravel(), np.full(2 * n_bands, np.nan)], axis=1)
    return [
        ChoiceMargin(_CLASS_OF_LEVEL[cells.level], np.where(farm_work, 0, 1), farm_trained),
        ChoiceMargin(nobody, farm_class, by_farm),
        ChoiceMargin(cells.urban, home_class, by_home),
        ChoiceMargin(cells.district, np.arange(options.n), np.where(post | trade, by_district, np.nan)),
        ChoiceMargin(home_band, np.where(options.activity == Activity.UNEMPLOYED, 0, 1), idle_total),
        *_training_of_staff(margins, options, cells, filled.sum(axis=1)),
    ]


def _training_of_staff(margins: Margins, options: Options, cells: _Cells, filled: Doubles) -> list[ChoiceMargin]:
    """Return how many of the staff of public bodies have a level of training, where a source says."""
    asked = []
    for body, shares in zip(STAFF_OF, margins.staff, strict=True):
        owners = [OWNERS.index(one) for one in (PUBLIC_BODIES if body == "all" else (body,))]
        staff = np.isin(options.owner, owners)
        for level, share in zip(STAFF_MEASURES.values(), shares, strict=True):
            if not np.isnan(share):
                people = np.array([1.0 - share, share]) * filled[staff].sum()
                total = np.stack([people, np.full(2, np.nan)], axis=1)
                asked.append(ChoiceMargin((cells.level >= level).astype(np.intp), np.where(staff, 0, 1), total))
    return asked


def _by_district(margins: Margins, options: Options, cells: _Cells, filled: Doubles, businesses: float) -> Doubles:
    """Return residents in each post (which reach out by commuting) and trade, shape `(n_districts, n_options)`."""
    n = len(margins.districts)
    homes = np.bincount(cells.district * 2 + cells.urban, cells.people, n * 2).reshape(n, 2)
    reach = homes.sum(axis=1) * np.exp(-margins.distance / margins.start["commuting_reach"])
    table: Doubles = (reach / reach.sum(axis=1, keepdims=True)).T @ filled.T
    for k in np.flatnonzero(options.activity == Activity.HOUSEHOLD_BUSINESS):
        field = options.field[k]
        urban = margins.business_urban[field] if homes[:, 1].any() else 0.0
        weight = homes @ (np.array([1.0 - urban, urban]) / np.maximum(1.0, homes.sum(axis=0)))
        weight *= np.sqrt(margins.location[:, field])  # trades follow the pull of employers, less strongly
        share = margins.business_share[field] / margins.business_share.sum()
        table[:, k] = businesses * share * weight / weight.sum()
    return table
