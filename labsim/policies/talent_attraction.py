"""Talent attraction: lump sums, wage supplements and reserved posts for degree holders who stay, return or come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from labsim.levers import LeversOfPolicy
from labsim.policies.base import Account, Outcome, Policy
from labsim.policies.means import places_paid_for
from labsim.processes.talent import posts_and_best_offers
from labsim.quantity import Yearly, amount_in, quantity
from labsim.text import mark
from labsim.world import World


class TalentAttraction(Policy):
    """The province reserves professional posts, pays a lump sum and a supplement for some months.

    Levers: talent_places, talent_lump_sum, talent_supplement, talent_supplement_months.
    """

    outcome = Outcome("talent_came", mark("post filled by a degree holder"), "talent_places")
    needs: ClassVar[Mapping[str, tuple[tuple[str, ...], ...]]] = {
        "places_per_year": (
            ("talent.response", "lump_sum"), ("talent.response", "supplement", "supplement_months"),
        ),
    }

    places_per_year: Yearly = quantity(
        {2021: 0.0},
        unit="persons per year",
        low=0,
        high=20_000,
        grade="D",
        year=2021,
        source="the scenario's author",
        help="reserved posts",
    )
    lump_sum: float = quantity(
        150e6,
        unit="VND per person",
        low=0,
        high=1e9,
        grade="B",
        year=2024,
        source="100-300 million VND in a province of the region",
        help="paid once on taking up the post",
    )
    supplement: float = quantity(
        0.2, unit="share of wage", low=0, high=2, grade="D", year=2021, source="assumed", help="supplement to the wage"
    )
    supplement_months: int = quantity(
        24,
        unit="months",
        low=0,
        high=120,
        grade="D",
        year=2021,
        source="assumed",
        help="months of supplement, set aside on arrival",
    )

    def adjust(self, levers: LeversOfPolicy, world: World) -> None:
        """Reserve posts by district in proportion to public and private professional posts, and set the money."""
        yearly = amount_in(self.places_per_year, world.calendar[0])
        if yearly <= 0.0:
            return
        posts, offer = posts_and_best_offers(world)
        # nobody is offered more than the best-paying employer of the district does
        each = self.lump_sum + self.supplement * self.supplement_months * offer
        places, money = yearly * posts / posts.sum(), self.money_left(world, levers.policy)
        places = places_paid_for(world, places, each, money)
        if not places.any():
            return
        levers.add("talent_places", places)
        levers.add("talent_lump_sum", self.lump_sum)
        levers.add("talent_supplement", self.supplement)
        levers.raise_to("talent_supplement_months", float(self.supplement_months))

    def settle(self, world: World, account: Account) -> None:
        """Pay the lump sum and set aside the supplement for everyone who came this month."""
        came, pay = world.events["talent_came"], world.events["talent_pay"]
        account.pay_share("talent_lump_sum", came, "lump sum", "degree holders")
        levers, share = world.levers, account.share("talent_supplement") / world.scale
        supplement = pay * share * levers["talent_supplement"] * levers["talent_supplement_months"]
        account.pay_sum("wage supplement", "degree holders", float((came * share).sum()), float(supplement.sum()))
