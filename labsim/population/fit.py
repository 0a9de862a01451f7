"""The margins that the starting population is measured against."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labsim.population.employers import Posts
from labsim.population.labour import Work
from labsim.population.margins import BAND_OF_AGE, FIRST_ADULT, OWNERS, STAFF_MEASURES, STAFF_OF, Margins
from labsim.population.misfit import Misfit
from labsim.population.people import People, census_cells
from labsim.world import N_LEVELS, PUBLIC_BODIES, Activity, Kind, World

Mask = NDArray[np.bool_]


def measure_misfit(
    margins: Margins, people: People, world: World, work: Work, posts: Posts, in_force: Mask, agriculture: Mask
) -> Misfit:
    """Compare the people of month 0 with every margin, counts in rows."""
    misfit = Misfit()
    _census(misfit, margins, people, world.scale)
    _labour(misfit, margins, people, world, in_force)
    _work(misfit, margins, people, world, work, in_force, agriculture)
    _employers(misfit, margins, world, posts)
    return misfit


def _census(misfit: Misfit, margins: Margins, people: People, scale: float) -> None:
    cells = census_cells(margins)
    got = np.bincount(people.cell, minlength=cells.size).reshape(cells.shape)
    adults = (slice(None), slice(None), slice(None), slice(FIRST_ADULT, None))
    adult_cells, adult_got = cells[adults] * scale, got[adults]
    for name, others in (
        ("population by age and sex", (0, 1, 4)), ("population by district and residence", (2, 3, 4)),
        ("population by people and residence", (0, 2, 3)), ("population by district and people", (1, 2, 3)),
    ):  # fmt: skip
        misfit.add(name, adult_cells.sum(axis=others), adult_got.sum(axis=others))
    by_age_sex = margins.age_sex[FIRST_ADULT:] * scale
    misfit.add("end-2020 age and sex", by_age_sex, adult_got.sum(axis=(0, 1, 4)).T)
    n_ages, n_sexes = margins.schooling.shape[:2]
    members = np.bincount(people.age * n_sexes + people.sex, minlength=n_ages * n_sexes)
    taught = np.bincount(
        (people.age.astype(np.int64) * n_sexes + people.sex) * 4 + people.schooling, minlength=n_ages * n_sexes * 4
    )
    misfit.add("schooling by age and sex", margins.schooling.reshape(-1, 4) * members[:, None], taught.reshape(-1, 4))


def _labour(misfit: Misfit, margins: Margins, people: People, world: World, in_force: Mask) -> None:
    n = margins.participation.size
    adults = people.age >= FIRST_ADULT
    code = (people.age.astype(np.int64) - FIRST_ADULT) * 2 + people.sex
    everyone = np.bincount(code[adults], minlength=n)
    misfit.add(
        "labour force by age and sex",
        margins.participation.ravel() * everyone,
        np.bincount(code[in_force], minlength=n),
    )
    level = world.workers.level[: people.n]
    total = int(in_force.sum())
    misfit.add("level of training", margins.level * total, np.bincount(level[in_force], minlength=N_LEVELS))
    band = BAND_OF_AGE[people.age]
    for name, group in (("residence", people.urban), ("ethnicity", people.ethnicity > 0), ("age", band)):
        wanted = margins.trained[name]
        members = np.bincount(group[in_force].astype(np.int64), minlength=len(wanted))
        overall = 1.0 - margins.level[0]
        aim = members * wanted[:, 0] * overall * total / (members * wanted[:, 0]).sum()
        misfit.add(
            f"trained by {name}",
            aim,
            np.bincount(group[in_force & (level > 0)].astype(np.int64), minlength=len(wanted)),
        )


def _work(
    misfit: Misfit, margins: Margins, people: People, world: World, work: Work, in_force: Mask, agriculture: Mask
) -> None:
    activity = world.workers.activity[: people.n]
    idle = activity == Activity.UNEMPLOYED
    force = np.bincount(people.urban[in_force], minlength=2)
    misfit.add("unemployed by residence", margins.unemployment * force, np.bincount(people.urban[idle], minlength=2))
    options = work.options
    employed = options.activity != Activity.UNEMPLOYED
    farm = employed & agriculture[options.field]
    n_employed, n_farm = int(employed[work.option].sum()), int(farm[work.option].sum())
    misfit.add(
        "sector",
        np.array([margins.agriculture, 1 - margins.agriculture]) * n_employed,
        np.array([n_farm, n_employed - n_farm]),
    )
    urban = people.urban[work.rows] > 0
    wanted = margins.urban_agriculture * (employed[work.option] & urban).sum()
    misfit.add("agriculture in towns", np.array([wanted]), np.array([(farm[work.option] & urban).sum()]))
    trade = np.flatnonzero(options.activity == Activity.HOUSEHOLD_BUSINESS)
    traders = np.bincount(work.option, minlength=options.n)[trade]
    share = margins.business_share[options.field[trade]]
    misfit.add("household businesses by trade", share / share.sum() * traders.sum(), traders)
    trained = world.workers.level[work.rows] > 0
    misfit.add(
        "trained in agriculture",
        margins.trained["sector"][:, 0] * n_farm,
        np.array([(farm[work.option] & trained).sum()]),
    )
    inside = slice(0, people.n)
    digital = world.workers.digital[inside][in_force].sum()
    misfit.add("digital skills", np.array([margins.digital_share * in_force.sum()]), np.array([digital]))
    n_districts = len(margins.districts)
    homes = census_cells(margins).sum(axis=(1, 2, 3, 4))
    share = margins.poor * margins.poor_share * homes.sum() / (margins.poor * homes).sum()
    members = np.bincount(people.district, minlength=n_districts)
    poor = np.bincount(people.district, world.workers.poor[inside], n_districts)
    misfit.add("poor by district", share * members, poor)


def _employers(misfit: Misfit, margins: Margins, world: World, posts: Posts) -> None:
    groups = margins.employers
    filled = groups.number * groups.mean * (1.0 - margins.start["vacancy_share"]) * world.scale
    n_fields = len(margins.fields)
    public = groups.kind == Kind.PUBLIC
    wanted = np.bincount(public * n_fields + groups.field, filled, 2 * n_fields)
    e = world.enterprises
    got = np.bincount((e.kind == Kind.PUBLIC) * n_fields + e.field, e.headcount.sum(axis=1), 2 * n_fields)
    misfit.add("employees by ownership and field", wanted, got)
    _staff(misfit, margins, world)
    by_group = np.bincount(posts.group, e.headcount.sum(axis=1), len(groups.ids))
    misfit.add("employees by group of employers", filled, by_group)


def _staff(misfit: Misfit, margins: Margins, world: World) -> None:
    w = world.workers
    at_work = np.flatnonzero(w.activity == Activity.EMPLOYEE)
    owner = margins.employers.owner[world.enterprises.group[w.employer[at_work]]]
    for body, shares in zip(STAFF_OF, margins.staff, strict=True):
        owners = [OWNERS.index(one) for one in (PUBLIC_BODIES if body == "all" else (body,))]
        level = w.level[at_work[np.isin(owner, owners)]]
        for (measure, least), share in zip(STAFF_MEASURES.items(), shares, strict=True):
            if not np.isnan(share):
                name = f"staff of public bodies ({body}), {measure.replace('_', ' ')}"
                misfit.add(name, np.array([share * level.size]), np.array([(level >= least).sum()]))
