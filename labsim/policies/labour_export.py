"""Labour export under contract: places by destination and year, loans, preparation."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pydantic import field_validator

from labsim.levers import LeversOfPolicy
from labsim.policies.base import POLICY_BANK, Account, Outcome, Policy, require_whole
from labsim.policies.means import places_paid_for
from labsim.quantity import Yearly, amount_in, quantity
from labsim.text import mark
from labsim.world import World

DESTINATIONS = ("japan", "taiwan", "korea", "other")


class LabourExport(Policy):
    """The province arranges contracts abroad, pays for language and papers, and its policy bank lends part of the cost.

    Loans are entered when they are paid out; repayment is not in the ledger.

    Levers: export_places, export_loan, export_preparation.
    """

    outcome = Outcome("sent_abroad", mark("person sent abroad"), "export_places", ("preparation",))

    places_per_year: Yearly = quantity(
        {2021: 0.0},
        unit="persons per year",
        low=0,
        high=50_000,
        grade="A",
        year=2025,
        source="plan for 2025: 200; 700 in 2026, 5,000 over 2025-30 (press of the province)",
        help="contracts on offer",
    )
    destination_mix: dict[str, float] = quantity(
        {"japan": 0.32, "taiwan": 0.24, "korea": 0.38, "other": 0.06},
        unit="share of places",
        low=0,
        high=1,
        grade="B",
        year=2025,
        source="701 people sent in nine months of 2025 by the neighbouring province: 265 Korea, 216 Japan, 166 Taiwan",
        help="how places divide by destination",
        names=DESTINATIONS,
    )
    loan_share: float = quantity(
        0.6,
        unit="share of cost",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed: policy bank loans to poor and minority workers, in part",
        help="share of the cost up front that can be borrowed",
    )
    preparation: float = quantity(
        6e6,
        unit="VND per person",
        low=0,
        high=50e6,
        grade="B",
        year=2020,
        source="Decree 61/2015 and later: language course, papers, health check",
        help="cost of preparation that is paid, which lowers the cost up front",
    )

    @field_validator("destination_mix")
    @classmethod
    def _is_whole(cls, shares: Mapping[str, float]) -> Mapping[str, float]:
        return require_whole(shares)

    def adjust(self, levers: LeversOfPolicy, world: World) -> None:
        """Offer places, loans and preparation."""
        yearly = amount_in(self.places_per_year, world.calendar[0])
        if yearly <= 0.0:
            return
        mix = np.array([self.destination_mix.get(name, 0.0) for name in DESTINATIONS])
        # the loan, of what is left of the cost when preparation is paid
        cost = np.maximum(0.0, world.tables["cost_abroad"] - self.preparation)
        each, money = self.preparation + self.loan_share * cost, self.money_left(world, levers.policy)
        places = places_paid_for(world, yearly * mix, each, money)
        if not places.any():
            return
        levers.add("export_places", places)
        levers.raise_to("export_loan", self.loan_share)
        levers.add("export_preparation", self.preparation)

    def settle(self, world: World, account: Account) -> None:
        """Pay preparation for everyone who left this month, and enter what the policy bank lent them."""
        sent, cost = world.events["sent_abroad"], world.events["cost_abroad"]
        account.pay_share("export_preparation", sent, "preparation", "workers sent abroad")
        lent = sent * account.share("export_loan") / world.scale
        total = float((lent * cost * world.levers["export_loan"]).sum())
        account.pay_sum("loan for work abroad", "workers sent abroad", float(lent.sum()), total, POLICY_BANK)
