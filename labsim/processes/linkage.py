"""Programmes taught with enterprises: who the partners are, and the posts they keep for graduates."""

from __future__ import annotations

import math

import numpy as np

from labsim.compiled import kernel
from labsim.draws import DrawsOfMonth, uniform, uniforms
from labsim.processes.base import process
from labsim.quantity import Parameters, quantity
from labsim.world import N_TIERS, TIER_OF_LEVEL, EnterpriseArrays, ProgrammeArrays, World

FIRST_CLAIM = 10.0  # above every score that an applicant can have
MOST_PAIRS = 1_000_000  # of a graduate and a post compared at a time, so that memory does not grow with scale


class LinkageParameters(Parameters):
    """What a programme taught with enterprises gives its trainees."""

    quality_gain: float = quantity(
        0.10,
        unit="share",
        low=0,
        high=0.3,
        grade="D",
        year=2020,
        source=(
            "assumed; Bac Kan College with 65-75 % practice: graduates employed 82 to 88 %, employers satisfied 70 to"
            " 84 % in four years, without a control group, so that the effect is at most that"
        ),
        help="quality of teaching that practice in enterprises adds",
    )
    partner_share: float = quantity(
        0.10,
        unit="share of employers",
        low=0,
        high=1,
        grade="D",
        year=2025,
        source="assumed",
        help="share of a field's employers that take part, once one of its programmes is linked",
    )
    reach: float = quantity(
        40.0,
        unit="km",
        low=1,
        high=1000,
        grade="D",
        year=2025,
        source="assumed, as for courses",
        help="distance at which the chance that an employer joins an institution has fallen to 1/e",
    )
    reserved: float = quantity(
        0.2,
        unit="share of vacancies",
        low=0,
        high=1,
        grade="D",
        year=2025,
        source="assumed",
        help="share of partners' vacancies for which graduates have the first claim",
    )
    months: int = quantity(
        6,
        unit="months",
        low=0,
        high=36,
        grade="D",
        year=2025,
        source="assumed: first jobs are found within half a year",
        help="months after completion in which graduates have that claim",
    )


@kernel
def _draw_schools(
    e: EnterpriseArrays,
    p: ProgrammeArrays,
    linked: np.ndarray,
    seats: np.ndarray,
    near: np.ndarray,
    share: float,
    joins: np.uint64,
    key: np.uint64,
    partner: np.ndarray,
) -> None:
    """Write the institution of each employer that takes part: the first in a race of the linked programmes."""
    active, field, district = e.active, e.field, e.district
    field_of, district_of, institution = p.field, p.district, p.institution
    n = linked.shape[0]
    taught = np.zeros(max(field.max(), field_of.max()) + 1, dtype=np.bool_)
    for c in range(n):
        taught[field_of[c]] |= linked[c]
    for r in range(partner.shape[0]):
        f = field[r]
        if active[r] == 0 or not taught[f] or uniform(joins, r) >= share:
            continue
        best, best_time = -1, np.inf
        for c in range(n):
            if linked[c] and field_of[c] == f:
                weight = max(1e-300, near[district[r], district_of[c]] * seats[c])
                u = uniform(key, r * n + c)
                x = 1.0 - u
                # most are ruled out without a logarithm, as in `draws.race`
                if best < 0 or x * (1.0 + 0.5 * x) < best_time * weight:
                    time = -math.log(u) / weight
                    if time < best_time:
                        best, best_time = c, time
        if best >= 0:
            partner[r] = institution[best]


def _partners(world: World, parameters: LinkageParameters, draws: DrawsOfMonth, linked: np.ndarray) -> np.ndarray:
    """Return the institution of each employer, -1 for none, shape `(n_enterprises,)`: a race among the linked
    programmes of its field by seats and nearness.
    """
    partner = np.full(len(world.enterprises), -1, dtype=np.int16)
    _draw_schools(
        world.employers,
        world.courses,
        linked,
        world.programmes.base_seats + 1e-3 * world.scale,
        np.exp(-world.places.distance / parameters.reach),
        parameters.partner_share,
        draws.lasting_key("employer joins a school"),
        draws.lasting_key("school of an employer"),
        partner,
    )
    return partner


@process(
    reads=(
        "enterprises.active enterprises.field enterprises.district programmes.field programmes.district "
        "programmes.institution programmes.base_seats places levers.programme_linkage"
    ),
    writes="enterprises.partner tables events.linked events.quality_gain",
)
def agree(world: World, parameters: LinkageParameters, draws: DrawsOfMonth) -> None:
    """Link programmes with enterprises, in an order keyed to the programme, and find the partners of institutions.

    An employer of a linked field takes part if its lasting number falls below `partner_share`; its school is drawn by
    seats x exp(-distance / reach). Employers with a partner of their own keep it.
    """
    tables, partner = world.tables, world.enterprises.partner
    share = world.levers["programme_linkage"]
    linked = uniforms(draws.lasting_key("linked programme"), np.arange(len(share))) < share
    if not linked.any():
        if "own_partner" in tables:
            partner[:] = tables.pop("own_partner")
        return
    own = tables.setdefault("own_partner", partner.astype(np.float64))
    partner[:] = np.where(own >= 0, own, _partners(world, parameters, draws, linked))
    world.events["linked"], world.events["quality_gain"] = linked, parameters.quality_gain


def _best_of_kept(
    key: np.uint64, people: np.ndarray, sought: np.ndarray, codes: np.ndarray, kept: np.ndarray
) -> np.ndarray:
    """Return the place of the post with the highest number for each person, among those kept of the sort that the
    person seeks, or -1; `sought` and `kept` are sorts by person and by post.
    """
    best = np.full(len(people), -1, dtype=np.int64)
    by_sort, by_seeker = np.argsort(kept, kind="stable"), np.argsort(sought, kind="stable")
    for sort in np.intersect1d(sought, kept):
        posts = by_sort[slice(*np.searchsorted(kept[by_sort], [sort, sort + 1]))]
        seekers = by_seeker[slice(*np.searchsorted(sought[by_seeker], [sort, sort + 1]))]
        step = max(1, MOST_PAIRS // len(posts))
        for first in range(0, len(seekers), step):
            some = seekers[first : first + step]
            pairs = people[some][:, None].astype(np.int64) * 2**32 + codes[posts]
            best[some] = posts[np.argmax(uniforms(key, pairs), axis=1)]
    return best


@process(
    reads=(
        "workers.school workers.graduated workers.field workers.level enterprises.partner "
        "enterprises.field programmes.institution programmes.field market applications events.linked"
    ),
    writes="applications",
)
def send_graduates(world: World, parameters: LinkageParameters, draws: DrawsOfMonth) -> None:
    """Send new graduates of linked programmes who apply to a post that a partner keeps for them, if there is one.

    Of the posts of their field and tier that partners of their school keep, the one with the highest number keyed to
    person and post. They have the first claim on it; if none of them applies it goes to others.
    """
    applications, linked, w = world.applications, world.events["linked"], world.workers
    if linked is None or applications is None:
        return
    people, p, e = applications.people, world.programmes, world.enterprises
    n_fields = world.n_fields
    schools = np.zeros((int(p.institution.max()) + 1) * n_fields, dtype=bool)
    schools[(p.institution.astype(np.int64) * n_fields + p.field)[linked]] = True
    of_person = w.school[people].astype(np.int64) * n_fields + w.field[people]
    new = (w.school[people] >= 0) & (world.month - w.graduated[people] < parameters.months)
    at = np.flatnonzero(new & schools[np.where(new, of_person, 0)])
    lists = applications.lists
    if not at.size:
        return
    rows = lists.rows[lists.group]
    posts = np.flatnonzero((e.partner[lists.rows] >= 0)[lists.group])
    posts = posts[uniforms(draws.lasting_key("kept post"), lists.code[posts]) < parameters.reserved]
    if not posts.size:
        return
    home = e.partner[rows[posts]].astype(np.int64) * n_fields + e.field[rows[posts]]
    tier = applications.tiers[lists.group[posts]]
    own_tier = np.minimum(TIER_OF_LEVEL[w.level[people[at]]], world.market.vacancies.shape[2] - 1)
    best = _best_of_kept(
        draws.key("post kept for graduates"), people[at], of_person[at] * N_TIERS + own_tier,
        lists.code[posts], home * N_TIERS + tier,
    )  # fmt: skip
    sent = best >= 0
    applications.keep_posts(at[sent], posts[best[sent]], FIRST_CLAIM)
