"""The totals of the margins, compared with each other before they are raked: a city of 106 is no city of 106,052.

Raking makes tables agree whatever they say, so that a slip of three digits would go unseen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from labsim.errors import ConfigError, Problem
from labsim.population.margins import RESIDENCES, SEXES, Doubles, Margins
from labsim.population.tables import Rows
from labsim.text import _

__all__ = ["compare_totals", "require_towns_within"]

# The greatest factor between two tables: the margins of 2010 lie 14 % below the districts of 2019, and the towns of one
# province were a quarter smaller.
FURTHEST, FURTHEST_TOWNS = 1.25, 1.5
_SMALL = 1000.0  # persons: of so few, rounding and growth say more than a factor


def require_towns_within(places: Rows, population: Doubles, urban: Doubles) -> None:
    """Raise ConfigError naming every district that has more people in towns than people, or none at all."""
    problems = []
    for i in np.flatnonzero(urban > population):
        message = _("{urban:,.0f} people in towns, but {all:,.0f} people in the district (column population)")
        words = message.format(urban=urban[i], all=population[i])
        problems.append(places.table.problem(int(i), "urban_population", words))
    for i in np.flatnonzero(population <= 0):
        problems.append(places.table.problem(int(i), "population", _("given 0; a district needs people")))
    if problems:
        raise ConfigError(problems)


def compare_totals(margins: Margins, places: Rows) -> None:
    """Raise ConfigError with every table whose totals lie further from those of the others than tables can."""
    folder = places.name.rpartition("/")[0]
    found = [*_of_districts(margins, places, folder), *_of_all(margins, folder), *_of_shares(margins, folder)]
    if found:
        raise ConfigError(found)


def _of_districts(margins: Margins, places: Rows, folder: str) -> Iterator[Problem]:
    """Yield each district whose people, or people in towns, differ between two tables."""
    by_home = margins.district_age.sum(axis=2)
    stated = np.stack([margins.population - margins.urban_population, margins.urban_population], axis=1)
    others = _("district_age.csv has {other:,.0f} in the same district, and the two may differ by a factor of {most:g}")
    for i, name in enumerate(margins.districts):
        if _apart(margins.population[i], by_home[i].sum(), FURTHEST):
            message = _("{district}: {given:,.0f} people") + "; " + others
            words = message.format(
                district=name, given=margins.population[i], other=by_home[i].sum(), most=FURTHEST
            )
            yield places.table.problem(i, "population", words)
            continue
        town = RESIDENCES.index("urban")
        if _apart(stated[i, town], by_home[i, town], FURTHEST_TOWNS):
            message = _("{district}: {given:,.0f} people in towns") + "; " + others
            words = message.format(
                district=name, given=stated[i, town], other=by_home[i, town], most=FURTHEST_TOWNS
            )
            yield places.table.problem(i, "urban_population", words)


def _of_all(margins: Margins, folder: str) -> Iterator[Problem]:
    """Yield each table of persons whose total is not that of the districts."""
    total, towns = margins.population.sum(), margins.urban_population.sum()
    town = RESIDENCES.index("urban")
    tables = (
        ("population_age_sex.csv", _("{given:,.0f} people"), margins.age_sex.sum(), total, FURTHEST),
        ("ethnicity_residence.csv", _("{given:,.0f} people"), margins.people_residence.sum(), total, FURTHEST),
        ("ethnicity_residence.csv", _("{given:,.0f} people in towns"), margins.people_residence[:, town].sum(), towns,
         FURTHEST_TOWNS),
    )  # fmt: skip
    for name, what, given, other, most in tables:
        if _apart(given, other, most):
            message = what + "; " + _("districts.csv has {other:,.0f}, and the two may differ by a factor of {most:g}")
            words = message.format(given=given, other=other, most=most)
            yield Problem(f"{folder}/{name}", None, None, "", words)
    for sex, given in zip(SEXES, margins.age_sex.sum(axis=0), strict=True):
        if _apart(given, margins.age_sex.sum() / 2, FURTHEST):
            message = _("{sex}: {given:,.0f} of {all:,.0f} people; half of them, give or take a fifth, are of one sex")
            words = message.format(sex=sex, given=given, all=margins.age_sex.sum())
            yield Problem(f"{folder}/population_age_sex.csv", None, None, "", words)


def _of_shares(margins: Margins, folder: str) -> Iterator[Problem]:
    """Yield each district whose shares of peoples do not sum to 1, or nearly."""
    message = _("{district}: the shares sum to {given:g}; they should sum to 1")
    for district, given in _off_one(margins.districts, margins.people_district.sum(axis=1)):
        words = message.format(district=district, given=given)
        yield Problem(f"{folder}/ethnicity_district.csv", None, None, "", words)


def _off_one(names: Sequence[str], sums: Doubles) -> Iterator[tuple[str, float]]:
    return ((name, float(one)) for name, one in zip(names, sums, strict=True) if abs(one - 1.0) > 0.05)


def _apart(one: float, other: float, most: float) -> bool:
    """Say whether two numbers of persons differ by more than a factor; small ones may, unless one is zero."""
    low, high = sorted((float(one), float(other)))
    return high > most * low + _SMALL
