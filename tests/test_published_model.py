"""The occupational model of 2021 (labsim/evidence/published.py has its equations), beyond what the scoreboard shows."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from scipy.stats import t as student

from labsim.config import load
from labsim.errors import ConfigError
from labsim.evidence import published as model_2021
from labsim.evidence.published import (
    BEFORE,
    CURVATURE,
    CYCLE_MONTHS,
    FIELDS,
    LEVEL,
    SEEDS,
    SMALL,
    STEPS,
    area_of_beveridge,
    by_occupation,
    config_of,
    expected_of,
    factors_of_demand,
    published,
)
from labsim.experiment.run import run
from labsim.model import LabourModel


@cache
def simulated(case):
    """Trajectories of the engine, shape (seeds, steps + 1, n_measured, n_fields)."""
    return model_2021.simulated(case)


def expected(case, exact=True):
    """The recursion from the start of each seed, shape (seeds, steps + 1, n_measured, n_fields)."""
    return expected_of(case, simulated(case), exact=exact)


def test_accessibility_is_the_ring_of_the_configuration():
    access = LabourModel(config_of("ring_constant"), 0).world.accessibility
    step = np.abs(np.subtract.outer(np.arange(FIELDS), np.arange(FIELDS)))
    step = np.minimum(step, FIELDS - step)
    assert np.array_equal(access > 0, step <= 3)
    assert (np.diag(access) == 1.0).all()


def test_the_complete_network_is_open_to_all_and_a_given_one_is_as_it_is_written():
    assert (LabourModel(config_of("complete_cycle"), 0).world.accessibility == 1.0).all()
    config = config_of("network_automation")
    access = LabourModel(config, 0).world.accessibility
    assert access.shape == (SMALL, SMALL)
    assert np.array_equal(access, np.array(config.reference.network))
    assert access[0, 5] == 0.0 and access[2, 3] == 0.1


def test_a_network_of_the_wrong_size_is_refused():
    with pytest.raises(ConfigError, match="allowed 6 of 6"):
        load("reference/occupational_small", settings=["reference.network=[[1, 0], [0, 1]]"])


def test_the_limit_of_many_vacancies_is_the_exponential_of_the_paper():
    # the urn-ball of finite v differs from v (1 - exp(-s / v)) by about half a hire an occupation and step, and the
    # paper's form is then as good as the exact one
    exact, limit = expected("ring_automation"), expected("ring_automation", exact=False)
    assert not np.array_equal(exact, limit)
    assert np.abs(exact - limit).max() < CURVATURE


def test_unemployment_and_vacancies_peak_while_demand_moves():
    total = simulated("ring_automation").sum(axis=3)
    before, peak, after = total[:, BEFORE], total[:, BEFORE + 34], total[:, STEPS]
    error = math.sqrt(total[:, BEFORE - 10 : BEFORE].var(axis=0, ddof=1)[:, 1].mean() / SEEDS)
    assert (peak - before)[:, 1].mean() > 5.0 * error
    assert (peak - after)[:, 1].mean() > 5.0 * error
    assert (peak[:, 2] > 1.2 * before[:, 2]).all()
    shift = np.abs(np.diff([factors_of_demand(step)[0] for step in range(STEPS + 1)]))
    assert abs(int(total[:, :, 1].mean(axis=0).argmax()) - int(shift.argmax())) < 10
    # meanwhile the automated occupations have more unemployment than the others, though not more vacancies
    falls = factors_of_demand(STEPS) < 1.0
    employed, unemployed, vacant, _hires, _seekers = simulated("ring_automation")[:, BEFORE + 34].mean(axis=0)
    rate = unemployed / (employed + unemployed)
    assert rate[falls].mean() > 1.2 * rate[~falls].mean()
    assert vacant[falls].mean() < vacant[~falls].mean()


def test_the_beveridge_curve_is_walked_counter_clockwise():
    areas = np.array([area_of_beveridge(one.sum(axis=2)) for one in simulated("ring_cycle")])
    assert (areas > 0).all()
    cycle = slice(STEPS - CYCLE_MONTHS, STEPS)
    # and the curve slopes down: recessions have few vacancies
    totals = simulated("ring_cycle").mean(axis=0).sum(axis=2)[cycle]
    assert np.corrcoef(totals[:, 1], totals[:, 2])[0, 1] < -0.5


def test_the_automated_side_of_a_bridge_stays_unemployed_longer():
    employed, unemployed, *_others = simulated("network_automation").mean(axis=0)[BEFORE + 45]
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
    firms = config_of("ring_constant").firms
    slower = np.array([published(one[0], lambda step: 1.0, access, firms, steps) for one in found])
    assert (np.abs((found - slower).mean(axis=0))[-1, 1] > bound[1] + CURVATURE).all()
