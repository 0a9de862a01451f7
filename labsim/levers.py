"""Levers: what policies write and processes read. Rebuilt from neutral every month, so nothing is ever undone.

A lever is a named array with a neutral value and a rule of combining. Each amount knows which policy put it there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class LeverKind:
    """What a lever means: what it ranges over, its neutral value, how amounts combine, and its unit."""

    over: str
    neutral: float
    rule: str
    unit: str
    meaning: str


LEVERS: dict[str, LeverKind] = {
    "training_seats": LeverKind(
        "programmes", 0.0, "add", "persons per year", "places in new courses, beyond an institution's own"
    ),
    "training_fee_paid": LeverKind(
        "programmes", 0.0, "max", "share of fee", "share of the fee that is paid for the trainee"
    ),
    "training_allowance": LeverKind("programmes", 0.0, "add", "VND per month", "meals and travel paid to a trainee"),
    "training_priority": LeverKind(
        "groups", 0.0, "add", "points", "points at admission for rural, minority, poor, hit by a hazard"
    ),
    "training_hit": LeverKind(
        "districts", 0.0, "max", "switch", "districts whose people count as hit by a hazard at admission"
    ),
    "training_outreach": LeverKind(
        "districts", 1.0, "multiply", "factor", "how often people are reached by an offer of training"
    ),
    "export_places": LeverKind("destinations", 0.0, "add", "persons per year", "contracts abroad on offer"),
    "export_loan": LeverKind(
        "destinations", 0.0, "max", "share of cost", "share of the cost up front that can be borrowed"
    ),
    "export_preparation": LeverKind("destinations", 0.0, "add", "VND per person", "language course and papers paid"),
    "talent_supplement": LeverKind(
        "districts", 0.0, "add", "share of wage", "supplement to the wage offered to degree holders"
    ),
    "talent_supplement_months": LeverKind("districts", 0.0, "max", "months", "months of the supplement"),
    "talent_lump_sum": LeverKind(
        "districts", 0.0, "add", "VND per person", "lump sum to a degree holder who comes, returns or stays"
    ),
    "talent_places": LeverKind("districts", 0.0, "add", "persons per year", "posts reserved for degree holders"),
    "conversion_places": LeverKind(
        "districts", 0.0, "add", "persons per year", "farmers offered help to change livelihood"
    ),
    "conversion_grant": LeverKind(
        "districts", 0.0, "add", "VND per person", "grant to a farmer who changes livelihood"
    ),
    "conversion_credit": LeverKind(
        "districts", 0.0, "add", "VND per person", "credit to a farmer who changes livelihood"
    ),
    "fair_reach": LeverKind("districts", 0.0, "add", "persons per year", "people whom job fairs reach"),
    "counselling_reach": LeverKind("districts", 0.0, "add", "persons per year", "people counselled at a job centre"),
    "portal_reach": LeverKind("districts", 0.0, "add", "persons per year", "people whom the job portal reaches"),
    "information_schools": LeverKind(
        "programmes", 0.0, "max", "share of institutions", "institutions that plan by forecasts of demand"
    ),
    "information_workers": LeverKind(
        "districts", 0.0, "max", "share of people", "people who know forecasts of demand by field"
    ),
    "programme_linkage": LeverKind(
        "programmes", 0.0, "max", "share of programmes", "programmes designed and taught with enterprises"
    ),
    "digital_places": LeverKind(
        "districts", 0.0, "add", "persons per year", "places in courses in digital skills"
    ),
    "digital_priority": LeverKind(
        "ages", 0.0, "max", "weight", "weight of an age at admission to courses in digital skills"
    ),
    "wage_subsidy": LeverKind(
        "workers", 0.0, "add", "share of wage offer", "share of the wage paid to the employer who hires this person"
    ),
    "training_quota": LeverKind(
        "groups", 0.0, "max", "share of seats", "seats reserved for rural, minority, poor, hit by a hazard"
    ),
    "training_outreach_group": LeverKind(
        "groups", 1.0, "multiply", "factor", "how often rural, minority, poor, hit people are reached by an offer"
    ),
    "training_travel": LeverKind("programmes", 0.0, "add", "VND per course", "travel paid to trainees from far"),
    "degree_places": LeverKind("degrees", 0.0, "add", "persons per year", "places to study for a degree in service"),
    "degree_own_cost": LeverKind("degrees", 0.0, "max", "VND per year of study", "what the person pays of it"),
    "park_posts": LeverKind("markets", 0.0, "add", "posts per year", "posts of employers that settle in parks"),
    "new_cooperatives": LeverKind("markets", 0.0, "add", "cooperatives per year", "cooperatives founded"),
    "loan_offers": LeverKind("districts", 0.0, "add", "persons per year", "people offered a loan to open a business"),
    "loan_amount": LeverKind("districts", 0.0, "add", "VND per person", "loan to who opens a business"),
    "loan_grant": LeverKind("districts", 0.0, "add", "VND per person", "grant to who opens a business with a loan"),
    "business_support": LeverKind("districts", 0.0, "add", "persons per year", "owners given digital support"),
    "business_support_months": LeverKind("districts", 0.0, "max", "months", "months for which a business is supported"),
    "search_effort": LeverKind("workers", 1.0, "multiply", "factor", "search effort"),
    "hiring_priority": LeverKind(
        "workers", 0.0, "add", "points", "points of this person before other applicants; lot and suitability give 0-1"
    ),
    "training_place": LeverKind(
        "workers", 0.0, "max", "switch", "this person is offered a place of their own in whichever course they choose"
    ),
    "labour_demand": LeverKind("enterprises", 1.0, "multiply", "factor", "target headcount"),
}

# Places to study in service: by group of employer for the standard degree, and for masters.
DEGREES = ("officials", "public_employees", "communes", "masters")
GROUPS = ("rural", "minority", "poor", "hit")
AGES = ("15-24", "25-34", "35-44", "45-54", "55+")


@dataclass(frozen=True)
class Contribution:
    """One amount that one policy put on one lever this month."""

    policy: str
    lever: str
    amount: Doubles  # broadcast against the lever's array


def _filled(size: int, value: float) -> Doubles:
    values = np.empty(size)  # quicker than `np.full`, hundreds of times a month
    values.fill(value)
    return values


class Levers:
    """The levers of the month; read as arrays (`levers["training_seats"]`), written through `by(policy)`."""

    def __init__(self, sizes: dict[str, int]) -> None:
        self._sizes = sizes
        self._values: dict[str, Doubles] = {}
        self.contributions: list[Contribution] = []
        self._shares: dict[str, dict[str, Doubles]] = {}

    @property
    def sizes(self) -> dict[str, int]:
        """Return how many rows there are of each thing that a lever may range over."""
        return dict(self._sizes)

    def reset(self) -> None:
        """Put every lever back to its neutral value and forget who wrote."""
        self._values.clear()
        self.contributions.clear()
        self._shares.clear()

    def __getitem__(self, name: str) -> Doubles:
        """Return a lever's values, shape `(n,)`; `(1,)` for a lever over workers or enterprises that nobody wrote."""
        value = self._values.get(name)
        if value is None:
            kind = LEVERS[name]
            wide = kind.over in ("workers", "enterprises")
            value = _filled(1 if wide else self._sizes[kind.over], kind.neutral)
            self._values[name] = value
        return value

    def size(self, name: str) -> int:
        """Return how many rows a lever ranges over."""
        return self._sizes[LEVERS[name].over]

    def by(self, policy: str) -> LeversOfPolicy:
        """Return the levers as one policy writes them."""
        return LeversOfPolicy(self, policy)

    def put(self, policy: str, name: str, rule: str, amount: Any, to: Any) -> None:
        """Combine an amount with a lever; a rule other than the lever's own raises ValueError."""
        kind = LEVERS.get(name)
        if kind is None:
            raise ValueError(f"there is no lever {name!r}; levers are {', '.join(LEVERS)}")
        if kind.rule != rule:
            raise ValueError(f"lever {name!r} combines by {kind.rule!r}, not {rule!r}")
        size = self._sizes[kind.over]
        idle = kind.neutral if rule != "max" else -np.inf
        change = _filled(size, idle)
        change[slice(None) if to is None else to] = amount
        if not (change != idle).any():
            return  # nothing was asked for: the lever stays as it is, bit for bit
        now = self[name]
        if rule == "add":
            value = now + change
        elif rule == "multiply":
            value = now * change
        else:
            value = np.maximum(now, change)
        self._values[name] = value
        self.contributions.append(Contribution(policy, name, change))
        self._shares.pop(name, None)

    def shares(self, name: str) -> dict[str, Doubles]:
        """Return each policy's share of a lever, shape `(n,)` each; they sum to 1 where anything was written.

        Of an added lever, in proportion to the amounts; of one that is raised, it lies with whoever raised it highest,
        equally among equals.
        """
        if name in self._shares:
            return self._shares[name]
        kind = LEVERS[name]
        mine: dict[str, Doubles] = {}
        for contribution in self.contributions:
            if contribution.lever == name:
                amount = contribution.amount
                if kind.rule == "max":
                    amount = (amount == self[name]).astype(np.float64)
                    mine[contribution.policy] = np.maximum(mine.get(contribution.policy, 0.0), amount)
                else:
                    mine[contribution.policy] = mine.get(contribution.policy, 0.0) + amount
        if len(mine) == 1:  # whoever is alone has all of it
            found = {policy: (amount > 0).astype(np.float64) for policy, amount in mine.items()}
            self._shares[name] = found
            return found
        total = sum(mine.values(), np.zeros(self._sizes[kind.over]))
        found = {policy: np.divide(a, total, out=np.zeros_like(a), where=total > 0) for policy, a in mine.items()}
        self._shares[name] = found
        return found


@dataclass(frozen=True)
class LeversOfPolicy:
    """The levers through the hands of one policy; every amount is remembered under its name."""

    levers: Levers
    policy: str

    def add(self, name: str, amount: Any, to: Any = None) -> None:
        """Add an amount to a lever, everywhere or at some rows (a mask or ids)."""
        self.levers.put(self.policy, name, "add", amount, to)

    def multiply(self, name: str, factor: Any, to: Any = None) -> None:
        """Multiply a lever by a factor, everywhere or at some rows."""
        self.levers.put(self.policy, name, "multiply", factor, to)

    def raise_to(self, name: str, amount: Any, to: Any = None) -> None:
        """Raise a lever to at least an amount, everywhere or at some rows."""
        self.levers.put(self.policy, name, "max", amount, to)
