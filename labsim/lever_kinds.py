"""The levers there are: what each ranges over, its neutral value, how amounts combine, its unit and its range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from labsim.errors import PolicyError
from labsim.text import _, did_you_mean

__all__ = ["AGES", "DEGREES", "GROUPS", "LEVERS", "LeverKind", "lever_named"]


@dataclass(frozen=True)
class LeverKind:
    """What a lever means: what it ranges over, its neutral value, how amounts combine, its unit and its range.

    The range holds for each amount and for what all amounts of a month come to together. It is wide: what lies outside
    is a slip (an amount in thousands, a share in per cent, a sign), not a bold policy.
    """

    over: str
    neutral: float
    rule: str
    unit: str
    meaning: str
    high: float
    low: float = 0.0


# The most that any lever of a kind takes: persons per year, VND for one person, months, points or weights, factors.
_PERSONS, _MONEY, _MONTHS, _POINTS, _FACTOR = 1e7, 1e10, 600, 1000, 1000

_KINDS = {
    "training_seats": LeverKind(
        "programmes", 0.0, "add", "persons per year", "places in new courses, beyond an institution's own", _PERSONS
    ),
    "training_fee_paid": LeverKind(
        "programmes", 0.0, "max", "share of fee", "share of the fee that is paid for the trainee", 1
    ),
    "training_allowance": LeverKind(
        "programmes", 0.0, "add", "VND per month", "meals and travel paid to a trainee", _MONEY
    ),
    "training_priority": LeverKind(
        "groups", 0.0, "add", "points", "points at admission for rural, minority, poor, hit by a hazard", _POINTS
    ),
    "training_hit": LeverKind(
        "districts", 0.0, "max", "switch", "districts whose people count as hit by a hazard at admission", 1
    ),
    "training_outreach": LeverKind(
        "districts", 1.0, "multiply", "factor", "how often people are reached by an offer of training", _FACTOR
    ),
    "export_places": LeverKind("destinations", 0.0, "add", "persons per year", "contracts abroad on offer", _PERSONS),
    "export_loan": LeverKind(
        "destinations", 0.0, "max", "share of cost", "share of the cost up front that can be borrowed", 1
    ),
    "export_preparation": LeverKind(
        "destinations", 0.0, "add", "VND per person", "language course and papers paid", _MONEY
    ),
    "talent_supplement": LeverKind(
        "districts", 0.0, "add", "share of wage", "supplement to the wage offered to degree holders", 10
    ),
    "talent_supplement_months": LeverKind("districts", 0.0, "max", "months", "months of the supplement", _MONTHS),
    "talent_lump_sum": LeverKind(
        "districts", 0.0, "add", "VND per person", "lump sum to a degree holder who comes, returns or stays", _MONEY
    ),
    "talent_places": LeverKind(
        "districts", 0.0, "add", "persons per year", "posts reserved for degree holders", _PERSONS
    ),
    "conversion_places": LeverKind(
        "districts", 0.0, "add", "persons per year", "farmers offered help to change livelihood", _PERSONS
    ),
    "conversion_grant": LeverKind(
        "districts", 0.0, "add", "VND per person", "grant to a farmer who changes livelihood", _MONEY
    ),
    "conversion_credit": LeverKind(
        "districts", 0.0, "add", "VND per person", "credit to a farmer who changes livelihood", _MONEY
    ),
    "fair_reach": LeverKind("districts", 0.0, "add", "persons per year", "people whom job fairs reach", _PERSONS),
    "counselling_reach": LeverKind(
        "districts", 0.0, "add", "persons per year", "people counselled at a job centre", _PERSONS
    ),
    "portal_reach": LeverKind(
        "districts", 0.0, "add", "persons per year", "people whom the job portal reaches", _PERSONS
    ),
    "information_schools": LeverKind(
        "programmes", 0.0, "max", "share of institutions", "institutions that plan by forecasts of demand", 1
    ),
    "information_workers": LeverKind(
        "districts", 0.0, "max", "share of people", "people who know forecasts of demand by field", 1
    ),
    "programme_linkage": LeverKind(
        "programmes", 0.0, "max", "share of programmes", "programmes designed and taught with enterprises", 1
    ),
    "digital_places": LeverKind(
        "districts", 0.0, "add", "persons per year", "places in courses in digital skills", _PERSONS
    ),
    "digital_priority": LeverKind(
        "ages", 0.0, "max", "weight", "weight of an age at admission to courses in digital skills", _POINTS
    ),
    "wage_subsidy": LeverKind(
        "workers", 0.0, "add", "share of wage offer", "share of the wage paid to the employer who hires this person", 1
    ),
    "training_quota": LeverKind(
        "groups", 0.0, "max", "share of seats", "seats reserved for rural, minority, poor, hit by a hazard", 1
    ),
    "training_outreach_group": LeverKind(
        "groups",
        1.0,
        "multiply",
        "factor",
        "how often rural, minority, poor, hit people are reached by an offer",
        _FACTOR,
    ),
    "training_travel": LeverKind(
        "programmes", 0.0, "add", "VND per course", "travel paid to trainees from far", _MONEY
    ),
    "degree_places": LeverKind(
        "degrees", 0.0, "add", "persons per year", "places to study for a degree in service", _PERSONS
    ),
    "degree_own_cost": LeverKind("degrees", 0.0, "max", "VND per year of study", "what the person pays of it", _MONEY),
    "park_posts": LeverKind(
        "markets", 0.0, "add", "posts per year", "posts of employers that settle in parks", _PERSONS
    ),
    "new_cooperatives": LeverKind("markets", 0.0, "add", "cooperatives per year", "cooperatives founded", 100_000),
    "loan_offers": LeverKind(
        "districts", 0.0, "add", "persons per year", "people offered a loan to open a business", _PERSONS
    ),
    "loan_amount": LeverKind("districts", 0.0, "add", "VND per person", "loan to who opens a business", _MONEY),
    "loan_grant": LeverKind(
        "districts", 0.0, "add", "VND per person", "grant to who opens a business with a loan", _MONEY
    ),
    "business_support": LeverKind(
        "districts", 0.0, "add", "persons per year", "owners given digital support", _PERSONS
    ),
    "business_support_months": LeverKind(
        "districts", 0.0, "max", "months", "months for which a business is supported", _MONTHS
    ),
    "search_effort": LeverKind("workers", 1.0, "multiply", "factor", "search effort", 100),
    "hiring_priority": LeverKind(
        "workers",
        0.0,
        "add",
        "points",
        "points of this person before other applicants; lot and suitability give 0-1",
        _POINTS,
    ),
    "training_place": LeverKind(
        "workers",
        0.0,
        "max",
        "switch",
        "this person is offered a place of their own in whichever course they choose",
        1,
    ),
    "labour_demand": LeverKind("enterprises", 1.0, "multiply", "factor", "target headcount", _FACTOR),
}
LEVERS: Mapping[str, LeverKind] = MappingProxyType(_KINDS)  # the code of a policy cannot change what there is

# Places to study in service: by group of employer for the standard degree, and for masters.
DEGREES = ("officials", "public_employees", "communes", "masters")
GROUPS = ("rural", "minority", "poor", "hit")
AGES = ("15-24", "25-34", "35-44", "45-54", "55+")


def lever_named(name: Any) -> LeverKind:
    """Return a kind of lever by its name; raises PolicyError for one that does not exist."""
    kind = LEVERS.get(name) if isinstance(name, str) else None
    if kind is None:
        message = _("there is no lever {name!r}; {hint}").format(name=name, hint=did_you_mean(str(name), LEVERS))
        raise PolicyError(message)
    return kind
