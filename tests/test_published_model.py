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
from functools import cache

import numpy as np
import pytest
from scipy.stats import f as f_law
from scipy.stats import t as student

from labsim.config import load
from labsim.errors import ConfigError
from labsim.experiment.run import run
from labsim.model import LabourModel

PEOPLE, FIELDS, SEEDS = 40_000, 20, 6
BEFORE, STEPS = 40, 110  # steps at constant demand first, then while it moves and after
UNTIL = "2030-02"  # as many steps after December 2020
MEASURED = ("employed", "unemployed", "vacancies", "hires", "seekers")
LEVEL = 1e-3  # of each family of comparisons
SMALL = 6  # occupations of the small network
# The three files of the model, with fewer people, and the demand paths that they or these settings ask for.
RING = ("occupational_2021", f"reference.people={PEOPLE}", f"reference.fields={FIELDS}", "reference.neighbours=3")
COMPLETE = ("occupational_complete", f"reference.people={PEOPLE}", f"reference.fields={FIELDS}")
NETWORK = ("occupational_small", "reference.people=24000")


def factors_of_demand(step, n_fields=FIELDS):
    """Target demand relative to the start: a sigmoid down to 0.7 in every other pair of occupations, up in the rest."""
    shift = 0.3 / (1.0 + math.exp(-(step - BEFORE - 30) / 4.0))
    falls = np.arange(n_fields) // 2 % 2 == 0
    return np.where(falls, 1.0 - shift, 1.0 + shift)


def factors_by_cluster(step):
    shift = 0.3 / (1.0 + math.exp(-(step - BEFORE - 30) / 4.0))
    return np.where(np.arange(SMALL) < SMALL // 2, 1.0 - shift, 1.0 + shift)


def cycle_of_demand(step):
    return 1.0 - 0.06 * math.sin(2.0 * math.pi * max(0, step - BEFORE) / 60.0)


_FINAL = ", ".join(f"field {k}: {factor:.1f}" for k, factor in enumerate(factors_of_demand(10_000)))
_SHIFT = (f"demand_path.midpoint={BEFORE + 30}", "demand_path.width=4")
_CYCLE = ("demand_path.amplitude=0.06", "demand_path.cycle_months=60", "demand_path.start=2024-04")  # month 40
# name: (file and settings, demand factor of a step)
CASES = {
    "none": (RING, lambda step: 1.0),
    "automation": ((*RING, f"demand_path.final={{{_FINAL}}}", *_SHIFT), factors_of_demand),
    "cycle": ((*RING, *_CYCLE), cycle_of_demand),
    "complete network, cycle": ((*COMPLETE, *_CYCLE), cycle_of_demand),
    "small network, automation": ((*NETWORK, *_SHIFT, "demand_path.start=2020-12"), factors_by_cluster),
}


def config_of(case):
    file, *settings = CASES[case][0]
    return load(f"reference/{file}", settings=settings)


def by_occupation(results):
    """The series of `MEASURED` of a run, shape (seeds, steps + 1, n_measured, n_fields); flows are 0 at the start."""
    n_fields = results.manifest["config"]["reference"]["fields"]
    found = np.zeros((results.manifest["replicates"], results.manifest["months"] + 1, len(MEASURED), n_fields))
    for kind, name in enumerate(MEASURED):
        for k in range(n_fields):
            series = results.series(name, {"field": f"field {k}"}).to_numpy().T
            found[:, found.shape[1] - series.shape[1] :, kind, k] = series
    return found


@cache
def simulated(case):
    """Trajectories of the engine, shape (seeds, steps + 1, n_measured, n_fields)."""
    return by_occupation(run(config_of(case), replicates=SEEDS, until=UNTIL))


def published(start, factors, access, firms, steps=STEPS, exact=True):
    """The recursion above for what is expected of `MEASURED`, from a start of that shape: `(n_measured, n_fields)`."""
    e, u, v = (row.copy() for row in start[:3])
    target_at_start = e + v
    series = [start]
    for step in range(1, steps + 1):
        target, demand = target_at_start * factors(step), e + v
        separated = e * firms.separation_rate + (1 - firms.separation_rate) * firms.separation_speed * np.maximum(
            0.0, demand - target
        )
        opened = e * firms.opening_rate + (1 - firms.opening_rate) * firms.opening_speed * np.maximum(
            0.0, target - demand
        )
        weight = access * v
        applied = u[:, None] * weight / weight.sum(axis=1, keepdims=True)
        to = applied.sum(axis=0)
        taken = v * (1.0 - (1.0 - 1.0 / v) ** to) if exact else v * (1.0 - np.exp(-to / v))
        hired = applied * (taken / to)
        seekers = u
        e, u, v = e - separated + taken, u + separated - hired.sum(axis=1), v - taken + opened
        series.append(np.array([e, u, v, taken, seekers]))
    return np.array(series)


def expected(case, exact=True):
    """The recursion from the start of each seed, shape (seeds, steps + 1, n_measured, n_fields)."""
    config = config_of(case)
    access, factors = LabourModel(config, 0).world.accessibility, CASES[case][1]
    return np.array([published(one[0], factors, access, config.firms, exact=exact) for one in simulated(case)])


def test_accessibility_is_the_ring_of_the_configuration():
    access = LabourModel(config_of("none"), 0).world.accessibility
    step = np.abs(np.subtract.outer(np.arange(FIELDS), np.arange(FIELDS)))
    step = np.minimum(step, FIELDS - step)
    assert np.array_equal(access > 0, step <= 3)
    assert (np.diag(access) == 1.0).all()


def test_the_complete_network_is_open_to_all_and_a_given_one_is_as_it_is_written():
    assert (LabourModel(config_of("complete network, cycle"), 0).world.accessibility == 1.0).all()
    config = config_of("small network, automation")
    access = LabourModel(config, 0).world.accessibility
    assert access.shape == (SMALL, SMALL)
    assert np.array_equal(access, np.array(config.reference.network))
    assert access[0, 5] == 0.0 and access[2, 3] == 0.1


def test_a_network_of_the_wrong_size_is_refused():
    with pytest.raises(ConfigError, match="allowed 6 of 6"):
        load("reference/occupational_small", settings=["reference.network=[[1, 0], [0, 1]]"])


# How far the mean of a few finite runs may be from the recursion of expectations: the spread over seeds, and one person
# or post an occupation. That one is for the curvature of hires (half of second derivative, of order 1 / v, times a
# variance of order v) and for targets in whole posts, floor(d* + lasting uniform), right on average, less than one off.
CURVATURE = 1.0
CHECKED = (BEFORE, BEFORE + 20, BEFORE + 30, BEFORE + 35, BEFORE + 45, BEFORE + 70)


@pytest.mark.parametrize("case", CASES)
def test_the_economy_follows_the_published_recursion(case):
    total = (simulated(case) - expected(case)).sum(axis=3)[:, 1:]
    n_fields = simulated(case).shape[3]
    # spread over seeds, pooled over a quarter of the run, where it hardly changes
    for window in np.array_split(np.arange(STEPS), 4):
        difference = total[:, window].mean(axis=0)
        error = np.sqrt(total[:, window].var(axis=0, ddof=1).mean(axis=0) / SEEDS)
        # Five series in four quarters, each a few correlation times long; Student's t for one such stretch.
        bound = student.isf(LEVEL / (2.0 * len(MEASURED) * STEPS), 3 * (SEEDS - 1)) * error
        assert (np.abs(difference) < bound + CURVATURE * n_fields / 2.0).all(), window[0]


@pytest.mark.parametrize("measured", MEASURED)
@pytest.mark.parametrize("case", CASES)
def test_every_occupation_follows_the_published_recursion(case, measured):
    kind = MEASURED.index(measured)
    apart = (simulated(case) - expected(case))[:, CHECKED, kind]
    n_fields = apart.shape[2]
    mean_square = (apart.mean(axis=0) ** 2).mean(axis=1)
    noise = apart.var(axis=0, ddof=1).mean(axis=1) / SEEDS
    # mean square of the occupations' differences over its expectation from the spread over seeds
    ratio = f_law.isf(LEVEL / (len(MEASURED) * len(CASES) * len(CHECKED)), n_fields, n_fields * (SEEDS - 1))
    assert (np.sqrt(mean_square) < np.sqrt(ratio * noise) + CURVATURE).all()


def test_the_limit_of_many_vacancies_is_the_exponential_of_the_paper():
    # the urn-ball of finite v differs from v (1 - exp(-s / v)) by about half a hire an occupation and step, and the
    # paper's form is then as good as the exact one
    exact, limit = expected("automation"), expected("automation", exact=False)
    assert not np.array_equal(exact, limit)
    assert np.abs(exact - limit).max() < CURVATURE


def test_unemployment_and_vacancies_peak_while_demand_moves():
    total = simulated("automation").sum(axis=3)
    before, peak, after = total[:, BEFORE], total[:, BEFORE + 34], total[:, STEPS]
    error = math.sqrt(total[:, BEFORE - 10 : BEFORE].var(axis=0, ddof=1)[:, 1].mean() / SEEDS)
    assert (peak - before)[:, 1].mean() > 5.0 * error
    assert (peak - after)[:, 1].mean() > 5.0 * error
    assert (peak[:, 2] > 1.2 * before[:, 2]).all()
    shift = np.abs(np.diff([factors_of_demand(step)[0] for step in range(STEPS + 1)]))
    assert abs(int(total[:, :, 1].mean(axis=0).argmax()) - int(shift.argmax())) < 10
    # meanwhile the automated occupations have more unemployment than the others, though not more vacancies
    falls = factors_of_demand(STEPS) < 1.0
    employed, unemployed, vacant, _hires, _seekers = simulated("automation")[:, BEFORE + 34].mean(axis=0)
    rate = unemployed / (employed + unemployed)
    assert rate[falls].mean() > 1.2 * rate[~falls].mean()
    assert vacant[falls].mean() < vacant[~falls].mean()


def test_the_beveridge_curve_is_walked_counter_clockwise():
    # shoelace formula over one whole cycle, unemployment across and vacancies up: positive is counter-clockwise
    cycle = slice(STEPS - 60, STEPS)

    def area(total):
        u, v = total[cycle, 1], total[cycle, 2]
        return 0.5 * float((u * np.roll(v, -1) - np.roll(u, -1) * v).sum())

    areas = np.array([area(one.sum(axis=2)) for one in simulated("cycle")])
    theory = np.array([area(one.sum(axis=2)) for one in expected("cycle")])
    error = areas.std(ddof=1) / math.sqrt(SEEDS)
    assert (areas > 0).all()
    assert abs((areas - theory).mean()) < student.isf(LEVEL / 2.0, SEEDS - 1) * error
    # and the curve slopes down: recessions have few vacancies
    totals = simulated("cycle").mean(axis=0).sum(axis=2)[cycle]
    assert np.corrcoef(totals[:, 1], totals[:, 2])[0, 1] < -0.5


def test_the_automated_side_of_a_bridge_stays_unemployed_longer():
    employed, unemployed, *_others = simulated("small network, automation").mean(axis=0)[BEFORE + 45]
    rate = unemployed / (employed + unemployed)
    assert rate[:3].mean() > 1.2 * rate[3:].mean()
    # whoever stands at the bridge is better off than those behind it
    assert rate[2] < rate[0] and rate[2] < rate[1]


OWN = """extends: reference/occupational_small
title: Three occupations of my own
period: {start: 2020-12, until: 2023-12}
reference:
  people: 9_000
  fields: 3
  unemployed: 0.15
  vacancies: 0.08
  network: [[1.0, 0.5, 0.0], [0.2, 1.0, 0.4], [0.0, 0.1, 1.0]]
policies: {demand_path: false}
firms: {separation_rate: 0.03, opening_rate: 0.02, separation_speed: 0.3, opening_speed: 0.25}
"""


def test_other_numbers_come_from_a_file_and_what_they_do_from_results(tmp_path):
    (tmp_path / "own.yaml").write_text(OWN, encoding="utf-8")
    config = load(tmp_path / "own.yaml")
    seeds, steps = 12, config.period.n_months
    results = run(config, replicates=seeds)
    found, access = by_occupation(results), np.array(config.reference.network)
    apart = found - np.array([published(one[0], lambda step: 1.0, access, config.firms, steps) for one in found])
    # every series, occupation and month; Student's t with the spread over seeds, pooled over neighbouring months
    for window in np.array_split(np.arange(1, steps + 1), 3):
        difference = apart[:, window].mean(axis=0)
        error = np.sqrt(apart[:, window].var(axis=0, ddof=1).mean(axis=0) / seeds)
        bound = student.isf(LEVEL / (2.0 * steps * difference[0].size), 2 * (seeds - 1)) * error
        assert (np.abs(difference) < bound + CURVATURE).all(), window[0]
    # nobody is lost between the tables: people are in work or without it, and all months are there
    people = found[:, :, :2].sum(axis=(2, 3))
    assert people.shape == (seeds, steps + 1) and (people == config.reference.people).all()
    # separations and openings three times as strong would be seen
    slower = np.array([published(one[0], lambda step: 1.0, access, config_of("none").firms, steps) for one in found])
    assert (np.abs((found - slower).mean(axis=0))[-1, 1] > bound[1] + CURVATURE).all()
