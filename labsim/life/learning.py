"""Why people get a seat in a course or none, finish or drop out, and what they learn beside work."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from labsim.draws import scramble, uniform_of
from labsim.life.moment import Moment, explains
from labsim.processes import training
from labsim.processes.admission import districts_hit, in_order_of_admission
from labsim.processes.courses import (
    Interest,
    Known,
    Taste,
    choose_courses,
    offers_of_month,
    reach_of,
    who_considers,
)
from labsim.processes.policy_places import offered_a_place
from labsim.world import Activity, Level

EMPLOYEE, UNEMPLOYED = int(Activity.EMPLOYEE), int(Activity.UNEMPLOYED)


@explains("training.enrol")
def enrol(at: Moment) -> Iterator[None]:
    """Tell who considered training: nothing worth it, no free seat, a place too far back in the queue, or a seat."""
    world, p = at.world, at.world.programmes
    open_now = (p.intake_month == 0) | (p.intake_month == world.calendar[1])
    offered = p.seats * open_now / world.scale
    free = np.maximum(0, p.seats - p.taken) * open_now
    found = _considering(at, offered)
    facts = {k: _wants(at, k, offered, free / world.scale) for k in found}
    if any(one["wanted"] and "course" in one for one in facts.values()):
        people, choices, _refused = training._applicants(world, at.parameters, at.draws, offered, free / world.scale)
        order = in_order_of_admission(world, at.draws, free, people, choices)
        people, choices = people[order], choices[order]
        for k, one in facts.items():
            if "course" in one:
                one |= _place_in_queue(at, k, people, choices, free)
    yield
    for k, one in facts.items():
        enrolled = at.before["programme"][k] != at.after["programme"][k]
        if enrolled:
            one["paid"] = float(at.before["savings"][k] - at.after["savings"][k])
            one["left_work"] = bool(at.before["activity"][k] != at.after["activity"][k])
            at.tell(k, "enrolled", **one)
        elif "course" in one:
            at.tell(k, "seat_refused", **one)
        else:
            at.tell(k, "no_free_seat" if one["wanted"] else "no_course_worth_it", **one)


def _considering(at: Moment, offered: np.ndarray) -> list[int]:
    """Return the places of those who consider training this month."""
    world, q, levers = at.world, at.parameters, at.world.levers
    outreach = reach_of(levers["training_outreach"], levers["training_outreach_group"], districts_hit(world))
    degrees = bool((offered * (world.courses.intake_month > 0)).any())
    interest = Interest(q.consider_rate, q.school_leaver_rate, 12.0 * q.oldest)
    rows, decision = at.people.astype(np.int64), "consider training"
    heads, key = at.draws.heads(decision, rows), at.draws.key(decision)
    considering = who_considers(world.people, world.month, interest, outreach, degrees, rows, heads, key)
    chosen = set(considering.tolist()) | set(offered_a_place(world).tolist())
    return [k for k, person in enumerate(at.people.tolist()) if person in chosen]


def _wants(at: Moment, k: int, offered: np.ndarray, free: np.ndarray) -> dict[str, Any]:
    """Return which course a person applies to, as `training.enrol` lets everyone choose, and what it promises."""
    world, q, levers, key = at.world, at.parameters, at.world.levers, at.draws.key("consider training")
    w, p, people = world.workers, world.courses, at.people[k : k + 1]
    taste = Taste(
        q.return_per_level * q.horizon, q.expectation_error, q.living_cost, q.income_forgone, q.own_field,
        q.least_pay, 12.0 * q.oldest_full_time,
    )  # fmt: skip
    offers = offers_of_month(
        p, world.n_fields, q.life_weight, offered, free, np.exp(-world.places.distance / q.reach),
        levers["training_allowance"], levers["training_fee_paid"],
    )  # fmt: skip
    known, insight = Known(np.zeros(1, dtype=np.bool_), 1.0, np.ones(1)), world.events["insight"]
    if insight is not None:
        known = Known(insight.known_to(people, w.district[people]), insight.error_left, insight.fields)
    choices, refused = choose_courses(world.people, p.level, world.month, taste, offers, known, key, people)
    course = int(choices[0])
    if course < 0:
        return {"wanted": bool(refused), "knows_forecasts": bool(known.knows[0])}
    facts = {"wanted": True, "knows_forecasts": bool(known.knows[0])} | course_facts(at, course)
    return facts | _gain(at, k, course, taste, known)


def _gain(at: Moment, k: int, course: int, taste: Taste, known: Known) -> dict[str, Any]:
    """Return what a person expects to gain from a course and what it costs, in VND, as the choice weighs them."""
    w, p, q, levers, person = at.world.workers, at.world.programmes, at.parameters, at.world.levers, at.people[k]
    with np.errstate(over="ignore"):
        bits = np.uint64(scramble(at.draws.key("consider training"), int(person)))
        luck = sum(uniform_of(bits, option) for option in (1, 2, 3)) - 1.5
    error = taste.error * (known.error_left if known.knows[0] else 1.0)
    levels = int(p.level[course]) - int(w.level[person])
    full = bool(p.full_time[course])
    seen = taste.gain * max(float(w.wage[person]), taste.least_pay) * math.exp(2.0 * error * luck)
    helped = 1.0 if w.level[person] == 0 else 0.0
    support = helped * float(levers["training_allowance"][course]) * int(p.length[course])
    fee = float(p.fee[course]) * (1.0 - helped * float(levers["training_fee_paid"][course]))
    burden = taste.living + taste.forgone * (float(w.wage[person]) if w.activity[person] < UNEMPLOYED else 0.0)
    return {
        "gain": levels * seen * (q.life_weight if full else 1.0), "fee": fee, "support": support,
        "living": burden * int(p.length[course]) if full else 0.0, "levels": levels,
    }  # fmt: skip


def course_facts(at: Moment, course: int) -> dict[str, Any]:
    """Return what a programme is, by ids."""
    p, world = at.world.programmes, at.world
    return {
        "course": course, "institution": int(p.institution[course]), "field": world.fields[int(p.field[course])],
        "district": world.places.names[int(p.district[course])], "level": Level(int(p.level[course])).name.lower(),
        "months": int(p.length[course]), "full_time": bool(p.full_time[course]),
    }  # fmt: skip


def _place_in_queue(
    at: Moment, k: int, people: np.ndarray, choices: np.ndarray, free: np.ndarray
) -> dict[str, Any]:
    """Return a person's place among those who apply to the same course, its free seats and who opened them."""
    world, person = at.world, at.people[k]
    place = int(np.flatnonzero(people == person)[0])
    course = int(choices[place])
    part = world.events.get("part_on_policies")
    w, levers = world.workers, world.levers
    in_group = (w.urban[person] == 0, w.ethnicity[person] > 0, w.poor[person] > 0,
                districts_hit(world)[w.district[person]])  # fmt: skip
    own = levers["training_place"]
    return {
        "queue_place": int((choices[:place] == course).sum()) + 1, "applied": int((choices == course).sum()),
        "free_seats": int(free[course]), "seats": int(world.programmes.seats[course]),
        "policy_part": float(part[course]) if part is not None else 0.0,
        "priority": float(np.dot(levers["training_priority"], np.array(in_group, dtype=float))),
        "own_place": bool(own.size > 1 and own[person] > 0),
    }  # fmt: skip


@explains("training.progress")
def progress(at: Moment) -> Iterator[None]:
    """Tell who finished a course and with what, and who dropped out."""
    world, q = at.world, at.parameters
    quality = world.programmes.quality.astype(float)
    if "linked" in world.events:
        quality = np.where(world.events["linked"], np.minimum(1.0, quality + world.events["quality_gain"]), quality)
    yield
    for k in at.changed("programme"):
        course = int(at.before["programme"][k])
        facts = course_facts(at, course) | {"linked": bool(quality[course] > world.programmes.quality[course])}
        facts["farm_share"] = q.farm_return if at.column("urban", int(k)) == 0 else 0.0
        if at.before["months_left"][k] <= 1:
            gained = float(at.after["skill"][k] - at.before["skill"][k])
            at.tell(int(k), "graduated", certificate=int(at.after["certificate"][k]), skill_gain=gained, **facts)
        else:
            chance = q.dropout_rate * 2.0 * (1.0 - quality[course])
            at.tell(int(k), "dropped_out", chance=chance, months_left=int(at.before["months_left"][k]), **facts)


@explains("extension.train_informally")
def train_informally(at: Moment) -> Iterator[None]:
    """Tell who was trained without paper, on the farm or at work."""
    yield
    q = at.parameters
    for k in at.changed("level"):
        if at.before["activity"][k] == EMPLOYEE:
            at.tell(int(k), "trained_on_the_job", chance=q.on_the_job_rate)
        else:
            at.tell(int(k), "extension_class", chance=1.0 - math.exp(-q.extension_rate / 12.0))


@explains("digital.teach")
def teach(at: Moment) -> Iterator[None]:
    """Tell who began a course in digital skills, and who ended one with or without them."""
    yield
    for k in at.changed("digital_course"):
        if at.after["digital_course"][k]:
            at.tell(int(k), "digital_course_began", months=at.parameters.months)
        else:
            learnt = at.before["digital"][k] != at.after["digital"][k]
            at.tell(int(k), "digital_skills" if learnt else "digital_course_in_vain", dropout=at.parameters.dropout)


@explains("in_service.study")
def study(at: Moment) -> Iterator[None]:
    """Tell who began to study beside public service, finished, or gave up."""
    yield
    q = at.parameters
    for k in at.changed("degree"):
        began = at.after["degree"][k] > 0
        level = Level(int(at.after["degree"][k] if began else at.before["degree"][k])).name.lower()
        if began:
            alone = bool(np.isin(at.people[k], at.world.counts.get("at_own_cost", ())))
            paid = float(at.before["savings"][k] - at.after["savings"][k])
            at.tell(int(k), "degree_began", level=level, months=at.column("degree_left", int(k)), paid=paid,
                    at_own_cost=alone)  # fmt: skip
        elif at.before["degree_left"][k] == 1 and at.after["level"][k] >= at.before["degree"][k]:
            gained = float(at.after["skill"][k] - at.before["skill"][k])
            at.tell(int(k), "degree_done", level=level, skill_gain=gained)
        else:
            at_body = bool(at.after["employer"][k] >= 0)
            at.tell(int(k), "degree_given_up", level=level, chance=q.dropout_rate, at_work=at_body)
