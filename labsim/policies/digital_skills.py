"""Digital skills: short courses, the young first."""

from __future__ import annotations

import numpy as np
from pydantic import field_validator

from labsim.levers import AGES, LeversOfPolicy
from labsim.policies.base import Account, Outcome, Policy
from labsim.policies.means import places_paid_for
from labsim.quantity import Yearly, amount_in, quantity
from labsim.text import _, mark
from labsim.world import World


class DigitalSkills(Policy):
    """The province teaches basic digital skills in short courses, to the young first.

    It acts through places in courses, spread over districts by their people of 15 and older without the skill, and
    through the weight of each age at admission. Who finishes gains the skill. Levers:
    digital_places, digital_priority.
    """

    outcome = Outcome("digital_trained", mark("person who completed a course in digital skills"), "digital_places")

    persons_per_year: Yearly = quantity(
        {2021: 0.0},
        unit="persons per year",
        low=0,
        high=500_000,
        grade="D",
        year=2025,
        source="the scenario's author; courses for youth, students and young workers are named without a number",
        help="places in courses",
    )
    by_age: tuple[float, ...] = quantity(
        (8.0, 4.0, 2.0, 1.0, 0.3),
        unit="weight",
        low=0,
        high=100,
        grade="D",
        year=2025,
        source="assumed: youth, students and young workers first",
        help="weight at admission: 15-24, 25-34, 35-44, 45-54, 55 and older",
    )
    cost: float = quantity(
        1.75e6,
        unit="VND per person",
        low=0,
        high=20e6,
        grade="D",
        year=2025,
        source="assumed: as a short course, 1.5-2 million VND",
        help="cost of a person admitted",
    )

    @field_validator("by_age")
    @classmethod
    def _has_every_age(cls, weights: tuple[float, ...]) -> tuple[float, ...]:
        if len(weights) != len(AGES):
            message = _("given {n} weights; allowed {allowed}, one for each age: {ages}")
            raise ValueError(message.format(n=len(weights), allowed=len(AGES), ages=", ".join(AGES)))
        return weights

    def adjust(self, levers: LeversOfPolicy, world: World) -> None:
        """Offer places where people lack the skill, and give ages their weights."""
        yearly = amount_in(self.persons_per_year, world.calendar[0])
        if yearly <= 0.0:
            return
        lacking = world.counts["without_digital"]
        places = yearly * lacking / max(1.0, float(lacking.sum()))
        places = places_paid_for(world, places, self.cost, self.money_left(world, levers.policy))
        if not places.any():
            return
        levers.add("digital_places", places)
        levers.raise_to("digital_priority", np.array(self.by_age))

    def settle(self, world: World, account: Account) -> None:
        """Pay for everyone admitted this month."""
        persons = float((world.events["digital_enrolled"] * account.share("digital_places")).sum()) / world.scale
        account.pay("courses in digital skills", "training institutions", persons, self.cost)
