"""Why people grow up, take part, retire, move away, go abroad and come back."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from labsim.draws import rounded, uniforms
from labsim.life.moment import Moment, explains
from labsim.processes import abroad, migration
from labsim.world import Activity

FARMING, UNEMPLOYED, OUT = int(Activity.FARMING), int(Activity.UNEMPLOYED), int(Activity.OUT_OF_LABOUR_FORCE)
CHILD, AWAY, LEFT = int(Activity.CHILD), int(Activity.AWAY_IN_VIET_NAM), int(Activity.LEFT)
ABROAD, LOWER_SECONDARY = int(Activity.ABROAD), 2


@explains("demography.come_of_age")
def come_of_age(at: Moment) -> Iterator[None]:
    """Tell who reached fifteen and who left school."""
    yield
    for k in at.moved():
        reached = at.before["activity"][k] == CHILD
        kind = "stays_at_school" if reached and at.after["activity"][k] == OUT else "left_school"
        at.tell(k, kind, age=at.age(k), farm_share=at.parameters.farm_at_home, rural=at.column("urban", k) == 0)


@explains("demography.die")
def die(at: Moment) -> Iterator[None]:
    """Tell who died, and the chance of it in a year of that age."""
    yield
    for k in at.moved(end=LEFT):
        rates = at.parameters.mortality_factor * at.world.tables["mortality"]
        rate = rates[at.column("sex", k), min(at.age(k), rates.shape[1] - 1)]
        at.tell(k, "died", age=at.age(k), chance=1.0 - math.exp(-rate))


@explains("demography.retire")
def retire(at: Moment) -> Iterator[None]:
    """Tell who reached the retirement age of the year."""
    yield
    for k in at.moved():
        months = at.world.tables["retirement_months"][at.column("sex", k)]
        at.tell(k, "retired", age_months=int(months), stays_share=at.parameters.retire_from_post)


@explains("demography.take_part")
def take_part(at: Moment) -> Iterator[None]:
    """Tell who entered or left the labour force, and how many of that age and sex take part."""
    yield
    for k in at.moved():
        share = at.world.tables["participation"]
        taking_part = share[at.column("sex", k), min(at.age(k), share.shape[1] - 1)]
        moved = 1.0 - math.exp(-at.parameters.participation_turnover / 12.0)
        entered = at.before["activity"][k] == OUT
        at.tell(
            k,
            "entered_labour_force" if entered else "left_labour_force",
            age=at.age(k),
            participation=taking_part,
            chance=moved * (taking_part if entered else 1.0 - taking_part),
            farm_share=at.parameters.farm_at_home,
            rural=at.column("urban", k) == 0,
        )


@explains("climate.strike")
def strike(at: Moment) -> Iterator[None]:
    """Tell farmers of districts that a hazard struck what it took."""
    yield
    lost = at.world.events["savings_lost"]
    for k, person in enumerate(at.people):
        share = lost[at.world.workers.district[person]]
        if share > 0.0 and at.after["activity"][k] == FARMING:
            savings = float(at.after["savings"][k])
            at.tell(
                k,
                "hazard",
                income_cut=at.parameters.share_exposed * at.parameters.loss_of_income,
                months=at.parameters.months_of_loss,
                savings_lost=max(0.0, savings) * float(share),
            )


@explains("migration.return_home")
def return_home(at: Moment) -> Iterator[None]:
    """Tell who came home from another province, and who settled there."""
    yield
    q = at.parameters
    for k in at.moved(start=AWAY):
        away = int(at.before["spell"][k])
        if at.after["activity"][k] == LEFT:
            at.tell(k, "settled_elsewhere", months_away=away, chance=q.settle_rate)
        else:
            saved = float(at.after["savings"][k] - at.before["savings"][k])
            at.tell(k, "came_home", months_away=away, saved=saved, chance=q.return_rate, farm_share=q.back_to_farm,
                    rural=at.column("urban", k) == 0)  # fmt: skip


@explains("migration.leave_province")
def leave_province(at: Moment) -> Iterator[None]:
    """Tell who left for another province: pay there against income here, and whether the journey could be paid."""
    yield
    q = at.parameters
    outside = q.outside_wage * math.exp(q.outside_growth * at.world.month / 12.0)
    for k in at.moved(end=AWAY):
        wage, savings = float(at.before["wage"][k]), max(0.0, float(at.before["savings"][k]))
        idle = at.before["activity"][k] == UNEMPLOYED
        here = q.idle_income * wage if idle else wage
        gain = min(migration.MOST_GAIN, (outside / max(1.0e6, here)) ** q.leave_response)
        ease = savings / (savings + q.cost_of_leaving) if q.cost_of_leaving > 0.0 else 1.0
        young = 1.0 if at.age(k) < q.young_until else q.older_factor
        at.tell(k, "left_province", pay_there=outside, income_here=here, idle=bool(idle), gain=gain, savings=savings,
                cost=q.cost_of_leaving, ease=ease, chance=q.leave_rate * gain * young * ease)  # fmt: skip


@explains("migration.move_in")
def move_in(at: Moment) -> Iterator[None]:
    """Tell who moved in from outside."""
    yield
    for k in at.moved(end=UNEMPLOYED):
        at.tell(k, "moved_in", rate=at.parameters.in_migration)


@explains("abroad.come_back")
def come_back(at: Moment) -> Iterator[None]:
    """Tell who came back from abroad, after how long, and with what."""
    yield
    q = at.parameters
    for k in at.moved(start=ABROAD):
        done = at.before["months_left"][k] <= 1
        country = int(at.before["destination"][k])
        kind = "returned" if done else "returned_early"
        gained = float(at.after["skill"][k] - at.before["skill"][k])
        at.tell(k, kind, country=abroad_name(country), savings=at.after["savings"][k], skill_gain=gained,
                saved_a_month=q.saved_abroad[country], months=int(at.before["spell"][k]),
                chance=q.early_return)  # fmt: skip


def abroad_name(country: int) -> str:
    """Return the id of a country of contracts, by its place in the list."""
    return ("japan", "taiwan", "korea", "other")[country]


@explains("abroad.go")
def go(at: Moment) -> Iterator[None]:
    """Tell who wished to go abroad: who was not eligible, who could not pay, who was not drawn, who went."""
    q, world = at.parameters, at.world
    places = world.levers["export_places"]
    n_places = rounded(places * world.scale / 12.0, at.draws.key("places abroad"))
    open_ = bool(n_places.sum() > 0)
    willing = [k for k in range(len(at.people)) if open_ and _wishes(at, k)]
    queue = _queue(at) if willing else None
    found: list[tuple[int, dict[str, Any]]] = []
    cost = np.maximum(0.0, np.array(q.cost_abroad) - world.levers["export_preparation"])
    for k in willing:
        assert queue is not None
        people, choices = queue
        place = np.flatnonzero(people == at.people[k])
        if place.size:
            country = int(choices[place[0]])
            rank = int((choices[: place[0]] == country).sum()) + 1
            found.append((k, {
                "country": abroad_name(country), "rank": rank, "applied": int((choices == country).sum()),
                "places": int(n_places[country]), "cost": cost[country], "loan": world.levers["export_loan"][country],
                "months": q.months_abroad[country], "saved_a_month": q.saved_abroad[country],
            }))  # fmt: skip
        else:
            found.append((k, _lacking(at, k, cost)))
    yield
    for k, facts in found:
        went = at.after["activity"][k] == ABROAD and at.before["activity"][k] != ABROAD
        if went:
            facts |= {"debt": max(0.0, -float(at.after["savings"][k])), "income_before": float(at.before["wage"][k])}
        kind = "went_abroad" if went else "not_drawn_abroad" if "country" in facts else "could_not_go_abroad"
        at.tell(k, kind, **facts)


def _wishes(at: Moment, k: int) -> bool:
    inside = at.before["activity"][k] <= UNEMPLOYED and at.before["programme"][k] < 0
    return bool(inside and at.gated("apply abroad", k) < at.parameters.application_rate)


def _lacking(at: Moment, k: int, cost: np.ndarray) -> dict[str, Any]:
    """Return what somebody who wished to go lacked: age, schooling, or savings for the least own part."""
    q, youngest, oldest = at.parameters, at.parameters.ages[0], at.parameters.ages[1]
    on_offer = at.world.levers["export_places"] > 0
    own_part = cost * (1.0 - at.world.levers["export_loan"]) * q.own_part
    facts: dict[str, Any] = {"age": at.age(k), "youngest": youngest, "oldest": oldest}
    facts["age_fits"] = youngest <= at.age(k) < oldest
    facts["schooled"] = at.column("schooling", k) >= LOWER_SECONDARY
    facts["savings"] = float(at.before["savings"][k])
    facts["own_part"] = float(own_part[on_offer].min()) if on_offer.any() else 0.0
    return facts


def _queue(at: Moment) -> tuple[np.ndarray, np.ndarray]:
    """Return (people, choices): everybody who applies for a contract this month, in the order of the lot."""
    q, world, levers = at.parameters, at.world, at.world.levers
    n = len(world.workers)
    people, choices = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.uint8)
    cost = np.maximum(0.0, np.array(q.cost_abroad) - levers["export_preparation"])
    applied = abroad._apply_abroad(
        world.people, world.month, q.application_rate, levers["export_places"], cost, levers["export_loan"],
        q.own_part, np.array(q.ages), np.array(q.saved_abroad),
        *at.draws.gate("apply abroad", q.application_rate, n), at.draws.key("apply abroad"), people, choices,
    )  # fmt: skip
    people, choices = people[:applied], choices[:applied]
    order = np.lexsort((uniforms(at.draws.key("lot for a place abroad"), people), choices))
    return people[order], choices[order]
