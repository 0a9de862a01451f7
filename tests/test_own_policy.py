"""A policy in a file of a researcher's own appears everywhere without any other edit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from labsim.cli import cli
from labsim.config import load
from labsim.experiment.run import run
from labsim.model import LabourModel
from labsim.world import Activity

HERE = Path(__file__).parent.parent / "experiments" / "own_policy"
SCENARIO = HERE / "scenario.yaml"


def call(*words: str) -> str:
    result = CliRunner().invoke(cli, [*words, "--lang", "en"])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_it_is_a_class_of_about_twenty_lines():
    text = (HERE / "hire_farmers.py").read_text(encoding="utf-8")
    lines = [line for line in text[text.index("class ") :].splitlines() if line.strip()]
    assert len(lines) <= 25


def test_it_appears_in_parameters_schedule_levers_and_check():
    assert "policies.hire_farmers\n" in call("params", "son_la", "--scenario", str(SCENARIO))
    assert "hire_farmers: writes wage_subsidy, search_effort" in call("schedule", "son_la", "--scenario", str(SCENARIO))
    levers = call("levers", "son_la", "--scenario", str(SCENARIO))
    assert "written by: hire_farmers" in levers[levers.index("wage_subsidy") :]
    assert "policies.hire_farmers: off -> on" in call("check", str(SCENARIO))


def test_it_appears_in_the_run_the_ledger_and_the_scorecard():
    words = ["run", "son_la", "--scenario", str(SCENARIO), "--scale", "0.002", "--replicates", "1"]
    words += ["--until", "2026-02", "--executor", "serial", "--json"]
    found = json.loads(call(*words))
    assert found["scenario"] == "scenario"
    assert len(found["scorecard"]) > 20
    mine = [row for row in found["costs"] if row["policy"] == "hire_farmers" and row["year"] == "2026"]
    assert [row["outcome"] for row in mine] == ["farmer hired with a subsidy"]
    assert mine[0]["count"] > 0
    assert mine[0]["unit_cost"] == pytest.approx(mine[0]["cost"] / mine[0]["count"])
    (paid,) = [row for row in found["spending"] if row["policy"] == "hire_farmers"]
    assert (paid["purpose"], paid["recipient"], paid["payer"]) == ("wage subsidy", "employers", "state budget")
    assert paid["amount"] == mine[0]["spent"]


def test_farmers_who_are_hired_bring_the_subsidy(son_la):
    settings = ("policies.hire_farmers.start=2021-01", "policies.hire_farmers.budget=null", "scale=0.02")
    model = LabourModel(load("son_la", scenario=SCENARIO, settings=settings), 1)
    policy = model.policies["hire_farmers"]
    for _month in range(3):
        before = model.workers.activity.copy()
        model.step()
        hired = model.world.events["hired"]
        # the lever is written before the month: it goes to those who farmed then
        farmers = hired[before[hired] == Activity.FARMING]
        expected = policy.rate * policy.months * float(model.workers.wage[farmers].sum()) / model.world.scale
        paid = [one.amount for one in model.world.ledger.payments if one.month == model.month]
        mine = [one.amount for one in model.world.ledger.payments if one.month == model.month and
                one.policy == "hire_farmers"]  # fmt: skip
        assert len(farmers) > 0 and paid
        # wages are paid in single precision
        assert sum(mine) == pytest.approx(expected, rel=1e-5)
    assert model.imbalance() == []


def test_at_rate_zero_it_changes_nothing(first_difference):
    neutral = ("policies.hire_farmers.rate=0", "policies.hire_farmers.effort=1")
    settings = ("scale=0.005", "policies.hire_farmers.start=2021-01", "policies.hire_farmers.budget=null")
    with_it = LabourModel(load("son_la", scenario=SCENARIO, settings=(*settings, *neutral)), 1).run(6)
    without = LabourModel(load("son_la", settings=("scale=0.005",)), 1).run(6)
    assert first_difference(with_it, without) == ""
    dosed = LabourModel(load("son_la", scenario=SCENARIO, settings=settings), 1).run(6)
    assert first_difference(dosed, without) != ""


def test_processes_of_a_pool_find_it_too():
    config = load("son_la", scenario=SCENARIO, settings=("policies.hire_farmers.start=2021-01", "scale=0.002"))
    results = run(config, until="2021-02", replicates=2, executor="processes", workers=2)
    assert "hire_farmers" in set(results.costs()["policy"])
