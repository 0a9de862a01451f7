"""Which course draws a person: who considers training, what is open to whom, and the race between the courses.

Most months one person in a hundred considers training. Columns are read one at a time for all of them, so that memory
is asked for many at once.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from labsim.compiled import kernel
from labsim.draws import DrawsOfMonth, gated, race, scramble, uniform_of
from labsim.world import N_LEVELS, Activity, ProgrammeArrays, Schooling, WorkerArrays

EMPLOYEE, UNEMPLOYED, IN_TRAINING = int(Activity.EMPLOYEE), int(Activity.UNEMPLOYED), int(Activity.IN_TRAINING)
UPPER_SECONDARY, N_SCHOOLINGS = int(Schooling.UPPER_SECONDARY), len(Schooling)
MONTHS_AT_18, MONTHS_AT_19 = 216, 228
# First options of the races between courses and between their fields; those below are the noise in what people expect.
COURSES, FIELDS = 4, 1_000_000


class Interest(NamedTuple):
    """Who considers training: the chance of adults, of leavers of upper secondary school, the age of no interest."""

    consider: float
    leaver: float
    oldest: float  # months


class Taste(NamedTuple):
    """What people count, as in the parameters of training; the gain is that of a level over the horizon, in pay."""

    gain: float
    error: float
    living: float
    forgone: float
    own_field: float
    least_pay: float
    oldest_full_time: float  # months


class Known(NamedTuple):
    """Who of the people choosing knows the forecasts, and what these do to their choice."""

    knows: np.ndarray  # (n_people,)
    error_left: float  # share of the error in what people expect
    fields: np.ndarray  # (n_fields,) factor on the pull of a field


def who_may_consider(
    draws: DrawsOfMonth,
    interest: Interest,
    birth: np.ndarray,
    activity: np.ndarray,
    month: int,
    reach: float,
    degree_intake: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Return (rows, heads) as `DrawsOfMonth.gate`: with an intake of degree courses, one year of age has a gate of its
    own.
    """
    adults = interest.consider * reach
    if not degree_intake:
        chances = np.zeros(len(Activity))
        chances[:IN_TRAINING] = adults
        return draws.gate_by("consider training", chances, activity)
    # in the year of age at which upper secondary school was left
    leaving = ((birth > month - MONTHS_AT_19) & (birth <= month - MONTHS_AT_18)).view(np.uint8)
    return draws.gate_by("consider training", np.array([adults, max(adults, interest.leaver)]), leaving)


def reach_of(of_district: np.ndarray, of_group: np.ndarray, hit: np.ndarray) -> np.ndarray:
    """Return how often people hear of an offer by district and kind, shape `(n_districts, 1 or 8)`.

    A kind is 4 if rural + 2 if minority + 1 if poor; whoever is in several groups hears as often as the one that hears
    most. Where groups are not told apart, there is one kind.
    """
    if (of_group == 1.0).all():
        return of_district[:, None]
    kinds = np.arange(8)
    member = np.stack([(kinds & 4) > 0, (kinds & 2) > 0, (kinds & 1) > 0], axis=1)
    of_kind = np.where(member, of_group[:3], -np.inf).max(axis=1)
    factor = np.maximum(of_kind, np.where(hit, of_group[3], -np.inf)[:, None])
    reach: np.ndarray = of_district[:, None] * np.where(np.isfinite(factor), factor, 1.0)
    return reach


@kernel
def who_considers(
    w: WorkerArrays,
    month: int,
    interest: Interest,
    outreach: np.ndarray,
    degree_intake: bool,
    rows: np.ndarray,
    heads: np.ndarray,
    key: np.uint64,
) -> np.ndarray:
    """Return those among some rows who consider training this month, in order; `outreach` as `reach_of` gives it."""
    urban, ethnicity, poor = w.urban, w.ethnicity, w.poor
    alike = outreach.shape[1] == 1
    activity, birth, district, programme = w.activity, w.birth_month, w.district, w.programme
    schooling, level = w.schooling, w.level
    people = np.empty(rows.shape[0], dtype=np.int64)
    n, kept = 0, 0
    # no branch in these loops, so that the processor reads ahead
    head = np.empty_like(heads)
    for k in range(rows.shape[0]):
        people[n], head[n] = rows[k], heads[k]
        n += activity[rows[k]] < IN_TRAINING
    for k in range(n):
        i = people[k]
        age = month - birth[i]
        kind = 0 if alike else 4 * (urban[i] == 0) + 2 * (ethnicity[i] > 0) + (poor[i] > 0)
        bound = interest.consider * outreach[district[i], kind] * max(0.0, 1.0 - age / interest.oldest)
        # the year in which upper secondary school was left: one intake of degree courses falls into it
        leaving = degree_intake and MONTHS_AT_18 <= age < MONTHS_AT_19
        if leaving and schooling[i] >= UPPER_SECONDARY and level[i] == 0:
            bound = interest.leaver
        people[kept] = i
        kept += (gated(head[k], key, i) < bound) & (programme[i] < 0)
    return people[:kept]


class Offers(NamedTuple):
    """The courses open to each kind of people, by field; a kind is a level, a schooling and whether full time will do.

    Those of kind k in field f are at first[k, f] to first[k, f + 1].
    """

    first: np.ndarray  # (n_kinds, n_fields + 1)
    course: np.ndarray  # row of the programme
    cost: np.ndarray  # fee net of support, VND
    dearest: np.ndarray  # (n_kinds,): cost per level of the dearest, infinite where that depends on the person
    pull: np.ndarray  # (n_districts, n_courses): free seats x nearness
    pull_of_field: np.ndarray  # (n_kinds, n_districts, n_fields)
    worth: np.ndarray  # (n_courses,): weight of the gain
    stay: np.ndarray  # (n_courses,): months without other income


@kernel
def list_courses(
    p: ProgrammeArrays,
    by_field: np.ndarray,
    offered: np.ndarray,
    support: np.ndarray,
    fee_paid: np.ndarray,
    pull: np.ndarray,
    first: np.ndarray,
    course: np.ndarray,
    cost: np.ndarray,
    dearest: np.ndarray,
    pull_of_field: np.ndarray,
) -> None:
    """Fill in the parts of `Offers`; `by_field` are the programmes in the order of their field."""
    leads_to, least_schooling, full, length, fee, taught = p.level, p.schooling, p.full_time, p.length, p.fee, p.field
    n = 0
    for kind in range(first.shape[0]):
        level, schooling, may_leave_work = kind // (2 * N_SCHOOLINGS), kind // 2 % N_SCHOOLINGS, kind % 2
        # a person is helped once only (Decisions 1956/2009 and 46/2015): whoever is trained pays in full
        helped = 1.0 if level == 0 else 0.0
        start, most = n, -np.inf
        for j in by_field:
            if offered[j] <= 0.0 or leads_to[j] <= level or least_schooling[j] > schooling or full[j] > may_leave_work:
                continue
            course[n] = j
            cost[n] = fee[j] * (1.0 - helped * fee_paid[j]) - helped * support[j] * length[j]
            most = max(most, np.inf if full[j] else cost[n] / (leads_to[j] - level))
            first[kind, taught[j] + 1] += 1
            for d in range(pull.shape[0]):
                pull_of_field[kind, d, taught[j]] += pull[d, j]
            n += 1
        dearest[kind] = most if n > start else np.inf
        first[kind, 0] = start
        for f in range(1, first.shape[1]):
            first[kind, f] += first[kind, f - 1]


def offers_of_month(
    p: ProgrammeArrays,
    n_fields: int,
    life: float,
    offered: np.ndarray,
    free: np.ndarray,
    closeness: np.ndarray,
    support: np.ndarray,
    fee_paid: np.ndarray,
) -> Offers:
    """Return what is on offer, from seats offered and free, nearness by district, support and fees paid."""
    n_kinds, n_courses, full = N_LEVELS * N_SCHOOLINGS * 2, len(offered), p.full_time == 1
    pull = np.ascontiguousarray(free * np.where(full, 1.0, closeness[:, p.district]))
    offers = Offers(
        np.zeros((n_kinds, n_fields + 1), dtype=np.int32),
        np.zeros(n_kinds * n_courses, dtype=np.int32),
        np.zeros(n_kinds * n_courses),
        np.zeros(n_kinds),
        pull,
        np.zeros((n_kinds, len(closeness), n_fields)),
        np.where(full, life, 1.0),
        np.where(full, p.length, 0.0),
    )
    by_field = np.argsort(p.field, kind="stable")
    list_courses(
        p,
        by_field,
        offered,
        support,
        fee_paid,
        pull,
        offers.first,
        offers.course,
        offers.cost,
        offers.dearest,
        offers.pull_of_field,
    )
    return offers


@kernel
def choose_courses(
    w: WorkerArrays,
    leads_to: np.ndarray,
    month: int,
    taste: Taste,
    offers: Offers,
    known: Known,
    key: np.uint64,
    people: np.ndarray,
) -> tuple[np.ndarray, int]:
    """Return (choices, refused): the course that each person applies to, -1 for none, and how many want a course
    without a free seat.

    A race of fields, each with the pull of its courses that are worth their cost, then of those courses.
    """
    # column by column: memory is then asked for many at once
    error_left, fields, knows = known.error_left, known.fields, known.knows
    level, schooling, activity = w.level[people], w.schooling[people], w.activity[people]
    wage, home, field, birth = w.wage[people], w.district[people], w.field[people], w.birth_month[people]
    first, course, cost, dearest, pull, pull_of_field, boost, stay = offers
    n_fields = pull_of_field.shape[2]
    pulls = np.zeros(n_fields)
    choices = np.full(people.shape[0], -1, dtype=np.int16)
    refused = 0
    for k in range(people.shape[0]):
        bits = scramble(key, people[k])
        now, here = activity[k], home[k]
        base = max(float(wage[k]), taste.least_pay)
        error = taste.error * (error_left if knows[k] else 1.0)
        noise = error * (uniform_of(bits, 1) + uniform_of(bits, 2) + uniform_of(bits, 3) - 1.5) * 2.0
        seen = taste.gain * base * math.exp(noise)
        burden = taste.living + taste.forgone * (wage[k] if now < UNEMPLOYED else 0.0)
        may_leave_work = month - birth[k] <= taste.oldest_full_time and now != EMPLOYEE
        kind = (level[k] * N_SCHOOLINGS + schooling[k]) * 2 + may_leave_work
        wanted = seen > dearest[kind]
        every = wanted
        for f in range(n_fields):
            pulls[f] = pull_of_field[kind, here, f] if every else 0.0
            for c in range(first[kind, f], first[kind, f] if every else first[kind, f + 1]):
                j = course[c]
                if (leads_to[j] - level[k]) * seen * boost[j] > cost[c] + stay[j] * burden:
                    wanted = True
                    pulls[f] += pull[here, j]
        pulls[field[k]] *= taste.own_field
        if knows[k]:
            for f in range(n_fields):
                pulls[f] *= fields[f]
        f = race(bits, pulls, FIELDS)
        if f < 0:
            refused += wanted
            continue
        best_time = np.inf
        for c in range(first[kind, f], first[kind, f + 1]):
            j = course[c]
            if every or (leads_to[j] - level[k]) * seen * boost[j] > cost[c] + stay[j] * burden:
                u = uniform_of(bits, COURSES + j)
                x = 1.0 - u
                # -ln(u) >= x + x^2 / 2 rules most out without a logarithm
                if x * (1.0 + 0.5 * x) < best_time * pull[here, j]:
                    time = -math.log(u) / pull[here, j]
                    if time < best_time:
                        choices[k], best_time = j, time
    return choices, refused
