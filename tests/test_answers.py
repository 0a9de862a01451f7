"""The ledger as an answer: what was spent on whom, what a unit of outcome cost, and money that has nowhere to go."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from labsim.config import load
from labsim.errors import ConfigError
from labsim.experiment.run import run
from labsim.ledger import Ledger, Payment
from labsim.levers import LEVERS
from labsim.model import LabourModel
from labsim.policies import BUILT_IN, Policy
from labsim.policies.base import Outcome
from labsim.world import Level

EXPORT = {"labour_export": {"places_per_year": {2021: 6_000.0}, "preparation": 5e6, "loan_share": 0.0}}


def with_these(config, policies: dict[str, dict]):
    return config.model_copy(
        update={"policies": {name: BUILT_IN[name](**values) for name, values in policies.items()}}
    )


def table_of(model: LabourModel) -> list[dict]:
    years = {month: model.config.period.year_and_month(month)[0] for month in range(model.month + 1)}
    return model.achievements.table(model.world.ledger.payments, years)


@pytest.mark.tiny
@pytest.mark.parametrize("name", BUILT_IN)
def test_every_policy_says_what_it_is_for_and_which_levers_it_writes(name):
    policy = BUILT_IN[name]
    costs_money = policy.settle is not Policy.settle
    assert bool(policy.outcomes()) == costs_money, f"{name} declares no outcome, or one that costs nothing"
    assert policy.levers_named(), f"{name} names no lever in its description"
    for outcome in policy.outcomes():
        assert outcome.unit and (outcome.counts or outcome.purposes)
        levers = outcome.lever if isinstance(outcome.lever, tuple) else (outcome.lever,)
        assert outcome.lever is None or set(levers) <= set(policy.levers_named())


def test_a_person_sent_abroad_costs_the_preparation(son_la):
    model = LabourModel(with_these(son_la(scale=0.02), EXPORT), 3).run(24)
    rows = table_of(model)
    assert [row["year"] for row in rows] == [2021, 2022]
    frame = model.recorder.monthly()
    sent = frame[(frame["indicator"] == "sent_abroad") & (frame["residence"] == "all")]
    for row in rows:
        inside = [str(month).startswith(str(row["year"])) for month in sent["month"]]
        assert row["count"] == pytest.approx(sent["value"][inside].sum())
        assert row["count"] > 0
        assert row["cost"] == row["spent"] == pytest.approx(row["count"] * 5e6)
        assert np.isnan(row["left"])


class Agency(BUILT_IN["labour_export"]):  # type: ignore[misc]
    """Send people abroad. Levers: export_places, export_loan, export_preparation."""

    outcome = Outcome("", "person prepared", purposes=("preparation",))


def test_an_outcome_may_be_the_persons_that_the_ledger_paid_for(son_la):
    config = son_la(scale=0.02).model_copy(update={"policies": {"agency": Agency(**EXPORT["labour_export"])}})
    model = LabourModel(config, 3).run(12)
    (row,) = table_of(model)
    assert row["outcome"] == "person prepared"
    assert row["count"] == pytest.approx(row["cost"] / 5e6)
    assert row["count"] > 0


def test_seats_completed_are_those_admitted_a_course_before(son_la):
    """With no seats but the policy's, all who complete and were not there at the start completed a seat of it."""
    policies = {"vocational_training": {"seats_per_year": {2021: 30_000.0}}}
    config = with_these(son_la("training.reallocation_rate=0", scale=0.02), policies)
    model = LabourModel(config, 3)
    p, months = model.programmes, 30
    p.base_seats[:] = 0.0
    completed = skilled = 0
    for month in range(1, months + 1):
        model.step()
        completed += int(model.world.events["completed"][p.length <= month].sum())
        assert model.world.events["completed"].sum() == model.world.ledger.counts["people_trained"]
        counts, graduates = model.world.ledger.counts, model.world.events["graduates"]
        assert len(graduates) == counts["people_trained"]
        assert model.workers.urban[graduates].sum() == counts["people_trained_urban"]
        higher = model.world.events["completed"][p.level >= Level.INTERMEDIATE].sum()
        assert higher == counts["people_trained_highly_skilled"]
        skilled += int(higher)
    counted = sum(row["count"] for row in table_of(model))
    assert 0 < skilled < completed
    assert counted == pytest.approx(completed * 50)


def test_seats_shared_with_institutions_are_counted_in_part(son_la):
    policies = {"vocational_training": {"seats_per_year": {2021: 8_000.0}}}
    model = LabourModel(with_these(son_la(scale=0.02), policies), 3).run(24)
    frame = model.recorder.monthly()
    trained = frame[(frame["indicator"] == "people_trained") & (frame["residence"] == "all")]["value"].sum()
    assert 0 < sum(row["count"] for row in table_of(model)) < trained


def test_a_budget_used_up_shows_as_months_paused(son_la):
    policies = {"labour_export": EXPORT["labour_export"] | {"budget": {2021: 3e9}, "start": "2021-03"}}
    model = LabourModel(with_these(son_la(scale=0.02), policies), 3).run(12)
    (row,) = table_of(model)
    assert row["months_in_force"] + row["months_paused"] == 10
    assert row["months_paused"] > 0
    assert row["budget"] == 3e9
    assert row["left"] == 3e9 - row["spent"] >= 0  # no more is offered than is left
    months = {payment.month for payment in model.world.ledger.payments}
    assert max(months) < 12


@pytest.mark.tiny
def test_what_people_pay_themselves_uses_up_no_budget():
    ledger = Ledger.opened(np.zeros(3, dtype=np.int64))
    ledger.pay(Payment(1, "p", "fees", "trainees", "schools", 1.0, 70), 2021)
    ledger.pay(Payment(1, "p", "fees", "social policy bank", "schools", 1.0, 5), 2021)
    assert ledger.spent == {("p", 2021): 5}
    assert ledger.balances() == {"trainees": -70, "schools": 75, "social policy bank": -5}


def test_what_is_spent_is_what_the_ledger_holds(son_la):
    config = son_la("policies.labour_export.places_per_year={2021: 6000}", scale=0.005, until="2022-12")
    results = run(config, replicates=2, executor="serial")
    spent = results.spending()
    assert spent["amount"].sum() * 2 == pytest.approx(results.ledger["amount"].sum())
    assert {"state budget", "trainees"} <= set(spent["payer"])
    costs = results.costs()
    public = results.ledger[results.ledger["payer"] != "trainees"]
    for name in config.policies:
        for outcome in config.policies[name].outcomes():
            mine = costs[(costs["policy"] == name) & (costs["outcome"] == outcome.unit)].set_index("year")
            whole, yearly = mine.loc["all"], mine.drop("all")
            assert whole["spent"] * 2 == pytest.approx(public.loc[public["policy"] == name, "amount"].sum())
            assert yearly["count"].sum() == pytest.approx(whole["count"])
            here = (results.policies["policy"] == name) & (results.policies["outcome"] == outcome.unit)
            each = results.policies[here].groupby("replicate")[["cost", "count"]].sum()
            each = each[each["count"] > 0]
            assert np.isnan(whole["unit_cost"]) == each.empty
            if len(each):
                assert whole["unit_cost"] == pytest.approx((each["cost"] / each["count"]).mean())


def refused(tmp_path: Path, *lines: str, settings: tuple[str, ...] = ()) -> str:
    file = tmp_path / "money.yaml"
    file.write_text("\n".join(["extends: son_la/baseline", "policies:", *lines]) + "\n", encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load(file, settings=settings)
    return str(error.value)


OWN = """from labsim.policies.base import Policy
class Advice(Policy):
    '''Tell everyone to search more. Levers: search_effort.'''
    hours: str = "many"
"""


def test_money_that_has_nowhere_to_go_is_refused(tmp_path):
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    said = refused(
        tmp_path,
        "  labour_exprt: {budget: {2026: 1e9}}",
        "  labour_export: {buget: {2026: 1e9}}",
        "  advice: {use: 'own.py:Advice', budget: {2026: 1e9}}",
        "  vocational_training: {budget: {2026: -1}}",
    ).splitlines()
    assert len(said) == 4
    assert "money.yaml:3:3  policies.labour_exprt: no policy 'labour_exprt'; did you mean \"labour_export\"?" in said[0]
    assert 'money.yaml:4:19  policies.labour_export.buget: unknown key; did you mean "budget"?' in said[1]
    assert "money.yaml:5:34  policies.advice.budget: this policy spends nothing and takes no budget; " in said[2]
    assert "allowed: start, stop, hours; policies with a budget: climate_retraining, digital_skills" in said[2]
    assert "money.yaml:6:34  policies.vocational_training.budget.2026: given 2026: -1; allowed 0 to 1e+14" in said[3]


def test_money_outside_the_policies_finds_the_way_there(tmp_path):
    file = tmp_path / "money.yaml"
    file.write_text("extends: son_la/baseline\nlabor_export: {budget: {2026: 1e9}}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r'money.yaml:2:1  labor_export: unknown key; .*"policies.labour_export"'):
        load(file)
    with pytest.raises(ConfigError, match=r"--set  policies.advise.*no policy 'advise'"):
        load("son_la", settings=["policies.advise.budget.2026=1e9"])


class Subsidy(Policy):
    """Pay for farmers hired. Levers: wage_subsidy."""

    outcome = Outcome("hired", "farmer hired", "wage_subsidy")

    def adjust(self, levers, world):
        levers.add("wage_subsidy", 0.3, to=world.workers.activity == 0)


def test_an_outcome_over_people_counts_those_to_whom_the_lever_applied(son_la):
    config = son_la(scale=0.02).model_copy(update={"policies": {"subsidy": Subsidy()}})
    model, hired = LabourModel(config, 1), 0
    for _month in range(6):
        model.step()
        hired += model.world.ledger.counts["hired_from_farming"]
    (row,) = [row for row in table_of(model) if row["year"] == 2021]
    assert hired > 0
    # between the start of the month, when the lever is written, and matching some farmers change what they do
    assert row["count"] == pytest.approx(hired * 50, rel=0.1)
    assert LEVERS["wage_subsidy"].over == "workers"
