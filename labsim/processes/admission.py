"""Who is admitted to a course for which more people apply than it has seats, and whose travel is paid."""

from __future__ import annotations

import numpy as np

from labsim.draws import DrawsOfMonth, rounded, uniforms
from labsim.levers import GROUPS
from labsim.world import World

# The groups to which each of 16 kinds of people belongs, in the order of GROUPS, as the bits of its number.
_MEMBER_OF = np.arange(16)[:, None] >> np.arange(len(GROUPS)) & 1
MONTHS_HIT = 12  # after a hazard in which people of a district count as hit, whatever policies say


def districts_hit(world: World) -> np.ndarray:
    """Mark the districts whose people count as hit by a hazard: in the last year, or because a policy helps them."""
    hit: np.ndarray = (world.places.hit_months < MONTHS_HIT) | (world.levers["training_hit"] > 0)
    return hit


def _reserved(
    world: World, draws: DrawsOfMonth, free: np.ndarray, choices: np.ndarray, groups: np.ndarray, order: np.ndarray
) -> np.ndarray:
    """Mark the applicants who get a reserved seat, shape `(n_applicants,)`; `groups` has shape `(n_groups, n)`.

    The first of each group, in the order of admission, up to the group's share of a programme's free seats, whole by
    keyed rounding. Seats for which nobody of the group applies go to all.
    """
    quota = world.levers["training_quota"]
    reserved = np.zeros(len(choices), dtype=bool)
    for g in np.flatnonzero(quota > 0):
        members = order[groups[g][order]]
        seats = rounded(free * min(1.0, quota[g]), draws.key(f"reserved seats, {GROUPS[g]}"))
        chosen = choices[members]  # in the order of courses
        rank = np.arange(len(chosen)) - np.searchsorted(chosen, chosen)
        reserved[members[rank < seats[chosen]]] = True
    return reserved


def in_order_of_admission(
    world: World, draws: DrawsOfMonth, free: np.ndarray, people: np.ndarray, choices: np.ndarray
) -> np.ndarray:
    """Return the order in which applicants are admitted: by course, those on reserved seats, by priority, by lot."""
    w, priority = world.workers, world.levers["training_priority"]
    hit = districts_hit(world)[w.district[people]]
    groups = np.stack([w.urban[people] == 0, w.ethnicity[people] > 0, w.poor[people] > 0, hit])
    # whoever belongs to several groups has the points of all; the more points, the lower the rank
    _points, rank_of = np.unique(-(_MEMBER_OF @ priority), return_inverse=True)
    rank = rank_of.astype(np.uint8)[np.array([1, 2, 4, 8], dtype=np.uint8) @ groups]
    order = np.argsort(uniforms(draws.key("lot for a seat"), people), kind="stable")
    order = order[np.argsort(rank[order], kind="stable")]  # short numbers are sorted without comparing them
    in_order = order[np.argsort(choices[order], kind="stable")]
    if world.levers["training_quota"].any():
        reserved = _reserved(world, draws, free, choices, groups, in_order)
        order = order[np.argsort(~reserved[order], kind="stable")]
        in_order = order[np.argsort(choices[order], kind="stable")]
    return in_order


def pay_travel(world: World, travel_from: float, people: np.ndarray, choices: np.ndarray) -> None:
    """Pay travel to people without training who were admitted to a course in a district far from theirs."""
    w, p, travel = world.workers, world.programmes, world.levers["training_travel"]
    if not travel.any():
        return
    far = world.places.distance[w.district[people], p.district[choices]] >= travel_from
    paid = (w.programme[people] == choices) & (w.level[people] == 0) & far & (travel[choices] > 0)
    w.savings[people[paid]] += travel[choices[paid]].astype(np.float32)
    world.events["travelled"] = np.bincount(choices[paid], minlength=len(p))
