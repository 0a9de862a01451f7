"""How policies spread yearly seats over programmes, and pay for the people admitted to them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from labsim.errors import RunError
from labsim.levers import GROUPS
from labsim.policies.base import TRAINEES, Account
from labsim.text import _
from labsim.world import Level, World

_PAID_FOR = ("training_seats", "training_fee_paid", "training_allowance")


def seats_by_programme(
    world: World,
    yearly: float,
    level_mix: Mapping[str, float],
    fields: Mapping[str, float],
    districts: np.ndarray | None = None,
    *,
    pass_on: bool = False,
) -> np.ndarray:
    """Spread the places of a year over programmes, shape `(n_programmes,)`.

    Within a level, places go by the people of the programme's district and the weight of its field; `districts` of
    shape `(n_districts,)` weighs districts. A level of which no programme is in these districts leaves its places to
    the other levels. Raises RunError for a level that teaches none of these fields anywhere, or if no level is left;
    with `pass_on` there are then the places of the other levels, or none.
    """
    p = world.programmes
    people = world.counts["people"].astype(np.float64)
    if districts is not None:
        people = people * districts
    of_field = np.array([fields.get(name, 0.0 if fields else 1.0) for name in world.fields])[p.field]
    weight = people[p.district] * of_field
    share = np.zeros(len(Level))
    for name, part in level_mix.items():
        share[Level[name.upper()]] = part
    totals = np.bincount(p.level, weight, len(Level))
    wanted, found = share > 0.0, totals > 0.0
    if (missing := wanted & ~found).any():
        untaught = missing & (np.bincount(p.level, of_field, len(Level)) == 0.0)
        if not pass_on and (untaught.any() or not (wanted & found).any()):
            raise RunError(_nowhere_taught(Level(int(np.argmax(untaught if untaught.any() else missing))), fields))
        share *= wanted & found
        share /= share.sum() or 1.0
    seats: np.ndarray = np.divide(yearly * share, totals, out=np.zeros(len(Level)), where=found)[p.level] * weight
    return seats


def _nowhere_taught(level: Level, fields: Mapping[str, float]) -> str:
    named = ", ".join(name for name, weight in fields.items() if weight > 0)
    if not named:
        return _("level_mix: no programme of level {level} in the districts named").format(level=level.name.lower())
    message = _("level_mix: no programme of level {level} in the fields ({fields}) and districts named")
    return message.format(level=level.name.lower(), fields=named)


def part_on_policies(world: World) -> np.ndarray:
    """Return the part of each programme's admissions of this month that took places of policies, shape
    `(n_programmes,)`.
    """
    part: np.ndarray = world.events["part_on_policies"]
    return part


def begins_now(world: World) -> np.ndarray:
    """Mark the programmes that take people this month, shape `(n_programmes,)`."""
    begins: np.ndarray = (world.programmes.intake_month == 0) | (world.programmes.intake_month == world.calendar[1])
    return begins


def cost_of_month(
    world: World, places: np.ndarray, cost_of_level: Mapping[Level, float], help_: np.ndarray
) -> float:
    """Return what a month costs at most if every free seat is taken, in VND: teaching on places, shape
    `(n_programmes,)` a year, and `help_` in VND for a trainee on these and on other free seats.
    """
    p = world.programmes
    each = np.array([cost_of_level.get(level, 0.0) for level in Level])[p.level]
    # in courses that begin in any month places of a course's length may still be free
    mine = places * np.where(p.intake_month == 0, p.length / 12.0, 1.0)
    others = np.maximum(0, p.seats - p.taken) / world.scale
    return float(((mine * (each + help_) + others * help_)[begins_now(world)]).sum())


def quotas_of(given: Mapping[str, float]) -> np.ndarray:
    """Return the share of seats to be kept for each of GROUPS, no less than none where it is not given."""
    return np.array([given.get(group, 0.0) for group in GROUPS])


def settle_seats(world: World, account: Account, cost_of_level: Mapping[Level, float]) -> None:
    """Pay for the trainees admitted this month: teaching on the policy's seats, fees waived and allowances granted.

    Those admitted to a programme are split between its own seats and those of policies in proportion to the free ones.
    On a policy's own seats the cost of teaching stands in for the fee; on others whoever waives the fee pays it. What
    trainees pay themselves on a policy's seats is entered as theirs.
    """
    p, levers = world.programmes, world.levers
    if not any(account.policy in levers.shares(name) for name in _PAID_FOR):
        return
    on_policies = part_on_policies(world)
    mine = on_policies * account.share("training_seats")
    helped = world.events["admitted"] / world.scale
    paying = world.events["admitted_paying"] / world.scale
    by_level = np.bincount(p.level, (helped + paying) * mine, len(Level))
    for level, cost in cost_of_level.items():
        if by_level[level] > 0:
            account.pay(f"teaching, {level.name.lower()}", "training institutions", float(by_level[level]), cost)
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
    travelled = world.events["travelled"] / world.scale * account.share("training_travel")
    account.pay_sum("travel", "trainees", float(travelled.sum()), float((travelled * levers["training_travel"]).sum()))
