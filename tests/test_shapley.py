"""Shapley values and interactions on games whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from labsim.experiment.shapley import alone, interactions, last, shapley_values


def game(n, worth):
    """Return the worth of every coalition of n players, given a function of the set of players."""
    return np.array([worth({i for i in range(n) if number >> i & 1}) for number in range(1 << n)], dtype=float)


def test_the_owner_of_the_scarce_glove_gets_two_thirds():
    """One left glove, two right ones; a pair is worth 1 (Shapley and Shubik 1969)."""
    gloves = game(3, lambda players: float(0 in players and len(players) > 1))
    assert shapley_values(gloves) == pytest.approx([2 / 3, 1 / 6, 1 / 6], abs=1e-15)


def test_values_of_any_game_add_up_for_every_replicate():
    worths = np.random.default_rng(1).normal(size=(7, 32)) * 1e6
    shares = shapley_values(worths)
    assert shares.shape == (7, 5)
    np.testing.assert_allclose(shares.sum(axis=1), worths[:, -1] - worths[:, 0], rtol=1e-12)


def test_players_alike_get_the_same_and_one_who_adds_nothing_gets_nothing():
    worths = game(4, lambda players: len(players - {3}) ** 2)
    values = shapley_values(worths)
    assert values[:3] == pytest.approx([3.0, 3.0, 3.0], abs=1e-14)
    assert values[3] == 0.0
    assert alone(worths)[3] == last(worths)[3] == 0.0
    pairs = interactions(worths)
    assert all(pairs[one, 3] == 0.0 for one in range(3))
    assert pairs[0, 1] == pairs[0, 2] == pairs[1, 2] == pytest.approx(2.0)


def test_what_is_only_there_together_is_an_interaction():
    """Worth a + b + 6 ab + 9 abc: pairs share the triple's dividend as the index of 1999 says, 9 / 2 each."""
    weights = {0: 1.0, 1: 2.0}

    def worth(players):
        found = sum(weights.get(one, 0.0) for one in players)
        return found + 6.0 * ({0, 1} <= players) + 9.0 * ({0, 1, 2} <= players)

    worths = game(3, worth)
    assert shapley_values(worths) == pytest.approx([1 + 3 + 3, 2 + 3 + 3, 3])
    assert alone(worths).tolist() == [1.0, 2.0, 0.0]
    assert last(worths).tolist() == [16.0, 17.0, 9.0]
    pairs = interactions(worths)
    assert pairs[0, 1] == pytest.approx(6 + 4.5)
    assert pairs[0, 2] == pairs[1, 2] == pytest.approx(4.5)


def test_a_number_of_coalitions_that_is_no_power_of_two_is_refused():
    with pytest.raises(ValueError, match="given 6 coalitions"):
        shapley_values(np.zeros(6))
