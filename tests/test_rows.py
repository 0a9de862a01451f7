"""Rows of a column that hold what is asked for: those of a mask, whatever the length and however many they are."""

from __future__ import annotations

import numpy as np
import pytest

from labsim.draws import Draws, limit_of
from labsim.rows import BLOCK, LAST, where_between, where_equal

pytestmark = pytest.mark.tiny
LENGTHS = (0, 1, 7, 63, 64, 65, 130, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 77)


def bytes_of(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, n).astype(np.uint8)


@pytest.mark.parametrize("n", LENGTHS)
def test_rows_by_code(n):
    codes = bytes_of(n, 2) % 5
    assert np.array_equal(where_equal(codes, 3), np.flatnonzero(codes == 3))
    assert np.array_equal(where_equal(codes, 0, 4), np.flatnonzero((codes == 0) | (codes == 4)))
    for share in (1, 40):  # most rows, few rows
        few = (bytes_of(n, 3) % share == 0).astype(np.uint8)
        assert np.array_equal(where_equal(few, 1), np.flatnonzero(few))


CHANCES_BY_KIND = [(0.0, 0.0, 0.0), (0.01, 0.03, 0.0), (0.02, 0.02, 0.02), (0.0, 1.0, 0.3), (0.0, 1.0, 1.0)]


@pytest.mark.parametrize("most", CHANCES_BY_KIND)
@pytest.mark.parametrize("n", LENGTHS)
def test_every_kind_passes_a_gate_of_its_own(n, most):
    kinds, draws = bytes_of(n, 2) % 3, Draws(5).at(7)
    of_all = draws.heads("search", np.arange(n))
    limits = np.array([limit_of(chance) if chance > 0.0 else 0 for chance in most])
    rows, heads = draws.gate_by("search", np.array(most), kinds)
    assert np.array_equal(rows, np.flatnonzero(of_all < limits[kinds]))
    assert np.array_equal(heads, of_all[rows])


@pytest.mark.parametrize("n", LENGTHS)
def test_rows_between_two_numbers(n):
    values = np.random.default_rng(n).integers(-LAST - 1, LAST, n).astype(np.int16)
    for low, high in ((0, LAST), (-20_000, -10_000), (5, 4), (-70_000, 70_000)):
        assert np.array_equal(where_between(values, low, high), np.flatnonzero((values >= low) & (values <= high)))
