"""The labour market information system: forecasts by field, skill and sector for schools, workers and enterprises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from labsim.levers import LeversOfPolicy
from labsim.policies.base import Account, Outcome, Policy
from labsim.policies.means import part_paid_for
from labsim.quantity import Yearly, amount_in, quantity
from labsim.text import mark
from labsim.world import World

GROWTH = 0.01  # of the labour force within a month, for which money is kept back


class LabourInformation(Policy):
    """The province runs a labour market information system and brings its forecasts to institutions and workers.

    It acts through what they know: institutions covered plan by vacancies foreseen and move seats faster, people
    covered err less in what they expect of training, choose courses in fields with vacancies and apply where posts are
    hard to fill. The sources have no figure for any of these effects; each may be zero. Levers: information_schools,
    information_workers.
    """

    outcome = Outcome("", mark("person told of forecasts for a month"), purposes=("forecasts for people",))
    acts_through: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "cost_institution": ("institutions",),
        "cost_worker": ("workers",),
    }

    institutions: Yearly = quantity(
        {2021: 0.0},
        unit="share of institutions",
        low=0,
        high=1,
        grade="D",
        year=2025,
        source="the scenario's author",
        help="institutions that plan by the forecasts",
    )
    workers: Yearly = quantity(
        {2021: 0.0},
        unit="share of people",
        low=0,
        high=1,
        grade="D",
        year=2025,
        source="the scenario's author",
        help="people who know the forecasts",
    )
    running_cost: float = quantity(
        3e9,
        unit="VND per year",
        low=0,
        high=100e9,
        grade="D",
        year=2025,
        source="assumed: no source has the cost of the system; staff, surveys and software of a province",
        help="cost of running the system, whoever is covered",
    )
    cost_institution: float = quantity(
        30e6,
        unit="VND per institution and year",
        low=0,
        high=1e9,
        grade="D",
        year=2025,
        source="assumed",
        help="cost of bringing forecasts to an institution",
    )
    cost_worker: float = quantity(
        2_000.0,
        unit="VND per person and year",
        low=0,
        high=200_000,
        grade="D",
        year=2025,
        source="assumed: messages and applications",
        help="cost of bringing forecasts to a person in the labour force",
    )

    def _covered(self, world: World, name: str) -> tuple[float, float]:
        """Return the shares of institutions and of people covered: what is left after running the system pays for."""
        year = world.calendar[0]
        schools, people = amount_in(self.institutions, year), amount_in(self.workers, year)
        force = (1.0 + GROWTH) * float(world.counts["labour_force"].sum()) / world.scale
        variable = schools * len(world.institutions) * self.cost_institution + people * force * self.cost_worker
        part = part_paid_for(self.money_left(world, name) - self.running_cost / 12.0, variable / 12.0)
        return schools * part, people * part

    def adjust(self, levers: LeversOfPolicy, world: World) -> None:
        """Cover institutions and people."""
        schools, people = self._covered(world, levers.policy)
        if schools > 0.0:
            levers.raise_to("information_schools", schools)
        if people > 0.0:
            levers.raise_to("information_workers", people)

    def settle(self, world: World, account: Account) -> None:
        """Pay a twelfth of the year's costs of running the system and of reaching institutions and people."""
        # of what two policies cover, each pays its share, and of the one system too
        levers = world.levers
        mine = {name: account.share(name) for name in ("information_schools", "information_workers")}
        written = [float(share.mean()) for name, share in mine.items() if levers[name].any()]
        if not any(written):
            return
        covered = {name: levers[name] * share for name, share in mine.items()}
        n_people = float((covered["information_workers"] * world.counts["labour_force"]).sum()) / world.scale
        n_schools = float(covered["information_schools"].mean()) * len(world.institutions)
        running = self.running_cost * sum(written) / len(written)
        who = "labour information system"
        account.pay_sum("running the information system", who, 0.0, running / 12.0)
        account.pay_sum("forecasts for institutions", who, 0.0, n_schools * self.cost_institution / 12.0)
        account.pay("forecasts for people", who, n_people, self.cost_worker / 12.0)
