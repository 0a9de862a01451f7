"""The people of the census: how many in each cell, when they were born, what schooling they have or will have."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from labsim.population.margins import AGES, BAND_OF_AGE, FIRST_ADULT, Margins
from labsim.population.raking import chance, rake, shifted_to
from labsim.population.sampling import Doubles, Traits, choose, counts_of

Bytes = NDArray[np.uint8]
Shorts = NDArray[np.int16]
Longs = NDArray[np.int64]

MONTHS_AT_15, MONTHS_AT_18 = 180, 216
_OLDEST_MEAN, _OLDEST_SPAN = 72.0, 288.0  # months lived past 80: mean, and the most
UPPER_SECONDARY = 3


@dataclass(eq=False)
class People:
    """People inside the province at the start, by district, residence, sex, age and people; arrays `(n,)`."""

    district: Bytes
    urban: Bytes
    sex: Bytes
    age: Bytes  # five-year group
    ethnicity: Bytes
    months: Shorts  # age in months
    cell: Shorts  # census cell
    schooling: Bytes

    @property
    def n(self) -> int:
        """Return the number of rows."""
        return int(self.months.size)


@lru_cache(maxsize=4)
def census_cells(margins: Margins) -> Doubles:
    """Return how many people live in each cell, shape `(districts, residences, sexes, ages, peoples)`.

    The census of 2019 by district, residence and age is the seed; totals by age and sex are those of the end of 2020.
    """
    total = margins.age_sex.sum()
    home = np.stack([margins.population - margins.urban_population, margins.urban_population], axis=1)
    home *= total / home.sum()
    people = margins.people_residence * (home.sum(axis=0) / margins.people_residence.sum(axis=0))
    # the districts' pages give rough shares: first make them agree with the census totals of each people
    by_district = rake(margins.people_district + 1e-6, [((1,), people.sum(axis=1)), ((0,), home.sum(axis=1))])
    seed = (
        margins.district_age[:, :, None, :, None] * margins.age_sex.T[None, None, :, :, None]
        * by_district[:, None, None, None, :] * people.T[None, :, None, None, :]
    )  # fmt: skip
    return rake(
        seed, [((0, 4), by_district), ((1, 4), people.T), ((0, 1), home), ((2, 3), margins.age_sex.T)], tolerance=1e-6
    )


@lru_cache(maxsize=4)
def schooling_table(margins: Margins) -> Doubles:
    """Return cumulative shares of schooling by census cell, shape `(n_cells, 3)`.

    Ordered logit: P(at most k) has log-odds theta(age, sex, k) less the contrasts of residence and people; theta meets
    the margin.
    """
    cells = census_cells(margins)
    n_ages, n_sexes = margins.schooling.shape[:2]
    people = cells.sum(axis=0).transpose(2, 1, 0, 3).reshape(n_ages * n_sexes, -1)
    odds = np.broadcast_to(-margins.schooling_odds.ravel(), people.shape)
    table = np.empty((*cells.shape, 3))
    for k in range(3):
        target = np.clip(margins.schooling[:, :, : k + 1].sum(axis=2), 1e-6, 1 - 1e-6)
        theta = shifted_to(odds, people, target.ravel()).reshape(n_ages, n_sexes)
        table[..., k] = chance(theta.T[None, None, :, :, None] - margins.schooling_odds[None, :, None, None, :])
    return table.reshape(-1, 3)


def settle_people(margins: Margins, traits: Traits, scale: float, horizon: int) -> People:
    """Give a row to everyone aged 15 or more, and to the children who reach 15 within `horizon` months."""
    cells = census_cells(margins)
    first = 60.0 * np.arange(len(AGES))
    reaching = np.maximum(first, MONTHS_AT_15 - horizon)
    span = np.clip(first + 60.0 - reaching, 0.0, 60.0)
    reaching[FIRST_ADULT:], span[FIRST_ADULT:] = first[FIRST_ADULT:], 60.0
    expected = cells * (scale * span / 60.0)[None, None, None, :, None]
    counts = counts_of(expected, traits.one("people"))
    cell = np.repeat(np.arange(cells.size, dtype=np.int16), counts.ravel())
    district, urban, sex, age, ethnicity = (
        index.astype(np.uint8)[cell] for index in np.unravel_index(np.arange(cells.size), cells.shape)
    )
    u = traits.spread("birth month", cell.size)
    months = (reaching[age] + span[age] * u).astype(np.int16)
    oldest = age == len(AGES) - 1
    past = np.minimum(-_OLDEST_MEAN * np.log(u[oldest]), _OLDEST_SPAN)
    months[oldest] = (first[-1] + past).astype(np.int16)
    schooling = choose(schooling_table(margins), cell, traits.spread("schooling", cell.size))
    return People(district, urban, sex, age, ethnicity, months, cell, schooling)


def poor_people(margins: Margins, traits: Traits, people: People) -> Bytes:
    """Return who lives in a household on the list of poor households."""
    cells = census_cells(margins)
    by_home = cells.sum(axis=(2, 3)).reshape(cells.shape[0], -1)
    odds = margins.poor_odds[:, margins.circle]
    share = margins.poor * margins.poor_share * by_home.sum() / (margins.poor * by_home.sum(axis=1)).sum()
    theta = shifted_to(np.broadcast_to(odds.ravel(), by_home.shape), by_home, np.clip(share, 1e-6, 0.95))
    table = chance(theta[:, None, None] + odds[None])
    by_cell = np.broadcast_to(table[:, :, None, None, :], cells.shape).reshape(-1)
    return (traits.spread("poor", people.n) < by_cell[people.cell]).astype(np.uint8)


def digital_people(
    margins: Margins, traits: Traits, people: People, level: Bytes, in_force: NDArray[np.bool_]
) -> Bytes:
    """Return who has basic digital skills; children have what those of 15-24 with their schooling have."""
    # one code for (band, residence, Kinh or not, level, schooling): the odds are additive, so a table is enough
    sizes = (5, 2, 2, 7, 4)
    per_cell = [
        index.astype(np.int16)
        for index in np.unravel_index(np.arange(census_cells(margins).size), census_cells(margins).shape)
    ]
    base = ((BAND_OF_AGE[per_cell[3]] * 2 + per_cell[1]) * 2 + (per_cell[4] > 0)) * 28
    code = base.astype(np.int16)[people.cell] + (level * np.uint8(4) + people.schooling)
    band, urban, minority, levels, schooling = np.unravel_index(np.arange(int(np.prod(sizes))), sizes)
    d = margins.digital
    odds = (
        d["age"][band]
        + d["residence"][urban]
        + d["ethnicity"][minority]
        + d["level"][levels]
        + d["schooling"][schooling]
    )
    counted = np.bincount(code[in_force], minlength=odds.size).astype(np.float64)
    theta = shifted_to(odds[None], counted[None], np.array([margins.digital_share]))
    return (traits.spread("digital", people.n) < chance(odds + theta)[code]).astype(np.uint8)
