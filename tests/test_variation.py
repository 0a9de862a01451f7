"""What can be varied, found by path and set quickly: the same configuration as `load` makes, or a clear refusal."""

from __future__ import annotations

import pytest

from labsim.config import load
from labsim.errors import ConfigError
from labsim.experiment.variation import Varied, can_be_varied

SCALE = {"scale": 0.01}


@pytest.fixture(scope="module")
def varied() -> Varied:
    paths = ["matching.selectivity", "vocational_training.seats_per_year"]
    return Varied("son_la", paths=paths, settings=SCALE)


def test_a_factor_is_as_declared(varied: Varied) -> None:
    factor = varied.factor("matching.selectivity")
    assert (factor.low, factor.yearly, factor.whole, factor.since) == (0, False, False, None)
    assert factor.number == varied.base.matching.selectivity
    seats = varied.factor("vocational_training.seats_per_year")
    assert seats.path == "policies.vocational_training.seats_per_year"
    assert seats.yearly and seats.since == min(seats.value)
    assert seats.number == seats.value[max(seats.value)]


def test_a_value_set_is_the_same_configuration_as_a_setting(varied: Varied) -> None:
    set_quickly = varied.at({"matching.selectivity": 0.25})
    assert set_quickly.hash == load("son_la", settings={**SCALE, "matching.selectivity": 0.25}).hash
    assert set_quickly.hash != varied.base.hash
    assert set_quickly.changes[-1].startswith("matching.selectivity: ") and "-> 0.25 [" in set_quickly.changes[-1]
    assert varied.at({}).hash == varied.base.hash


def test_a_number_given_to_a_yearly_amount_holds_from_its_year_on() -> None:
    path = "vocational_training.seats_per_year"
    varied = Varied("son_la", paths=[path], settings=SCALE, since=2026)
    before = dict(varied.base.policies["vocational_training"].seats_per_year)
    after = dict(varied.at({path: 30_000}).policies["vocational_training"].seats_per_year)
    assert after == {year: amount for year, amount in before.items() if year < 2026} | {2026: 30_000.0}
    twice = varied.factor(path).times(2.0)
    assert twice == before | {2026: 2 * before[max(before)]}  # what held in 2026 was given in an earlier year


def test_a_policy_that_is_off_is_switched_on_by_naming_it() -> None:
    varied = Varied("son_la", paths=["school_enterprise_linkage.share"], settings=["scale=0.01"])
    assert "school_enterprise_linkage" in varied.base.policies
    assert "school_enterprise_linkage" not in load("son_la", settings=SCALE).policies


def test_a_yearly_budget_can_be_varied_though_there_is_none_now() -> None:
    path = "vocational_training.budget"
    varied = Varied("son_la", paths=[path], settings=SCALE, since=2025)
    assert varied.at({path: 1e9}).policies["vocational_training"].budget == {2025: 1e9}
    assert varied.factor(path).times(2.0) == {}


def test_a_whole_number_stays_whole() -> None:
    varied = Varied("reference/frictional", paths=["reference.people"])
    assert varied.at({"reference.people": 120.0}).reference.people == 120


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("matching.selectivty", r"matching.selectivty: no parameter of this name .*did you mean .matching.selectivity"),
        ("vocational_trainin.seats_per_year", r"did you mean .vocational_training.seats_per_year"),
        ("reference.people", r"no parameter of this name that is in use"),
        ("qqqqqqqqqq", r"labsim params. lists them"),
        ("", r"no parameter of this name"),
    ],
)
def test_an_unknown_path_is_refused_with_the_nearest(path: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Varied("son_la", paths=[path], settings=SCALE)


@pytest.mark.parametrize("value", [-1, "much", True, None, float("inf")])
def test_a_value_that_is_not_allowed_is_refused(varied: Varied, value: object) -> None:
    with pytest.raises(ConfigError, match=r"matching.selectivity: given"):
        varied.at({"matching.selectivity": value})


def test_everything_that_can_be_varied_is_a_number_or_yearly() -> None:
    config = load("son_la", settings=SCALE)
    found = can_be_varied(config)
    assert len(found) > 150
    for factor in found.values():
        assert factor.yearly or isinstance(factor.value, int | float), factor.path
        assert isinstance(factor.number, float)
    assert any("." in path.removeprefix("policies.").partition(".")[2] for path in found)
