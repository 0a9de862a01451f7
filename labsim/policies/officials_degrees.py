"""Degrees for officials and public employees: places to study beside the work, paid in part by the State."""

from __future__ import annotations

import numpy as np

from labsim.levers import LeversOfPolicy
from labsim.policies.base import Account, Outcome, Policy
from labsim.policies.means import places_paid_for
from labsim.quantity import Yearly, amount_in, quantity
from labsim.text import mark
from labsim.world import World

_AUTHOR = "the scenario's author; no source says how many are sent to study (targets: Resolution 09-NQ/TU of Son La)"
LONGEST = np.array([4.0, 4.0, 4.0, 2.0])  # years of study, by DEGREES: university, and masters


def _places(help_: str) -> Yearly:
    places: Yearly = quantity(
        {2021: 0.0}, unit="persons per year", low=0, high=20_000, grade="D", year=2021, source=_AUTHOR, help=help_
    )
    return places


class OfficialsDegrees(Policy):
    """The province sends officials and public employees to study for a degree beside their work; they keep the post.

    It acts through the level of those who finish: four years later for university, two for a master or for the
    intermediate standard of communes; and through the savings of those who pay a part themselves. The State's part of
    the whole study is set aside when it begins. Levers: degree_places, degree_own_cost.
    """

    outcome = Outcome("degrees_in_service", mark("degree finished in service"), "degree_places")

    officials_per_year: Yearly = _places("places at university for officials of province and district")
    public_employees_per_year: Yearly = _places("places at university for teachers, health workers and the like")
    communes_per_year: Yearly = _places("places for officials of communes, those below the standard first")
    masters_per_year: Yearly = _places("places in a master's course for officials of province and district")
    cost: float = quantity(
        12e6,
        unit="VND per year of study",
        low=2e6,
        high=60e6,
        grade="D",
        year=2020,
        source="assumed: tuition of 520 USD a year (2020, Viet Nam); no source has the cost of study in service",
        help="cost of a year of study beside the work",
    )
    state_share: float = quantity(
        0.5,
        unit="share of cost",
        low=0,
        high=1,
        grade="D",
        year=2021,
        source="assumed: Bac Kan's officials mostly paid for themselves",
        help="share of the cost that the State pays; the person pays the rest from savings",
    )

    def _yearly(self, year: int) -> np.ndarray:
        doses = (
            self.officials_per_year, self.public_employees_per_year, self.communes_per_year, self.masters_per_year,
        )  # fmt: skip
        return np.array([amount_in(dose, year) for dose in doses])

    def adjust(self, levers: LeversOfPolicy, world: World) -> None:
        """Offer places, and leave the rest of the cost to those who study."""
        yearly = self._yearly(world.calendar[0])
        if not yearly.any():
            return
        each = LONGEST * self.cost * self.state_share
        places = places_paid_for(world, yearly, each, self.money_left(world, levers.policy))
        if not places.any():
            return
        levers.add("degree_places", places)
        levers.raise_to("degree_own_cost", self.cost * (1.0 - self.state_share), to=yearly > 0)

    def settle(self, world: World, account: Account) -> None:
        """Set the State's part of the whole study aside for everyone who began this month."""
        started, years = world.events["degree_started"], world.events["degree_years"]
        mine = account.share("degree_places") / world.scale
        # what the person does not pay: another policy may ask for a larger part
        rest = np.maximum(0.0, self.cost - world.levers["degree_own_cost"])
        total = float((years * mine * rest).sum())
        account.pay_sum("study for a degree", "training institutions", float((started * mine).sum()), total)
