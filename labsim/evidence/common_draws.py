"""Worlds that must be the same to the last bit, and worlds that may differ by what was changed and its chains only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labsim.config import Config, load
from labsim.evidence.check import Comparison, Line, count_of
from labsim.evidence.pairing import LIMITS, ratios
from labsim.levers import LeversOfPolicy
from labsim.policies import BUILT_IN, Policy
from labsim.simulation import Simulation
from labsim.text import _, mark
from labsim.world import Activity, World

__all__ = ["CLOSED", "DOSES", "LINES", "differences", "dosed", "with_policies"]

GROUP = "common_draws"
Rows = NDArray[np.intp]
MONTHS = 13
# Hazards come often here, so that climate retraining has somebody to help.
STORMY = "climate.frequency=4"
DOSES: Mapping[str, Mapping[str, Any]] = {
    "vocational_training": {"seats_per_year": {2021: 30_000.0}, "outreach": 2.0},
    "labour_export": {"places_per_year": {2021: 6_000.0}},
    "talent_attraction": {"places_per_year": {2021: 4_000.0}, "lump_sum": 1e9},
    "climate_retraining": {"seats_per_year": {2021: 9_000.0}, "conversions_per_year": {2021: 20_000.0}},
    "job_placement": {"share_per_year": {2021: 0.35}},
    "labour_information": {"institutions": {2021: 1.0}, "workers": {2021: 1.0}},
    "school_enterprise_linkage": {"share": {2021: 1.0}},
    "digital_skills": {"persons_per_year": {2021: 20_000.0}},
    "demand_path": {"amplitude": 0.2, "cycle_months": 24},
    "officials_degrees": {"officials_per_year": {2021: 2_000.0}, "masters_per_year": {2021: 1_000.0}},
    "industrial_parks": {"posts_per_year": {2021: 9_000.0}, "expansion": {2021: 0.2}},
    "startups": {
        "loans_per_year": {2021: 20_000.0},
        "digital_support_per_year": {2021: 9_000.0},
        "cooperatives_per_year": {2021: 300.0},
    },
    "rural_minority_training": {"quotas": {"minority": 0.8}, "campaign_days_per_year": {2021: 20_000.0}},
}
# What a person does and is, without the amounts of money that everyone in a district shares a little of.
STATE = ("activity", "employer", "tier", "work_field", "programme", "level", "certificate", "field", "destination")
FURTHER = ("wage", "savings", "skill", "spell", "months_left", "school", "vocational", "digital")


@dataclass(frozen=True)
class _Closing:
    """Say how a policy is kept from acting: what its window or money is, with a dose or without."""

    words: str
    more: Mapping[str, Any]
    has_dose: bool = True


CLOSED: Mapping[str, _Closing] = {
    "rate_zero": _Closing(mark("all policies at rate zero"), {}, has_dose=False),
    "not_yet": _Closing(mark("all policies, from after the end on"), {"start": "2022-02"}),
    "no_longer": _Closing(mark("all policies, stopped before the start"), {"stop": "2020-12"}),
    "no_money": _Closing(mark("all policies, without a budget"), {"budget": {2021: 0.0}}),
}


def dosed(name: str, **more: object) -> Policy:
    """Return a built-in policy with a dose that changes the world, and what else is given."""
    return BUILT_IN[name](**{**DOSES[name], **more})


def closed(name: str, closing: str) -> Policy:
    """Return a built-in policy that cannot act."""
    how = CLOSED[closing]
    return dosed(name, **how.more) if how.has_dose else BUILT_IN[name](**how.more)


def with_policies(config: Config, policies: Mapping[str, Policy]) -> Config:
    """Return a configuration with these policies and no others."""
    return config.model_copy(update={"policies": dict(policies)})


def province(*settings: str, scale: float = 0.01) -> Config:
    """Return Son La, small."""
    return load("son_la", settings=[f"scale={scale}", "period.until=2023-12", *settings])


def after(config: Config, months: int, seed: int = 1) -> Simulation:
    """Return a simulation after some months."""
    return Simulation(config, seed).run(months)


def differences(one: Simulation, other: Simulation) -> Iterator[str]:
    """Yield everything in which two runs differ by a single bit, by name."""
    for name in ("workers", "enterprises", "institutions", "programmes"):
        table, twin = getattr(one.world, name), getattr(other.world, name)
        if len(table) != len(twin):
            yield f"{name}: {len(table)}, {len(twin)}"
            continue
        for column in table.columns():
            if getattr(table, column).tobytes() != getattr(twin, column).tobytes():
                n = int((getattr(table, column) != getattr(twin, column)).sum())
                yield f"{name}.{column} ({n})"
    for name, value in vars(one.world.places).items():
        if isinstance(value, np.ndarray) and value.tobytes() != getattr(other.world.places, name).tobytes():
            yield f"places.{name}"
    if one.world.demand_index.tobytes() != other.world.demand_index.tobytes():
        yield "demand_index"
    if one.world.ledger.stocks.tolist() != other.world.ledger.stocks.tolist():
        yield "ledger.stocks"
    if one.world.ledger.spent != other.world.ledger.spent:
        yield "ledger.spent"
    if not one.recorder.monthly().equals(other.recorder.monthly()):
        yield "recorder.monthly"


def policies_that_cannot_act() -> Iterator[Comparison]:
    """Compare Son La under all policies, each kept from acting in the same way, with Son La without any."""
    config = province(STORMY)
    bare = after(with_policies(config, {}), MONTHS)
    for closing, how in CLOSED.items():
        policies = {name: closed(name, closing) for name in BUILT_IN}
        yield count_of(differences(after(with_policies(config, policies), MONTHS), bare), where=_(how.words))


def order_of_policies() -> Iterator[Comparison]:
    """Compare all policies together with the same in reverse order."""
    config = with_policies(province(STORMY), {name: dosed(name) for name in BUILT_IN})
    one, other = Simulation(config, 1), Simulation(config, 1)
    other.policies = dict(reversed(one.policies.items()))
    yield count_of(differences(one.run(MONTHS), other.run(MONTHS)))


def same_seed() -> Iterator[Comparison]:
    """Compare a run beside which another goes on with one by itself: no generator is shared."""
    config = province(scale=0.005)
    one, other = Simulation(config, 1), Simulation(config, 2)
    for _month in range(6):
        one.step()
        other.step()
    yield count_of(differences(one, after(config, 6, seed=1)))


def remove(model: Simulation, row: int) -> None:
    """Take one person out of the province, with the post and the seat they held."""
    w, stocks = model.workers, model.world.ledger.stocks
    stocks[w.activity[row]] -= 1
    stocks[Activity.LEFT] += 1
    if w.employer[row] >= 0:
        model.enterprises.headcount[w.employer[row], w.tier[row]] -= 1
    if w.programme[row] >= 0:
        model.programmes.taken[w.programme[row]] -= 1
    w.activity[row], w.employer[row], w.tier[row], w.work_field[row] = Activity.LEFT, -1, 255, -1
    w.programme[row], w.months_left[row], w.spell[row] = -1, 0, 0


def who_differ(one: Simulation, other: Simulation, columns: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return which people differ in any of some columns."""
    differ = np.zeros(len(one.workers), dtype=bool)
    for name in columns:
        differ |= getattr(one.workers, name) != getattr(other.workers, name)
    return differ


def others_who_differ(one: Simulation, other: Simulation, changed: Rows, columns: tuple[str, ...]) -> int:
    """Return how many people differ who were not themselves changed."""
    differ = who_differ(one, other, columns)
    differ[changed] = False
    return int(differ.sum())


def some(model: Simulation, activity: Activity, number: int) -> Rows:
    """Return rows of some people of an activity, evenly spread."""
    rows: Rows = np.flatnonzero(model.workers.activity == activity)
    return rows[np.linspace(0, len(rows) - 1, number).astype(np.intp)]


def one_person_less(activity: Activity, n: int = 30, months: int = 6) -> Iterator[Comparison]:
    """Compare how many others do something else after people are removed at month 3, per person, with a bound.

    The bound is that of chains. In the month of the removal the empty post spares at most one colleague. From the next
    month on the post is a vacancy more. It is filled with chance q = hires / vacancies; it draws its applicants from
    other vacancies, of which q would have hired one of them and now take the runner-up: 3 q people a month. Vacancies
    that differ do not multiply, since whoever fills one closes it. A person who differs is an applicant more or less,
    who wins with chance a = hires / applications over one other person. So P(1) = 1 and P(k + 1) = (1 + a) P(k) + 3 q.
    A chain's length is at most geometric, with variance P (1 + P); three standard errors of the mean of 30 are allowed.
    A choice by position in a list, with the same keyed numbers, moves some forty people in six months.
    """
    config = province(scale=0.05)
    one, other = after(config, 3), after(config, 3)
    removed = some(other, activity, n)
    for row in removed:
        remove(other, int(row))
    others = 1.0
    for month in range(1, months + 1):
        vacancies = int(one.enterprises.vacancies.sum())
        one.step()
        other.step()
        counts = one.world.ledger.counts
        if month > 1:
            others += others * counts["hires"] / counts["applications"] + 3.0 * counts["hires"] / vacancies
        tolerance = 3.0 * float(np.sqrt(others * (1.0 + others) / n))
        found = others_who_differ(one, other, removed, STATE) / n
        where = _("month {month}").format(month=month)
        yield Comparison(others, found, tolerance, where, "at most")


def nothing_shared() -> Iterator[Comparison]:
    """Count who notices that people were removed where nothing is shared.

    People share vacancies, seats, places, land, customers and the count behind in-migration; take these away and a
    person more or less changes not one bit of anyone else.
    """
    config = province(
        "switched_off=[search, matching, training, firms]", "own_account.land_crowding=0",
        "own_account.business_crowding=0", "migration.in_migration=0",
    )  # fmt: skip
    one, other = (after(with_policies(config, {}), 3) for _copy in range(2))
    removed = np.concatenate([some(other, activity, 10) for activity in list(Activity)[: Activity.UNEMPLOYED + 1]])
    for row in removed:
        remove(other, int(row))
    for month in range(1, 10):
        one.step()
        other.step()
        found = others_who_differ(one, other, removed, (*STATE, *FURTHER))
        yield Comparison(0.0, float(found), 0.0, _("month {month}").format(month=month))


class HelpInOneDistrict(Policy):
    """Offer all farmers of one district money to change livelihood.

    Levers: conversion_places, conversion_grant.
    """

    def adjust(self, levers: LeversOfPolicy, world: World) -> None:
        """Offer."""
        levers.add("conversion_places", 100_000.0, to=[_HELPED])
        levers.add("conversion_grant", 100e6, to=[_HELPED])


_HELPED = 3


def help_in_one_district(off: str = "search, matching, training") -> tuple[int, int]:
    """Return how many people differ inside and outside a district that alone is helped.

    Vacancies and seats are shared by the whole province (programmes admit people of every district), so that matching
    and training are off; land and customers are shared within a district only.
    """
    config = province(f"switched_off=[{off}]", "migration.in_migration=0")
    bare = after(with_policies(config, {}), 12)
    helped = after(with_policies(config, {"help": HelpInOneDistrict()}), 12)
    differ, inside = who_differ(bare, helped, (*STATE, *FURTHER)), bare.workers.district == _HELPED
    return int(differ[inside].sum()), int(differ[~inside].sum())


def elsewhere() -> Iterator[Comparison]:
    """Count who differs outside the district that is helped; inside somebody has to."""
    inside, outside = help_in_one_district()
    yield Comparison(0.0, float(outside), 0.0, _("elsewhere"))
    yield Comparison(20.0, float(inside), 0.0, _("in the district itself"), "at least")


def pairing() -> Iterator[Comparison]:
    """Compare the factor by which common draws cut the variance with what a prototype with keyed races reached."""
    for months, factor in ratios((6, 18), n_seeds=10, scale=0.02).items():
        # the measured factor may be as far below as its own interval reaches above it
        tolerance = factor.high - factor.factor
        where = _("{months} months after").format(months=months)
        yield Comparison(LIMITS[months], factor.factor, tolerance, where, "at least")


_REMOVED = {
    Activity.FARMING: mark("others who differ, a farmer less"),
    Activity.HOUSEHOLD_BUSINESS: mark("others who differ, a household business less"),
    Activity.EMPLOYEE: mark("others who differ, an employee less"),
}
_EXACT = mark("none: the same to the last bit")

LINES = (
    Line("policies_closed", GROUP, mark("policies that cannot act"), mark("columns"),
         mark("Every policy at rate zero, outside its window or without money leaves the run bit-identical; so what "
              "a policy changes is its own doing."),
         _EXACT, policies_that_cannot_act),
    Line("policies_order", GROUP, mark("all policies together, in either order"), mark("columns"),
         mark("The order in which policies stand in a file decides nothing."), _EXACT, order_of_policies),
    Line("same_seed", GROUP, mark("the same seed beside another run and alone"), mark("columns"),
         mark("The same seed gives the same world, whatever else is simulated meanwhile."), _EXACT, same_seed),
    *(Line(f"one_{activity.name.lower()}_less", GROUP, name, mark("persons"),
           mark("One person more or less changes only those whom vacancies link to that person, and no more of them "
                "than such chains can reach."),
           mark("three standard errors of the length of 30 chains"), partial(one_person_less, activity))
      for activity, name in _REMOVED.items()),
    Line("nothing_shared", GROUP, mark("others who differ, nothing shared"), mark("persons"),
         mark("Without vacancies, seats, land or customers in common, nobody notices that someone else is gone."),
         _EXACT, nothing_shared),
    Line("elsewhere", GROUP, mark("who differ elsewhere, one district helped"), mark("persons"),
         mark("With matching and training off, a policy in one district changes nobody in another."),
         _EXACT, elsewhere),
    Line("pairing", GROUP, mark("variance saved by common draws"), mark("times"),
         mark("Two scenarios with the same luck differ by the policy: the variance of their difference is smaller by "
              "this factor than with independent luck."),
         mark("the upper half of the 95 % interval of a ratio of correlated variances"), pairing),
)  # fmt: skip
