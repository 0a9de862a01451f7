"""The pick of a vacancy in a market: every vacancy alike, and as stable as a pick can be."""

from __future__ import annotations

import numpy as np
import pytest
from test_draws import LEVEL, chance_of_counts, chance_of_share

from labsim.compiled import COMPILATION_ON
from labsim.config import load
from labsim.draws import key_of, uniforms
from labsim.processes.matching import _rank
from labsim.processes.vacancies import BLOCK, MANY, list_vacancies, pick_vacancies
from labsim.rows import BLOCK as AT_ONCE
from labsim.simulation import Simulation
from labsim.world import Activity, EnterpriseArrays, Enterprises

PEOPLE = 40_000 if COMPILATION_ON else 4_000
KEY = key_of(5, "test of vacancies", 1)


def _employers(vacancies, *, other=0):
    """Return employers of one market, after `other` of another market without vacancies."""
    e = Enterprises(other + len(vacancies), {"tiers": 1})
    e.field[:other] = 1
    e.vacancies[other:, 0] = vacancies
    e.wage_offer[:] = 5.0e6
    return EnterpriseArrays(*(getattr(e, name) for name in Enterprises.columns()))


def _who_goes_where(vacancies):
    """Return the employer and the number of the vacancy there that each person picks."""
    lists, _, _, _ = list_vacancies(_employers(vacancies), 1, 2)
    choices, group = np.empty(PEOPLE, dtype=np.int32), np.empty(PEOPLE, dtype=np.int32)
    pick_vacancies(lists, np.zeros(PEOPLE, dtype=np.int32), np.arange(PEOPLE), KEY, choices, group)
    assert np.array_equal(group, lists.group[choices])
    return lists.rows[group], choices - lists.first_vacancy[group]


# a few employers; several blocks, some without a vacancy; one employer with more vacancies than `MANY`
SPREADS = {
    "one": np.array([1]),
    "few": np.array([2, 0, 1, 5]),
    "blocks": np.where(np.arange(5 * BLOCK) % 29 == 3, 2, 0) * (np.arange(5 * BLOCK) // BLOCK != 2),
    "many": np.concatenate([np.full(20, 3), [2 * MANY], np.full(BLOCK, 1)]),
}


@pytest.mark.parametrize("spread", SPREADS)
def test_every_vacancy_is_picked_alike(spread):
    vacancies = SPREADS[spread]
    rows, places = _who_goes_where(vacancies)
    assert (places < vacancies[rows]).all()
    assert (places >= 0).all()
    table = np.zeros((vacancies.size, vacancies.max()))
    np.add.at(table, (rows, places), 1)
    there = np.arange(vacancies.max()) < vacancies[:, None]
    if there.sum() > 1:
        assert chance_of_counts(table[there], np.full(there.sum(), PEOPLE / there.sum())) > LEVEL


@pytest.mark.parametrize("spread", ["few", "blocks", "many"])
def test_a_vacancy_less_moves_few(spread):
    before = SPREADS[spread]
    place = int(np.flatnonzero(before)[1])
    after = before.copy()
    after[place] -= 1
    (rows, places), (rows_after, places_after) = _who_goes_where(before), _who_goes_where(after)
    moved = (rows != rows_after) | (places != places_after)
    gone = (rows == place) & (places == before[place] - 1)
    assert moved[gone].all()
    # within a block nobody else moves; among blocks the others keep theirs but for the change of the greatest sum
    assert chance_of_share(gone.sum(), PEOPLE, 1.0 / before.sum()) > LEVEL
    assert moved.sum() <= (1 if spread == "few" else 4) * gone.sum() + (0 if spread == "few" else 20)


def test_employers_of_other_markets_change_nothing():
    vacancies = SPREADS["few"]
    lists, tiers, sums, pay = list_vacancies(_employers(vacancies, other=3), 1, 2)
    assert lists.rows.tolist() == [3, 5, 6]
    assert tiers.tolist() == [0, 0, 0]
    assert sums.ravel().tolist() == [8.0, 0.0]
    assert pay.ravel().tolist() == [40.0e6, 0.0]


def test_no_vacancies_make_empty_lists():
    lists, tiers, sums, _ = list_vacancies(_employers(np.zeros(4, dtype=np.int64)), 1, 2)
    assert lists.group.size == lists.rows.size == tiers.size == 0
    assert sums.sum() == 0.0


@pytest.mark.parametrize("spread", SPREADS)
def test_whoever_else_picks_decides_nothing(spread):
    """People are looked at `AT_ONCE` at a time: neither where a person stands nor who stands beside matters."""
    lists, _, _, _ = list_vacancies(_employers(SPREADS[spread]), 1, 2)
    picks = []
    for people in (np.arange(2 * AT_ONCE + 50), np.arange(AT_ONCE - 7, 2 * AT_ONCE + 50)):
        choices, groups = np.empty(len(people), dtype=np.int32), np.empty(len(people), dtype=np.int32)
        pick_vacancies(lists, np.zeros(len(people), dtype=np.int32), people, KEY, choices, groups)
        picks.append(choices)
    assert np.array_equal(picks[0][AT_ONCE - 7 :], picks[1])


def test_ranks_are_in_the_order_of_scores_and_nobody_is_ranked_who_is_not_considered():
    scores = np.array([0.3, -np.inf, -1.5, 10.2, 0.0, -0.2, 0.7, -np.inf, 1e-9])
    ranks = np.empty(len(scores), dtype=np.uint64)
    _rank(scores, 5, ranks)
    assert np.array_equal(ranks == 0, np.isinf(scores))
    considered = np.flatnonzero(~np.isinf(scores))
    in_order = considered[np.argsort(ranks[considered])]
    assert in_order.tolist() == considered[np.argsort(scores[considered])].tolist()
    assert (ranks[in_order] & np.uint64(0xFFFFFFFF)).tolist() == (in_order + 5).tolist()


def test_each_vacancy_takes_the_applicant_with_the_highest_lot():
    """The known answer, with more applicants than are ranked at once: nothing but the lot counts, and all accept."""
    model = Simulation(load("reference/frictional", settings=["reference.people=60000"]), seed=4).run(4)
    applications, hired, w = model.world.applications, model.world.events["hired"], model.world.workers
    people, choices = applications.people, applications.choices
    assert len(people) > AT_ONCE
    lots = uniforms(model.draws.at(model.month).key("rank"), people)
    order = np.lexsort((lots, choices))
    last = np.append(choices[order][1:] != choices[order][:-1], True)
    assert np.array_equal(hired, np.sort(people[order[last]]))
    assert (w.activity[hired] == Activity.EMPLOYEE).all()
