"""How policies spread yearly seats over programmes, and pay for the people admitted to them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from labsim.levers import GROUPS
from labsim.policies.base import TRAINEES, Account
from labsim.world import Level, World

_PAID_FOR = ("training_seats", "training_fee_paid", "training_allowance")


def seats_by_programme(
    world: World,
    yearly: float,
    level_mix: Mapping[str, float],
    fields: Mapping[str, float],
    districts: np.ndarray | None = None,
) -> np.ndarray:
    """Spread seats of a year over programmes as seats taught at one time, shape `(n_programmes,)`.

    Within a level, seats go by the people of the programme's district and the weight of its field; `districts` of shape
    `(n_districts,)` weighs districts. A course of L months gives 12 / L intakes a year, so one seat a year is L / 12
    at one time.
    """
    p = world.programmes
    people = world.counts["people"].astype(np.float64)
    if districts is not None:
        people = people * districts
    weight_of_field = np.array([fields.get(name, 0.0 if fields else 1.0) for name in world.fields])
    weight = people[p.district] * weight_of_field[p.field]
    seats = np.zeros(len(p))
    for name, share in level_mix.items():
        here = p.level == Level[name.upper()]
        total = weight[here].sum()
        if total > 0:
            seats[here] = yearly * share * weight[here] / total
    return np.asarray(world.at_scale(1.0) * seats * p.length / 12.0)


def part_on_policies(world: World) -> np.ndarray:
    """Return the part of each programme's trainees that sits on seats of policies, shape `(n_programmes,)`."""
    added = world.levers["training_seats"]
    part: np.ndarray = np.divide(
        added, world.programmes.base_seats + added, out=np.zeros_like(added), where=added > 0
    )
    return part


def quotas_of(given: Mapping[str, float]) -> np.ndarray:
    """Return the share of seats to be kept for each of GROUPS, no less than none where it is not given."""
    return np.array([given.get(group, 0.0) for group in GROUPS])


def settle_seats(world: World, account: Account, cost_of_level: np.ndarray) -> None:
    """Pay for the trainees admitted this month: teaching on the policy's seats, fees waived and allowances granted.

    Trainees of a programme are split between its own seats and those of policies in proportion to the seats. On a
    policy's own seats the cost of teaching stands in for the fee; on others whoever waives the fee pays it. What
    trainees pay themselves on a policy's seats is entered as theirs.
    """
    p, levers = world.programmes, world.levers
    if not any(account.policy in levers.shares(name) for name in _PAID_FOR):
        return
    none = np.zeros(len(p))
    on_policies = part_on_policies(world)
    mine = on_policies * account.share("training_seats")
    helped = world.events.get("admitted", none) / world.scale
    paying = world.events.get("admitted_paying", none) / world.scale
    by_level = np.bincount(p.level, (helped + paying) * mine, len(Level))
    for level in Level:
        if by_level[level] > 0:
            what = f"teaching, {level.name.lower()}"
            account.pay(what, "training institutions", float(by_level[level]), float(cost_of_level[level]))
    own = (paying + helped * (1.0 - levers["training_fee_paid"])) * mine
    account.pay_sum(
        "fees paid by trainees", "training institutions", float(own.sum()), float((own * p.fee).sum()), TRAINEES
    )
    waived = helped * (1.0 - on_policies) * account.share("training_fee_paid")
    account.pay_sum(
        "fees",
        "training institutions",
        float(waived.sum()),
        float((waived * p.fee * levers["training_fee_paid"]).sum()),
    )
    granted = helped * account.share("training_allowance")
    sums = granted * p.length * levers["training_allowance"]
    account.pay_sum("meals and travel", "trainees", float(granted.sum()), float(sums.sum()))
    travelled = world.events.get("travelled", none) / world.scale * account.share("training_travel")
    account.pay_sum("travel", "trainees", float(travelled.sum()), float((travelled * levers["training_travel"]).sum()))
