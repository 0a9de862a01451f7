"""Designs: what they promise of their points, whatever the seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labsim.experiment.designs import Axis, factorial, latin_hypercube, points_of, sobol

AXES = [Axis("a", 0, 1), Axis("b", 10, 20)]


def test_a_factorial_has_every_combination_once_and_the_last_axis_varies_fastest() -> None:
    axes = [Axis("a", levels=(1, 2)), Axis("b", levels=("x", "y", "z"))]
    assert factorial(axes) == [(1, "x"), (1, "y"), (1, "z"), (2, "x"), (2, "y"), (2, "z")]


@pytest.mark.parametrize("n", [1, 7, 30])
def test_a_latin_hypercube_has_one_point_in_every_slice_of_each_axis(n: int) -> None:
    points = np.array(latin_hypercube(AXES, n, seed=3))
    slices = np.floor((points - [0, 10]) / [1, 10] * n).astype(int)
    for axis in range(2):
        assert sorted(slices[:, axis]) == list(range(n))


def test_a_sobol_sequence_is_balanced_in_every_quarter() -> None:
    points = np.array(sobol(AXES, 64, seed=1))
    quarters = np.floor((points - [0, 10]) / [1, 10] * 4).astype(int)
    _cells, counts = np.unique(quarters, axis=0, return_counts=True)
    assert counts.tolist() == [4] * 16


def test_more_points_of_a_sobol_sequence_keep_the_first() -> None:
    assert sobol(AXES, 100, seed=1)[:20] == sobol(AXES, 20, seed=1)


@pytest.mark.parametrize("design", ["latin_hypercube", "sobol"])
def test_points_are_decided_by_the_seed(design: str) -> None:
    assert points_of(design, AXES, 8, 1) == points_of(design, AXES, 8, 1)
    assert points_of(design, AXES, 8, 1) != points_of(design, AXES, 8, 2)


def test_nothing_to_vary_is_one_point() -> None:
    assert points_of("factorial", [], 64, 1) == [()]


def test_equal_ratios_are_equally_likely_on_a_logarithmic_axis() -> None:
    assert [Axis("a", 1, 100, logarithmic=True).at(share) for share in (0, 0.5, 1)] == pytest.approx([1, 10, 100])


def test_whole_numbers_are_equally_likely_and_the_ends_are_among_them() -> None:
    axis = Axis("a", 1, 4, whole=True)
    found = [axis.at((i + 0.5) / 400) for i in range(400)]
    assert {value: found.count(value) for value in found} == {1: 100, 2: 100, 3: 100, 4: 100}
    assert axis.at(1.0) == 4


@given(
    low=st.floats(0.1, 1000), span=st.floats(1, 1000), share=st.floats(0, 1), whole=st.booleans(), log=st.booleans()
)
def test_no_point_leaves_its_range(low: float, span: float, share: float, whole: bool, log: bool) -> None:
    value = Axis("a", low, low + span, whole=whole, logarithmic=log).at(share)
    assert low * (1 - 1e-12) <= value <= (low + span) * (1 + 1e-12)
    assert not whole or value == round(value)


def test_labels_are_those_of_the_levels() -> None:
    axis = Axis("a", levels=({2024: 1.0}, {2024: 2.0}), labels=("x1", "x2"))
    assert [axis.label({2024: 2.0}), axis.label(0.123456)] == ["x2", "0.1235"]
