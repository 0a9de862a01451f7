"""What each policy brought about and what was paid for it: outcomes by year, months in force and months paused."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from labsim.ledger import PRIVATE_PAYERS, Payment
from labsim.levers import LEVERS
from labsim.policies.base import Outcome, Policy
from labsim.policies.seats import part_on_policies
from labsim.world import World

COMPLETED = "completed"


class Achievements:
    """The outcomes of the policies of one run, counted month by month for real persons."""

    def __init__(self, policies: Mapping[str, Policy]) -> None:
        self._policies = dict(policies)
        self._found: dict[tuple[str, int, int], float] = {}  # policy, place of the outcome, year
        self._months: dict[tuple[str, int], list[int]] = {}  # policy, year: months in force, months paused
        self._of_length: dict[int, np.ndarray] = {}  # months: the programmes of that length
        # by policy, the part of those admitted to each programme that sat on its seats, month by month
        self._seated: dict[str, list[np.ndarray]] = {
            name: [] for name, policy in self._policies.items() if any(_of_courses(o) for o in policy.outcomes())
        }
        # by policy and place of the outcome, its share of the levers month by month
        self._shared: dict[tuple[str, int], list[np.ndarray]] = {}

    def take(self, world: World, active: Collection[str]) -> None:
        """Count the month that policies have just paid for; `active` are those in force."""
        year, month = world.calendar
        if self._seated:
            part = part_on_policies(world)
            shares = world.levers.shares("training_seats")
            for name, history in self._seated.items():
                history.append(part * shares[name] if name in shares else np.zeros(len(part)))
        for name, policy in self._policies.items():
            months = self._months.setdefault((name, year), [0, 0])
            if name in active and not _idle(world, name, policy):
                months[0] += 1
            elif policy.in_window(year, month):
                months[1] += 1  # its money of the year is used up
            for place, outcome in enumerate(policy.outcomes()):
                if not outcome.counts:
                    continue  # read off the ledger
                key = (name, place, year)
                self._found[key] = self._found.get(key, 0.0) + self._counted(world, name, place, outcome) / world.scale

    def _counted(self, world: World, name: str, place: int, outcome: Outcome) -> float:
        """Return how many rows a policy can count as its outcome this month."""
        if outcome.lever is None:
            return float(world.ledger.counts.get(outcome.counts, 0))
        happened = world.events.get(outcome.counts)
        if _of_courses(outcome):
            counts = happened is not None and happened.any()
            return float((happened * self._seated_then(world, name)).sum()) if counts else 0.0
        if LEVERS[_levers_of(outcome)[0]].over == "workers":  # the event is the rows of people
            share = world.levers.shares(_levers_of(outcome)[0]).get(name)
            return 0.0 if share is None or happened is None else float(share[happened].sum())
        history = self._shared.setdefault((name, place), [])
        history.append(_share_of(world, name, outcome))
        if happened is None:
            return 0.0
        begun = happened if isinstance(happened, Mapping) else {0: happened}
        return float(sum((now * history[-1 - ago]).sum() for ago, now in begun.items() if ago < len(history)))

    def _seated_then(self, world: World, name: str) -> np.ndarray:
        """Return a policy's part of those who complete now: its part when they were admitted, a course's length ago."""
        history, length = self._seated[name], world.programmes.length
        if not self._of_length:  # programmes keep their length
            self._of_length = {int(months): np.flatnonzero(length == months) for months in np.unique(length)}
        part = np.zeros(len(length))
        for months, here in self._of_length.items():
            if months <= len(history):  # who was there from the start is nobody's outcome
                part[here] = history[-months][here]
        return part

    def table(self, payments: Collection[Payment], years: Mapping[int, int]) -> list[dict[str, Any]]:
        """Return a row for each policy, year and outcome: money in VND, months, and the outcome in its unit.

        `years` gives the year of a month of the run. Money is public money; `cost` is what was paid towards the
        outcome, `budget` and `left` are not a number where there is no ceiling.
        """
        rows = []
        for (name, year), (on, paused) in sorted(self._months.items()):
            policy = self._policies[name]
            mine = [p for p in payments if p.policy == name and years[p.month] == year]
            public = [p for p in mine if p.payer not in PRIVATE_PAYERS]
            spent = sum(p.amount for p in public)
            ceiling = policy.ceiling(year)
            budget = ceiling if math.isfinite(ceiling) else float("nan")
            facts = {
                "policy": name, "year": year, "months_in_force": on, "months_paused": paused, "budget": budget,
                "spent": spent, "left": budget - spent, "private": sum(p.amount for p in mine) - spent,
            }  # fmt: skip
            for place, outcome in enumerate(policy.outcomes() or (Outcome("", ""),)):
                towards = [p for p in public if p.purpose.startswith(outcome.purposes or ("",))]
                cost = sum(p.amount for p in towards)
                if outcome.counts:
                    count = self._found.get((name, place, year), 0.0)
                else:
                    count = sum(float(p.persons) for p in towards) if outcome.purposes else float("nan")
                rows.append(facts | {"outcome": outcome.unit, "count": count, "cost": cost})
        return rows


def _idle(world: World, name: str, policy: Policy) -> bool:
    """Say whether a policy that has spent some of its budget had too little left this month to offer anything."""
    year = world.calendar[0]
    if math.isinf(policy.ceiling(year)) or (name, year) not in world.ledger.spent:
        return False
    wrote = any(one.policy == name for one in world.levers.contributions)
    paid = any(payment.policy == name for payment in world.ledger.payments_in(world.month))
    return not wrote and not paid


def _levers_of(outcome: Outcome) -> tuple[str, ...]:
    return (outcome.lever or "",) if not isinstance(outcome.lever, tuple) else outcome.lever


def _share_of(world: World, name: str, outcome: Outcome) -> np.ndarray:
    """Return a policy's share of an outcome's levers this month, shape `(n,)` or `(n_levers, n)`."""
    levers = world.levers
    shares = [levers.shares(one).get(name, np.zeros(levers.size(one))) for one in _levers_of(outcome)]
    return np.stack(shares) if isinstance(outcome.lever, tuple) else shares[0]


def _of_courses(outcome: Outcome) -> bool:
    return outcome.counts == COMPLETED and outcome.lever == "training_seats"
