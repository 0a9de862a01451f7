"""Keyed random numbers: every draw is a hash of (seed, decision, month, person), so no stream exists and no order
matters.

A key of 64 bits is made once for (seed, decision, month); inside a kernel `uniform(key, person)` scrambles key and
person with the finaliser of SplitMix64 (Steele, Lea, Flood 2014, OOPSLA). Choices are drawn as races (exponential
race = Gumbel-max): option j with weight w finishes at time -ln(U_ij) / w, so that when one weight changes only those
who move to or from that option change their pick. Unweighted slots are picked by consistent hashing, so that one slot
more moves 1 in v people, and only into it.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from labsim.compiled import inline, kernel
from labsim.rows import BLOCK, add_marked, least_of, mark_below, where_equal

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_OPTION = np.uint64(0xD6E8FEB86659FD93)
_S11, _S27, _S30, _S31 = (np.uint64(n) for n in (11, 27, 30, 31))
_S32, _LOW_32 = np.uint64(32), np.uint64(0xFFFFFFFF)
_TWO_32 = 2.0**32
_T0, _T1, _T2, _T4, _T8, _T11, _T15, _T16, _T17 = (np.uint32(n) for n in (0, 1, 2, 4, 8, 11, 15, 16, 17))
_WIDE_1, _WIDE_2 = np.uint32(0x7FEB352D), np.uint32(0x846CA68B)
_WIDE_3, _WIDE_4 = np.uint32(0xED5AD4BB), np.uint32(0xAC4C1B51)
# Draws of slots, and of places in a power of two, are numbered apart.
_SLOTS, _LEVELS = np.uint32(5_000_000), np.uint32(6_000_000)
_FOR_ALL = 3  # further draws of slots that are taken for all
_UNIT_8 = 1.0 / 256.0
_UNIT = 1.0 / 9007199254740992.0  # 2 ** -53


@inline
def scramble(key: np.uint64, person: int) -> np.uint64:
    """Return 64 random bits for a key and a person."""
    x = key + np.uint64(person) * _GOLDEN
    x = (x ^ (x >> _S30)) * _MIX_1
    x = (x ^ (x >> _S27)) * _MIX_2
    return x ^ (x >> _S31)


@inline
def uniform(key: np.uint64, person: int) -> float:
    """Return a number in (0, 1) for a key and a person."""
    return (float(scramble(key, person) >> _S11) + 0.5) * _UNIT


@inline
def gated(head: int, key: np.uint64, person: int) -> float:
    """Return a number in (0, 1) whose first eight bits are the head, a person's byte at the gate."""
    return (head + uniform(key, person)) * _UNIT_8


@inline
def uniform_of(bits: np.uint64, option: int) -> float:
    """Return a number in (0, 1) for a person's bits (from `scramble`) and an option."""
    x = bits + np.uint64(option) * _OPTION
    x = (x ^ (x >> _S30)) * _MIX_1
    x = (x ^ (x >> _S27)) * _MIX_2
    return (float((x ^ (x >> _S31)) >> _S11) + 0.5) * _UNIT


@inline
def race(bits: np.uint64, weights: np.ndarray, first_option: int) -> int:
    """Return the winning option of a race with these weights, shape `(n_options,)`, or -1 if all are zero.

    Option j is known to the draw as `first_option + j`. Since -ln(u) >= x + x^2 / 2 with x = 1 - u, most options are
    ruled out without a logarithm.
    """
    best = -1
    best_time = np.inf
    for j in range(weights.shape[0]):
        w = weights[j]
        if w > 0.0:
            u = uniform_of(bits, first_option + j)
            x = 1.0 - u
            if x * (1.0 + 0.5 * x) < best_time * w:
                time = -math.log(u) / w
                if time < best_time:
                    best_time = time
                    best = j
    return best


class Shared(NamedTuple):
    """What `pick_all` needs to choose among options, a row a kind of choice: see `shared_proposals`."""

    accept: np.ndarray  # (n_kinds, n_options) chance that a proposal passes, in 2^-32
    over: np.ndarray  # (n_kinds,) share of picks that are raced for by what exceeds the bound, in 2^-32
    excess: np.ndarray  # (n_kinds, n_options) the weights of that race


@inline
def pick_all(
    bits: np.ndarray,
    slots: np.ndarray,
    choosers: np.ndarray,
    shared: Shared,
    kinds: np.ndarray,
    first_option: int,
    picks: np.ndarray,
) -> None:
    """Write an option for each person, shape `(n_people,)`, by shared proposals: the first that passes.

    Proposals are the options of a chooser's slots drawn at random, shape `(n_choosers, n_slots)`, the same in every
    scenario. Scenarios whose weights differ a little pick differently as rarely as in a race, for a few hashes whatever
    the number of options (Daliri, Musco, Suresh 2025, "Coupling without communication"). Some option must have a
    weight. All make their first proposal, then those whose proposal did not pass their second: a processor cannot
    foresee who passes, and so need not wait to know.
    """
    accept, over, excess = shared
    n_slots, start = np.uint64(slots.shape[1]), np.uint64(first_option) * _OPTION
    proposal, pending, left = np.empty_like(bits), np.empty(bits.shape[0], np.int64), 0
    for k in range(bits.shape[0]):
        proposal[k] = bits[k] + start
        kind, pending[left] = kinds[k], k
        if over[kind] > 0 and (scramble(proposal[k], 0) >> _S32) < over[kind]:
            picks[k] = race(bits[k], excess[kind], first_option + 500_000)
        else:
            left += 1
    while left > 0:
        n, left = left, 0
        for q in range(n):
            k = pending[q]
            proposal[k] += _OPTION
            h = scramble(proposal[k], 0)
            option = slots[choosers[k], ((h >> _S32) * n_slots) >> _S32]
            picks[k], pending[left] = option, k
            left += (h & _LOW_32) >= accept[kinds[k], option]


@inline
def in_32_bits(chance: float) -> np.uint32:
    """Return a chance in 2^-32, one above 1 as 1."""
    return np.uint32(min(chance * _TWO_32, _TWO_32 - 1.0))


def shared_proposals(weights: np.ndarray, base: np.ndarray, bound: float) -> Shared:
    """Return the chances with which proposals pass, for weights over the last axis and the shares of the options among
    the proposals, shape `(n_kinds, n_options)`.

    A proposal of option j passes with p_j / (bound x base_j), at most 1; where p_j is above bound x base_j, the excess
    is given out first, by a race. The bound does not depend on the weights: a greatest weight that changes would
    otherwise change the chances of all.
    """
    n_options = weights.shape[-1]
    rows = np.ascontiguousarray(weights, dtype=np.float64).reshape(-1, n_options)
    accept, excess = np.empty(rows.shape, dtype=np.uint32), np.empty(rows.shape)
    return Shared(accept, _share_out(rows, base, bound, accept, excess), excess)


@kernel
def _share_out(
    weights: np.ndarray, base: np.ndarray, bound: float, accept: np.ndarray, excess: np.ndarray
) -> np.ndarray:
    """Fill in what `shared_proposals` returns, row by row; return `over`."""
    over = np.zeros(weights.shape[0], dtype=np.uint32)
    for k in range(weights.shape[0]):
        total, left = 0.0, 0.0
        for j in range(weights.shape[1]):
            total += weights[k, j]
        for j in range(weights.shape[1]):
            share, most = (weights[k, j] / total if total > 0.0 else 0.0), bound * base[k, j]
            passes = min(1.0, share / most) if most > 0.0 else 0.0
            accept[k, j] = in_32_bits(passes)
            excess[k, j] = max(0.0, share - most)
            left += excess[k, j]
        over[k] = in_32_bits(left)
    return over


def slots_of(base: np.ndarray, n_slots: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return (slots, shares): options in slots for each kind of chooser, and each option's share of the slots.

    `base`, shape `(n_kinds, n_options)`, is about how often each option is picked; every option above zero has a slot.
    Shapes `(n_kinds, n_slots)` and `(n_kinds, n_options)`; 8 slots an option, at least 64, unless `n_slots` is given.
    """
    n_kinds, n_options = base.shape
    n_slots = n_slots or max(64, 8 * n_options)
    open_ = base > 0
    share = base / np.maximum(base.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    numbers = open_ + np.floor(share * (n_slots - open_.sum(axis=1, keepdims=True))).astype(np.int64) * open_
    numbers[np.arange(n_kinds), np.argmax(base, axis=1)] += n_slots - numbers.sum(axis=1)
    slots = np.repeat(np.tile(np.arange(n_options, dtype=np.int16), n_kinds), numbers.ravel())
    return slots.reshape(n_kinds, n_slots), numbers / n_slots


@inline
def mix(low: np.uint32, high: np.uint32, number: np.uint32) -> np.uint32:
    """Return 32 random bits for 64 bits in two halves and a number; processors do eight of these at once."""
    x = np.uint32(number ^ low)
    x = np.uint32(np.uint32(x ^ np.uint32(x >> _T16)) * _WIDE_1)
    x = np.uint32(np.uint32(x ^ np.uint32(x >> _T15)) * _WIDE_2)
    x = np.uint32(np.uint32(x ^ np.uint32(x >> _T16)) + high)
    x = np.uint32(np.uint32(x ^ np.uint32(x >> _T17)) * _WIDE_3)
    x = np.uint32(np.uint32(x ^ np.uint32(x >> _T11)) * _WIDE_4)
    return np.uint32(x ^ np.uint32(x >> _T15))


@inline
def _power_below(number: np.uint32) -> np.uint32:
    """Return the greatest power of two up to a number above 0: without a branch."""
    filled = np.uint32(number | np.uint32(number >> _T1))
    filled = np.uint32(filled | np.uint32(filled >> _T2))
    filled = np.uint32(filled | np.uint32(filled >> _T4))
    filled = np.uint32(filled | np.uint32(filled >> _T8))
    filled = np.uint32(filled | np.uint32(filled >> _T16))
    return np.uint32(filled - np.uint32(filled >> _T1))


@inline
def _in_level(low: np.uint32, high: np.uint32, level: np.uint32) -> np.uint32:
    """Return a place drawn anew among the `level` places that have as many binary digits as it, for a person's bits."""
    return np.uint32(level + np.uint32(mix(low, high, np.uint32(_LEVELS + level)) & np.uint32(level - _T1)))


@inline
def _slot_again(bits: np.uint64, tries: np.uint32, half: np.uint32, below: np.uint32) -> np.uint32:
    """Return the slot of another draw: any of the upper half, or the one below as it was."""
    drawn = mix(np.uint32(bits), np.uint32(bits >> _S32), tries)
    above = np.uint32(half + np.uint32(drawn & np.uint32(half - _T1)))
    return above if np.uint32(drawn & half) > _T0 else below


@inline
def pick_slots(bits: np.ndarray, n_slots: np.ndarray, slots: np.ndarray) -> None:
    """Write one of each person's `n_slots` equal slots; with one slot more only 1 in n_slots + 1 people change theirs.

    Slots are drawn from the next power of two. A draw from its lower half counts as one of that power, whatever the
    number of slots is; one from the upper half counts if there is such a slot, else another is drawn (the order of
    "BinomialHash", Coluzzi, Brocco, Antonucci, Leidi 2024). The lowest bits of `bits` are the first draw. A processor
    cannot foresee whose draw counts: the first few are taken for all, several at a time, whether they are needed or
    not, then others for those few for whom none counts. Slots are numbers of 32 bits, `bits` of 64.
    """
    rows, left, tries = np.empty(bits.shape[0], np.int64), 0, _SLOTS
    halves, belows = np.empty(bits.shape[0], np.uint32), np.empty(bits.shape[0], np.uint32)
    for k in range(bits.shape[0]):
        low, high, n = np.uint32(bits[k]), np.uint32(bits[k] >> _S32), np.uint32(n_slots[k])
        half = _power_below(np.uint32(n - _T1) if n > _T2 else _T1)
        place = np.uint32(low & np.uint32(half - _T1))
        below = _in_level(low, high, _power_below(np.uint32(place | _T1)))
        below = below if place > _T0 else _T0
        slots[k] = _in_level(low, high, half) if np.uint32(low & half) > _T0 else below
        halves[k], belows[k] = half, below
    for _round in range(_FOR_ALL):
        tries = np.uint32(tries + _T1)
        for k in range(bits.shape[0]):
            place = _slot_again(bits[k], tries, halves[k], belows[k])
            slots[k] = place if slots[k] >= n_slots[k] else slots[k]
    for k in range(bits.shape[0]):
        rows[left] = k
        left += slots[k] >= n_slots[k]
    while left > 0:
        n_left, left = left, 0
        tries = np.uint32(tries + _T1)
        for q in range(n_left):
            k = rows[q]
            place = _slot_again(bits[k], tries, halves[k], belows[k])
            slots[k], rows[left] = place, k
            left += place >= n_slots[k]


@inline
def normal(key: np.uint64, person: int) -> float:
    """Return a standard normal number for a key and a person (Box-Muller)."""
    bits = scramble(key, person)
    return math.sqrt(-2.0 * math.log(uniform_of(bits, 1))) * math.cos(2.0 * math.pi * uniform_of(bits, 2))


@inline
def round_to(mean: float, u: float) -> int:
    """Round a mean up or down by a number in (0, 1), so that the expectation is exact."""
    whole = math.floor(mean)
    return int(whole) + (1 if u < mean - whole else 0)


@lru_cache(maxsize=4096)
def _key_of_start(seed: int, decision: str) -> int:
    text = f"{seed}/{decision}/0".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


def key_of(seed: int, decision: str, month: int) -> np.uint64:
    """Return the key of 64 bits for a seed, the name of a decision and a month."""
    key, every = _key_of_start(seed, decision), 2**64 - 1
    if month:  # scrambled as in `scramble`
        key = (key + month * int(_GOLDEN)) & every
        key = ((key ^ (key >> 30)) * int(_MIX_1)) & every
        key = ((key ^ (key >> 27)) * int(_MIX_2)) & every
        key ^= key >> 31
    return np.uint64(key)


@kernel
def _write_uniforms(key: np.uint64, ids: np.ndarray, numbers: np.ndarray) -> None:
    for k in range(ids.shape[0]):
        numbers[k] = uniform(key, ids[k])


def uniforms(key: np.uint64, ids: np.ndarray) -> np.ndarray:
    """Return `uniform(key, id)` for an array of ids of any shape."""
    # one kind of number, so that one kernel serves all callers; compiled, since most arrays are short
    whole = np.ascontiguousarray(ids, dtype=np.int64)
    numbers = np.empty(whole.shape)
    _write_uniforms(key, whole.reshape(-1), numbers.reshape(-1))
    return numbers


@kernel
def _round_all(means: np.ndarray, key: np.uint64, ids: np.ndarray, counts: np.ndarray) -> None:
    for k in range(means.shape[0]):
        counts[k] = round_to(means[k], uniform(key, ids[k]))


def rounded(means: np.ndarray, key: np.uint64, ids: np.ndarray | None = None) -> np.ndarray:
    """Round means of any shape up or down by a uniform keyed to their place (or to `ids`), so that the expectation is
    exact.

    The same place has the same uniform in every scenario: a mean that moves by 0.01 changes one count in a hundred.
    """
    flat = np.ascontiguousarray(means, dtype=np.float64)
    places = np.arange(flat.size) if ids is None else np.ascontiguousarray(ids, dtype=np.int64)
    counts = np.empty(flat.shape, dtype=np.int64)
    _round_all(flat.reshape(-1), key, places.reshape(-1), counts.reshape(-1))
    return counts


@inline
def _head(low: np.uint32, high: np.uint32, person: int) -> np.uint8:
    """Return a person's byte at a gate: four people share a hash."""
    return np.uint8(mix(low, high, np.uint32(person >> 2)) >> np.uint32(8 * (person & 3)))


@kernel
def _write_heads(low: np.uint32, high: np.uint32, people: np.ndarray, heads: np.ndarray) -> None:
    for k in range(people.shape[0]):
        heads[k] = _head(low, high, people[k])


@kernel
def _pass_gate(
    low: np.uint32,
    high: np.uint32,
    n_people: int,
    kind: np.ndarray,
    limits: np.ndarray,
    least: int,
    rows: np.ndarray,
    heads: np.ndarray,
) -> int:
    """Write who has a byte below the limit of their kind, with the byte; `least` is the least limit.

    The bytes are a hash of 32 bits (two rounds of the lowbias32 finaliser of Wellons, 2018), because processors do
    eight of them at once; every number that a decision turns on is drawn with 64 bits after the gate.
    """
    n, last_open = 0, 0
    for k in range(limits.shape[0]):
        last_open = k if limits[k] > 0 else last_open
    words, answers = np.empty(BLOCK // 4, np.uint32), np.empty(BLOCK, np.uint8)
    block = words.view(np.uint8)
    for first in range(0, n_people, BLOCK):
        size, start = min(BLOCK, n_people - first), np.uint32(first >> 2)
        if least == 0 and least_of(kind[first : first + size]) > last_open:
            continue  # children stand together, and people who have not come
        for j in range((size + 3) >> 2):
            words[j] = mix(low, high, np.uint32(start + np.uint32(j)))
        head, answer = block[:size], answers[:size]
        mark_below(head, least, answer)
        for k in range(limits.shape[0]):
            if limits[k] > least:
                wanted, most, of_kind = np.uint8(k), np.uint8(limits[k] - 1), kind[first : first + size]
                for i in range(size):
                    answer[i] |= np.uint8((of_kind[i] == wanted) & (head[i] <= most))
        last = add_marked(answer, first, rows, n)
        for k in range(n, last):
            heads[k] = head[rows[k] - first]
        n = last
    return n


def limit_of(most: float) -> int:
    """Return the least limit on a byte that lets through at least a share of people."""
    return min(256, math.floor(256.0 * max(0.0, most)) + 1)


NO_KINDS = np.zeros(0, dtype=np.uint8)


@dataclass(frozen=True)
class DrawsOfMonth:
    """The random numbers of one month: one key a decision."""

    seed: int
    month: int

    def _halves(self, decision: str) -> tuple[np.uint32, np.uint32]:
        key = int(self.key(f"gate of {decision}"))
        return np.uint32(key & 0xFFFFFFFF), np.uint32(key >> 32)

    def _pass(
        self, decision: str, n_people: int, kind: np.ndarray, limits: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        if limits.max() <= 0:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint8)
        if kind.size and ((limits <= 0) | (limits > 255)).all():  # the bytes shut nobody out
            rows = where_equal(kind, *np.flatnonzero(limits > 0))
            return rows, self.heads(decision, rows)
        rows, heads = np.empty(n_people + 1, dtype=np.int64), np.empty(n_people + 1, dtype=np.uint8)
        n = _pass_gate(*self._halves(decision), n_people, kind, limits, int(limits.min()), rows, heads)
        return rows[:n], heads[:n]

    def gate(self, decision: str, most: float, n_people: int) -> tuple[np.ndarray, np.ndarray]:
        """Return (rows, heads): the people who may decide at all when nobody's chance exceeds `most`, in order, and the
        byte of each.

        For decisions that are rare for most people: a gate lets few through before anything else is read. The decision
        itself is `gated(head, key, i) < p`: the byte is the head of the number and the key gives the rest, so that the
        answer does not depend on `most`.
        """
        return self._pass(decision, n_people, NO_KINDS, np.array([limit_of(most)]))

    def gate_by(self, decision: str, most: np.ndarray, kind: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return (rows, heads) where the greatest chance depends on a kind of people, shape `(n_kinds,)`.

        A kind without a chance may not decide.
        """
        limits = np.array([limit_of(chance) if chance > 0.0 else 0 for chance in most])
        return self._pass(decision, len(kind), kind, limits)

    def heads(self, decision: str, people: np.ndarray) -> np.ndarray:
        """Return the bytes at the gate of a decision of some people, shape `(n_people,)`."""
        heads = np.empty(len(people), dtype=np.uint8)
        _write_heads(*self._halves(decision), people.astype(np.int64, copy=False), heads)
        return heads

    def key(self, decision: str) -> np.uint64:
        """Return the key of a decision in this month."""
        return key_of(self.seed, decision, self.month)

    def key_of_year(self, decision: str, year: int) -> np.uint64:
        """Return the key of a decision that is taken once a year."""
        return key_of(self.seed, decision, -year)

    def lasting_key(self, decision: str) -> np.uint64:
        """Return the key of a lasting trait, the same in every month."""
        return key_of(self.seed, decision, -1)


@dataclass(frozen=True)
class Draws:
    """All the random numbers of a run, in no order."""

    seed: int

    def at(self, month: int) -> DrawsOfMonth:
        """Return the draws of a month (0 is the starting population)."""
        return DrawsOfMonth(self.seed, month)
