"""Which course people choose: in proportion to free seats, nearness and own field, and stable when one course changes.

Every check has a level, the chance that good draws fail it; the bounds follow from it and the number of people.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, chi2

from labsim.compiled import COMPILATION_ON
from labsim.draws import Draws, key_of, limit_of
from labsim.processes.courses import Known, Taste, choose_courses, offers_of_month
from labsim.world import Activity, ProgrammeArrays, Programmes, WorkerArrays, Workers

LEVEL = 1e-4
PEOPLE = 20_000 if COMPILATION_ON else 2_000
KEY = key_of(1, "test of the courses", 1)
FIELD_OF = np.array([0, 0, 0, 1, 1, 2])
FREE = np.array([4.0, 1.0, 0.0, 3.0, 6.0, 2.0])
DISTRICT_OF = np.array([0, 1, 0, 0, 1, 1])
CLOSENESS = np.array([[1.0, 0.3], [0.3, 1.0]])
OWN_FIELD = 3.0

pytestmark = pytest.mark.tiny


def arrays_of(table, kind):
    return kind(*(getattr(table, name) for name in type(table).columns()))


def choices_of(free, fee=0.0, wage=3.0e6, error=0.0):
    """The choices of people in district 0 and field 1 among six part-time courses, and how many are refused."""
    workers, courses = Workers(PEOPLE), Programmes(free.size)
    workers.activity[:], workers.field[:], workers.wage[:] = Activity.FARMING, 1, wage
    courses.field[:], courses.district[:], courses.level[:], courses.length[:] = FIELD_OF, DISTRICT_OF, 1, 2
    courses.fee[:] = fee
    p = arrays_of(courses, ProgrammeArrays)
    none = np.zeros(free.size)
    offers = offers_of_month(p, 3, 4.0, np.ones(free.size), free, CLOSENESS, none, none)
    taste = Taste(2.88, error, 1.0e6, 0.5, OWN_FIELD, 2.0e6, 360.0)
    people = np.arange(PEOPLE, dtype=np.int32)
    known = Known(np.zeros(PEOPLE, dtype=np.bool_), 1.0, np.ones(1))
    return choose_courses(arrays_of(workers, WorkerArrays), p.level, 300, taste, offers, known, KEY, people)


def shares_of(free):
    weights = free * CLOSENESS[0, DISTRICT_OF] * np.where(FIELD_OF == 1, OWN_FIELD, 1.0)
    return weights / weights.sum()


def test_a_course_draws_in_proportion_to_seats_nearness_and_own_field():
    choices, refused = choices_of(FREE)
    shares, counts = shares_of(FREE), np.bincount(choices, minlength=FREE.size)
    some = shares > 0
    assert refused == 0
    assert counts[~some].sum() == 0
    expected = PEOPLE * shares[some]
    assert chi2.sf(((counts[some] - expected) ** 2 / expected).sum(), some.sum() - 1) > LEVEL


def test_courses_that_cost_more_than_they_bring_draw_nobody():
    fee = np.array([0.0, 0.0, 0.0, 1e12, 0.0, 1e12])
    counts = np.bincount(choices_of(FREE, fee)[0], minlength=FREE.size)
    shares = shares_of(np.where(fee > 0, 0.0, FREE))
    some = shares > 0
    assert counts[~some].sum() == 0
    expected = PEOPLE * shares[some]
    assert chi2.sf(((counts[some] - expected) ** 2 / expected).sum(), some.sum() - 1) > LEVEL
    # a fee that all can just pay changes nobody's choice: the sums made beforehand and those made for a person agree
    assert np.array_equal(choices_of(FREE, np.array([0, 0, 8e6, 0, 0, 0.0]))[0], choices_of(FREE)[0])


def test_whoever_finds_only_full_courses_is_refused():
    assert choices_of(np.zeros(FREE.size))[1] == PEOPLE
    assert choices_of(np.zeros(FREE.size), fee=1e12)[1] == 0


@pytest.mark.parametrize("factor", [0.5, 0.9, 1.25, 4.0])
def test_one_changed_course_moves_few_people(factor):
    """Fields change as rarely as their shares allow, and so do courses within a field; that adds up to less than twice
    the least possible, the distance of the two distributions in total variation.
    """
    j = 3
    changed = FREE.copy()
    changed[j] *= factor
    before, after = choices_of(FREE)[0], choices_of(changed)[0]
    p, q, mine = shares_of(FREE), shares_of(changed), FIELD_OF[j] == FIELD_OF
    fields_move = abs(q[mine].sum() - p[mine].sum())
    courses_move = min(p[mine].sum(), q[mine].sum()) * abs(q[j] / q[mine].sum() - p[j] / p[mine].sum())
    share = fields_move + courses_move
    assert share < 2.0 * 0.5 * np.abs(p - q).sum()
    moved = int((before != after).sum())
    assert min(1.0, 2.0 * min(binom.cdf(moved, PEOPLE, share), binom.sf(moved - 1, PEOPLE, share))) > LEVEL


@pytest.mark.parametrize("n_people", [1, 7, 8, 1_003])
@pytest.mark.parametrize("most", [0.0, 0.004, 0.05, 0.4, 1.0])
def test_a_gate_lets_through_whoever_has_a_byte_below_its_limit(n_people, most):
    draws = Draws(1).at(3)
    rows, heads = draws.gate("consider training", most, n_people)
    of_all = draws.heads("consider training", np.arange(n_people))
    assert np.array_equal(rows, np.flatnonzero(of_all < limit_of(most)))
    assert np.array_equal(heads, of_all[rows])
