"""The vacancies of the month by market (district x field x tier), and the picks of a market and of one of them.

A market's employers stand in blocks of neighbouring rows. A searcher picks a block by its vacancies, then a vacancy in
it. Both picks are keyed to what is picked, not to its place in a list, so that a vacancy more or less moves only those
who go to it or came from it.
"""

from __future__ import annotations

import math

import numpy as np

from labsim.applications import Nests, VacancyLists
from labsim.compiled import inline, kernel
from labsim.draws import in_32_bits, mix, pick_all, pick_slots, race, scramble, uniform_of
from labsim.rows import BLOCK as AT_ONCE
from labsim.world import EnterpriseArrays

# Options of the nested picks are numbered apart, so that their numbers never coincide.
DISTRICTS, FIELDS, TIERS, BLOCKS, EMPLOYERS = 0, 1_000_000, 2_000_000, 3_000_000, 1_000_000_000
BLOCK = 128  # employers' rows in a block
BOUND = 4.0  # proposals of blocks that a pick takes on average
_S32, _LOW_32 = np.uint64(32), np.uint64(0xFFFFFFFF)
MANY = 256  # with more vacancies than this in a block, employers are picked before vacancies


@inline
def _count(
    e: EnterpriseArrays, n_groups: np.ndarray, span: np.ndarray, sums: np.ndarray, pay: np.ndarray
) -> np.ndarray:
    """Count the post groups with vacancies of each market, the rows between which its employers stand, its vacancies
    and what they offer; return those groups, row x n_tiers + tier each.
    """
    district, field, vacancies, wage_offer = e.district, e.field, e.vacancies, e.wage_offer
    n_tiers, n = vacancies.shape[1], 0
    groups = np.empty(vacancies.size + 1, np.int64)
    for r in range(district.shape[0]):
        d, f = district[r], field[r]
        span[d, f, 0] = min(span[d, f, 0], r)
        span[d, f, 1] = max(span[d, f, 1], r)
        for t in range(n_tiers):  # few have some, and a processor cannot foresee which
            groups[n] = r * n_tiers + t
            n += vacancies[r, t] > 0
    for g in groups[:n]:
        r, t = g // n_tiers, g % n_tiers
        d, f, v = district[r], field[r], vacancies[r, t]
        n_groups[d, f, t] += 1
        sums[d, f, t] += v
        pay[d, f, t] += v * wage_offer[r, t]
    return groups[:n]


@inline
def _fill(
    e: EnterpriseArrays,
    groups: np.ndarray,
    at: np.ndarray,
    span: np.ndarray,
    first_block: np.ndarray,
    n_of_block: np.ndarray,
    block_sum: np.ndarray,
    rows: np.ndarray,
    n_of_group: np.ndarray,
) -> None:
    """Write the groups in the order of their markets (a counting sort, so in row order within a market)."""
    district, field, vacancies = e.district, e.field, e.vacancies
    n_fields, n_tiers = at.shape[1], at.shape[2]
    for g in groups:
        r, t = g // n_tiers, g % n_tiers
        d, f, v = district[r], field[r], vacancies[r, t]
        rows[at[d, f, t]] = r
        n_of_group[at[d, f, t]] = v
        at[d, f, t] += 1
        b = first_block[(d * n_fields + f) * n_tiers + t] + r // BLOCK - span[d, f, 0] // BLOCK
        n_of_block[b] += 1
        block_sum[b] += v


@inline
def _write_codes(rows: np.ndarray, first_vacancy: np.ndarray, code: np.ndarray, group: np.ndarray) -> None:
    for g in range(rows.shape[0]):
        for v in range(first_vacancy[g], first_vacancy[g + 1]):
            code[v] = np.uint32(np.uint32(rows[g]) * np.uint32(MANY) + np.uint32(v - first_vacancy[g]))
            group[v] = g


@inline
def _shared_among_blocks(vacancies: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return accept, over and excess as `draws.Shared` has them, for runs of blocks, those of a run proposed alike."""
    accept, excess = np.zeros(vacancies.shape[0], dtype=np.uint32), np.zeros(vacancies.shape[0])
    over = np.zeros(starts.shape[0] - 1, dtype=np.uint32)
    for run in range(over.shape[0]):
        first, last = starts[run], starts[run + 1]
        total, left = 0.0, 0.0
        for b in range(first, last):
            total += vacancies[b]
        for b in range(first, last):
            part = vacancies[b] * (last - first) / total  # 1 where a block has as many as the mean
            excess[b] = max(0.0, part - BOUND) / (last - first)
            accept[b] = in_32_bits(part / BOUND)
            left += excess[b]
        over[run] = in_32_bits(left)
    return accept, over, excess


@inline
def _starts(counts: np.ndarray) -> np.ndarray:
    """Return where each run starts, and the end of the last, shape `(n + 1,)`."""
    starts = np.zeros(counts.size + 1, dtype=np.int64)
    for k in range(counts.size):
        starts[k + 1] = starts[k] + counts[k]
    return starts


@kernel
def list_vacancies(
    e: EnterpriseArrays, n_districts: int, n_fields: int
) -> tuple[VacancyLists, np.ndarray, np.ndarray, np.ndarray]:
    """Return the lists of the month, their tiers `(n_groups,)`, and the number of vacancies and the sum of their
    offers (VND per month) by market, shape `(n_districts, n_fields, n_tiers)`.
    """
    n_tiers = e.vacancies.shape[1]
    n_groups = np.zeros((n_districts, n_fields, n_tiers), np.int64)
    sums, pay = np.zeros((n_districts, n_fields, n_tiers)), np.zeros((n_districts, n_fields, n_tiers))
    span = np.zeros((n_districts, n_fields, 2), np.int64)
    span[:, :, 0] = e.district.shape[0]
    groups = _count(e, n_groups, span, sums, pay)
    of_market, n_blocks = n_groups.reshape(-1), np.zeros(n_groups.size, np.int64)
    first_of_market = _starts(of_market)
    tiers = np.empty(first_of_market[-1], np.int8)
    for m in range(of_market.shape[0]):
        if of_market[m] > 0:
            d, f = m // (n_fields * n_tiers), m // n_tiers % n_fields
            n_blocks[m] = span[d, f, 1] // BLOCK - span[d, f, 0] // BLOCK + 1
            tiers[first_of_market[m] : first_of_market[m + 1]] = m % n_tiers
    first_block = _starts(n_blocks)
    n_of_block, block_sum = np.zeros(first_block[-1], np.int64), np.zeros(first_block[-1])
    rows = np.zeros(first_of_market[-1], np.int32)
    n_of_group = np.zeros(rows.shape[0], np.int64)
    at = first_of_market[:-1].copy().reshape(n_groups.shape)
    _fill(e, groups, at, span, first_block, n_of_block, block_sum, rows, n_of_group)
    first_vacancy = _starts(n_of_group)
    code, group = np.zeros(first_vacancy[-1], np.uint32), np.zeros(first_vacancy[-1], np.int32)
    _write_codes(rows, first_vacancy, code, group)
    accept, over, excess = _shared_among_blocks(block_sum, first_block)
    first_group = _starts(n_of_block)
    lists = VacancyLists(first_block, first_group, accept, over, excess, rows, first_vacancy, code, group)
    return lists, tiers, sums, pay


@inline
def _pick_blocks(
    bits: np.ndarray, markets: np.ndarray, first_block: np.ndarray, accept: np.ndarray, over: np.ndarray,
    excess: np.ndarray, blocks: np.ndarray,
) -> None:  # fmt: skip
    """Write one of the blocks of each person's market by its vacancies, as `draws.pick_all`; all are proposed alike."""
    pending, left, tries = np.empty(bits.shape[0], np.int64), 0, BLOCKS
    for k in range(bits.shape[0]):
        market, pending[left] = markets[k], k
        first, last = first_block[market], first_block[market + 1]
        blocks[k] = first
        if over[market] > 0 and (scramble(bits[k], BLOCKS) >> _S32) < over[market]:
            blocks[k] = first + race(bits[k], excess[first:last], BLOCKS)
        else:
            left += last > first + 1
    while left > 0:
        n, left = left, 0
        tries += 1
        for q in range(n):
            k = pending[q]
            first, h = first_block[markets[k]], scramble(bits[k], tries)
            n_blocks = np.uint64(first_block[markets[k] + 1] - first)
            b = first + np.int64(((h >> _S32) * n_blocks) >> _S32)
            blocks[k], pending[left] = b, k
            left += (h & _LOW_32) >= accept[b]


@inline
def _among_few(bits: np.uint64, code: np.ndarray, first: int, last: int) -> int:
    """Return one of the vacancies from first to last: the one with the highest number of 32 bits."""
    low, high = np.uint32(bits & _LOW_32), np.uint32(bits >> _S32)
    best = np.int64(-1)
    for k in range(last - first):
        best = max(best, (np.int64(mix(low, high, code[first + k])) << np.int64(16)) | np.int64(k))
    return first + int(best & np.int64(0xFFFF))


@inline
def _group_among(bits: np.uint64, rows: np.ndarray, first_vacancy: np.ndarray, first: int, last: int) -> int:
    """Return one of the groups from first to last by their vacancies: a race."""
    best, best_time = first, np.inf
    for g in range(first, last):
        v = first_vacancy[g + 1] - first_vacancy[g]
        u = uniform_of(bits, EMPLOYERS + rows[g])
        x = 1.0 - u
        if x * (1.0 + 0.5 * x) < best_time * v:
            time = -math.log(u) / v
            if time < best_time:
                best, best_time = g, time
    return int(best)


@kernel
def pick_vacancies(
    lists: VacancyLists,
    markets: np.ndarray,
    people: np.ndarray,
    key: np.uint64,
    choices: np.ndarray,
    groups: np.ndarray,
) -> None:
    """Write one of the vacancies of each person's market, each with the same chance, and its post group; the markets
    have some.
    """
    # unpacked here: an array taken out of a tuple in the loop costs a count of references
    first_block, first_group, accept, over, excess, rows, first_vacancy, code, group = lists
    of_block = first_vacancy[first_group]  # where the vacancies of each block begin
    size = min(AT_ONCE, markets.shape[0])
    bits, blocks, n_slots = np.empty(size, np.uint64), np.zeros(size, np.int64), np.empty(size, np.uint32)
    many, some, places = np.empty(size, np.int64), np.empty(size, np.uint64), np.empty(size, np.uint32)
    for begin in range(0, markets.shape[0], AT_ONCE):
        who, chosen, n_many = people[begin : begin + AT_ONCE], choices[begin : begin + AT_ONCE], 0
        for s in range(who.shape[0]):
            bits[s] = scramble(key, who[s])
        if accept.shape[0] > 1:  # else there is one block, the first
            of_people = markets[begin : begin + AT_ONCE]
            _pick_blocks(bits[: who.shape[0]], of_people, first_block, accept, over, excess, blocks)
        for s in range(who.shape[0]):
            b = blocks[s]
            start, stop = of_block[b], of_block[b + 1]
            if stop - start > MANY:
                if first_group[b + 1] > first_group[b] + 1:
                    g = _group_among(bits[s], rows, first_vacancy, first_group[b], first_group[b + 1])
                    start, stop = first_vacancy[g], first_vacancy[g + 1]
                many[n_many], some[n_many], n_slots[n_many] = s, bits[s], np.uint32(stop - start)
                n_many += 1
            elif stop - start > 1:
                start = _among_few(scramble(bits[s], 1), code, start, stop)
            chosen[s] = start
        pick_slots(some[:n_many], n_slots[:n_many], places)
        for k in range(n_many):
            chosen[many[k]] += places[k]
        for s in range(who.shape[0]):
            groups[begin + s] = group[chosen[s]]


@inline
def _in_cells(
    first: np.ndarray, second: np.ndarray, n_second: int, third: np.ndarray, n_third: int, cells: np.ndarray
) -> None:
    """Write the place of three codes each in a table of three dimensions."""
    for k in range(cells.shape[0]):
        cells[k] = (first[k] * n_second + second[k]) * n_third + third[k]


@kernel
def pick_markets(
    homes: np.ndarray,
    mines: np.ndarray,
    levels: np.ndarray,
    tier_of_level: np.ndarray,
    nests: Nests,
    key: np.uint64,
    people: np.ndarray,
    markets: np.ndarray,
) -> int:
    """Write who applies and in which market to the heads of `people` and `markets`; return how many apply."""
    # unpacked here: an array taken out of a tuple in the loop costs a count of references
    any_, district_slots, districts, field_slots, fields, tier_slots, tiers = nests
    n_tiers, n_fields, n_districts = any_.shape
    kinds = np.empty(homes.shape[0], np.int64)
    bits, n = np.empty(homes.shape[0], np.uint64), 0
    home, mine, own = np.empty_like(kinds), np.empty_like(kinds), np.empty_like(kinds)
    for s in range(homes.shape[0]):
        i, h, m, o = people[s], homes[s], mines[s], min(tier_of_level[levels[s]], n_tiers - 1)
        people[n], bits[n], home[n], mine[n], own[n] = i, scramble(key, i), h, m, o
        n += any_[o, m, h]
    bits, home, mine, own, kinds = bits[:n], home[:n], mine[:n], own[:n], kinds[:n]
    district, field, tier = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    if n_districts > 1:
        _in_cells(own, mine, n_fields, home, n_districts, kinds)
        pick_all(bits, district_slots, home, districts, kinds, DISTRICTS, district)
    if n_fields > 1:
        _in_cells(own, district, n_districts, mine, n_fields, kinds)
        pick_all(bits, field_slots, mine, fields, kinds, FIELDS, field)
    if n_tiers > 1:
        _in_cells(own, district, n_districts, field, n_fields, kinds)
        pick_all(bits, tier_slots, own, tiers, kinds, TIERS, tier)
    _in_cells(district, field, n_fields, tier, n_tiers, markets[:n])
    return n
