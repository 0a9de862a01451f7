"""Find the rows of a column that hold what is asked for, quicker than by a mask where few do.

Processors compare dozens of short numbers at once and are slow where they cannot foresee a branch: a block of answers
is written first, and those of 64 rows become the bits of one number, whose ones are then met one by one.
"""

from __future__ import annotations

import numpy as np

from labsim.compiled import inline, kernel

LAST = 32767  # the greatest number of 16 bits
BLOCK = 4096  # rows whose answers and draws stay next to the processor; no memory is asked for a country's
_S56, _S58, _ONE = (np.uint64(n) for n in (56, 58, 1))
_GATHER = np.uint64(0x0102040810204080)  # moves the lowest bits of eight bytes to the highest byte
# A number whose six highest bits differ for each shift by 0 to 63 tells which bit is set (de Bruijn 1946).
_DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
_PLACE_OF_BIT = np.zeros(64, dtype=np.int64)
_PLACE_OF_BIT[[((int(_DE_BRUIJN) << n) & (2**64 - 1)) >> 58 for n in range(64)]] = np.arange(64)


@inline
def add_marked(answers: np.ndarray, first: int, rows: np.ndarray, n: int) -> int:
    """Add to n rows those with an answer of 1, counted from `first`; answers are bytes of 0 or 1."""
    whole = answers.shape[0] // 64
    eights = answers[: 64 * whole].view(np.uint64)
    for k in range(whole):
        bits = np.uint64(0)
        for j in range(8):
            bits |= ((eights[8 * k + j] * _GATHER) >> _S56) << np.uint64(8 * j)
        while bits != 0:
            lowest = bits & (~bits + _ONE)
            rows[n] = first + 64 * k + _PLACE_OF_BIT[(lowest * _DE_BRUIJN) >> _S58]
            n += 1
            bits &= bits - _ONE
    for i in range(64 * whole, answers.shape[0]):
        rows[n] = first + i
        n += int(answers[i])
    return n


@inline
def least_of(codes: np.ndarray) -> np.uint8:
    """Return the least of some bytes."""
    least = np.uint8(255)
    for code in codes:
        least = min(least, code)
    return least


@inline
def mark_below(heads: np.ndarray, limit: int, answers: np.ndarray) -> None:
    """Write 1 where a byte is below a limit of 0 to 256, else 0."""
    if limit > 255:
        answers[:] = np.uint8(1)
        return
    least = np.uint8(limit)
    for i in range(heads.shape[0]):
        answers[i] = np.uint8(heads[i] < least)


@inline
def _mark_between(values: np.ndarray, low: np.int16, high: np.int16, answers: np.ndarray) -> None:
    for i in range(values.shape[0]):
        answers[i] = np.uint8((values[i] >= low) & (values[i] <= high))


@inline
def mark_equal(codes: np.ndarray, code: int, answers: np.ndarray) -> None:
    """Write 1 where a byte is the code, else 0."""
    wanted = np.uint8(code)
    for i in range(codes.shape[0]):
        answers[i] = np.uint8(codes[i] == wanted)


@kernel
def _rows_equal(codes: np.ndarray, wanted: np.ndarray, rows: np.ndarray) -> int:
    n, answers = 0, np.empty(BLOCK, np.uint8)
    for first in range(0, codes.shape[0], BLOCK):
        here = codes[first : first + BLOCK]
        mark_equal(here, wanted[0], answers)
        for code in wanted[1:]:
            for i in range(here.shape[0]):
                answers[i] |= np.uint8(here[i] == code)
        n = add_marked(answers[: here.shape[0]], first, rows, n)
    return n


@kernel
def _rows_between(values: np.ndarray, low: int, high: int, rows: np.ndarray) -> int:
    n, answers = 0, np.empty(BLOCK, np.uint8)
    least, most = np.int16(low), np.int16(high)
    for first in range(0, values.shape[0], BLOCK):
        here = values[first : first + BLOCK]
        _mark_between(here, least, most, answers)
        n = add_marked(answers[: here.shape[0]], first, rows, n)
    return n


def where_equal(codes: np.ndarray, *wanted: int) -> np.ndarray:
    """Return the rows of a column of bytes that hold one of some codes, in order."""
    rows = np.empty(len(codes) + 1, dtype=np.int64)
    found: np.ndarray = rows[: _rows_equal(codes, np.array(wanted, dtype=np.uint8), rows)]
    return found


def where_between(values: np.ndarray, low: int, high: int) -> np.ndarray:
    """Return the rows of a column of 16-bit numbers from `low` to `high`, both included, in order."""
    rows = np.empty(len(values) + 1, dtype=np.int64)
    found: np.ndarray = rows[: _rows_between(values, max(low, -LAST - 1), min(high, LAST), rows)]
    return found
