"""Every policy is switched on, dated, dosed and paid for in a scenario file; a check reports all problems at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest
from click.testing import CliRunner

from labsim.cli import cli
from labsim.config import check, load
from labsim.errors import ConfigError
from labsim.model import LabourModel
from labsim.policies import BUILT_IN, Policy, name_of
from labsim.policies.base import Account
from labsim.quantity import quantity_facts

ROOT = Path(__file__).parent.parent
SMALL = ("scale=0.005", "climate.frequency=4", "period.until=2022-06")
START, STOP = "2021-03", "2022-02"


def dose_of(name: str) -> dict[str, float]:
    """Return what a policy can be given by the year, each at a tenth of the most that is allowed."""
    found = {}
    for parameter in BUILT_IN[name].doses():
        facts = quantity_facts(BUILT_IN[name].model_fields[parameter])
        assert facts is not None and facts["high"], f"{name}.{parameter} has no upper bound"
        found[parameter] = 0.1 * facts["high"]
    return found


def lines_of(name: str, *, budget: str = "") -> list[str]:
    """Write a policy as a scenario has it: a window, amounts that change with the year, and money."""
    written = [f"  {name}:", f'    start: "{START}"', f'    stop: "{STOP}"']
    written += [f"    {key}: {{2021: {high:.10g}, 2022: {high / 2:.10g}}}" for key, high in dose_of(name).items()]
    return [*written, f"    budget: {budget}"] if budget and BUILT_IN[name].pays() else written


def scenario(tmp_path: Path, *policies: list[str], extends: str = "baseline", off: tuple[str, ...] = ()) -> Path:
    file = tmp_path / "scenario.yaml"
    lines = [f"extends: {extends}", "policies:", *(line for policy in policies for line in policy)]
    file.write_text("\n".join([*lines, *(f"  {name}: false" for name in off)]) + "\n", encoding="utf-8")
    return file


@pytest.fixture
def written_by(monkeypatch) -> list[tuple[str, str, int]]:
    """Note every policy that pays, by name and month."""
    seen: list[tuple[str, str, int]] = []
    real = Account.pay_sum

    def pay_sum(self, purpose, recipient, persons, total, *more, **named):
        if round(total):
            seen.append((self.policy, purpose, self.world.month))
        return real(self, purpose, recipient, persons, total, *more, **named)

    monkeypatch.setattr(Account, "pay_sum", pay_sum)
    return seen


@pytest.mark.parametrize("name", [name for name, policy in BUILT_IN.items() if policy.doses()])
def test_a_policy_is_switched_on_dated_and_dosed_in_a_scenario_beside_the_baseline(tmp_path, name, written_by):
    others = tuple(other for other in BUILT_IN if other != name)
    config = load("son_la", scenario=scenario(tmp_path, lines_of(name), off=others), settings=SMALL)
    assert list(config.policies) == [name]
    policy = config.policies[name]
    assert (policy.start, policy.stop) == (START, STOP)
    for parameter, high in dose_of(name).items():
        assert getattr(policy, parameter)[2021] == pytest.approx(high)
        assert getattr(policy, parameter)[2022] == pytest.approx(high / 2)
    model, months = LabourModel(config, 1), []
    for month in range(1, 19):
        model.step()
        if model.world.levers.contributions:
            assert {one.policy for one in model.world.levers.contributions} == {name}
            assert {one.lever for one in model.world.levers.contributions} <= set(policy.levers_named())
            months.append(month)
    assert months, f"{name} wrote no lever"
    assert min(months) >= 3 and max(months) <= 14  # March 2021 to February 2022
    assert all(policy == name and 3 <= month <= 14 for policy, _purpose, month in written_by)
    assert model.imbalance() == []


@pytest.mark.parametrize("name", [name for name, policy in BUILT_IN.items() if policy.pays()])
def test_a_budget_by_the_year_ends_the_policy_of_that_year(tmp_path, name):
    """With next to no money a policy stops as soon as it has paid, and is there again in January."""
    others = tuple(other for other in BUILT_IN if other != name)
    file = scenario(tmp_path, lines_of(name, budget="{2021: 1, 2022: 0}"), off=others)
    model = LabourModel(load("son_la", scenario=file, settings=SMALL), 1).run(18)
    assert model.policies[name].budget == {2021: 1.0, 2022: 0.0}
    years = {month: model.config.period.year_and_month(month)[0] for month in range(19)}
    rows = model.achievements.table(model.world.ledger.payments, years)
    paid = {payment.month for payment in model.world.ledger.payments if payment.payer == "state budget"}
    assert len(paid) <= 1  # one month in 2021, none in 2022
    for row in rows:
        in_window = 10 if row["year"] == 2021 else 2
        assert row["months_in_force"] + row["months_paused"] == in_window
        assert row["months_paused"] > 0 or not paid
        assert row["budget"] == (1 if row["year"] == 2021 else 0)


def test_all_policies_combine_in_one_scenario(tmp_path):
    file = scenario(tmp_path, *(lines_of(name) for name in BUILT_IN))
    model = LabourModel(load("son_la", scenario=file, settings=SMALL), 1).run(14)
    assert list(model.policies) == sorted(BUILT_IN)
    assert model.imbalance() == []


def test_scenarios_side_by_side_join_and_one_that_contradicts_is_refused(tmp_path):
    first, second = sorted(BUILT_IN)[:2]
    files = []
    for number, name in enumerate((first, second, first)):
        (tmp_path / str(number)).mkdir()
        files.append(scenario(tmp_path / str(number), lines_of(name)))
    names = set(load("son_la", scenario=files[:2]).policies)
    assert {first, second} <= names
    with pytest.raises(ConfigError, match=rf"policies.{first}.* set by both .*; only one scenario may set it"):
        load("son_la", scenario=[files[0], files[2]])


def test_a_check_reports_the_problems_of_every_policy_at_once(tmp_path):
    lines = [[f"  {name}: {{strat: 2021-01, start: 2021-13}}"] for name in BUILT_IN]
    file = scenario(tmp_path, *lines, ["  nobody: {}"], extends="son_la/baseline")
    problems = check(file)
    assert len(problems) == 2 * len(BUILT_IN) + 1
    for name in BUILT_IN:
        said = [problem for problem in problems if problem.path.startswith(f"policies.{name}.")]
        assert {problem.path.rpartition(".")[2] for problem in said} == {"strat", "start"}
        assert all(problem.line and problem.column for problem in said)
        assert any('did you mean "start"?' in problem.message for problem in said)
    result = CliRunner().invoke(cli, ["check", str(file), "--lang", "en"])
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == len(problems)


def test_a_scenario_for_every_province_is_checked_with_each(tmp_path):
    good = CliRunner().invoke(cli, ["check", str(scenario(tmp_path, lines_of("labour_export"))), "--lang", "en"])
    assert (good.exit_code, "no problems in any province" in good.stdout) == (0, True)
    bad = scenario(tmp_path, ["  labour_export: {places: 3}"])
    result = CliRunner().invoke(cli, ["check", str(bad), "--lang", "en"])
    assert result.exit_code == 2
    assert "policies.labour_export.places: unknown key" in result.stderr


@pytest.mark.tiny
def test_policies_are_named_after_their_classes_and_sorted():
    assert list(BUILT_IN) == sorted(BUILT_IN)
    assert all(name == name_of(policy) and issubclass(policy, Policy) for name, policy in BUILT_IN.items())
    assert Policy not in BUILT_IN.values()
    assert {"vocational_training", "labour_export", "talent_attraction", "climate_retraining"} <= set(BUILT_IN)


OWN = '''from labsim.policies.base import Policy

class BusLine(Policy):
    """Take people to work. Levers: search_effort."""

class _Base(Policy):
    """Stand above others."""
'''


def test_a_file_in_the_folder_of_policies_is_all_that_a_policy_needs(tmp_path):
    copytree(ROOT / "labsim", tmp_path / "labsim")
    (tmp_path / "labsim" / "policies" / "bus_line.py").write_text(OWN, encoding="utf-8")
    code = "from labsim.policies import BUILT_IN; print(*BUILT_IN)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True, encoding="utf-8",
        env={"PYTHONPATH": str(tmp_path), "PATH": "", "SYSTEMROOT": __import__("os").environ.get("SYSTEMROOT", "")},
    )  # fmt: skip
    assert done.stdout.split() == sorted([*BUILT_IN, "bus_line"])


NAMED = [
    (name, key)
    for name, policy in sorted(BUILT_IN.items())
    for key, field in policy.model_fields.items()
    if field.annotation == dict[str, float]
]


@pytest.mark.parametrize(("name", "key"), NAMED)
@pytest.mark.parametrize("world", ["bac_kan", "reference/urn_ball"])
def test_numbers_given_to_something_that_does_not_exist_are_refused(name: str, key: str, world: str) -> None:
    settings = {f"{name}.{key}.nobody": 0.0}
    with pytest.raises(ConfigError) as refused:
        load(world, settings=settings)
    problem = next(one for one in refused.value.problems if one.path == f"policies.{name}.{key}.nobody")
    assert problem.message.startswith("unknown name; ")


def test_weights_name_the_fields_and_districts_of_their_own_world() -> None:
    parks = load("bac_kan", settings={"industrial_parks.districts": {"ba_be": 1.0}}).policies["industrial_parks"]
    assert parks.districts == {"ba_be": 1.0}
    paths = load("reference/urn_ball", settings={"demand_path.final": {"field 0": 0.5}}).policies["demand_path"]
    assert paths.final == {"field 0": 0.5}
    with pytest.raises(ConfigError, match='unknown name; did you mean "ba_be"'):
        load("bac_kan", settings={"industrial_parks.districts": {"ba_bee": 1.0}})
