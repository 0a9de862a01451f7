"""Vocational training: seats by level, field and year, fees and allowances paid, priority for rural, minority and
poor people.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pydantic import field_validator

from labsim.levers import GROUPS, LeversOfPolicy
from labsim.policies.base import Account, Outcome, Policy, require_whole
from labsim.policies.markets import weights_of
from labsim.policies.means import part_paid_for
from labsim.policies.seats import cost_of_month, quotas_of, seats_by_programme, settle_seats
from labsim.quantity import Yearly, amount_in, quantity
from labsim.text import mark
from labsim.world import Level, World

_NORM = "Son La cost norm 2017 (3.0 million VND for a three-month farm course) and Decision 46/2015 caps"
LEVELS = ("short_course", "elementary", "intermediate", "college")  # what a course of each costs is declared below


class VocationalTraining(Policy):
    """The province pays for seats in vocational training, for fees, meals and travel.

    It acts through free seats, which more people then apply to; through what a course costs the trainee; and through
    who is admitted where more apply than there are seats (points, quotas). What a course does to skill, field and level
    is training's own. Seats go to the levels, fields and districts that are named; fees are waived and meals and travel
    paid for everyone without training who is admitted to a short or elementary course in the province, whoever's seat
    it is, since support is given to persons (Decisions 1956/2009 and 46/2015). Levers: training_seats,
    training_fee_paid, training_allowance, training_travel, training_priority, training_quota, training_outreach.
    """

    outcome = Outcome("completed", mark("seat completed"), "training_seats")

    seats_per_year: Yearly = quantity(
        {2021: 0.0},
        unit="persons per year",
        low=0,
        high=200_000,
        grade="A",
        year=2022,
        source="nearly 19,000 people trained in 2022, over 8,000 of them rural (press of the province)",
        help="seats in short, elementary, intermediate and college courses",
    )
    level_mix: dict[str, float] = quantity(
        {"short_course": 0.62, "elementary": 0.29, "intermediate": 0.065, "college": 0.025},
        unit="share of seats",
        low=0,
        high=1,
        grade="C",
        year=2024,
        source=(
            "Dien Bien, 45,000 trained in 2020-24: 91.5 % elementary and under three months, 6.6 % intermediate,"
            " 2 % college; the split below elementary is assumed"
        ),
        help="how the seats divide by level",
        names=LEVELS,
    )
    fields: dict[str, float] = quantity(
        {},
        unit="weight",
        low=0,
        high=100,
        grade="D",
        year=2022,
        source="the scenario's author; none = as institutions teach",
        help="weight of a field's programmes",
        names="fields",
    )
    fee_paid: float = quantity(
        1.0,
        unit="share of fee",
        low=0,
        high=1,
        grade="B",
        year=2016,
        source=_NORM,
        help="share of the fee of short and elementary courses that is paid for the trainee",
    )
    allowance: float = quantity(
        0.6e6,
        unit="VND per month",
        low=0,
        high=10e6,
        grade="B",
        year=2016,
        source="Decision 46/2015: 30,000 VND a day of study for meals, about 20 days a month",
        help="meals, short and elementary courses",
    )
    travel: float = quantity(
        0.0,
        unit="VND per course",
        low=0,
        high=2e6,
        grade="D",
        year=2016,
        source=(
            "the scenario's author: Decision 46/2015 pays 200,000 VND from 15 km (300,000 from 5 km in difficult areas,"
            " which are not told apart); how many claimed it is not known, so none by default"
        ),
        help="travel paid to trainees of short and elementary courses from a district that is far enough",
    )
    cost_short_course: float = quantity(
        2.0e6, unit="VND per person", low=0, high=50e6, grade="B", year=2016, source=_NORM, help="teaching cost"
    )
    cost_elementary: float = quantity(
        3.0e6, unit="VND per person", low=0, high=50e6, grade="A", year=2017, source=_NORM, help="teaching cost"
    )
    cost_intermediate: float = quantity(
        14e6,
        unit="VND per person",
        low=0,
        high=200e6,
        grade="D",
        year=2022,
        source="assumed: 7 million a year",
        help="teaching cost of the whole course",
    )
    cost_college: float = quantity(
        27e6,
        unit="VND per person",
        low=0,
        high=300e6,
        grade="D",
        year=2022,
        source="assumed: 9 million a year",
        help="teaching cost of the whole course",
    )
    priority: dict[str, float] = quantity(
        {"rural": 1.0, "minority": 1.0, "poor": 2.0, "hit": 0.0},
        unit="points",
        low=0,
        high=100,
        grade="D",
        year=2020,
        source="order of Decision 1956 and the national target programmes; points assumed",
        help="points at admission",
        names=GROUPS,
    )
    districts: dict[str, float] = quantity(
        {},
        unit="weight",
        low=0,
        high=1_000,
        grade="D",
        year=2022,
        source="the scenario's author; none = by the people of each district",
        help="weight of a district's people when seats are spread; one not named gets none",
        names="districts",
    )
    quotas: dict[str, float] = quantity(
        {},
        unit="share of seats",
        low=0,
        high=1,
        grade="D",
        year=2022,
        source="the scenario's author; the sources name groups and no shares",
        help="share of free seats kept for rural, minority or poor people; what they do not fill goes to all",
        names=GROUPS,
    )
    outreach: float = quantity(
        1.0,
        unit="factor",
        low=0,
        high=20,
        grade="D",
        year=2020,
        source="assumed",
        help="how often people hear of an offer, relative to now",
    )

    @field_validator("level_mix")
    @classmethod
    def _is_whole(cls, shares: Mapping[str, float]) -> Mapping[str, float]:
        return require_whole(shares)

    def _cost(self) -> dict[Level, float]:
        return {Level[name.upper()]: float(getattr(self, f"cost_{name}")) for name in LEVELS}

    def adjust(self, levers: LeversOfPolicy, world: World) -> None:
        """Add seats, pay fees and allowances, and give points at admission."""
        yearly = amount_in(self.seats_per_year, world.calendar[0])
        if yearly <= 0.0:
            return
        districts = weights_of(self.districts, world.places.names, np.ones(len(world.places)))
        places = seats_by_programme(world, yearly, self.level_mix, self.fields, districts)
        p = world.programmes
        short = p.level <= Level.ELEMENTARY
        help_ = np.where(short, self.fee_paid * p.fee + self.allowance * p.length + self.travel, 0.0)
        money = self.money_left(world, levers.policy)
        part = part_paid_for(money, cost_of_month(world, places, self._cost(), help_))
        levers.add("training_seats", places * part)
        levers.add("training_travel", self.travel * part, to=short)
        if self.quotas:
            levers.raise_to("training_quota", quotas_of(self.quotas))
        levers.raise_to("training_fee_paid", self.fee_paid * part, to=short)
        levers.add("training_allowance", self.allowance * part, to=short)
        levers.add("training_priority", np.array([self.priority.get(group, 0.0) for group in GROUPS]))
        levers.multiply("training_outreach", self.outreach)

    def settle(self, world: World, account: Account) -> None:
        """Pay institutions for each trainee admitted to these seats, and trainees their allowance."""
        settle_seats(world, account, self._cost())
