"""Job placement: fairs, counselling and a job portal reach part of the workforce every year."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pydantic import field_validator

from labsim.levers import LeversOfPolicy
from labsim.policies.base import Account, Outcome, Policy, require_whole
from labsim.policies.means import places_paid_for
from labsim.quantity import Yearly, amount_in, quantity
from labsim.text import mark
from labsim.world import World

CHANNELS = ("fair", "counselling", "portal")


class JobPlacement(Policy):
    """The province brings labour market information and placement to part of the workforce every year.

    It acts through how many people fairs, counselling and the portal reach (each at most once a year): these apply a
    little more often for some months, and some of them are introduced to the vacancy that suits them best of a few.
    Who is hired is left to employers, so that rates of placement come out. Levers: fair_reach, counselling_reach,
    portal_reach.
    """

    outcome = (
        Outcome("reached", mark("person reached"), ("fair_reach", "counselling_reach", "portal_reach")),
        Outcome("placed", mark("person placed"), ("fair_reach", "counselling_reach", "portal_reach")),
    )

    share_per_year: Yearly = quantity(
        {2021: 0.0},
        unit="share of the labour force per year",
        low=0,
        high=1,
        grade="D",
        year=2021,
        source="the scenario's author; Son La's target is 0.35 a year",
        help="people reached",
    )
    channels: dict[str, float] = quantity(
        {"fair": 0.40, "counselling": 0.22, "portal": 0.38},
        unit="share of people reached",
        low=0,
        high=1,
        grade="D",
        year=2024,
        source="Lao Cai 2021-24: 23,000 of 105,357 counselled had career counselling; the rest split by assumption",
        help="how the people reached divide by channel",
        names=CHANNELS,
    )
    cost_fair: float = quantity(
        60_000.0,
        unit="VND per person",
        low=0,
        high=1e6,
        grade="D",
        year=2024,
        source="assumed: no source has the cost of a fair; 15 million VND for some 250 visitors",
        help="cost of each person whom a fair reaches",
    )
    cost_counselling: float = quantity(
        150_000.0,
        unit="VND per person",
        low=0,
        high=2e6,
        grade="D",
        year=2024,
        source="assumed: one to two hours of a counsellor with overheads",
        help="cost of each person counselled",
    )
    cost_portal: float = quantity(
        10_000.0,
        unit="VND per person",
        low=0,
        high=1e6,
        grade="D",
        year=2024,
        source="assumed: running a portal of the province",
        help="cost of each person whom the portal reaches",
    )

    @field_validator("channels")
    @classmethod
    def _is_whole(cls, shares: Mapping[str, float]) -> Mapping[str, float]:
        return require_whole(shares)

    def adjust(self, levers: LeversOfPolicy, world: World) -> None:
        """Reach people in every district in proportion to its labour force."""
        share = amount_in(self.share_per_year, world.calendar[0])
        total = sum(self.channels.get(name, 0.0) for name in CHANNELS)  # 1, or nearly
        if share <= 0.0 or total <= 0.0:
            return
        # which channel reaches a person is drawn: the dearest sets what the money is sure to pay for
        costs = zip(CHANNELS, (self.cost_fair, self.cost_counselling, self.cost_portal), strict=True)
        dearest = max(cost for name, cost in costs if self.channels.get(name, 0.0) > 0.0)
        people = share * world.counts["labour_force"] / world.scale
        people = places_paid_for(world, people, dearest, self.money_left(world, levers.policy))
        for name in CHANNELS:
            levers.add(f"{name}_reach", people * self.channels.get(name, 0.0) / total)

    def settle(self, world: World, account: Account) -> None:
        """Pay for everyone reached this month, by channel."""
        reached = world.events["reached"]
        if reached is None:
            return
        costs = (self.cost_fair, self.cost_counselling, self.cost_portal)
        words = ("job fairs", "job counselling", "job portal")
        for channel, (name, cost, purpose) in enumerate(zip(CHANNELS, costs, words, strict=True)):
            persons = float(np.sum(reached[channel] * account.share(f"{name}_reach"))) / world.scale
            account.pay(purpose, "job service centre", persons, cost)
