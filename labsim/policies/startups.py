"""Start-ups, household businesses and cooperatives: loans, digital support, new cooperatives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from labsim.levers import LeversOfPolicy
from labsim.policies.base import POLICY_BANK, Account, Outcome, Policy
from labsim.policies.markets import spread_over_markets, weights_of, where_most
from labsim.policies.means import part_paid_for
from labsim.quantity import Yearly, amount_in, quantity
from labsim.text import mark
from labsim.world import World


class Startups(Policy):
    """The policy bank lends to people who would open a business; the province supports owners and founds cooperatives.

    It acts through liquidity: an offer with a loan makes more people open a household business, as far as trade pays
    better than what they do and customers are left; through survival: supported businesses close less often for some
    months; and through cooperatives, whose members' posts are filled by the usual search. Loans are paid by the social
    policy bank, grants and support from the budget; repayment is not in the ledger. Levers: loan_offers, loan_amount,
    loan_grant, business_support, business_support_months, new_cooperatives.
    """

    outcome = (
        Outcome("lent", mark("business opened with a loan"), "loan_offers", ("business loan", "business grant")),
        Outcome("supported", mark("business supported"), "business_support", ("digital support",)),
        Outcome("cooperative_new_number", mark("cooperative founded"), "new_cooperatives", ("cooperative grant",)),
    )
    acts_through: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "loan": ("loans_per_year",),
        "grant": ("loans_per_year",),
        "support_months": ("loans_per_year", "digital_support_per_year"),
        "cost_of_support": ("digital_support_per_year",),
        "cooperative_fields": ("cooperatives_per_year",),
        "cooperative_grant": ("cooperatives_per_year",),
    }
    needs: ClassVar[Mapping[str, tuple[tuple[str, ...], ...]]] = {"loans_per_year": (("own_account.loan_take_up",),)}

    loans_per_year: Yearly = quantity(
        {2021: 0.0},
        unit="persons per year",
        low=0,
        high=100_000,
        grade="D",
        year=2022,
        source=(
            "the scenario's author; Lao Cai counted 4,000 jobs a year on loans in 2021-22 (28.6 % of its count),"
            " Bac Kan 9,000 borrowers in 2011-18"
        ),
        help="people offered a loan to open a business; those who take it up get it",
    )
    loan: float = quantity(
        30e6,
        unit="VND per person",
        low=0,
        high=200e6,
        grade="D",
        year=2018,
        source="assumed: Bac Kan has about 7 million VND outstanding for each borrower ever, repaid ones included",
        help="loan to who opens a business",
    )
    grant: float = quantity(
        0.0,
        unit="VND per person",
        low=0,
        high=100e6,
        grade="D",
        year=2021,
        source="the scenario's author; no source has one",
        help="grant beside the loan, from the budget",
    )
    digital_support_per_year: Yearly = quantity(
        {2021: 0.0},
        unit="persons per year",
        low=0,
        high=100_000,
        grade="D",
        year=2021,
        source="the scenario's author; the provinces name digital transformation of household businesses, no number",
        help="owners of household businesses given digital support",
    )
    support_months: int = quantity(
        12,
        unit="months",
        low=0,
        high=60,
        grade="D",
        year=2021,
        source="assumed",
        help="months for which a supported business, or one opened with a loan, closes less often",
    )
    cost_of_support: float = quantity(
        3e6,
        unit="VND per person",
        low=0,
        high=100e6,
        grade="D",
        year=2021,
        source="assumed, near the cost of a short course",
        help="cost of digital support",
    )
    cooperatives_per_year: Yearly = quantity(
        {2021: 0.0},
        unit="cooperatives per year",
        low=0,
        high=2_000,
        grade="D",
        year=2024,
        source="the scenario's author; Son La had 588 cooperatives in 2019 and 864 agricultural ones in 2024",
        help="cooperatives founded beyond those that would be",
    )
    cooperative_fields: dict[str, float] = quantity(
        {"crop_livestock": 3.0, "high_tech_agriculture": 1.0, "agro_processing": 1.0},
        unit="weight",
        low=0,
        high=100,
        grade="D",
        year=2024,
        source="most cooperatives of Son La are agricultural; weights assumed",
        help="weight of a field for cooperatives",
        names="fields",
    )
    cooperative_grant: float = quantity(
        100e6,
        unit="VND per cooperative",
        low=0,
        high=5e9,
        grade="D",
        year=2021,
        source="assumed",
        help="grant to a new cooperative",
    )
    districts: dict[str, float] = quantity(
        {},
        unit="weight",
        low=0,
        high=1_000,
        grade="D",
        year=2021,
        source="the scenario's author; none = by people",
        help="weight of a district",
        names="districts",
    )

    def adjust(self, levers: LeversOfPolicy, world: World) -> None:
        """Offer loans and support, and found cooperatives."""
        year, people = world.calendar[0], world.counts["people"].astype(np.float64)
        weight = weights_of(self.districts, world.places.names, people)
        share = weight / max(1e-9, weight.sum())
        loans, support = amount_in(self.loans_per_year, year), amount_in(self.digital_support_per_year, year)
        cooperatives, each = amount_in(self.cooperatives_per_year, year), self.loan + self.grant
        cost = loans * each + support * self.cost_of_support + cooperatives * self.cooperative_grant
        part = part_paid_for(self.money_left(world, levers.policy), cost / 12.0)
        loans, support, cooperatives = loans * part, support * part, cooperatives * part
        if loans > 0.0:
            levers.add("loan_offers", loans * share)
            levers.add("loan_amount", self.loan, to=share > 0)
            levers.add("loan_grant", self.grant, to=share > 0)
        if support > 0.0:
            levers.add("business_support", support * share)
        if loans > 0.0 or support > 0.0:
            levers.raise_to("business_support_months", float(self.support_months), to=share > 0)
        if cooperatives > 0.0:
            spread = spread_over_markets(world, cooperatives, self.districts, self.cooperative_fields)
            levers.add("new_cooperatives", spread if part == 1.0 else where_most(spread))

    def settle(self, world: World, account: Account) -> None:
        """Pay loan and grant to who opened a business, support to owners, and grants to cooperatives founded."""
        events, scale = world.events, world.scale
        lent = events["lent"]
        account.pay_share("loan_amount", lent, "business loan", "owners of new businesses", POLICY_BANK)
        account.pay_share("loan_grant", lent, "business grant", "owners of new businesses")
        supported = float((events["supported"] * account.share("business_support")).sum()) / scale
        account.pay("digital support", "owners of household businesses", supported, self.cost_of_support)
        mine = events["cooperative_new_number"] * account.share("new_cooperatives")
        account.pay("cooperative grant", "cooperatives", float(mine.sum()) / scale, self.cooperative_grant)
