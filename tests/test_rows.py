"""Rows of a column that hold what is asked for: those of a mask, whatever the length and however many they are."""

from __future__ import annotations

import numpy as np
import pytest

from labsim.rows import (
    BLOCK,
    LAST,
    mark_kinds_below,
    where,
    where_below,
    where_between,
    where_equal,
    where_kind_below,
)

pytestmark = pytest.mark.tiny
LENGTHS = (0, 1, 7, 63, 64, 65, 130, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 77)


def bytes_of(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, n).astype(np.uint8)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 1.0])
@pytest.mark.parametrize("n", LENGTHS)
def test_rows_of_a_mask(n, share):
    mask = np.random.default_rng(n + 1).random(n) < share
    assert np.array_equal(where(mask), np.flatnonzero(mask))


@pytest.mark.parametrize("n", LENGTHS)
def test_rows_by_code_and_by_limit(n):
    heads, codes = bytes_of(n, 1), bytes_of(n, 2) % 5
    assert np.array_equal(where_equal(codes, 3), np.flatnonzero(codes == 3))
    assert np.array_equal(where_equal(codes, 0, 4), np.flatnonzero((codes == 0) | (codes == 4)))
    for limit in (0, 1, 9, 255):
        assert np.array_equal(where_below(heads, limit), np.flatnonzero(heads < limit))
    for limit in (1, 9, 256):
        assert np.array_equal(where_kind_below(heads, limit, codes, 2), np.flatnonzero((codes == 2) & (heads < limit)))


@pytest.mark.parametrize("limits", [(0, 0, 0, 0, 0), (3, 9, 0, 256, 1), (7, 7, 7, 7, 7), (256, 256, 256, 256, 256)])
@pytest.mark.parametrize("n", LENGTHS)
def test_every_kind_has_its_own_limit(n, limits):
    heads, kind, of_kind = bytes_of(n, 1), bytes_of(n, 2) % 5, np.array(limits)
    assert np.array_equal(mark_kinds_below(heads, of_kind, kind), heads < of_kind[kind])


@pytest.mark.parametrize("n", LENGTHS)
def test_rows_between_two_numbers(n):
    values = np.random.default_rng(n).integers(-LAST - 1, LAST, n).astype(np.int16)
    for low, high in ((0, LAST), (-20_000, -10_000), (5, 4), (-70_000, 70_000)):
        assert np.array_equal(where_between(values, low, high), np.flatnonzero((values >= low) & (values <= high)))
