"""The occupational model of del Rio-Chanona, Mealy, Beguerisse-Diaz, Lafond and Farmer (2021, J. R. Soc. Interface
18:20200898) from its equations, in plain numpy, against the engine on configs/reference/occupational_*.yaml.

In each occupation e people work, u are unemployed, v posts are vacant; demand is d = e + v, its target d*:

    separated   w_i  = e (delta_u + (1 - delta_u) gamma max(0, d - d*) / e)
    opened      o_i  = e delta_v + (1 - delta_v) gamma max(0, d* - d)
    applied     s_ij = u_i v_j A_ij / sum_k v_k A_ik,   s_j = sum_i s_ij
    hired       f_ij = s_ij / s_j v_j (1 - exp(-s_j / v_j))        (or (1 - (1 - 1 / v_j) ** s_j), the exact urn-ball)

all from the stocks at the start of the step: those separated search from the next, vacancies opened are filled from
the next, unfilled ones stay. Whoever is hired by j belongs to j from then on. What the engine does is read from
`Results`, by occupation and month, as whoever runs such a file reads it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labsim.config import Config, load
from labsim.evidence.check import Comparison, Line, closest
from labsim.experiment.run import run
from labsim.results import Results
from labsim.simulation import Simulation
from labsim.text import _, mark

__all__ = ["LINES"]

Numbers = NDArray[np.float64]
Factors = Callable[[int], Any]
GROUP = "published_2021"
PEOPLE, FIELDS, SEEDS = 40_000, 20, 6
BEFORE, STEPS = 40, 110  # steps at constant demand first, then while it moves and after
UNTIL = "2030-02"  # as many steps after December 2020
MEASURED = ("employed", "unemployed", "vacancies", "hires", "seekers")
LEVEL = 1e-3  # chance that a right engine fails, of each family of comparisons
SMALL = 6  # occupations of the small network
# The three files of the model, with fewer people, and the demand paths that they or these settings ask for.
RING = ("occupational_2021", f"reference.people={PEOPLE}", f"reference.fields={FIELDS}", "reference.neighbours=3")
COMPLETE = ("occupational_complete", f"reference.people={PEOPLE}", f"reference.fields={FIELDS}")
NETWORK = ("occupational_small", "reference.people=24000")
# How far the mean of a few finite runs may be from the recursion of expectations: the spread over seeds, and one person
# or post an occupation. That one is for the curvature of hires (half of second derivative, of order 1 / v, times a
# variance of order v) and for targets in whole posts, floor(d* + lasting uniform), right on average, less than one off.
CURVATURE = 1.0
CHECKED = (BEFORE, BEFORE + 20, BEFORE + 30, BEFORE + 35, BEFORE + 45, BEFORE + 70)
CYCLE_MONTHS = 60


def factors_of_demand(step: int, n_fields: int = FIELDS) -> Numbers:
    """Return target demand relative to the start: down to 0.7 in every other pair of occupations, up in the rest."""
    falls = np.arange(n_fields) // 2 % 2 == 0
    return np.where(falls, 1.0 - _shift(step), 1.0 + _shift(step))


def factors_by_cluster(step: int) -> Numbers:
    """Return target demand of the small network: down in one cluster, up in the other."""
    return np.where(np.arange(SMALL) < SMALL // 2, 1.0 - _shift(step), 1.0 + _shift(step))


def cycle_of_demand(step: int) -> float:
    """Return target demand over a business cycle of five years."""
    return 1.0 - 0.06 * math.sin(2.0 * math.pi * max(0, step - BEFORE) / CYCLE_MONTHS)


def _shift(step: int) -> float:
    return 0.3 / (1.0 + math.exp(-(step - BEFORE - 30) / 4.0))


_FINAL = ", ".join(f"field {k}: {factor:.1f}" for k, factor in enumerate(factors_of_demand(10_000)))
_SHIFT = (f"demand_path.midpoint={BEFORE + 30}", "demand_path.width=4")
_AUTOMATION = (f"demand_path.final={{{_FINAL}}}", *_SHIFT)
_CYCLE = ("demand_path.amplitude=0.06", f"demand_path.cycle_months={CYCLE_MONTHS}", "demand_path.start=2024-04")
_AT_ONCE = "demand_path.start=2020-12"
_NO_CYCLE, _NO_SHIFT = "demand_path.amplitude=0", "demand_path.final={}"
# name: (file and settings, demand factor of a step)
CASES: dict[str, tuple[tuple[str, ...], Factors]] = {
    "ring_constant": (RING, lambda _step: 1.0),
    "ring_automation": ((*RING, *_AUTOMATION), factors_of_demand),
    "ring_cycle": ((*RING, *_CYCLE), cycle_of_demand),
    "complete_automation": ((*COMPLETE, *_AUTOMATION, _AT_ONCE, _NO_CYCLE), factors_of_demand),
    "complete_cycle": ((*COMPLETE, *_CYCLE), cycle_of_demand),
    "network_automation": ((*NETWORK, *_SHIFT, _AT_ONCE), factors_by_cluster),
    "network_cycle": ((*NETWORK, *_CYCLE, _NO_SHIFT), cycle_of_demand),
}


def config_of(case: str) -> Config:
    """Return the configuration of a case."""
    file, *settings = CASES[case][0]
    return load(f"reference/{file}", settings=settings)


def by_occupation(results: Results) -> Numbers:
    """Return the series of `MEASURED` of a run, shape (seeds, steps + 1, n_measured, n_fields); flows begin at 0."""
    n_fields = results.manifest["config"]["reference"]["fields"]
    found = np.zeros((results.manifest["replicates"], results.manifest["months"] + 1, len(MEASURED), n_fields))
    for kind, name in enumerate(MEASURED):
        for k in range(n_fields):
            series = results.series(name, {"field": f"field {k}"}).to_numpy().T
            found[:, found.shape[1] - series.shape[1] :, kind, k] = series
    return found


def simulated(case: str) -> Numbers:
    """Return trajectories of the engine, shape (seeds, steps + 1, n_measured, n_fields)."""
    return by_occupation(run(config_of(case), replicates=SEEDS, until=UNTIL, executor="serial"))


def published(
    start: Numbers, factors: Factors, access: Numbers, firms: Any, steps: int = STEPS, exact: bool = True
) -> Numbers:
    """Return the recursion for what is expected of `MEASURED`, from a start of shape `(n_measured, n_fields)`.

    `exact` takes the urn-ball of finite vacancies, otherwise the exponential of the paper, its limit.
    """
    e, u, v = (row.copy() for row in start[:3])
    target_at_start = e + v
    series = [start]
    for step in range(1, steps + 1):
        target, demand = target_at_start * factors(step), e + v
        too_many, too_few = np.maximum(0.0, demand - target), np.maximum(0.0, target - demand)
        separated = e * firms.separation_rate + (1 - firms.separation_rate) * firms.separation_speed * too_many
        opened = e * firms.opening_rate + (1 - firms.opening_rate) * firms.opening_speed * too_few
        weight = access * v
        applied = u[:, None] * weight / weight.sum(axis=1, keepdims=True)
        to = applied.sum(axis=0)
        taken = v * (1.0 - (1.0 - 1.0 / v) ** to) if exact else v * (1.0 - np.exp(-to / v))
        hired = applied * (taken / to)
        seekers = u
        e, u, v = e - separated + taken, u + separated - hired.sum(axis=1), v - taken + opened
        series.append(np.array([e, u, v, taken, seekers]))
    return np.array(series)


def expected_of(case: str, found: Numbers, exact: bool = True) -> Numbers:
    """Return the recursion from the start of each seed, in the shape of what was `found`."""
    config = config_of(case)
    access = Simulation(config, 0).world.accessibility
    return np.array([published(one[0], CASES[case][1], access, config.firms, exact=exact) for one in found])


def economy(case: str, found: Numbers | None = None) -> Iterator[Comparison]:
    """Compare totals of the economy in every step, by the spread over seeds.

    It is pooled over a quarter of the run, where it hardly changes. Five series in four quarters, each a few
    correlation times long; Student's t for one such stretch.
    """
    from scipy.stats import t as student

    found = simulated(case) if found is None else found
    expected, obtained = (one.sum(axis=3)[:, 1:] for one in (expected_of(case, found), found))
    for window in np.array_split(np.arange(STEPS), 4):
        apart = (obtained - expected)[:, window]
        error = np.sqrt(apart.var(axis=0, ddof=1).mean(axis=0) / SEEDS)
        bound = student.isf(LEVEL / (2.0 * len(MEASURED) * STEPS), 3 * (SEEDS - 1)) * error
        first = int(window[0]) + 1
        yield closest(
            expected[:, window].mean(axis=0), obtained[:, window].mean(axis=0),
            bound + CURVATURE * found.shape[3] / 2.0, partial(_series_and_step, first),
        )  # fmt: skip


def _series_and_step(first: int, step: int, kind: int) -> str:
    return _("{series}, step {step}").format(series=_(_SERIES[MEASURED[kind]]), step=first + step)


def occupations(case: str, found: Numbers | None = None, n_cases: int = len(CASES)) -> Iterator[Comparison]:
    """Compare the root mean square over occupations of the differences with none, by the spread over seeds.

    The bound is an F quantile of the mean square over its expectation.
    """
    from scipy.stats import f as f_law

    found = simulated(case) if found is None else found
    n_fields = found.shape[3]
    ratio = f_law.isf(LEVEL / (len(MEASURED) * n_cases * len(CHECKED)), n_fields, n_fields * (SEEDS - 1))
    apart = (found - expected_of(case, found))[:, CHECKED]
    mean_square = (apart.mean(axis=0) ** 2).mean(axis=2)
    noise = apart.var(axis=0, ddof=1).mean(axis=2) / SEEDS
    yield closest(
        0.0, np.sqrt(mean_square), np.sqrt(ratio * noise) + CURVATURE,
        lambda at, kind: _series_and_step(CHECKED[at], 0, kind),
    )  # fmt: skip


def area_of_beveridge(totals: Numbers) -> float:
    """Return the area that one cycle encloses, unemployment across and vacancies up; positive is counter-clockwise."""
    cycle = slice(STEPS - CYCLE_MONTHS, STEPS)
    u, v = totals[cycle, 1], totals[cycle, 2]
    return 0.5 * float((u * np.roll(v, -1) - np.roll(u, -1) * v).sum())


def beveridge(case: str = "complete_cycle", found: Numbers | None = None) -> Iterator[Comparison]:
    """Compare the area inside the Beveridge curve with that of the recursion, by the spread over seeds."""
    from scipy.stats import t as student

    found = simulated(case) if found is None else found
    areas, theory = (
        np.array([area_of_beveridge(one.sum(axis=2)) for one in series])
        for series in (found, expected_of(case, found))
    )
    error = (areas - theory).std(ddof=1) / math.sqrt(SEEDS)
    bound = student.isf(LEVEL / 2.0, SEEDS - 1) * error
    yield Comparison(float(theory.mean()), float(areas.mean()), float(bound))


_SERIES = {
    "employed": mark("employed"), "unemployed": mark("unemployed"), "vacancies": mark("vacancies"),
    "hires": mark("hires"), "seekers": mark("seekers"),
}  # fmt: skip
_NAMES = {
    "ring_constant": mark("ring of occupations, constant demand"),
    "ring_automation": mark("ring of occupations, automation"),
    "ring_cycle": mark("ring of occupations, business cycle"),
    "complete_automation": mark("complete network, automation"),
    "complete_cycle": mark("complete network, business cycle"),
    "network_automation": mark("given network, automation"),
    "network_cycle": mark("given network, business cycle"),
}
_IN_EACH = {
    "ring_automation": mark("ring of occupations, automation, each"),
    "complete_cycle": mark("complete network, business cycle, each"),
    "network_automation": mark("given network, automation, each"),
}
_ECONOMY = mark(
    "With one employer an occupation and all else off, the engine is the published model: employment, unemployment, "
    "vacancies, hires and seekers follow its equations step by step."
)

LINES = (
    *(Line(case, GROUP, name, mark("persons"), _ECONOMY,
           mark("Student's t over six seeds, for all steps and series together; half a person an occupation"),
           partial(economy, case))
      for case, name in _NAMES.items()),
    *(Line(f"{case}_each", GROUP, name, mark("persons"),
           mark("Each occupation by itself follows the published equations, not only the sum of all: what differs is "
                "the root mean square of the differences."),
           mark("F quantile over six seeds, for all steps and series together; one person an occupation"),
           partial(occupations, case))
      for case, name in _IN_EACH.items()),
    Line("beveridge", GROUP, mark("area inside the Beveridge curve over one cycle"), mark("persons^2"),
         mark("Over a business cycle vacancies and unemployment walk round the Beveridge curve counter-clockwise, as "
              "wide as the published equations say."),
         mark("Student's t over six seeds"), beveridge),
)  # fmt: skip
