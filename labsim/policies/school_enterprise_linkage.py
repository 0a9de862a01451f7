"""Linkage of State, enterprise and school: programmes designed and taught with enterprises."""

from __future__ import annotations

import numpy as np

from labsim.levers import LeversOfPolicy
from labsim.policies.base import Account, Outcome, Policy
from labsim.policies.means import part_paid_for
from labsim.policies.seats import begins_now
from labsim.quantity import Yearly, amount_in, quantity
from labsim.text import mark
from labsim.world import World


class SchoolEnterpriseLinkage(Policy):
    """The province has a share of training programmes designed and taught with enterprises.

    It acts through practice, which raises the quality of these programmes, through partner enterprises, which prefer
    graduates of their school, and through posts on which new graduates of a field have the first claim. A larger share
    of programmes contains a smaller one. Lever: programme_linkage.
    """

    outcome = Outcome("hired_by_partners", mark("graduate hired for a partner's post"), "programme_linkage")

    share: Yearly = quantity(
        {2021: 0.0},
        unit="share of programmes",
        low=0,
        high=1,
        grade="D",
        year=2025,
        source="the scenario's author; the sources name the model without a number",
        help="programmes linked with enterprises",
    )
    cost_programme: float = quantity(
        50e6,
        unit="VND per programme and year",
        low=0,
        high=2e9,
        grade="D",
        year=2025,
        source="assumed: design of the programme, agreements, teachers from enterprises",
        help="cost of a linked programme",
    )
    cost_practice: float = quantity(
        1.5e6,
        unit="VND per person",
        low=0,
        high=50e6,
        grade="D",
        year=2025,
        source="assumed: materials, insurance and a mentor",
        help="cost of the practice of a person admitted to a linked programme",
    )

    def adjust(self, levers: LeversOfPolicy, world: World) -> None:
        """Ask for a share of all programmes."""
        share, p = amount_in(self.share, world.calendar[0]), world.programmes
        seats = float(np.maximum(0, p.seats - p.taken)[begins_now(world)].sum()) / world.scale
        cost = len(p) * self.cost_programme / 12.0 + seats * self.cost_practice
        share *= part_paid_for(self.money_left(world, levers.policy), share * cost)
        if share > 0.0:
            levers.raise_to("programme_linkage", share)

    def settle(self, world: World, account: Account) -> None:
        """Pay a twelfth of the year's cost of linked programmes, and the practice of everyone admitted to them."""
        linked = world.events["linked"]
        if linked is None:
            return
        mine = linked * account.share("programme_linkage")
        account.pay_sum(
            "linked programmes", "training institutions", 0.0, float(mine.sum()) * self.cost_programme / 12.0
        )
        admitted = world.events["admitted"] + world.events["admitted_paying"]
        account.pay("practice in enterprises", "enterprises", float((admitted * mine).sum()) / world.scale,
                    self.cost_practice)  # fmt: skip
