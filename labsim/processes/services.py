"""Employment services: job fairs, counselling and the job portal reach people, introduce some and place a few.

Nothing here sets a rate of placement: people reached search a little more, those introduced apply to the vacancy that
promises them most of a few, and employers choose as always.
"""

from __future__ import annotations

import numpy as np

from labsim.applications import Applications
from labsim.compiled import kernel
from labsim.draws import DrawsOfMonth, rounded, uniforms
from labsim.processes.base import process
from labsim.processes.drawing import draw_people
from labsim.processes.vacancies import pick_markets, pick_vacancies
from labsim.quantity import Parameters, quantity
from labsim.world import NEVER, TIER_OF_LEVEL, Activity, Channel, WorkerArrays, World

UNEMPLOYED, COUNSELLING = int(Activity.UNEMPLOYED), int(Channel.COUNSELLING)
PAST_RETIREMENT = 4  # the last of the age bands in which people are counted
REACH = ("fair_reach", "counselling_reach", "portal_reach")  # by channel
# People counted from January on, each once: reached, counselled or introduced, introduced, placed.
REACHED, SERVED, INTRODUCED, PLACED = range(4)
OF_THE_YEAR = ("services", "introduced_people", "placed_people")
# by what people do, whether they may be drawn as kind 2, the unemployed, or 1, others in the labour force
KINDS_BY_ACTIVITY = np.zeros((len(Activity), 3))
KINDS_BY_ACTIVITY[:UNEMPLOYED, 1] = KINDS_BY_ACTIVITY[UNEMPLOYED, 2] = 1.0


class ServicesParameters(Parameters):
    """What employment services do for the people they reach, by channel: fairs, counselling, portal."""

    search_gain: tuple[float, float, float] = quantity(
        (0.10, 0.15, 0.05),
        unit="share of the chance to apply",
        low=0,
        high=0.5,
        grade="D",
        year=2024,
        source="assumed: 3.9 % (Lao Cai) and 11.3 % (Bac Kan) of people counselled were placed, in part without help",
        help="rise of the chance to apply in a month: fairs, counselling, portal",
    )
    months: int = quantity(
        6,
        unit="months",
        low=0,
        high=36,
        grade="D",
        year=2024,
        source="assumed",
        help="months for which help works, that of the contact included",
    )
    introduction: tuple[float, float, float] = quantity(
        (0.2, 0.5, 0.05),
        unit="share of applications",
        low=0,
        high=1,
        grade="D",
        year=2024,
        source="assumed; 7,859 of 105,357 people counselled in Lao Cai were introduced, most were not seeking",
        help="chance that an application in these months is an introduction: fairs, counselling, portal",
    )
    picks: int = quantity(
        3,
        unit="vacancies",
        low=1,
        high=20,
        grade="D",
        year=2024,
        source="assumed; 1 = introductions suit no better than what people find themselves",
        help="vacancies of which an introduction takes the one that promises most",
    )
    seeker_weight: float = quantity(
        3.0,
        unit="factor",
        low=1,
        high=50,
        grade="D",
        year=2024,
        source="assumed",
        help="how much more often the unemployed come than others in the labour force",
    )


@kernel
def _who_may_come(w: WorkerArrays, bands: np.ndarray, since: int, rows: np.ndarray) -> np.ndarray:
    """Return 0 for people out of the labour force, past retirement or reached since a month, 2 for the unemployed."""
    activity, advised = w.activity, w.advised
    kinds = np.zeros(rows.shape[0], dtype=np.uint8)
    for s in range(rows.shape[0]):
        i = rows[s]
        now = activity[i]
        if now <= UNEMPLOYED and bands[i] < PAST_RETIREMENT and advised[i] < since:
            kinds[s] = 1 + (now == UNEMPLOYED)
    return kinds


def _since_january(world: World) -> np.ndarray:
    counted: np.ndarray = world.counts.setdefault("services", np.zeros(4, dtype=np.int64))
    return counted


@process(
    reads=(
        "workers.activity workers.district levers.fair_reach levers.counselling_reach levers.portal_reach "
        "counts"
    ),
    writes=(
        "workers.advised workers.channel counts ledger events.helped_since events.reached "
        "events.search_gain"
    ),
)
def reach(world: World, parameters: ServicesParameters, draws: DrawsOfMonth) -> None:
    """Reach people of working age in the labour force by fairs, counselling and the portal, each once a year at most.

    They are the first in a race keyed to the person, the unemployed with a greater weight. For some months their chance
    to apply is higher by the gain of the channel.
    """
    w, counts, month = world.workers, world.counts, world.month
    if world.calendar[1] == 1:
        for name in OF_THE_YEAR:
            counts.pop(name, None)
    wanted = np.stack([world.levers[name] for name in REACH])  # (n_channels, n_districts)
    places = rounded(wanted.sum(axis=0) * world.scale / 12.0, draws.key("reach of services"))
    if places.any():
        since, bands = month - world.calendar[1] + 1, counts["bands"]
        people = draw_people(
            lambda rows: _who_may_come(world.people, bands, since, rows),
            w.district,
            np.array([0.0, 1.0, parameters.seeker_weight]),
            places,
            draws,
            "reached by services",
            w.activity,
            KINDS_BY_ACTIVITY,
        )
        upper, homes = np.cumsum(wanted, axis=0) / np.maximum(1e-9, wanted.sum(axis=0)), w.district[people]
        u, channel = uniforms(draws.key("channel of services"), people), np.zeros(len(people), dtype=np.int64)
        for bounds in upper[:-1]:
            channel += u >= bounds[homes]
        w.advised[people], w.channel[people] = month, channel
        cells = channel * len(places) + homes
        reached = np.bincount(cells, minlength=wanted.size).reshape(wanted.shape)
        world.events["reached"] = reached
        counts["services_last"] = month
        _since_january(world)[[REACHED, SERVED]] += reached.sum(), reached[COUNSELLING].sum()
        world.ledger.count("reached", len(people))
    if month - counts.get("services_last", NEVER) < parameters.months:
        world.events["helped_since"] = month - parameters.months + 1
        world.events["search_gain"] = 1.0 + np.array(parameters.search_gain)


def _first_time(world: World, what: str, people: np.ndarray) -> np.ndarray:
    """Return those of these people to whom something happens for the first time since January, and remember them."""
    known: np.ndarray = world.counts.setdefault(what, np.zeros(len(world.workers), dtype=bool))
    new: np.ndarray = people[~known[people]]
    known[new] = True
    return new


def _promise(
    world: World, applications: Applications, people: np.ndarray, choices: np.ndarray, rivals: np.ndarray
) -> np.ndarray:
    """Return what vacancies promise people: how open the field is to theirs, halved for each tier above or below, and
    shared with the rivals who apply too.
    """
    w, group = world.workers, applications.lists.group[choices]
    field = world.enterprises.field[applications.employers[group]]
    n_tiers = world.market.vacancies.shape[2]
    steps = np.minimum(TIER_OF_LEVEL[w.level[people]], n_tiers - 1).astype(np.int64) - applications.tiers[group]
    promise: np.ndarray = world.accessibility[w.field[people], field] * 0.5 ** np.abs(steps) / (1.0 + rivals)
    return promise


@process(
    reads=(
        "workers.advised workers.channel workers.district workers.field workers.level enterprises.field "
        "market applications events.helped_since"
    ),
    writes="ledger counts applications",
)
def introduce(world: World, parameters: ServicesParameters, draws: DrawsOfMonth) -> None:
    """Introduce some of the applicants whom services reached to the vacancy that promises them most of a few.

    The few are their own choice and others drawn by the same law. A vacancy promises the more, the more open its field
    is to theirs, half as much for each tier of skill above or below, and a share of that where others apply of their
    own accord: before a service sends someone, it asks the employer who has come already.
    """
    w, applications, month = world.workers, world.applications, world.month
    if "helped_since" not in world.events or applications is None:
        return
    people, claims = applications.people, applications.claims
    chance = np.array(parameters.introduction)[w.channel[people]]
    helped = month - w.advised[people] < parameters.months
    if claims is not None:
        helped &= claims == 0.0
    at = np.flatnonzero(helped & (uniforms(draws.key("introduced"), people) < chance))
    people = people[at]
    best = applications.choices[at]
    applicants = np.bincount(applications.choices, minlength=applications.n_vacancies)
    most = _promise(world, applications, people, best, applicants[best] - 1)  # they are no rivals of their own
    for number in range(1, parameters.picks):
        who, markets = people.copy(), np.zeros(len(at), dtype=np.int32)
        other, groups = np.empty_like(markets), np.empty_like(markets)
        key, home, level = draws.key(f"introduction {number}"), w.district[people], w.level[people]
        if applications.nests is not None:  # everyone here has applied, so everyone finds a market again
            pick_markets(home, w.field[people], level, TIER_OF_LEVEL, applications.nests, key, who, markets)
        pick_vacancies(applications.lists, markets, people, key, other, groups)
        promise = _promise(world, applications, people, other, applicants[other])
        best, most = np.where(promise > most, other, best), np.maximum(promise, most)
    applications.introduce(at, best)
    new = _first_time(world, "introduced_people", people)
    counselled = (w.channel[new] == COUNSELLING) & (w.advised[new] > month - world.calendar[1])
    _since_january(world)[[SERVED, INTRODUCED]] += (~counselled).sum(), len(new)
    world.ledger.count("introduced", len(people))


@process(
    reads="workers.advised workers.channel workers.district applications events.hired",
    writes="counts ledger events.placed",
)
def follow_up(world: World, parameters: ServicesParameters, draws: DrawsOfMonth) -> None:
    """Count the people hired through an introduction as placed."""
    introduced = world.applications.introduced if world.applications is not None else None
    if introduced is None or "hired" not in world.events:
        return
    w, placed = world.workers, introduced[np.isin(introduced, world.events["hired"], kind="table")]
    shape, ago = (len(REACH), len(world.places)), world.month - w.advised[placed]
    cells = w.channel[placed].astype(np.int64) * shape[1] + w.district[placed]
    # by channel and district, by how long ago they were reached: policies may have changed since
    world.events["placed"] = {
        int(months): np.bincount(cells[ago == months], minlength=shape[0] * shape[1]).reshape(shape)
        for months in np.unique(ago)
    }
    _since_january(world)[PLACED] += len(_first_time(world, "placed_people", placed))
    world.ledger.count("placed", len(placed))
