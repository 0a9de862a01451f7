"""Training of rural, ethnic-minority and poor people: seats kept for them, and campaigns in the communes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from pydantic import field_validator

from labsim.levers import GROUPS, LeversOfPolicy
from labsim.policies.base import Account, Outcome, Policy
from labsim.policies.means import part_paid_for
from labsim.policies.seats import quotas_of
from labsim.quantity import Yearly, amount_in, quantity
from labsim.text import _, mark
from labsim.world import World


class RuralMinorityTraining(Policy):
    """The province keeps seats for rural, minority and poor people, and tells them of courses in their communes.

    It acts at admission, where seats kept for a group are filled first from it and what it leaves goes to all; and
    through how often people of these groups consider a course. It adds no seats and pays no fees: other policies do.
    Levers: training_quota, training_outreach_group.
    """

    outcome = Outcome("", mark("person reached by campaigns"), purposes=("campaigns",))
    acts_through: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "quotas": ("quotas_from",),
        "reached_per_day": ("campaign_days_per_year",),
        "hearing": ("campaign_days_per_year",),
        "groups": ("campaign_days_per_year",),
        "cost_per_day": ("campaign_days_per_year",),
    }
    needs: ClassVar[Mapping[str, tuple[tuple[str, ...], ...]]] = {
        "quotas_from": (("quotas",),),
        "campaign_days_per_year": (("hearing",),),
    }

    quotas: dict[str, float] = quantity(
        {},
        unit="share of seats",
        low=0,
        high=1,
        grade="D",
        year=2021,
        source="the scenario's author; the sources have targets (35 % of minority people trained) and no quota",
        help="share of free seats kept for rural, minority or poor people",
        names=GROUPS,
    )
    quotas_from: Yearly = quantity(
        {2021: 1.0},
        unit="factor",
        low=0,
        high=1,
        grade="D",
        year=2021,
        source="the scenario's author",
        help="part of the quotas that holds from a year on",
    )
    campaign_days_per_year: Yearly = quantity(
        {2021: 0.0},
        unit="days per year",
        low=0,
        high=20_000,
        grade="D",
        year=2021,
        source="the scenario's author; Bac Kan had 65 workshops and 32 classes for over 2,000 minority youths (2012)",
        help="days of campaigns in communes",
    )
    reached_per_day: float = quantity(
        30.0,
        unit="persons per day",
        low=1,
        high=500,
        grade="C",
        year=2012,
        source="about 20 people for each workshop and class (Bac Kan, 2012); 25-35 in a class (Son La)",
        help="people whom a day of campaign reaches",
    )
    hearing: float = quantity(
        2.0,
        unit="factor",
        low=1,
        high=6,
        grade="D",
        year=2021,
        source="assumed, from no effect at all",
        help="how often people reached within a year consider a course, relative to others",
    )
    groups: dict[str, float] = quantity(
        {"rural": 1.0, "minority": 1.0},
        unit="switch",
        low=0,
        high=1,
        grade="D",
        year=2021,
        source="groups named in the resolutions",
        help="groups that campaigns address, 0 or 1: rural, minority, poor",
        names=GROUPS,
    )
    cost_per_day: float = quantity(
        5e6,
        unit="VND per day",
        low=0,
        high=100e6,
        grade="D",
        year=2021,
        source="assumed: no source has it",
        help="cost of a day of campaign",
    )

    @field_validator("groups")
    @classmethod
    def _are_switches(cls, groups: Mapping[str, float]) -> Mapping[str, float]:
        for name, value in groups.items():
            if value not in (0.0, 1.0):
                raise ValueError(_("given {name}: {value:g}; allowed 0 or 1").format(name=name, value=value))
        return groups

    def _days(self, world: World, name: str) -> float:
        """Return the days of campaign in a year of which the money left pays a month."""
        days = amount_in(self.campaign_days_per_year, world.calendar[0])
        return days * part_paid_for(self.money_left(world, name), days * self.cost_per_day / 12.0)

    def adjust(self, levers: LeversOfPolicy, world: World) -> None:
        """Keep seats, and raise how often these groups hear: 1 + (hearing - 1) x share reached in a year."""
        part = amount_in(self.quotas_from, world.calendar[0])
        if self.quotas and part > 0.0:
            levers.raise_to("training_quota", quotas_of(self.quotas) * part)
        days = self._days(world, levers.policy)
        if days > 0.0:
            # of all rural people, since those of minorities and poor households live among them
            people = float(world.counts["by_residence"][0].sum()) / world.scale
            covered = min(1.0, days * self.reached_per_day / max(1.0, people))
            factor = 1.0 + (self.hearing - 1.0) * covered
            chosen = np.array([self.groups.get(group, 0.0) > 0 for group in GROUPS])
            levers.multiply("training_outreach_group", factor, to=chosen)

    def settle(self, world: World, account: Account) -> None:
        """Pay the month's days of campaign."""
        days = self._days(world, account.policy) / 12.0
        if days > 0.0:
            account.pay_sum(
                "campaigns", "organisers in communes", days * self.reached_per_day, days * self.cost_per_day
            )
