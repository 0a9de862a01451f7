"""Employers at the start: drawn for the whole province, kept at scale, and staffed with the employees there are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labsim.population.labour import Work
from labsim.population.margins import OWNERS, EmployerGroups, Margins
from labsim.population.people import People, census_cells
from labsim.population.raking import rake
from labsim.population.sampling import Doubles, Traits, choose_of_many, counts_of
from labsim.world import N_TIERS, NOT_FOUNDED, Activity, Enterprises, Kind

Longs = NDArray[np.int64]

_WHOLE = 10.0  # employers up to this size stay whole at every scale
_URBAN_FLOOR = 0.03  # towns pull, but a district without a town is not empty


@dataclass(eq=False)
class Posts:
    """Employers at scale before anyone works there, arrays of shape `(n_employers,)`."""

    group: Longs
    district: Longs
    size: Doubles  # posts
    active: NDArray[np.bool_]

    def by_market(self, groups: EmployerGroups, n_districts: int, n_fields: int) -> Doubles:
        """Return posts of active employers, shape `(n_owners, districts, fields, tiers)`, in the order of OWNERS."""
        table = np.zeros((len(OWNERS), n_districts, n_fields, N_TIERS))
        posts = (self.size * self.active)[:, None] * groups.tier_share[self.group]
        np.add.at(table, (groups.owner[self.group], self.district, groups.field[self.group]), posts)
        return table


def draw_posts(margins: Margins, traits: Traits, scale: float) -> Posts:
    """Draw the employers of the whole province and keep those that stand for it at scale.

    One of size S is kept with S' = min(S, max(10, S scale)) posts at probability scale S / S', so employment is scale
    times the real one and small firms stay whole. Rows of firms that may be founded are drawn in the same way from the
    private ones.
    """
    groups = margins.employers
    group, district, size = _province(margins, traits)
    kept = np.minimum(size, np.maximum(_WHOLE, size * scale))
    expected = scale * size / kept
    now = np.repeat(np.arange(group.size), counts_of(expected, traits.one("employers kept")))
    later = expected * margins.start["dormant_employers"] * (groups.kind[group] != Kind.PUBLIC)
    future = np.repeat(np.arange(group.size), counts_of(later, traits.one("employers to come")))
    both = np.concatenate([now, future])
    active = np.arange(both.size) < now.size
    order = np.lexsort((~active, groups.kind[group[both]], groups.field[group[both]], district[both]))
    both, active = both[order], active[order]
    return Posts(group[both], district[both], kept[both], active)


def _province(margins: Margins, traits: Traits) -> tuple[Longs, Longs, Doubles]:
    """Return group, district and size of every real employer, sorted by group, district and size."""
    groups = margins.employers
    weight = _pull(margins)
    numbers = counts_of(groups.number[:, None] * weight, traits.one("employers"))
    group = np.repeat(np.repeat(np.arange(len(groups.ids)), weight.shape[1]), numbers.ravel())
    district = np.repeat(np.tile(np.arange(weight.shape[1]), weight.shape[0]), numbers.ravel())
    size = np.exp(groups.spread[group] * traits.normal("employer size", group.size))
    for _ in range(8):  # scaling to the mean and cutting the tail, in turn
        total = np.bincount(group, size, len(groups.ids))
        size *= (groups.number * groups.mean / np.maximum(total, 1e-9))[group]
        size = np.clip(size, 1.0, groups.most[group])
    order = np.lexsort((size, district, group))
    return group[order], district[order], size[order]


def _pull(margins: Margins) -> Doubles:
    """Return where each group's employers are, by people, towns and special places, shape `(n_groups, n_districts)`."""
    groups = margins.employers
    people = census_cells(margins).sum(axis=(1, 2, 3, 4))
    urban = margins.urban_population / margins.population + _URBAN_FLOOR
    weight: Doubles = people * urban ** groups.urban_pull[:, None] * margins.location[:, groups.field].T
    share: Doubles = weight / weight.sum(axis=1, keepdims=True)
    return share


@dataclass(eq=False)
class Staff:
    """Who works where: rows of people, their employer, and its tier; arrays `(n_employees,)`."""

    rows: NDArray[np.intp]
    employer: NDArray[np.int32]
    tier: NDArray[np.uint8]


def staff_employers(margins: Margins, traits: Traits, people: People, work: Work, posts: Posts) -> Staff:
    """Give each employee an employer of the same field, tier and ownership, near home more often than far.

    Flows from home to work district are raked to employees and posts from exp(-distance / reach); within a district's
    market employees come in random order and fill employers in proportion to their posts.
    """
    options = work.options
    employee = options.activity[work.option] == Activity.EMPLOYEE
    rows, option = work.rows[employee], work.option[employee]
    n, n_options = len(margins.districts), options.n
    home = people.district[rows].astype(np.int64)
    supply = np.bincount(home * n_options + option, minlength=n * n_options).reshape(n, n_options).astype(np.float64)
    owner, size_of, first, room = _entries(margins, options.owner, options.field, options.tier, posts, n)
    room = room.reshape(n, n_options)
    wanted = room * (supply.sum(axis=0) / np.maximum(room.sum(axis=0), 1e-9))
    nearby = np.exp(-margins.distance / margins.start["commuting_reach"])
    flows = rake(
        np.broadcast_to(nearby[:, :, None], (n, n, n_options)) * (room > 0),
        [((0, 2), supply), ((1, 2), wanted)],
        rounds=60,
        tolerance=1e-5,
    )
    shares = (
        np.where(flows.sum(axis=1, keepdims=True) > 0, flows, room[None] + 1e-12)
        .transpose(0, 2, 1)
        .reshape(n * n_options, n)
    )
    place = choose_of_many(shares, home * n_options + option, traits.spread("commute", rows.size))
    market = place * n_options + option
    order = np.argsort(market + traits.each("post", rows), kind="stable")
    sorted_market = market[order]
    count = np.bincount(market, minlength=n * n_options)
    rank = np.arange(rows.size) - (np.cumsum(count) - count)[sorted_market]
    point = first[sorted_market] + (rank + 0.5) / count[sorted_market] * room.ravel()[sorted_market]
    found = np.searchsorted(size_of, point, side="right")
    employer = np.empty(rows.size, dtype=np.int32)
    employer[order] = owner[np.minimum(found, owner.size - 1)]
    return Staff(rows, employer, options.tier[option].astype(np.uint8))


def _entries(
    margins: Margins, owned: Longs, field: Longs, tier: Longs, posts: Posts, n_districts: int
) -> tuple[NDArray[np.intp], Doubles, Doubles, Doubles]:
    """Return posts by employer and tier, sorted by market: owner, running sum, where each market starts, its room."""
    groups = margins.employers
    option_of = np.full((len(OWNERS), len(margins.fields), N_TIERS), -1)
    taken = tier >= 0
    option_of[owned[taken], field[taken], tier[taken]] = np.flatnonzero(taken)
    share = groups.tier_share[posts.group] * (posts.size * posts.active)[:, None]
    owner, at_tier = np.nonzero(share > 0)
    group = posts.group[owner]
    market = posts.district[owner] * owned.size + option_of[groups.owner[group], groups.field[group], at_tier]
    order = np.argsort(market, kind="stable")
    size = share[owner, at_tier][order]
    room: Doubles = np.bincount(market[order], size, n_districts * owned.size).astype(np.float64)
    return owner[order], np.cumsum(size), np.cumsum(room) - room, room


def open_enterprises(margins: Margins, traits: Traits, posts: Posts, staff: Staff) -> Enterprises:
    """Return the enterprises: headcounts are the staff, vacancies a small share of posts, targets the sum of both.

    An employer that got nobody, and a firm that may be founded later, has its usual shares of tiers and is not active.
    """
    groups = margins.employers
    table = Enterprises(posts.group.size, widths={"tiers": N_TIERS})
    kind = groups.kind[posts.group]
    table.district[:], table.field[:], table.kind[:] = posts.district, groups.field[posts.group], kind
    table.group[:] = posts.group
    np.add.at(table.headcount, (staff.employer, staff.tier), 1)
    share = groups.tier_share[posts.group]
    expected = share * (posts.size * posts.active * margins.start["vacancy_share"])[:, None]
    table.vacancies[:] = counts_of(expected, traits.one("vacancies"))
    filled = (table.headcount + table.vacancies).astype(np.float64)
    size = filled.sum(axis=1)
    working = table.headcount.sum(axis=1) > 0
    table.vacancies[~working] = 0
    table.active[:] = working
    table.weight[:] = np.where(working, size, posts.size)
    table.tier_share[:] = np.where(working[:, None], filled / np.maximum(size, 1.0)[:, None], share)
    table.target[:] = np.where(working[:, None], filled, 0.0)
    months = -np.log(traits.each("founded", np.arange(len(table)))) * np.where(
        kind == Kind.PUBLIC, margins.start["age_public"], margins.start["age_private"]
    )
    table.founded[:] = np.where(working, -np.minimum(months, 600.0).astype(np.int16) - 1, NOT_FOUNDED)
    public = (kind == Kind.PUBLIC).astype(np.int64)
    factor = np.exp(margins.start["wage_spread"] * traits.normal("pay of employer", len(table)))
    factor[public > 0] = 1.0  # public pay follows one scale
    offer = margins.wage[public, groups.field[posts.group]] * factor[:, None]
    floor = np.where(kind == Kind.COOPERATIVE, 0.0, margins.minimum_wage[posts.district])
    table.wage_offer[:] = np.maximum(offer, floor[:, None])
    return table
