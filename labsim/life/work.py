"""Why people were hired or refused: where they applied, how all applicants ranked, and what they would accept."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from labsim.applications import Applications
from labsim.draws import normal, uniforms
from labsim.life.employers import employer_facts
from labsim.life.moment import Moment, explains
from labsim.processes import matching
from labsim.world import NO_TIER, TIER_OF_LEVEL, Activity, Level

EMPLOYEE, UNEMPLOYED = int(Activity.EMPLOYEE), int(Activity.UNEMPLOYED)


@explains("search.search")
def search(at: Moment) -> Iterator[None]:
    """Tell the unemployed who sent no application: they did not look, or found no vacancy within reach."""
    yield
    q, events, applications = at.parameters, at.world.events, at.world.applications
    applicants = applications.people if applications is not None else np.zeros(0, dtype=np.int32)
    idle = (at.after["activity"] == UNEMPLOYED) & (at.after["spell"] >= 1) & ~np.isin(at.people, applicants)
    for k in np.flatnonzero(idle):
        chance = q.effort * math.exp(-q.effort_decline * (int(at.after["spell"][k]) - 1))
        eager = at.world.levers["search_effort"]
        chance *= float(eager[int(at.people[k]) if eager.size > 1 else 0])
        if "helped_since" in events and at.after["advised"][k] >= events["helped_since"]:
            chance *= float(events["search_gain"][at.after["channel"][k]])
        in_course = bool(at.after["programme"][k] >= 0)
        chance *= 1.0 - q.lock_in if in_course else 1.0
        looked = at.gated("search", int(k)) < chance
        at.tell(int(k), "no_vacancy_in_reach" if looked else "did_not_apply", minor=True, chance=min(1.0, chance),
                months=int(at.after["spell"][k]), in_course=in_course)  # fmt: skip


@explains("matching.hire")
def hire(at: Moment) -> Iterator[None]:
    """Tell where people applied, how they ranked, who got the post, and why."""
    applications, found = at.world.applications, dict[int, dict[str, Any]]()
    if applications is not None:
        applicants = applications.people
        places = {int(person): place for place, person in enumerate(applicants)} if len(at.people) > 8 else {}
        for k, person in enumerate(at.people.tolist()):
            if places:
                place = places.get(person, -1)
            else:
                place = int(next(iter(np.flatnonzero(applicants == person)), -1))
            if place >= 0:
                found[k] = _application(at, applications, k, place)
    yield
    hired = at.world.events["hired"]
    for k, facts in found.items():
        person, best = int(at.people[k]), facts["best"]["person"] if facts["best"] else -1
        facts["post_taken"] = best >= 0 and bool((hired == best).any())
        if best == person:
            got = at.before["employer"][k] != at.after["employer"][k] or at.before["activity"][k] != EMPLOYEE
            kind = "hired" if facts["post_taken"] and got else "declined_offer"
        else:
            kind = "refused" if facts["qualified"] else "not_qualified"
        facts["follows_field"] = bool(at.before["field"][k] != at.after["field"][k])
        at.tell(k, kind, **facts)


def _application(at: Moment, applications: Applications, k: int, place: int) -> dict[str, Any]:
    """Return one application: the post, all who applied for it, how they ranked, and what the person would accept."""
    w, choice, bundle = at.world.workers, int(applications.choices[place]), int(applications.bundles[place])
    row, tier = int(applications.employers[bundle]), int(applications.tiers[bundle])
    rivals = np.flatnonzero(applications.choices == choice)
    score, ranked = _scores(at, applications, rivals)
    mine = int(np.flatnonzero(rivals == place)[0])
    qualified = bool(ranked[mine])
    facts: dict[str, Any] = employer_facts(at, row, tier) | {
        "applied": len(rivals), "qualified": qualified, "rank": int((score[ranked] > score[mine]).sum()) + 1,
        "score": float(score[mine]), "parts": _parts(at, applications, rivals[mine], row, score[mine]), "best": {},
        "own_level": Level(int(w.level[at.people[k]])).name.lower(), "was": Activity(int(at.before["activity"][k])
        ).name.lower(), "months": int(at.before["spell"][k]), "income_before": float(at.before["wage"][k]),
        "way": _way(applications, int(at.people[k]), place), "selectivity": at.parameters.selectivity,
    }  # fmt: skip
    if ranked.any():
        first = int(np.argmax(np.where(ranked, score, -np.inf)))
        person = int(applications.people[rivals[first]])
        facts["best"] = {
            "person": person, "score": float(score[first]), "level": Level(int(w.level[person])).name.lower(),
            "field": at.world.fields[int(w.field[person])],
            "parts": _parts(at, applications, rivals[first], row, score[first]),
        }  # fmt: skip
    asked = at.world.events["posts_ask"]
    if asked is not None:
        facts["level_asked"] = Level(int(asked[at.world.enterprises.group[row], tier])).name.lower()
    return facts | _terms(at, k, row, tier)


def _scores(at: Moment, applications: Applications, rivals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (score, ranked) of applicants for one post, from the very function that ranks them."""
    world = at.world
    score = matching.score_all(
        world.people, world.employers, applications.people[rivals], applications.bundles[rivals],
        matching.claims_of(world, rivals), *matching.ranking(world, at.parameters, at.draws),
    )  # fmt: skip
    ranked = score > -np.inf
    return np.where(ranked, score, 0.0), ranked


def _parts(at: Moment, applications: Applications, place: int, row: int, score: float) -> dict[str, float]:
    """Return what an applicant's score is made of; what is left over are claims, priority and subsidies."""
    world, q = at.world, at.parameters
    w, e, person = world.workers, world.enterprises, int(applications.people[place])
    suited, x = q.selectivity, q.experience_weight
    partner = w.school[person] >= 0 and w.school[person] == e.partner[row]
    lot = float(uniforms(at.draws.key("rank"), np.array([person]))[0])
    parts = {
        "lot": (1.0 - suited) * lot,
        "field": suited * (1.0 - x) * float(world.accessibility[w.field[person], e.field[row]]),
        "skill": suited * x * float(w.skill[person]),
        "level": suited * q.level_weight * int(w.level[person]),
        "partner": suited * q.partner_bonus if partner else 0.0,
    }
    return {name: round(value, 6) for name, value in parts.items()} | {
        "other": round(max(0.0, float(score) - sum(parts.values())), 6) if score else 0.0
    }


def _way(applications: Applications, person: int, place: int) -> str:
    """Return how the person came to this post: by own choice, by a service, or kept by a partner of the school."""
    if applications.claims is not None and applications.claims[place] > 0.0:
        return "kept"
    introduced = () if applications.introduced is None else applications.introduced
    return "introduced" if bool(np.isin(person, introduced)) else "own"


def _terms(at: Moment, k: int, row: int, tier: int) -> dict[str, Any]:
    """Return the pay offered to a person and the least that the person would take, VND per month."""
    q, w, person = at.parameters, at.world.workers, int(at.people[k])
    wage, spell, now = float(w.wage[person]), int(w.spell[person]), int(w.activity[person])
    pay = float(at.world.enterprises.wage_offer[row, tier]) * (q.pay_floor + q.pay_of_skill * float(w.skill[person]))
    if now == UNEMPLOYED:
        least = wage * q.reservation * math.exp(-q.reservation_decline * spell)
    else:
        least = wage * (1.0 + q.switching_gain) if q.switching_gain > -0.5 else 0.0
        if now != EMPLOYEE and q.attachment > 0.0:
            with np.errstate(over="ignore"):
                least *= math.exp(q.attachment * normal(at.draws.lasting_key("attachment to the farm"), person))
    own = int(min(TIER_OF_LEVEL[w.level[person]], at.world.enterprises.headcount.shape[1] - 1))
    return {"pay": pay, "least": least, "steps": tier - own if tier != NO_TIER else 0}
