"""Worlds that must be the same to the last bit, and worlds that may differ by what was changed and its chains only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from labsim import schedule
from labsim.config import load
from labsim.evidence.common_draws import CLOSED, STORMY, closed, dosed, help_in_one_district
from labsim.evidence.executors import differing_tables
from labsim.experiment.run import run
from labsim.ledger import TRAINEES
from labsim.model import LabourModel
from labsim.policies import BUILT_IN, Policy

PAYING = [name for name, policy in BUILT_IN.items() if policy.pays()]


def after(config, months: int, seed: int = 1) -> LabourModel:
    return LabourModel(config, seed).run(months)


@pytest.fixture(scope="module")
def bare(son_la, with_policies) -> LabourModel:
    """Return a year of Son La without any policy."""
    return after(with_policies(son_la(STORMY), {}), 13)


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("closing", [*CLOSED, "of no kind"])
def test_a_policy_that_does_nothing_changes_not_one_bit(son_la, with_policies, bare, first_difference, name, closing):
    config = with_policies(son_la(STORMY), {name: closed(name, closing) if closing in CLOSED else Policy()})
    assert first_difference(after(config, 13), bare) == ""


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_same_policy_with_a_dose_does_change_the_world(son_la, with_policies, bare, first_difference, name):
    """Else the test above could not fail, nor the line of the scoreboard that closes all policies together."""
    assert first_difference(after(with_policies(son_la(STORMY), {name: dosed(name)}), 13), bare) != ""


def test_an_opened_window_changes_nothing_before_it_opens(son_la, with_policies, series):
    config = with_policies(son_la(STORMY), {"labour_export": dosed("labour_export", start="2021-07", stop="2021-09")})
    sent = series(after(config, 13))["sent_abroad"].dropna()
    inside = (sent.index >= "2021-07-01") & (sent.index < "2021-10-01")
    assert (sent[inside] > 0).all()
    assert (sent[~inside] == 0).all()


def test_the_order_of_policies_in_a_file_does_not_matter(tmp_path: Path, first_difference):
    """All four write the same levers in part: seats, fees paid, priority."""
    texts = {
        "vocational_training": "  vocational_training: {seats_per_year: {2021: 30_000}}",
        "climate_retraining": "  climate_retraining: {seats_per_year: {2021: 9_000}}",
        "labour_export": "  labour_export: {places_per_year: {2021: 6_000}}",
        "talent_attraction": "  talent_attraction: {places_per_year: {2021: 4_000}}",
    }
    models = []
    for number, order in enumerate((list(texts), list(reversed(texts)))):
        file = tmp_path / f"order_{number}.yaml"
        lines = ["extends: son_la/baseline", "policies:", *(texts[name] for name in order)]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        models.append(after(load("son_la", scenario=file, settings=["scale=0.01", STORMY]), 13))
    assert first_difference(*models) == ""


@pytest.mark.parametrize(
    "pair",
    [
        ("vocational_training", "climate_retraining"),
        ("labour_export", "talent_attraction"),
        ("job_placement", "labour_information"),
        ("school_enterprise_linkage", "digital_skills"),
        ("job_placement", "school_enterprise_linkage"),
        ("officials_degrees", "industrial_parks"),
        ("industrial_parks", "startups"),
        ("rural_minority_training", "vocational_training"),
        ("startups", "climate_retraining"),
    ],
)
def test_two_policies_compose_in_any_order(son_la, with_policies, first_difference, pair):
    one, other = (LabourModel(with_policies(son_la(STORMY), {name: dosed(name) for name in pair}), 1) for _ in range(2))
    other.policies = dict(reversed(one.policies.items()))
    assert list(one.policies) != list(other.policies)
    assert first_difference(one.run(13), other.run(13)) == ""


def test_all_policies_together_balance_every_month_and_pay_in_any_order(son_la, with_policies, first_difference):
    config = with_policies(son_la(STORMY), {name: dosed(name) for name in BUILT_IN})
    one, other = LabourModel(config, 1), LabourModel(config, 1)
    other.policies = dict(reversed(one.policies.items()))
    for _ in range(13):
        one.step()
        other.step()
        assert one.imbalance() == []
    assert first_difference(one, other) == ""
    assert one.world.ledger.spent == other.world.ledger.spent
    assert {name for name, _ in one.world.ledger.spent} == set(PAYING)


@pytest.mark.parametrize("name", PAYING)
def test_a_policy_whose_money_is_spent_pauses_until_january(son_la, with_policies, name):
    """A budget of one VND pays for nothing; what the rounding of a count still lets through is the last of its year.

    What trainees pay themselves uses up no budget.
    """
    model = after(with_policies(son_la(STORMY), {name: dosed(name, budget={2021: 1.0})}), 24)
    months = {payment.month for payment in model.world.ledger.payments if payment.payer != TRAINEES}
    assert len(months) <= 2
    assert len({(month - 1) // 12 for month in months}) == len(months)


def test_the_same_seed_gives_the_same_world_and_another_seed_another(son_la, first_difference):
    config = son_la(scale=0.005)
    first, twin, other = after(config, 6, seed=1), after(config, 6, seed=1), after(config, 6, seed=2)
    assert first_difference(first, twin) == ""
    assert first_difference(first, other) != ""
    n = min(len(first.workers), len(other.workers))
    assert (first.workers.activity[:n] != other.workers.activity[:n]).mean() > 0.01


def test_a_policy_in_one_district_changes_nobody_elsewhere():
    """With more switched off than in the line of the scoreboard."""
    inside, outside = help_in_one_district("search, matching, training, firms, climate, demand")
    assert inside > 20
    assert outside == 0


@pytest.mark.slow
def test_the_executor_and_the_number_of_processes_decide_nothing(son_la, tmp_path):
    """Four processes for five replicates: some process runs two of them, in an order nobody decides."""
    config = son_la(scale=0.005, until="2021-02")
    first = run(config, replicates=5, executor="serial")
    assert first.monthly["replicate"].nunique() == 5
    first.save(tmp_path / "serial")
    for executor, workers in (("threads", 2), ("processes", 1), ("processes", 2), ("processes", 4)):
        again = run(config, replicates=5, executor=executor, workers=workers)
        name = f"{executor} {workers}"
        assert list(differing_tables(first, again)) == [], name
        again.save(tmp_path / name)
        for file in ("monthly.parquet", "scorecard.csv", "ledger.csv", "population.csv"):
            assert (tmp_path / name / file).read_bytes() == (tmp_path / "serial" / file).read_bytes(), (name, file)


# Student's t that is exceeded once in 2,000 (both sides together, 9 degrees of freedom).
T_9 = 5.29
SMALL, LARGE = 0.02, 0.1


@pytest.mark.slow
def test_scale_changes_noise_and_not_levels(son_la, series):
    """Ten runs at 1:50 against three at 1:10, December 2022; the noise is that between the ten.

    Variance falls with the number of people, so a run at 1:10 has a fifth of it; the difference of the two means has
    the standard error s sqrt(1/10 + (1/5) / 3).
    """
    stocks = ["agricultural_share", "unemployment_rate", "trained_share", "employees", "away_in_viet_nam"]
    flows = ["people_trained", "jobs_created"]
    names = [*stocks, *flows]

    def ends(scale: float, seeds: range) -> np.ndarray:
        frames = [series(after(son_la(scale=scale), 24, seed)) for seed in seeds]
        return np.array([[*frame[stocks].iloc[-1], *frame[flows].iloc[1:].sum()] for frame in frames])

    small, large = ends(SMALL, range(100, 110)), ends(LARGE, range(200, 203))
    error = small.std(axis=0, ddof=1) * np.sqrt(1 / 10 + SMALL / LARGE / 3)
    t = (small.mean(axis=0) - large.mean(axis=0)) / error
    assert (np.abs(t) < T_9).all(), dict(zip(names, t.round(1), strict=True))


def test_every_draw_of_the_month_is_keyed(son_la, first_difference):
    """The order in which the same months are simulated beside other work leaves no trace: no hidden generator."""
    config = son_la(scale=0.005)
    model = LabourModel(config, 1)
    for _ in range(4):
        model.rng.random(3)
        model.random.random()
        model.step()
    assert first_difference(model, after(config, 4)) == ""
    assert model.processes == schedule.MONTH
