"""The applications of a month: who applied to which vacancy, made by search, amended by services and schools, taken by
hiring.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from labsim.draws import Shared

__all__ = ["Applications", "Nests", "VacancyLists"]


class VacancyLists(NamedTuple):
    """Post groups (an employer's posts of a tier) with vacancies, sorted by market, then by row.

    Entries `first_block[m]` to `first_block[m + 1]` are the blocks of market m, those without a vacancy too; entries
    `first_group[b]` to `first_group[b + 1]` the groups of block b; `first_vacancy[g]` to `first_vacancy[g + 1]` the
    vacancies of group g.
    """

    first_block: np.ndarray  # (n_markets + 1,)
    first_group: np.ndarray  # (n_blocks + 1,)
    block_accept: np.ndarray  # (n_blocks,) chance that a proposal of the block passes, in 2^-32
    block_over: np.ndarray  # (n_markets,) share of picks that are raced for by what exceeds the bound, in 2^-32
    block_excess: np.ndarray  # (n_blocks,) the weights of that race
    rows: np.ndarray  # (n_groups,) the employer
    first_vacancy: np.ndarray  # (n_groups + 1,)
    code: np.ndarray  # (n_vacancies,) what the pick knows a vacancy by
    group: np.ndarray  # (n_vacancies,)


class Nests(NamedTuple):
    """What picks of a district, a field and a tier need: slots of proposals, and the chances with which they pass."""

    any: np.ndarray  # (n_tiers, n_fields, n_districts) whether there is a vacancy, by the searcher's tier, field, home
    district_slots: np.ndarray  # (n_districts, n_slots) by the searcher's district
    districts: Shared  # among districts, by the searcher's tier, field and district
    field_slots: np.ndarray  # (n_fields, n_slots) by the searcher's field
    fields: Shared  # among fields, by the searcher's tier, the district of work, the searcher's field
    tier_slots: np.ndarray  # (n_tiers, n_slots) by the searcher's tier
    tiers: Shared  # among tiers, by the searcher's tier, the district and the field of work


@dataclass
class Applications:
    """Who applies to what this month, one row each, shape `(n_applications,)`.

    `choices` are vacancies by their place in `lists`, `bundles` the employer's posts of a tier that they belong to, and
    `tiers` the tier of each bundle. `seekers_fields` are the fields of skill of all who searched, those who found no
    vacancy too. `claims` are points of a first claim on the vacancy, `introduced` the people whom a service sent; None
    where there are none.
    """

    people: np.ndarray
    choices: np.ndarray
    bundles: np.ndarray
    lists: VacancyLists
    tiers: np.ndarray  # (n_groups,)
    nests: Nests | None  # none in a world of one market
    seekers_fields: np.ndarray  # (n_seekers,)
    claims: np.ndarray | None = None
    introduced: np.ndarray | None = None

    @property
    def employers(self) -> np.ndarray:
        """Return the row of the employer of each bundle, shape `(n_groups,)`."""
        return self.lists.rows

    @property
    def n_vacancies(self) -> int:
        """Return how many vacancies are open."""
        return int(self.lists.group.size)

    def keep_posts(self, at: np.ndarray, posts: np.ndarray, points: float) -> None:
        """Send the applicants at some places to vacancies that are kept for them, with points of a first claim."""
        self._send(at, posts)
        self.claims = np.zeros(len(self.people))
        self.claims[at] = points

    def introduce(self, at: np.ndarray, posts: np.ndarray) -> None:
        """Send the applicants at some places to the vacancies that a service found for them."""
        self._send(at, posts)
        self.introduced = self.people[at]

    def _send(self, at: np.ndarray, posts: np.ndarray) -> None:
        self.choices[at], self.bundles[at] = posts, self.lists.group[posts]
