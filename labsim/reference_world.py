"""Small worlds with known answers: no ages, no places, one employer a field. They run through the very code that runs
a province.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from pydantic import model_validator

from labsim.draws import key_of, uniforms
from labsim.ledger import Ledger
from labsim.levers import AGES, DEGREES, GROUPS, LEVERS, Levers
from labsim.quantity import Parameters, quantity
from labsim.text import _
from labsim.world import Activity, Enterprises, Institutions, Market, Places, Programmes, Schooling, Workers, World

_SOURCE = "the design of the reference world"


_DISTRICTS = ("everywhere",)


class ReferenceParameters(Parameters):
    """The size and shape of a reference world."""

    people: int = quantity(
        10_000,
        unit="persons",
        low=1,
        high=100_000_000,
        grade="D",
        year=2026,
        source=_SOURCE,
        help="people in the labour force",
    )
    fields: int = quantity(
        1,
        unit="fields",
        low=1,
        high=2000,
        grade="D",
        year=2026,
        source=_SOURCE,
        help="occupations, each with one employer",
    )
    unemployed: float = quantity(
        0.05, unit="share", low=0, high=1, grade="D", year=2026, source=_SOURCE, help="share without work at month 0"
    )
    vacancies: float = quantity(
        0.05,
        unit="share of people",
        low=0,
        high=10,
        grade="D",
        year=2026,
        source=_SOURCE,
        help="open vacancies at month 0",
    )
    neighbours: int = quantity(
        0,
        unit="fields",
        low=0,
        high=1000,
        grade="D",
        year=2026,
        source=_SOURCE,
        help="on how many fields to each side a person may apply (fields stand in a ring); 0 = on all alike",
    )
    network: tuple[tuple[float, ...], ...] = quantity(
        (),
        unit="weight",
        low=0,
        high=1e6,
        grade="D",
        year=2026,
        source=_SOURCE,
        help="how open each field (column) is to people of each field (row), in place of the ring; () = the ring",
    )
    seats: int = quantity(
        0, unit="seats", low=0, high=1_000_000, grade="D", year=2026, source=_SOURCE, help="seats of the one programme"
    )
    course_months: int = quantity(
        24, unit="months", low=1, high=240, grade="D", year=2026, source=_SOURCE, help="length of the one programme"
    )
    age: int = quantity(
        25, unit="years", low=15, high=80, grade="D", year=2026, source=_SOURCE, help="age of everyone at month 0"
    )

    @model_validator(mode="after")
    def _is_square(self) -> Self:
        rows, lengths = len(self.network), {len(row) for row in self.network}
        if self.network and (rows != self.fields or lengths != {self.fields}):
            message = _("given a network of {rows} rows of {lengths}; allowed {fields} of {fields} (`fields`)")
            raise ValueError(message.format(rows=rows, lengths=sorted(lengths), fields=self.fields))
        return self

    def names_of(self, what: str) -> tuple[str, ...]:
        """Return the ids of the "fields" or "districts" of a reference world."""
        return tuple(f"field {i}" for i in range(self.fields)) if what == "fields" else _DISTRICTS


def build_reference(parameters: ReferenceParameters, scale: float, start: tuple[int, int], seed: int) -> World:
    """Build a reference world: people spread evenly over fields, one employer and one tier a field, one district.

    Employers' targets are their headcount and vacancies at month 0. Raises nothing: every value in range makes a world.
    """
    n_people = max(1, round(parameters.people * scale))
    n_fields = parameters.fields
    workers = Workers(n_people)
    workers.field[:] = np.arange(n_people, dtype=np.int64) * n_fields // n_people
    workers.birth_month[:] = -12 * parameters.age
    workers.schooling[:] = Schooling.LOWER_SECONDARY
    workers.skill[:] = 0.5
    workers.spell[:] = 1
    workers.wage[:] = 1.0e6
    workers.urban[:] = 1
    out_of_work = uniforms(key_of(seed, "reference/unemployed", 0), np.arange(n_people)) < parameters.unemployed
    workers.activity[:] = np.where(out_of_work, Activity.UNEMPLOYED, Activity.EMPLOYEE).astype(np.uint8)
    workers.employer[:] = np.where(out_of_work, -1, workers.field)
    workers.work_field[:] = np.where(out_of_work, -1, workers.field)
    workers.tier[:] = np.where(out_of_work, 255, 0)
    employers = _employers(workers, n_fields, parameters.vacancies * n_people / n_fields)
    programmes = _programme(parameters, scale)
    sizes = {
        "programmes": len(programmes),
        "groups": len(GROUPS),
        "ages": len(AGES),
        "destinations": 4,
        "districts": 1,
        "workers": n_people,
        "enterprises": n_fields,
        "markets": n_fields,
        "degrees": len(DEGREES),
    }
    assert {kind.over for kind in LEVERS.values()} <= set(sizes)
    institutions = Institutions(len(programmes))
    world = World(
        scale=scale,
        start_year=start[0],
        start_month=start[1],
        workers=workers,
        enterprises=employers,
        institutions=institutions,
        programmes=programmes,
        places=_one_place(n_fields),
        fields=parameters.names_of("fields"),
        ethnic_groups=("everyone",),
        sector_of_field=np.ones(n_fields, dtype=np.uint8),
        accessibility=_accessibility(parameters),
        levers=Levers(sizes),
        ledger=Ledger.opened(np.bincount(workers.activity, minlength=len(Activity))),
        market=Market(np.zeros((1, n_fields, 1)), np.full((1, n_fields, 1), 1.0e6), np.full((n_fields, 1), 0.5)),
    )
    world.demand_index = np.ones(n_fields)
    world.tables = {
        "mortality": np.zeros((2, 101)),
        "participation": np.ones((2, 101)),
        "farm_income": np.full(1, 1.0e6),
        "business_income": np.full((1, n_fields), 1.0e6),
        "minimum_wage_region": np.full(1, 4.0),
    }
    return world


def _employers(workers: Workers, n_fields: int, vacancies: float) -> Enterprises:
    employers = Enterprises(n_fields, {"tiers": 1})
    employers.field[:] = np.arange(n_fields)
    employers.active[:] = 1
    employers.founded[:] = 0
    employers.tier_share[:] = 1.0
    employers.wage_offer[:] = 1.0e6
    at_work = workers.employer >= 0
    employers.headcount[:, 0] = np.bincount(workers.employer[at_work], minlength=n_fields)
    employers.vacancies[:, 0] = round(vacancies)
    employers.weight[:] = employers.headcount[:, 0] + employers.vacancies[:, 0]
    employers.target[:, 0] = employers.weight
    return employers


def _programme(parameters: ReferenceParameters, scale: float) -> Programmes:
    programmes = Programmes(1 if parameters.seats else 0)
    if parameters.seats:
        programmes.level[:] = 1
        programmes.length[:] = parameters.course_months
        programmes.base_seats[:] = parameters.seats * scale
        programmes.quality[:] = 1.0
    return programmes


def _one_place(n_fields: int) -> Places:
    one = np.ones(1)
    return Places(
        names=_DISTRICTS,
        distance=np.zeros((1, 1)),
        hazard_rate=np.zeros((4, 1)),
        farm_people=one.copy(),
        farm_income=np.full(1, 1.0e6),
        farm_hours=one.copy(),
        climate_factor=one.copy(),
        hit_months=np.full(1, 999.0),
        business_people=np.zeros((1, n_fields)),
        business_income=np.full((1, n_fields), 1.0e6),
        minimum_wage=np.zeros(1),
    )


def _accessibility(parameters: ReferenceParameters) -> np.ndarray:
    """Return who may apply where, shape `(n_fields, n_fields)`: the network given, or fields on a ring."""
    n_fields, neighbours = parameters.fields, parameters.neighbours
    if parameters.network:
        return np.array(parameters.network, dtype=np.float64)
    if neighbours == 0:
        return np.ones((n_fields, n_fields))
    step = np.abs(np.subtract.outer(np.arange(n_fields), np.arange(n_fields)))
    step = np.minimum(step, n_fields - step)
    return np.where(step == 0, 1.0, np.where(step <= neighbours, 1.0 / (1.0 + step), 0.0))
