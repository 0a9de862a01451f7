"""Climate retraining and job conversion: seats, a conversion grant and credit for people in districts hit or at
risk.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from pydantic import field_validator

from labsim.levers import LeversOfPolicy
from labsim.policies.base import POLICY_BANK, Account, Outcome, Policy, require_whole
from labsim.policies.means import part_paid_for
from labsim.policies.seats import cost_of_month, seats_by_programme, settle_seats
from labsim.quantity import Yearly, amount_in, quantity
from labsim.text import mark
from labsim.world import Level, World


class ClimateRetraining(Policy):
    """The province retrains people of districts that a hazard hit in the last year or may hit, and helps farmers to
    change livelihood.

    It acts through seats in these districts and fees waived in the courses that get them, priority of people of these
    districts, and offers of grant and credit with which more farmers can open a business. Levers: training_seats,
    training_fee_paid, training_priority, training_hit, conversion_places, conversion_grant, conversion_credit.
    """

    outcome = (
        Outcome("completed", mark("seat completed"), "training_seats", ("teaching", "fees", "meals and travel")),
        Outcome("converted", mark("farmer who changed livelihood"), "conversion_places", ("conversion",)),
    )
    acts_through: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "fields": ("seats_per_year",),
        "level_mix": ("seats_per_year",),
        "cost_short_course": ("seats_per_year",),
        "cost_elementary": ("seats_per_year",),
        "grant": ("conversions_per_year",),
        "credit": ("conversions_per_year",),
    }

    seats_per_year: Yearly = quantity(
        {2021: 0.0},
        unit="persons per year",
        low=0,
        high=100_000,
        grade="D",
        year=2021,
        source="the scenario's author",
        help="seats in short and elementary courses",
    )
    fields: dict[str, float] = quantity(
        {"high_tech_agriculture": 1.0, "agro_processing": 1.0, "tourism": 1.0, "trade_logistics": 0.5},
        unit="weight",
        low=0,
        high=100,
        grade="D",
        year=2021,
        source="fields named in the provinces' climate programmes; weights assumed",
        help="weight of a field's programmes",
        names="fields",
    )
    level_mix: dict[str, float] = quantity(
        {"short_course": 0.6, "elementary": 0.4},
        unit="share of seats",
        low=0,
        high=1,
        grade="D",
        year=2021,
        source="assumed: mostly short courses; of all seats in vocational training of the region two thirds are",
        help="how the seats divide by level, where both are taught in the districts helped",
        names=("short_course", "elementary"),
    )
    conversions_per_year: Yearly = quantity(
        {2021: 0.0},
        unit="persons per year",
        low=0,
        high=100_000,
        grade="D",
        year=2021,
        source="the scenario's author",
        help="farmers offered a grant and credit",
    )
    grant: float = quantity(
        10e6,
        unit="VND per person",
        low=0,
        high=500e6,
        grade="D",
        year=2022,
        source="assumed: the sources name support for a change of livelihood and no amount",
        help="conversion grant",
    )
    credit: float = quantity(
        50e6,
        unit="VND per person",
        low=0,
        high=500e6,
        grade="D",
        year=2022,
        source="assumed: the sources name access to capital and no amount",
        help="credit for the change",
    )
    cost_short_course: float = quantity(
        2.0e6,
        unit="VND per person",
        low=0,
        high=50e6,
        grade="B",
        year=2016,
        source="caps of Decision 46/2015",
        help="teaching cost",
    )
    cost_elementary: float = quantity(
        3.0e6,
        unit="VND per person",
        low=0,
        high=50e6,
        grade="A",
        year=2017,
        source="Son La cost norm 2017",
        help="teaching cost",
    )
    months_after: int = quantity(
        12,
        unit="months",
        low=1,
        high=60,
        grade="D",
        year=2021,
        source="assumed",
        help="months after a hazard in which a district counts as hit",
    )

    at_risk: float = quantity(
        0.0,
        unit="weight",
        low=0,
        high=10,
        grade="D",
        year=2021,
        source="the scenario's author; none = only districts that were hit",
        help="weight of the district with the highest rate of hazards beside one that was hit, others in proportion",
    )

    @field_validator("level_mix")
    @classmethod
    def _is_whole(cls, shares: Mapping[str, float]) -> Mapping[str, float]:
        return require_whole(shares)

    def _weight(self, world: World) -> np.ndarray:
        """Return the weight of each district, shape `(n_districts,)`: 1 if hit, more or less by its hazards."""
        places = world.places
        hit = (places.hit_months < self.months_after).astype(np.float64)
        rate = places.hazard_rate.sum(axis=0)
        return hit if self.at_risk == 0.0 else np.maximum(hit, self.at_risk * rate / max(1e-9, rate.max()))

    def _cost(self) -> dict[Level, float]:
        return {Level.SHORT_COURSE: self.cost_short_course, Level.ELEMENTARY: self.cost_elementary}

    def adjust(self, levers: LeversOfPolicy, world: World) -> None:
        """Add seats and offers in the districts that were hit or are at risk."""
        year = world.calendar[0]
        hit = self._weight(world)
        seats, offers = amount_in(self.seats_per_year, year), amount_in(self.conversions_per_year, year)
        if not hit.any():
            return
        places = seats_by_programme(world, seats, self.level_mix, self.fields, hit, pass_on=True)
        cost = self._cost()
        offered = cost_of_month(world, places, cost, np.where(places > 0, world.programmes.fee, 0.0))
        offered += offers * (self.grant + self.credit) / 12.0
        part = part_paid_for(self.money_left(world, levers.policy), offered)
        places, offers = places * part, offers * part
        if seats > 0.0:
            levers.add("training_seats", places)
            levers.raise_to("training_fee_paid", part, to=places > 0)
            levers.raise_to("training_hit", 1.0, to=hit > 0)
            levers.add("training_priority", np.array([0.0, 0.0, 0.0, 1.0]))
        if offers > 0.0:
            farmers = world.counts["farmers"] * hit
            levers.add("conversion_places", offers * farmers / max(1.0, farmers.sum()))
            levers.add("conversion_grant", self.grant, to=hit > 0)
            levers.add("conversion_credit", self.credit, to=hit > 0)

    def settle(self, world: World, account: Account) -> None:
        """Pay teaching, and grant and credit for each farmer who changed livelihood."""
        settle_seats(world, account, self._cost())
        converted, who = world.events["converted"], "farmers who change livelihood"
        account.pay_share("conversion_grant", converted, "conversion grant", who)
        account.pay_share("conversion_credit", converted, "conversion credit (loan)", who, POLICY_BANK)
