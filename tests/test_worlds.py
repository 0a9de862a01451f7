"""Worlds that must be the same to the last bit, and worlds that may differ by what was changed and its chains only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from labsim import schedule
from labsim.config import load
from labsim.experiment.run import run
from labsim.levers import LeversOfPolicy
from labsim.model import LabourModel
from labsim.policies import BUILT_IN, Policy
from labsim.world import Activity, World

# Hazards come often here, so that climate retraining has somebody to help.
STORMY = "climate.frequency=4"
DOSES = {
    "vocational_training": {"seats_per_year": {2021: 30_000.0}, "outreach": 2.0},
    "labour_export": {"places_per_year": {2021: 6_000.0}},
    "talent_attraction": {"places_per_year": {2021: 4_000.0}, "lump_sum": 1e9},
    "climate_retraining": {"seats_per_year": {2021: 9_000.0}, "conversions_per_year": {2021: 20_000.0}},
    "job_placement": {"share_per_year": {2021: 0.35}},
    "labour_information": {"institutions": {2021: 1.0}, "workers": {2021: 1.0}},
    "school_enterprise_linkage": {"share": {2021: 1.0}},
    "digital_skills": {"persons_per_year": {2021: 20_000.0}},
    "demand_path": {"amplitude": 0.2, "cycle_months": 24},
    "officials_degrees": {"officials_per_year": {2021: 2_000.0}, "masters_per_year": {2021: 1_000.0}},
    "industrial_parks": {"posts_per_year": {2021: 9_000.0}, "expansion": {2021: 0.2}},
    "startups": {
        "loans_per_year": {2021: 20_000.0},
        "digital_support_per_year": {2021: 9_000.0},
        "cooperatives_per_year": {2021: 300.0},
    },
    "rural_minority_training": {"quotas": {"minority": 0.8}, "campaign_days_per_year": {2021: 20_000.0}},
}
PAYING = [name for name, policy in BUILT_IN.items() if policy.pays()]
# What a person does and is, without the amounts of money that everyone in a district shares a little of.
STATE = ("activity", "employer", "tier", "work_field", "programme", "level", "certificate", "field", "destination")
FURTHER = ("wage", "savings", "skill", "spell", "months_left", "school", "vocational", "digital")


def dosed(name: str, **more: object) -> Policy:
    return BUILT_IN[name](**DOSES[name], **more)


def after(config, months: int, seed: int = 1) -> LabourModel:
    return LabourModel(config, seed).run(months)


@pytest.fixture(scope="module")
def bare(son_la, with_policies) -> LabourModel:
    """Return a year of Son La without any policy."""
    return after(with_policies(son_la(STORMY), {}), 13)


def no_policy_at_all(name: str) -> dict[str, Policy]:
    return {name: Policy()}


CLOSED = {
    "at rate zero": lambda name: {name: BUILT_IN[name]()},
    "starts after the end": lambda name: {name: dosed(name, start="2022-02")},
    "stopped before the start": lambda name: {name: dosed(name, stop="2020-12")},
    "without a budget": lambda name: {name: dosed(name, budget={2021: 0.0})},
    "that does nothing": no_policy_at_all,
}


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("closed", CLOSED)
def test_a_policy_that_does_nothing_changes_not_one_bit(son_la, with_policies, bare, first_difference, name, closed):
    config = with_policies(son_la(STORMY), CLOSED[closed](name))
    assert first_difference(after(config, 13), bare) == ""


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_same_policy_with_a_dose_does_change_the_world(son_la, with_policies, bare, first_difference, name):
    """Else the test above could not fail."""
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
    """A budget of one VND pays for nothing; what the rounding of a count still lets through is the last of its year."""
    model = after(with_policies(son_la(STORMY), {name: dosed(name, budget={2021: 1.0})}), 24)
    months = {payment.month for payment in model.world.ledger.payments}
    assert len(months) <= 2
    assert len({(month - 1) // 12 for month in months}) == len(months)


def test_the_same_seed_gives_the_same_world_and_another_seed_another(son_la, first_difference):
    config = son_la(scale=0.005)
    first, twin, other = after(config, 6, seed=1), after(config, 6, seed=1), after(config, 6, seed=2)
    assert first_difference(first, twin) == ""
    assert first_difference(first, other) != ""
    n = min(len(first.workers), len(other.workers))
    assert (first.workers.activity[:n] != other.workers.activity[:n]).mean() > 0.01


def test_runs_side_by_side_do_not_touch_each_other(son_la, first_difference):
    config = son_la(scale=0.005)
    one, other = LabourModel(config, 1), LabourModel(config, 2)
    for _ in range(6):
        one.step()
        other.step()
    assert first_difference(one, after(config, 6, seed=1)) == ""


def remove(model: LabourModel, row: int) -> None:
    """Take one person out of the province, with the post and the seat they held."""
    w, stocks = model.workers, model.world.ledger.stocks
    stocks[w.activity[row]] -= 1
    stocks[Activity.LEFT] += 1
    if w.employer[row] >= 0:
        model.enterprises.headcount[w.employer[row], w.tier[row]] -= 1
    if w.programme[row] >= 0:
        model.programmes.taken[w.programme[row]] -= 1
    w.activity[row], w.employer[row], w.tier[row], w.work_field[row] = Activity.LEFT, -1, 255, -1
    w.programme[row], w.months_left[row], w.spell[row] = -1, 0, 0


def others_who_differ(one: LabourModel, other: LabourModel, changed: np.ndarray, columns: tuple[str, ...]) -> int:
    differ = np.zeros(len(one.workers), dtype=bool)
    for name in columns:
        differ |= getattr(one.workers, name) != getattr(other.workers, name)
    differ[changed] = False
    return int(differ.sum())


def some(model: LabourModel, activity: Activity, number: int) -> np.ndarray:
    rows = np.flatnonzero(model.workers.activity == activity)
    return rows[np.linspace(0, len(rows) - 1, number).astype(int)]


@pytest.mark.slow
@pytest.mark.parametrize("activity", [Activity.FARMING, Activity.HOUSEHOLD_BUSINESS, Activity.EMPLOYEE])
def test_one_person_less_leaves_traceable_differences_only(son_la, activity):
    """Remove 30 people at month 3 and count who else does something else after one and six months, per person removed.

    The bound is that of chains. In the month of the removal the empty post spares at most one colleague. From the next
    month on the post is a vacancy more. It is filled with chance q = hires / vacancies; it draws its applicants from
    other vacancies, of which q would have hired one of them and now take the runner-up: 3 q people a month. Vacancies
    that differ do not multiply, since whoever fills one closes it. A person who differs is an applicant more or less,
    who wins with chance a = hires / applications over one other person. So P(1) = 1 and P(k + 1) = (1 + a) P(k) + 3 q.
    A chain's length is at most geometric, with variance P (1 + P); three standard errors of the mean of 30 are allowed.
    A choice by position in a list, with the same keyed numbers, moves some forty people in six months.
    """
    config, n, months = son_la(scale=0.05), 30, 6
    one, other = after(config, 3), after(config, 3)
    removed = some(other, activity, n)
    for row in removed:
        remove(other, int(row))
    others = 1.0
    for month in range(1, months + 1):
        vacancies = int(one.enterprises.vacancies.sum())
        one.step()
        other.step()
        counts = one.world.ledger.counts
        if month > 1:
            others += others * counts["hires"] / counts["applications"] + 3.0 * counts["hires"] / vacancies
        bound = others + 3.0 * np.sqrt(others * (1.0 + others) / n)
        found = others_who_differ(one, other, removed, STATE) / n
        assert found <= bound, f"after {month} months {found:.1f} others a person, bound {bound:.1f}"
    assert other.imbalance() == []
    assert others_who_differ(one, other, removed, STATE) > 0 or activity != Activity.EMPLOYEE


def test_without_what_people_share_nobody_else_notices(son_la, with_policies):
    """People share vacancies, seats, places, land, customers and the count behind in-migration; take these away and a
    person more or less changes not one bit of anyone else."""
    config = with_policies(
        son_la(
            "switched_off=[search, matching, training, firms]",
            "own_account.land_crowding=0",
            "own_account.business_crowding=0",
            "migration.in_migration=0",
        ),
        {},
    )
    one, other = after(config, 3), after(config, 3)
    removed = np.concatenate([some(other, activity, 10) for activity in range(Activity.UNEMPLOYED + 1)])
    for row in removed:
        remove(other, int(row))
    for _ in range(9):
        one.step()
        other.step()
        assert others_who_differ(one, other, removed, (*STATE, *FURTHER)) == 0
    assert other.imbalance() == []


class HelpInOneDistrict(Policy):
    """Offer all farmers of one district money to change livelihood.

    Levers: conversion_places, conversion_grant.
    """

    def adjust(self, levers: LeversOfPolicy, world: World) -> None:
        levers.add("conversion_places", 100_000.0, to=[3])
        levers.add("conversion_grant", 100e6, to=[3])


@pytest.mark.parametrize("off", ["search, matching, training", "search, matching, training, firms, climate, demand"])
def test_a_policy_in_one_district_changes_nobody_elsewhere(son_la, with_policies, off):
    """Vacancies and seats are shared by the whole province (programmes admit people of every district), so that
    matching and training are off; land and customers are shared within a district only."""
    config = son_la(f"switched_off=[{off}]", "migration.in_migration=0")
    bare = after(with_policies(config, {}), 12)
    helped = after(with_policies(config, {"help": HelpInOneDistrict()}), 12)
    differ = np.zeros(len(bare.workers), dtype=bool)
    for name in (*STATE, *FURTHER):
        differ |= getattr(bare.workers, name) != getattr(helped.workers, name)
    assert differ[bare.workers.district == 3].sum() > 20
    assert differ[bare.workers.district != 3].sum() == 0


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
        assert first.monthly.equals(again.monthly), name
        assert first.ledger.equals(again.ledger), name
        assert first.scorecard.equals(again.scorecard), name
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
