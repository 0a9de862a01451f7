"""The population by cohorts: reaching fifteen, ageing and dying, against the life table of the margins themselves."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from labsim.config import find_configs, load
from labsim.evidence.check import SIGMAS, Comparison, Line, closest
from labsim.population.tables import Rows
from labsim.simulation import Simulation
from labsim.text import _, mark
from labsim.world import Activity

__all__ = ["LINES"]

Numbers = NDArray[np.float64]
GROUP = "closed_forms"
MONTHS, ADULT = 60, 180  # months simulated; months of age at fifteen
SEXES = (mark("men"), mark("women"))


@dataclass(frozen=True)
class Cohorts:
    """Hold five years of a population that only ages and dies.

    `entered` and `due` are those who reached fifteen and who had to, by month; the rest is by person: `sex`, `age` at
    the start [years], whether `exposed` to dying after fifteen, the `hazard` summed over months, and who is `alive`.
    """

    entered: Numbers
    due: Numbers
    sex: NDArray[np.uint8]
    age: NDArray[np.int64]
    exposed: NDArray[np.bool_]
    hazard: Numbers
    alive: NDArray[np.bool_]


def mortality_of_the_margins() -> Numbers:
    """Return deaths per person-year by sex (men first) and single age, shape `(2, 121)`, from the file itself."""
    rates = np.zeros((2, 121))
    path = next(
        root / "son_la" / "margins" / "mortality_age_sex.csv" for root in find_configs() if (root / "son_la").is_dir()
    )
    rows = Rows(path)
    for place in range(len(rows.rows)):
        first, end = rows.ages(place, "age", rates.shape[1])
        rates[rows.place(place, "sex", ("male", "female")), first:end] = rows.number(place, "value")
    return rates


def follow_cohorts(scale: float = 0.1, seed: int = 3) -> Cohorts:
    """Run the cohorts for five years and add up the hazard of each month of age, for those fifteen or older."""
    rates = mortality_of_the_margins()
    model = Simulation(load("reference/cohort_component", settings={"scale": scale}), seed)
    w = model.workers
    birth, sex, start = w.birth_month.astype(np.int64), w.sex.copy(), w.activity.copy()
    child, adult = start == Activity.CHILD, start < Activity.CHILD
    due = np.array([float((child & (month - birth == ADULT)).sum()) for month in range(1, MONTHS + 1)])
    entered, hazard = np.zeros(MONTHS), np.zeros(len(w))
    for month in range(1, MONTHS + 1):
        model.step()
        entered[month - 1] = model.world.ledger.counts.get("reached_fifteen", 0)
        age = (month - birth) // 12
        hazard += np.where(adult | (child & (age >= 15)), rates[sex, np.clip(age, 0, 120)] / 12.0, 0.0)
    exposed = adult | (child & (MONTHS - birth >= ADULT))
    return Cohorts(entered, due, sex, -birth // 12, exposed, hazard, w.activity < Activity.CHILD)


def entrants() -> Iterator[Comparison]:
    """Compare, to the person, who reached fifteen in each month with who had to."""
    found = follow_cohorts()
    yield closest(found.due, found.entered, 0.0, lambda at: _("month {month}").format(month=at + 1))


def survivors() -> Iterator[Comparison]:
    """Compare who is alive after five years with the product of monthly survival: independent, hence binomial.

    Each year's risk is drawn in one month of it: in a group of ten ages a hazard counted at most a year's ageing early
    or late, which is a tenth more a year.
    """
    found = follow_cohorts()
    survival = np.exp(-found.hazard)
    band = np.clip(found.age // 10, 1, 8)
    for s, b in product((0, 1), range(1, 9)):
        group = found.exposed & (found.sex == s) & (band == b)
        expected, variance = survival[group].sum(), (survival[group] * (1.0 - survival[group])).sum()
        shift = (survival[group] * found.hazard[group]).sum() * 12.0 / MONTHS * 0.1
        where = _("{sex}, born {years} years before the start").format(sex=_(SEXES[s]), years=f"{10 * b}+")
        tolerance = SIGMAS * math.sqrt(variance) + shift
        yield Comparison(float(expected), float(found.alive[group].sum()), float(tolerance), where)
    everyone = survival[found.exposed]
    deaths, error = (1.0 - everyone).sum(), math.sqrt((everyone * (1.0 - everyone)).sum())
    died = float((found.exposed & ~found.alive).sum())
    yield Comparison(float(deaths), died, SIGMAS * error, _("deaths of all"))


LINES = (
    Line("cohort_entrants", GROUP, mark("people who reach fifteen, month by month"), mark("persons"),
         mark("Everyone comes of age in the month of the fifteenth birthday; nobody is skipped or counted twice."),
         mark("none: there is no chance in it"), entrants),
    Line("cohort_component", GROUP, mark("alive after five years, by sex and age (Leslie)"), mark("persons"),
         mark("The population by age and sex is the cohort-component product of the life table in the data."),
         mark("four standard deviations (binomial), and a year's ageing of the hazard within an age group"), survivors),
)  # fmt: skip
