"""Keyed random numbers: they are uniform, independent, the same everywhere, and choices move only those they must.

Every check has a level: the chance that good draws fail it. The bounds follow from it and from the number of draws, so
that nothing here was fitted to what came out. Keys are fixed, so that a test that passes passes for ever.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom, chi2, norm

from labsim.compiled import COMPILATION_ON, inline
from labsim.draws import (
    Draws,
    key_of,
    normal,
    pick_all,
    pick_slots,
    race,
    rounded,
    scramble,
    shared_proposals,
    slots_of,
    uniform,
    uniform_of,
    uniforms,
)

LEVEL = 1e-4  # of each test; one that makes several comparisons shares it among them
PEOPLE = 20_000 if COMPILATION_ON else 4_000
KEY = key_of(1, "test of the draws", 1)

pytestmark = pytest.mark.tiny


@inline
def _uniform_of_all(key, n, option):
    out = np.empty(n)
    for i in range(n):
        out[i] = uniform_of(scramble(key, i), option)
    return out


@inline
def _uniform_all(key, n):
    out = np.empty(n)
    for i in range(n):
        out[i] = uniform(key, i)
    return out


@inline
def _normal_all(key, n):
    out = np.empty(n)
    for i in range(n):
        out[i] = normal(key, i)
    return out


@inline
def _race_all(key, n, weights, first_option):
    out = np.empty(n, dtype=np.int64)
    for i in range(n):
        out[i] = race(scramble(key, i), weights, first_option)
    return out


@inline
def _slot_all(key, n, n_slots):
    bits, out = np.empty(n, dtype=np.uint64), np.empty(n, dtype=np.uint32)
    for i in range(n):
        bits[i] = scramble(key, i)
    pick_slots(bits, np.full(n, n_slots).astype(np.uint32), out)
    return out


def chance_of_counts(counts, expected):
    """The chance of counts at least as far from what is expected (Pearson's chi-square)."""
    counts, expected = np.asarray(counts, dtype=float), np.asarray(expected, dtype=float)
    return float(chi2.sf(((counts - expected) ** 2 / expected).sum(), counts.size - 1))


def chance_of_share(hits, n, p):
    """The two-sided chance of a number of hits among n independent trials."""
    return min(1.0, 2.0 * float(min(binom.cdf(hits, n, p), binom.sf(hits - 1, n, p))))


def bound_of_correlation(n, n_comparisons):
    """Two independent series of length n have a correlation of s.d. 1 / sqrt(n)."""
    return norm.isf(LEVEL / (2.0 * n_comparisons)) / math.sqrt(n)


def by_the_definition(seed, decision, month, person, option=None):
    """The draw once more, in Python's own integers: SplitMix64's finaliser over key + person x golden ratio."""
    mask = 2**64 - 1

    def finalise(x):
        x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & mask
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & mask
        return x ^ (x >> 31)

    bits = finalise((int(key_of(seed, decision, month)) + person * 0x9E3779B97F4A7C15) & mask)
    if option is not None:
        bits = finalise((bits + option * 0xD6E8FEB86659FD93) & mask)
    return ((bits >> 11) + 0.5) / 2**53


# uniform and independent


@pytest.mark.parametrize("where", ["a month", "an option", "another seed"])
def test_draws_are_uniform(where):
    draws = {
        "a month": uniforms(KEY, np.arange(PEOPLE)),
        "an option": _uniform_of_all(KEY, PEOPLE, 7),
        "another seed": uniforms(key_of(2, "test of the draws", 1), np.arange(PEOPLE)),
    }[where]
    assert (draws > 0.0).all()
    assert (draws < 1.0).all()
    for cells in (10, 256):
        counts = np.bincount((draws * cells).astype(int), minlength=cells)
        assert chance_of_counts(counts, np.full(cells, PEOPLE / cells)) > LEVEL / 2.0


def test_low_digits_are_uniform_too():
    fine = (uniforms(KEY, np.arange(PEOPLE)) * 2.0**20) % 1.0
    assert chance_of_counts(np.bincount((fine * 64).astype(int), minlength=64), np.full(64, PEOPLE / 64)) > LEVEL


def test_neighbours_months_decisions_and_seeds_are_independent():
    ids = np.arange(PEOPLE)
    series = {
        "now": uniforms(KEY, ids),
        "next person": uniforms(KEY, ids + 1),
        "two on": uniforms(KEY, ids + 2),
        "next month": uniforms(key_of(1, "test of the draws", 2), ids),
        "other decision": uniforms(key_of(1, "other decision", 1), ids),
        "next seed": uniforms(key_of(2, "test of the draws", 1), ids),
        "option 0": _uniform_of_all(KEY, PEOPLE, 0),
        "option 1": _uniform_of_all(KEY, PEOPLE, 1),
        "option 1000": _uniform_of_all(KEY, PEOPLE, 1_000),
    }
    pairs = list(combinations(series, 2))
    bound = bound_of_correlation(PEOPLE, 2 * len(pairs))
    for a, b in pairs:
        assert abs(np.corrcoef(series[a], series[b])[0, 1]) < bound, (a, b)
        # distance from one half: dependence that a plain correlation does not see
        spread = np.corrcoef(np.abs(series[a] - 0.5), np.abs(series[b] - 0.5))[0, 1]
        assert abs(spread) < bound, (a, b)


def test_pairs_fill_the_square():
    a, b = uniforms(KEY, np.arange(PEOPLE)), uniforms(key_of(1, "test of the draws", 2), np.arange(PEOPLE))
    for x, y in ((a, b), (a[:-1], a[1:])):
        counts = np.bincount((x * 12).astype(int) * 12 + (y * 12).astype(int), minlength=144)
        assert chance_of_counts(counts, np.full(144, x.size / 144)) > LEVEL / 2.0


def test_consecutive_months_of_one_person_are_uniform_and_independent():
    months = 6_000
    series = np.array([uniforms(key_of(1, "separate", m), np.array([123]))[0] for m in range(months)])
    assert (
        chance_of_counts(np.bincount((series * 20).astype(int), minlength=20), np.full(20, months / 20)) > LEVEL / 2.0
    )
    assert abs(np.corrcoef(series[:-1], series[1:])[0, 1]) < bound_of_correlation(months - 1, 2)


def test_normal_draws_are_normal():
    counts, _ = np.histogram(_normal_all(KEY, PEOPLE), bins=[-np.inf, *norm.ppf(np.arange(1, 50) / 50), np.inf])
    assert chance_of_counts(counts, np.full(50, PEOPLE / 50)) > LEVEL


# one number, wherever it is asked for


def test_numpy_and_kernels_draw_the_same_numbers():
    assert np.array_equal(uniforms(KEY, np.arange(PEOPLE)), _uniform_all(KEY, PEOPLE))
    assert uniforms(KEY, np.array([5], dtype=np.int32))[0] == uniforms(KEY, np.array([5], dtype=np.int64))[0]


def test_draws_are_what_their_definition_says():
    for seed, decision, month, person in ((1, "separate", 1, 0), (7, "hazard", 12, 99_999), (2**62, "rank", -1, 2**31)):
        key = key_of(seed, decision, month)
        assert uniforms(key, np.array([person]))[0] == by_the_definition(seed, decision, month, person)
        assert uniform(key, person) == by_the_definition(seed, decision, month, person)
        for option in (0, 1, 10_007, 5_000_064):
            # outside a kernel the bits come back as a plain int: say again that they are unsigned
            drawn = uniform_of(np.uint64(scramble(key, person)), option)
            assert drawn == by_the_definition(seed, decision, month, person, option)


def test_normal_draws_are_box_and_mullers():
    for person in (0, 3, 999):
        radius, turn = (by_the_definition(7, "attachment", 4, person, option) for option in (1, 2))
        expected = math.sqrt(-2.0 * math.log(radius)) * math.cos(2.0 * math.pi * turn)
        assert _normal_all(key_of(7, "attachment", 4), person + 1)[person] == pytest.approx(expected, rel=1e-12)


_PRINT_DRAWS = """
import numpy as np
from labsim.draws import key_of, normal, pick_slots, race, rounded, scramble, uniform, uniforms
key = key_of(3, "separate", 5)
weights = np.array([0.2, 0.0, 3.0, 1.5])
print([uniform(key, i).hex() for i in range(40)])
print([int(race(np.uint64(scramble(key, i)), weights, 1_000)) for i in range(300)])
bits, slots = np.array([scramble(key, i) for i in range(300)], dtype=np.uint64), np.empty(300, dtype=np.uint32)
pick_slots(bits, np.repeat([1, 2, 3, 17, 1_000], 60).astype(np.uint32), slots)
print(slots.tolist())
print([round(float(normal(key, i)), 12) for i in range(40)])
print(rounded(np.linspace(0.0, 3.0, 50), key).tolist())
"""


def test_compilation_changes_no_draw():
    def printed(disabled):
        environment = os.environ | {"NUMBA_DISABLE_JIT": disabled}
        run = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", _PRINT_DRAWS],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
            env=environment,
            cwd=Path(__file__).parents[1],
        )
        return run.stdout.splitlines()

    off = printed("1")
    assert len(off) == 5
    assert printed("0") == off


def test_keys_differ_by_seed_decision_and_month():
    keys = {int(key_of(s, d, m)) for s in range(20) for d in ("separate", "fall back", "rank") for m in range(-20, 100)}
    assert len(keys) == 20 * 3 * 120
    draws = Draws(4).at(9)
    assert draws.key("rank") == key_of(4, "rank", 9)
    assert draws.lasting_key("rank") == Draws(4).at(10).lasting_key("rank")
    assert draws.key_of_year("rank", 2024) == Draws(4).at(10).key_of_year("rank", 2024)
    assert len({int(k) for k in (draws.key("rank"), draws.lasting_key("rank"), draws.key_of_year("rank", 2024))}) == 3


def test_a_person_more_changes_nobody_elses_number():
    assert np.array_equal(uniforms(KEY, np.arange(1_000)), uniforms(KEY, np.arange(1_001))[:1_000])
    order = np.arange(1_000)[::-1]
    assert np.array_equal(uniforms(KEY, order), uniforms(KEY, np.arange(1_000))[::-1])


# races


WEIGHTS = np.array([4.0, 0.5, 0.0, 2.5, 1.0, 12.0])


def test_the_winner_of_a_race_has_its_share_of_the_weights():
    winners = _race_all(KEY, PEOPLE, WEIGHTS, 1_000)
    counts = np.bincount(winners, minlength=WEIGHTS.size)
    assert counts[2] == 0
    some = WEIGHTS > 0
    assert chance_of_counts(counts[some], PEOPLE * WEIGHTS[some] / WEIGHTS.sum()) > LEVEL


def test_a_race_does_not_depend_on_the_unit_of_its_weights():
    # a power of two, so that no rounding enters
    assert np.array_equal(_race_all(KEY, 2_000, WEIGHTS, 0), _race_all(KEY, 2_000, WEIGHTS * 2.0**-30, 0))


def test_no_winner_is_ruled_out_by_the_bound_that_spares_logarithms():
    """The winner is the option with the least -ln(u) / w, worked out of all of them."""
    options = np.flatnonzero(WEIGHTS)
    times = np.stack([-np.log(_uniform_of_all(KEY, PEOPLE, 1_000 + j)) / WEIGHTS[j] for j in options])
    assert np.array_equal(_race_all(KEY, PEOPLE, WEIGHTS, 1_000), options[times.argmin(axis=0)])


def test_a_race_without_weights_has_no_winner():
    assert (_race_all(KEY, 50, np.zeros(4), 0) == -1).all()


@pytest.mark.parametrize("factor", [0.0, 0.5, 1.25, 8.0])
def test_one_changed_weight_moves_only_those_who_go_to_it_or_leave_it(factor):
    j = 3
    changed = WEIGHTS.copy()
    changed[j] *= factor
    before, after = _race_all(KEY, PEOPLE, WEIGHTS, 0), _race_all(KEY, PEOPLE, changed, 0)
    moved = before != after
    assert moved.any()
    assert (after[moved] == j).all() if factor > 1.0 else (before[moved] == j).all()
    # everyone who chooses j under one set of weights and not the other: as few as the two shares allow
    share = abs(changed[j] / changed.sum() - WEIGHTS[j] / WEIGHTS.sum())
    assert chance_of_share(moved.sum(), PEOPLE, share) > LEVEL


def test_an_option_is_known_by_its_number_not_its_place():
    # the same two employers at the head of a list or behind two without vacancies
    front = _race_all(KEY, 2_000, np.array([1.0, 2.0]), 10_002)
    behind = _race_all(KEY, 2_000, np.array([0.0, 0.0, 1.0, 2.0]), 10_000)
    assert np.array_equal(front + 2, behind)


# shared proposals


def _pick_all(key, n, weights, base, bound):
    slots, shares = slots_of(base[None, :], 64)
    shared = shared_proposals(weights, shares, bound)
    return _picks(key, n, slots, shared)


@inline
def _picks(key, n, slots, shared):
    out, bits, first = np.zeros(n, dtype=np.int64), np.empty(n, dtype=np.uint64), np.zeros(n, dtype=np.int64)
    for i in range(n):
        bits[i] = scramble(key, i)
    pick_all(bits, slots, first, shared, first, 3, out)
    return out


ALIKE, NEAR, FAR = np.ones(6), np.array([3.0, 1.0, 0.5, 1.0, 2.0, 9.0]), np.array([9.0, 5.0, 0.0, 5.0, 5.0, 0.0])


def test_every_option_has_slots_and_they_fill_the_row():
    slots, shares = slots_of(np.array([[1.0, 1e-9, 0.0, 1e6], [0.0, 0.0, 2.0, 2.0]]), 16)
    assert (shares * 16).tolist() == [[1, 1, 0, 14], [0, 0, 8, 8]]
    assert [np.bincount(row, minlength=4).tolist() for row in slots] == (shares * 16).tolist()


def test_an_option_has_eight_slots_and_no_chooser_fewer_than_sixty_four():
    shapes = [slots_of(np.ones((2, n_options)))[0].shape for n_options in (1, 8, 9, 20)]
    assert shapes == [(2, 64), (2, 64), (2, 72), (2, 160)]


@pytest.mark.parametrize("bound", [1.0, 2.0, 8.0])
@pytest.mark.parametrize("base", [ALIKE, NEAR, FAR], ids=["alike", "near", "far"])
def test_an_accepted_proposal_has_its_share_of_the_weights_whatever_the_slots_and_the_bound(base, bound):
    counts = np.bincount(_pick_all(KEY, PEOPLE, WEIGHTS, base, bound), minlength=WEIGHTS.size)
    some = WEIGHTS > 0
    assert counts[2] == 0
    assert chance_of_counts(counts[some], PEOPLE * WEIGHTS[some] / WEIGHTS.sum()) > LEVEL


def test_picks_do_not_depend_on_the_unit_of_the_weights():
    before, after = (_pick_all(KEY, 2_000, w, NEAR, 2.0) for w in (WEIGHTS, WEIGHTS * 2.0**-30))
    assert np.array_equal(before, after)


@pytest.mark.parametrize("base", [ALIKE, NEAR, FAR], ids=["alike", "near", "far"])
@pytest.mark.parametrize("option", [1, 3, 5])
@pytest.mark.parametrize("factor", [0.0, 0.9, 1.1, 3.0])
def test_picks_differ_at_most_twice_as_often_as_they_must(factor, option, base):
    """Whoever differs does so at a proposal that one of the two sets of weights lets through: P <= 2 TV / (1 + TV), and
    the excess, given out before, may differ once more.
    """
    changed = WEIGHTS.copy()
    changed[option] *= factor
    before, after = (_pick_all(KEY, PEOPLE, w, base, 2.0) for w in (WEIGHTS, changed))
    least = 0.5 * np.abs(changed / changed.sum() - WEIGHTS / WEIGHTS.sum()).sum()
    moved = int((before != after).sum())
    assert binom.cdf(moved, PEOPLE, least) > LEVEL / 36
    assert binom.sf(moved - 1, PEOPLE, min(1.0, 2.0 * least)) > LEVEL / 36


# slots


@pytest.mark.parametrize("n_slots", [1, 2, 3, 8, 9, 33, 100])
def test_slots_are_uniform(n_slots):
    counts = np.bincount(_slot_all(KEY, PEOPLE, n_slots), minlength=n_slots)
    assert counts.size == n_slots
    if n_slots > 1:
        assert chance_of_counts(counts, np.full(n_slots, PEOPLE / n_slots)) > LEVEL


@pytest.mark.parametrize("n_slots", [1, 2, 4, 5, 16, 17, 64, 1_000])
def test_one_slot_more_moves_only_people_into_it(n_slots):
    before, after = _slot_all(KEY, PEOPLE, n_slots), _slot_all(KEY, PEOPLE, n_slots + 1)
    moved = before != after
    assert (after[moved] == n_slots).all()
    assert chance_of_share(moved.sum(), PEOPLE, 1.0 / (n_slots + 1)) > LEVEL
    # those whose slot is taken away spread evenly over the others
    left = before[moved]
    if 1 < n_slots < 100:
        counts = np.bincount(left, minlength=n_slots)
        assert chance_of_counts(counts, np.full(n_slots, left.size / n_slots)) > LEVEL


def test_a_slot_does_not_depend_on_other_draws_of_the_person():
    slots = _slot_all(KEY, PEOPLE, 10).astype(float)
    bound = bound_of_correlation(PEOPLE, 3)
    for option in (0, 1_000, 10_000):
        assert abs(np.corrcoef(slots, _uniform_of_all(KEY, PEOPLE, option))[0, 1]) < bound


# rounding


def test_rounding_keeps_the_expectation():
    means = np.linspace(0.0, 4.0, 41)[1:]
    n_months = 500
    counts = np.stack([rounded(means, key_of(1, "open vacancies", m)) for m in range(n_months)])
    assert (np.abs(counts - means) < 1.0).all()
    share = means - np.floor(means)
    # variance of a rounding: share (1 - share), 0 for whole means
    sd = np.sqrt((share * (1.0 - share)).sum() / n_months)
    assert abs((counts.mean(axis=0) - means).sum()) < norm.isf(LEVEL / 2.0) * sd
    whole = np.abs(means - np.round(means)) < 1e-12
    assert (counts[:, whole] == np.round(means[whole])).all()


def test_rounding_is_stable():
    means = np.full(PEOPLE, 2.3)
    before, after = rounded(means, KEY), rounded(means + 0.05, KEY)
    assert set(np.unique(after - before)) == {0, 1}
    assert chance_of_share((after > before).sum(), PEOPLE, 0.05) > LEVEL
    one_changed = means.copy()
    one_changed[77] += 5.0
    assert np.array_equal(np.flatnonzero(rounded(one_changed, KEY) != before), [77])


def test_rounding_follows_the_ids_and_the_shape():
    means = np.full(12, 0.5)
    assert np.array_equal(rounded(means, KEY, np.arange(12)), rounded(means, KEY))
    assert np.array_equal(rounded(means.reshape(4, 3), KEY), rounded(means, KEY).reshape(4, 3))
    order = np.arange(12)[::-1]
    assert np.array_equal(rounded(means, KEY, order), rounded(means, KEY)[::-1])
