"""Institutions plan their intake; people apply, are admitted, drop out, graduate.

People apply when the expected gain exceeds fees, living costs and lost income, net of support. Programmes admit by
priority group, then by lot, up to their seats. Poisson applicants and c seats without a queue are Erlang's loss
system, whatever the law of the length.
"""

from __future__ import annotations

import math

import numpy as np

from labsim.compiled import kernel
from labsim.draws import DrawsOfMonth, rounded, scramble, uniform_of
from labsim.processes.admission import districts_hit, in_order_of_admission, pay_travel
from labsim.processes.base import leave_programmes_all, leave_work_all, move_all, process
from labsim.processes.courses import (
    Interest,
    Known,
    Taste,
    choose_courses,
    offers_of_month,
    reach_of,
    who_considers,
    who_may_consider,
)
from labsim.processes.policy_places import (
    add_places_of_ones_own,
    note_admissions,
    offered_a_place,
    seats_with_policies,
)
from labsim.quantity import Parameters, quantity
from labsim.rows import LAST, where_between
from labsim.world import Activity, EnterpriseArrays, Level, ProgrammeArrays, WorkerArrays, World

FARMING = int(Activity.FARMING)
EMPLOYEE, UNEMPLOYED = int(Activity.EMPLOYEE), int(Activity.UNEMPLOYED)
IN_TRAINING = int(Activity.IN_TRAINING)
SHORT, ELEMENTARY, COLLEGE = int(Level.SHORT_COURSE), int(Level.ELEMENTARY), int(Level.COLLEGE)
HIGHLY_SKILLED = int(Level.INTERMEDIATE)  # skilled technical workers, college, university and above
MONTHS_AT_18, MONTHS_AT_19, THREE_MONTHS = 216, 228, 3


class TrainingParameters(Parameters):
    """Who applies for training, and what becomes of them."""

    consider_rate: float = quantity(
        0.016,
        unit="per month",
        low=0,
        high=0.5,
        grade="D",
        year=2020,
        source="assumed: more people are willing than there are seats",
        help="chance that an adult without a programme considers training in a month",
    )
    school_leaver_rate: float = quantity(
        0.6,
        unit="share",
        low=0,
        high=1,
        grade="D",
        year=2023,
        source="assumed; Son La has the lowest university entry of 63 provinces",
        help="share of leavers of upper secondary school who consider training at the first intake after",
    )
    reach: float = quantity(
        40.0,
        unit="km",
        low=1,
        high=500,
        grade="D",
        year=2020,
        source="assumed",
        help="distance at which the pull of a part-time course has fallen to 1/e",
    )
    oldest: float = quantity(
        65.0,
        unit="years",
        low=30,
        high=10_000,
        grade="D",
        year=2020,
        source="assumed: interest in training falls in a straight line to nothing",
        help="age at which nobody considers training any more",
    )
    oldest_full_time: float = quantity(
        30.0,
        unit="years",
        low=18,
        high=60,
        grade="D",
        year=2020,
        source="assumed",
        help="age up to which people consider full-time training",
    )
    least_pay: float = quantity(
        2.0e6,
        unit="VND per month",
        low=0,
        high=20e6,
        grade="D",
        year=2020,
        source="assumed, near farm income",
        help="pay on which people without any of their own base what they expect",
    )
    life_weight: float = quantity(
        4.0,
        unit="factor",
        low=1,
        high=20,
        grade="D",
        year=2020,
        source="assumed: the young count a working life, not a few years",
        help="weight of the gain from full-time training",
    )
    own_field: float = quantity(
        3.0,
        unit="factor",
        low=1,
        high=20,
        grade="D",
        year=2020,
        source="assumed",
        help="pull of courses in one's own field, relative to others",
    )
    income_forgone: float = quantity(
        0.5,
        unit="share",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed: families make up for part of it",
        help="share of income given up in full-time training that people count as a cost",
    )
    return_per_level: float = quantity(
        0.08,
        unit="share of wage per level",
        low=0,
        high=0.4,
        grade="B",
        year=2020,
        source=(
            "returns 4-5 % a year of vocational schooling, 11-17 % university (Viet Nam), wages by qualification 2021"
        ),
        help="expected rise of pay from one level more, as people see it",
    )
    horizon: float = quantity(
        36.0,
        unit="months",
        low=1,
        high=240,
        grade="D",
        year=2020,
        source="assumed",
        help="months of gain that people count against the cost",
    )
    expectation_error: float = quantity(
        1.0,
        unit="standard deviation of the log gain",
        low=0,
        high=3,
        grade="D",
        year=2020,
        source="assumed",
        help="error in what people expect, without a labour information system",
    )
    living_cost: float = quantity(
        1.0e6,
        unit="VND per month",
        low=0,
        high=10e6,
        grade="D",
        year=2020,
        source="assumed",
        help="living cost away from home of a full-time trainee",
    )
    dropout_rate: float = quantity(
        0.012,
        unit="per month",
        low=0,
        high=0.2,
        grade="D",
        year=2020,
        source="assumed",
        help="chance of dropping out in a month at quality 0.5",
    )
    skill_gain: float = quantity(
        0.25,
        unit="share of the way to mastery",
        low=0,
        high=1,
        grade="C",
        year=2018,
        source="sized for employment effects of a few points (Card, Kluve, Weber 2018; McKenzie 2017)",
        help="skill gained by a graduate at quality 1",
    )
    paper_share: float = quantity(
        0.35,
        unit="share",
        low=0,
        high=1,
        grade="D",
        year=2025,
        source="between trained and certified shares in provincial reports",
        help="share of short courses that end with a certificate under three months",
    )
    farm_return: float = quantity(
        0.3,
        unit="share",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed",
        help="share of rural full-time graduates who return to the farm first",
    )
    travel_from: float = quantity(
        15.0,
        unit="km",
        low=0,
        high=100,
        grade="B",
        year=2016,
        source="Decision 46/2015: travel is paid from 15 km (from 5 km in difficult areas, which are not told apart)",
        help="distance between the districts of home and course from which travel is paid, where a policy pays it",
    )
    reallocation_rate: float = quantity(
        0.10,
        unit="per year",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed: slow without a labour information system",
        help="share of an institution's seats that moves toward the fields with vacancies in a year",
    )


@process(
    reads=(
        "programmes.base_seats programmes.field programmes.institution programmes.level programmes.taken "
        "programmes.length programmes.intake_month workers.programme workers.months_left market "
        "levers.training_seats levers.training_place events.forecast"
    ),
    writes="programmes.seats programmes.base_seats tables events.part_on_policies",
)
def plan_intake(world: World, parameters: TrainingParameters, draws: DrawsOfMonth) -> None:
    """Set this month's seats: an institution's own, moving toward fields with vacancies, plus places of policies.

    Institutions with forecasts go by the vacancies foreseen and move faster. A whole number of seats is the rounding of
    its mean by a uniform keyed to programme and year; seats taken are never withdrawn. Trainees on places of policies
    take up none of its own.
    """
    p, rate = world.programmes, parameters.reallocation_rate
    forecast = world.events["forecast"]
    if (rate > 0.0 or forecast is not None) and len(p):
        tier = np.where(p.level >= COLLEGE, 2, 1)
        vacant = world.market.vacancies.sum(axis=0)[p.field, tier] + 1.0
        moved = np.full(len(p), 1.0 - math.exp(-rate / 12.0))
        if forecast is not None:
            vacant = np.where(forecast.covered, forecast.vacancies[p.field, tier] + 1.0, vacant)
            moved = np.where(forecast.covered, 1.0 - math.exp(-(rate + forecast.speed) / 12.0), moved)
        group = p.institution.astype(np.int64) * 8 + p.level
        n = int(group.max()) + 1
        seats_of = np.bincount(group, p.base_seats, n)
        pull = vacant * (p.base_seats > 0)
        wanted = seats_of[group] * pull / np.maximum(1e-9, np.bincount(group, pull, n))[group]
        p.base_seats += (wanted - p.base_seats) * moved
    seats = rounded(seats_with_policies(world), draws.key_of_year("seats of the year", world.calendar[0]))
    p.seats[:] = np.maximum(seats, p.taken)


@kernel
def _admit(
    w: WorkerArrays,
    e: EnterpriseArrays,
    p: ProgrammeArrays,
    flows: np.ndarray,
    people: np.ndarray,
    choices: np.ndarray,
    fee_paid: np.ndarray,
    support: np.ndarray,
    admitted: np.ndarray,
    paying: np.ndarray,
) -> int:
    n, full = 0, 0
    programme, months_left, level, savings = w.programme, w.months_left, w.level, w.savings
    taken, seats, length, fee, full_time = p.taken, p.seats, p.length, p.fee, p.full_time
    leavers = np.empty_like(people)
    for k in range(people.shape[0]):
        i, j = people[k], choices[k]
        if taken[j] >= seats[j]:
            continue
        taken[j] += 1
        programme[i] = j
        months_left[i] = length[j]
        if level[i] == 0:
            savings[i] += support[j] * length[j] - fee[j] * (1.0 - fee_paid[j])
            admitted[j] += 1
        else:
            savings[i] -= fee[j]
            paying[j] += 1
        n += 1
        if full_time[j] == 1:
            leavers[full] = i
            full += 1
    leave_work_all(w, e, leavers[:full])
    move_all(w, flows, leavers[:full], np.full(full, IN_TRAINING))
    return n


def _applicants(
    world: World, parameters: TrainingParameters, draws: DrawsOfMonth, offered: np.ndarray, free: np.ndarray
) -> tuple[np.ndarray, np.ndarray, int]:
    """Return (people, choices, refused): who applies to which programme, and how many want one without a free seat."""
    w, p, levers, q = world.workers, world.courses, world.levers, parameters
    hit, key = districts_hit(world), draws.key("consider training")
    outreach = reach_of(levers["training_outreach"], levers["training_outreach_group"], hit)
    degree_intake = bool((offered * (p.intake_month > 0)).any())
    interest = Interest(q.consider_rate, q.school_leaver_rate, 12.0 * q.oldest)
    reach = float(outreach.max())
    rows, heads = who_may_consider(draws, interest, w.birth_month, w.activity, world.month, reach, degree_intake)
    people = who_considers(world.people, world.month, interest, outreach, degree_intake, rows, heads, key)
    if (own := offered_a_place(world)).size:
        people = np.union1d(people, own)
    taste = Taste(
        q.return_per_level * q.horizon,
        q.expectation_error,
        q.living_cost,
        q.income_forgone,
        q.own_field,
        q.least_pay,
        12.0 * q.oldest_full_time,
    )
    offers = offers_of_month(
        p,
        world.n_fields,
        q.life_weight,
        offered,
        free,
        np.exp(-world.places.distance / q.reach),
        levers["training_allowance"],
        levers["training_fee_paid"],
    )
    known, insight = Known(np.zeros(len(people), dtype=np.bool_), 1.0, np.ones(1)), world.events["insight"]
    if insight is not None:
        known = Known(insight.known_to(people, w.district[people]), insight.error_left, insight.fields)
    choices, refused = choose_courses(world.people, p.level, world.month, taste, offers, known, key, people)
    applies = choices >= 0
    return people[applies], choices[applies], refused


@process(
    reads=(
        "workers.birth_month workers.district workers.urban workers.ethnicity workers.poor "
        "workers.schooling workers.level workers.field workers.wage programmes.seats programmes.field "
        "programmes.level programmes.district programmes.length programmes.full_time programmes.schooling "
        "programmes.intake_month programmes.fee places levers.training_fee_paid levers.training_allowance "
        "levers.training_priority levers.training_outreach levers.training_outreach_group "
        "levers.training_quota levers.training_travel levers.training_hit levers.training_place "
        "events.insight"
    ),
    writes=(
        "workers.activity workers.spell workers.employer workers.tier workers.work_field "
        "workers.programme workers.months_left workers.savings enterprises.headcount programmes.seats "
        "programmes.taken tables ledger events.admitted events.admitted_paying events.travelled"
    ),
)
def enrol(world: World, parameters: TrainingParameters, draws: DrawsOfMonth) -> None:
    """Let people apply to the programme that draws them most, and admit by priority, then by lot, up to the free seats.

    Those who find no free seat in any course worth it are refused. A programme draws in proportion to free seats x
    exp(-distance / reach) among those whose expected gain, return x levels x wage x horizon, exceeds fee, living and
    half of lost income, net of support. Support is given once, to people without training. People who know forecasts
    err less in what they expect and are drawn more to the fields that will have vacancies. Who is offered a place of
    their own this month considers training, and takes nobody else's seat.
    """
    p, levers = world.programmes, world.levers
    open_now = (p.intake_month == 0) | (p.intake_month == world.calendar[1])
    offered = p.seats * open_now / world.scale
    free = np.maximum(0, p.seats - p.taken) * open_now
    people, choices, refused = _applicants(world, parameters, draws, offered, free / world.scale)
    order = in_order_of_admission(world, draws, free, people, choices)
    people, choices = people[order], choices[order]
    people, choices, on_own_place = add_places_of_ones_own(world, people, choices)
    admitted, paying = np.zeros(len(p), dtype=np.int64), np.zeros(len(p), dtype=np.int64)
    enrolled = _admit(
        world.people,
        world.employers,
        world.courses,
        world.ledger.flows,
        people,
        choices,
        levers["training_fee_paid"],
        levers["training_allowance"],
        admitted,
        paying,
    )
    pay_travel(world, parameters.travel_from, people, choices)
    note_admissions(world, admitted + paying, on_own_place)
    world.events["admitted"], world.events["admitted_paying"] = admitted, paying
    world.ledger.count("training_applicants", len(people) + refused)
    world.ledger.count("training_enrolled", enrolled)


@kernel
def _progress(
    w: WorkerArrays,
    p: ProgrammeArrays,
    flows: np.ndarray,
    dropout: float,
    gain: float,
    paper: float,
    farm: float,
    quality: np.ndarray,
    month: int,
    trainees: np.ndarray,
    key: np.uint64,
    graduates: np.ndarray,
) -> int:
    programme, months_left, activity, urban = w.programme, w.months_left, w.activity, w.urban
    level, vocational, graduated, field = w.level, w.vocational, w.graduated, w.field
    school, skill, certificate = w.school, w.skill, w.certificate
    leads_to, length, taught, institution = p.level, p.length, p.field, p.institution
    ended, n, dropped = np.empty_like(trainees), 0, 0
    people, activities, full = np.empty_like(trainees), np.empty(trainees.shape[0], dtype=np.int64), 0
    for i in trainees:
        j = programme[i]
        months_left[i] -= 1
        bits = scramble(key, i)
        done = months_left[i] <= 0
        if not done and uniform_of(bits, 0) >= dropout * 2.0 * (1.0 - quality[j]):
            continue
        if done:
            graduates[leads_to[j]] += 1
            level[i] = max(level[i], leads_to[j])
            if leads_to[j] <= COLLEGE:
                vocational[i] = 1
            if length[j] >= THREE_MONTHS:
                graduated[i] = month
            field[i] = taught[j]
            school[i] = institution[j]
            skill[i] += gain * quality[j] * (1.0 - skill[i])
            if leads_to[j] >= ELEMENTARY:
                certificate[i] = 2
            elif certificate[i] == 0 and uniform_of(bits, 1) < paper:
                certificate[i] = 1
        else:
            dropped += 1
        ended[n] = i
        n += 1
        if activity[i] == IN_TRAINING:
            home = urban[i] == 0 and uniform_of(bits, 2) < farm
            people[full], activities[full] = i, FARMING if home else UNEMPLOYED
            full += 1
    leave_programmes_all(w, p, ended[:n])
    move_all(w, flows, people[:full], activities[:full])
    return dropped


@process(
    reads=(
        "workers.urban programmes.quality programmes.field programmes.institution programmes.level "
        "programmes.length events.linked events.quality_gain"
    ),
    writes=(
        "workers.activity workers.spell workers.level workers.certificate workers.vocational "
        "workers.field workers.skill workers.school workers.graduated workers.programme "
        "workers.months_left programmes.taken ledger events.completed events.graduates"
    ),
)
def progress(world: World, parameters: TrainingParameters, draws: DrawsOfMonth) -> None:
    """Move every trainee one month on: drop out with chance 2 d (1 - quality), or graduate with level, field, skill
    and paper. Practice in enterprises adds to the quality of linked programmes.
    """
    graduates = np.zeros(len(Level), dtype=np.int64)
    trainees = where_between(world.workers.programme, 0, LAST)
    done = trainees[world.workers.months_left[trainees] <= 1]
    world.events["graduates"] = done
    world.events["completed"] = np.bincount(world.workers.programme[done], minlength=len(world.programmes))
    quality = world.programmes.quality
    if "linked" in world.events:
        gain = np.float32(world.events["quality_gain"])
        quality = np.where(world.events["linked"], np.minimum(np.float32(1.0), quality + gain), quality)
    dropped = _progress(
        world.people,
        world.courses,
        world.ledger.flows,
        parameters.dropout_rate,
        parameters.skill_gain,
        parameters.paper_share,
        parameters.farm_return,
        quality,
        world.month,
        trainees,
        draws.key("progress"),
        graduates,
    )
    for level in Level:
        if graduates[level]:
            world.ledger.count(f"graduates_{level.name.lower()}", int(graduates[level]))
    world.ledger.count("training_dropped_out", dropped)
    world.ledger.count("people_trained", int(graduates.sum()))
    world.ledger.count("people_trained_below_intermediate", int(graduates[:HIGHLY_SKILLED].sum()))
    world.ledger.count("people_trained_highly_skilled", int(graduates[HIGHLY_SKILLED:].sum()))
    in_towns = int(world.workers.urban[done].sum())
    world.ledger.count("people_trained_rural", len(done) - in_towns)
    world.ledger.count("people_trained_urban", in_towns)
