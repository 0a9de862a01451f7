"""What an answer rests on: known indices, exact effects, luck that is not called importance, and refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from labsim.cli import cli
from labsim.errors import ConfigError
from labsim.experiment.asked import targets_asked
from labsim.experiment.designs import Axis
from labsim.experiment.indices import sobol_indices
from labsim.experiment.screening import elementary_effects, screen, tied_ranks, told_apart, trajectories
from labsim.experiment.sensitivity import sensitivity
from labsim.experiment.surrogate import fit_emulator
from labsim.experiment.uncertain import read_choices, uncertain_parameters

SURE = 3.3 / 1.96  # half widths of 95 % made into those of 99.9 %
LAKE = {"reference.people": 4000, "period.until": "2021-12"}
VARIED = ("firms.separation_rate=0.01:0.05", "search.effort=0.1:0.5", "earnings.learning")


def ishigami(points):
    x = -np.pi + 2 * np.pi * points
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


# V1 = (1 + b pi^4 / 5)^2 / 2, V2 = a^2 / 8, V13 = 8 b^2 pi^8 / 225 (Ishigami and Homma 1990), a = 7, b = 0.1
V1, V2, V13 = 0.5 * (1 + 0.1 * np.pi**4 / 5) ** 2, 49 / 8, 8 * 0.01 * np.pi**8 / 225
V = V1 + V2 + V13


def test_indices_of_the_ishigami_function_match_their_closed_form():
    found = sobol_indices(ishigami, 3, 2048, seed=1)
    first, total = np.array([V1, V2, 0]) / V, np.array([V1 + V13, V2, V13]) / V
    assert (np.abs(found.first - first) <= SURE * found.first_half).all()
    assert (np.abs(found.total - total) <= SURE * found.total_half).all()
    assert (found.first_half < 0.07).all() and (found.total_half < 0.07).all()


@pytest.mark.parametrize("groups", [[0, 1, 0], [1, 0, 1]])
def test_indices_of_groups_hold_the_interactions_inside_them(groups):
    found = sobol_indices(ishigami, 3, 2048, seed=1, groups=groups)
    wanted = np.array([(V1 + V13) / V, V2 / V])[[groups.index(0), groups.index(1)]]
    assert (np.abs(found.first - wanted) <= SURE * found.first_half).all()
    assert (np.abs(found.total - wanted) <= SURE * found.total_half).all()


def test_an_answer_that_never_varies_has_no_indices():
    found = sobol_indices(lambda points: np.ones(len(points)), 3, 64, seed=1)
    assert not found.first.any() and not found.total.any()


def test_screening_a_linear_function_gives_its_slopes_exactly():
    slopes = np.array([3.0, -2.0, 0.0, 0.5])
    points = trajectories(4, 5, seed=2)
    answers = (points @ slopes)[:, None] + np.array([[0.0, 10.0]])  # a replicate that is higher throughout
    found = screen(elementary_effects(points, answers))
    np.testing.assert_allclose(found["mu"], slopes, atol=1e-12)
    np.testing.assert_allclose(found["mu_star"], np.abs(slopes), atol=1e-12)
    np.testing.assert_allclose(found["sigma"], 0.0, atol=1e-12)
    assert found["beyond_noise"].tolist() == [True, True, False, True]
    assert found["rank"].tolist() == [1, 2, 4, 3]


def test_luck_is_not_called_important():
    generator = np.random.default_rng(5)
    points = trajectories(80, 12, seed=3)
    unequal = np.exp(generator.normal(0, 1, (len(points), 1)))  # luck is large at few points
    answers = (points[:, :2] @ [12.0, 8.0])[:, None] + 0.2 * unequal * generator.normal(0, 1, (len(points), 2))
    found = screen(elementary_effects(points, answers))
    assert found["beyond_noise"].tolist()[:2] == [True, True]
    assert found["beyond_noise"][2:].sum() <= 1  # a false discovery rate of 5 % over three discoveries
    assert (found["noise_share"][2:].median() > 0.5) and (found["noise_share"][:2] < 0.1).all()
    assert (found["rank"][~found["beyond_noise"]] == found["beyond_noise"].sum() + 1).all()


def test_a_trajectory_with_a_missing_run_is_left_out():
    points = trajectories(3, 4, seed=1)
    answers = np.repeat(points.sum(axis=1)[:, None], 2, axis=1)
    answers[5, 1] = np.nan
    assert elementary_effects(points, answers).shape == (3, 3, 2)


def test_false_discoveries_are_limited_as_by_hand():
    assert told_apart(np.array([0.04, 0.009, 0.02, 0.5])).tolist() == [False, True, True, False]


def test_estimates_within_their_errors_share_a_rank():
    deviations = np.random.default_rng(1).normal(0, [0.1, 0.1, 0.1], (4000, 3))
    assert tied_ranks(np.array([1.0, 1.1, 0.2]), deviations).tolist() == [1, 1, 3]


def test_an_emulator_says_how_well_it_does_and_its_indices_are_those_of_a_sum():
    points = np.random.default_rng(1).random((60, 3))
    answers = 3 * points[:, 0] + points[:, 1]
    emulator = fit_emulator(points, answers)
    assert emulator.r2 > 0.99
    found = sobol_indices(emulator.predict, 3, 512, seed=1)
    assert (np.abs(found.total - [0.9, 0.1, 0.0]) <= SURE * found.total_half + 0.01).all()
    luck = np.random.default_rng(2).normal(size=60)
    assert fit_emulator(points, luck).r2 < 0.3


def test_amounts_by_the_year_keep_their_course_and_mixes_stay():
    varied, found, left_out = uncertain_parameters("son_la")
    by_name = {one.name: one for one in found}
    assert list(by_name) == [one.name for one in sorted(found, key=lambda one: one.factor.path)]
    growth, retirement = by_name["demand.growth_services"], by_name["demography.retirement_age_men"]
    assert growth.kind == "addition" and retirement.kind == "factor"
    assert growth.given(0.01) == {2021: pytest.approx(0.03), 2022: pytest.approx(0.08)}
    assert max(retirement.given(retirement.high).values()) == pytest.approx(70)
    assert min(retirement.given(retirement.low).values()) == pytest.approx(50)
    assert "sum to" in left_out["vocational_training.level_mix.college"]
    assert not any(name.startswith("vocational_training.quotas") for name in [*by_name, *left_out])  # no number there
    for share in (0.0, 1.0):  # the ends of all ranges together are a configuration
        varied.at({one.name: one.given(one.at(share)) for one in found})


@pytest.mark.parametrize("ends", [(-0.1, 0.2), (0.1, 0.7), (1e-3, 0.3)])
def test_the_ends_of_a_range_are_not_carried_out_of_it(ends):
    for logarithmic in (False, True) if ends[0] > 0 else (False,):
        axis = Axis("x", *ends, logarithmic=logarithmic)
        assert (axis.at(0.0), axis.at(1.0)) == ends


def test_whole_numbers_stay_whole():
    _varied, found, _left = uncertain_parameters("son_la", choices=read_choices(["climate.months_of_loss=1:4"]))
    assert [found[0].at(share) for share in (0.0, 0.3, 0.6, 1.0)] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("vary", "message"),
    [
        (["matching.selectivty"], "matching.selectivity"),
        (["matching.selectivity=0.5:1.5"], "given 1.5; allowed 0 to 1"),
        (["matching.selectivity=1:0"], "allowed path=low:high"),
        (["matching=0:1"], "a range is for one parameter"),
        (["vocational_training.level_mix.college"], "sum to"),
    ],
)
def test_what_cannot_be_varied_is_refused(vary, message):
    with pytest.raises(ConfigError, match=message):
        uncertain_parameters("son_la", choices=read_choices(vary))


def test_a_grade_picks_among_parameters():
    _varied, found, _left = uncertain_parameters("son_la", choices=read_choices(["earnings"]), grades=["C"])
    assert [one.name for one in found] == ["earnings.forgetting", "earnings.learning"]


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("certified_2031", "certified_2030"),
        ("unemployd@2025", "unemployed"),
        ("unemployed@2040", "covers 2020-12 to 2030-12"),
        ("unemployed", "certified_2025|allowed"),
        ("unemployed@2025<=many", "id of a target|no number"),
        ("jobs_created@2020", "covers"),
    ],
)
def test_a_target_that_does_not_exist_is_refused(son_la, word, message):
    with pytest.raises(ConfigError, match=message):
        targets_asked(son_la(until="2030-12"), [word])


def test_targets_are_read_as_they_are_asked(son_la):
    config = son_la(until="2025-12")
    assert {target.year for target in targets_asked(config, [])} <= set(range(2021, 2026))
    target = targets_asked(config, ["unemployed@2025<=9000"], with_limit=True)[0]
    assert (target.direction, target.value, target.unit) == ("at_most", 9000, "persons")
    with pytest.raises(ConfigError, match="says no limit"):
        targets_asked(config, ["unemployed@2025"], with_limit=True)


def lake(folder, vary=VARIED, **given):
    options = {"screening": 6, "samples": 20, "targets": ["unemployed@2021"], "executor": "serial"} | given
    return sensitivity("reference/two_state_lake", vary=vary, settings=LAKE, folder=folder, **options)


@pytest.mark.slow
def test_the_two_flows_of_a_lake_are_what_unemployment_rests_on(tmp_path):
    found = lake(tmp_path / "one")
    told = found.screening[found.screening["beyond_noise"]]
    assert set(told["parameter"]) == {"firms.separation_rate", "search.effort"}
    assert set(found.indices["parameter"]) == {"firms.separation_rate", "search.effort"}
    assert found.grades["grade"].tolist() == ["D"]
    assert found.quality["outside"].iloc[0] < 0.1
    assert found.quality["r2"].iloc[0] > 0.5

    again = lake(tmp_path / "one", vary=tuple(reversed(VARIED)))  # another order, and resumed
    assert again.carried.found == again.carried.total == found.carried.total
    pd.testing.assert_frame_equal(again.screening, found.screening)
    pd.testing.assert_frame_equal(again.indices, found.indices)


@pytest.mark.slow
def test_direct_indices_need_no_emulator(tmp_path):
    found = lake(tmp_path / "one", vary=VARIED[:2], samples=16, direct=True)
    assert found.quality["r2"].isna().all()
    assert (found.indices["total"] > 0).all()
    # two parameters need 16 * (2 + 2) points; they are of one grade, whose 16 base points are among them
    assert found.quality["points"].iloc[0] == 16 * (2 + 2) + 16
    runs = pd.Series([path.stem for path in (tmp_path / "one" / "indices" / "runs").glob("*.parquet")])
    assert len(runs) == 2 * 16 * (2 + 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["son_laa"], "son_la"),
        (["--target", "certified_2031"], "certified_2030"),
        (["--vary", "matching.selectivty"], "selectivity"),
        (["--replicates", "1"], "allowed 2 or more"),
        (["--grade", "E"], "allowed A, B, C, D"),
        (["--direct", "--samples", "100"], "power of two"),
    ],
)
def test_a_wrong_request_ends_in_a_message_and_writes_nothing(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["sensitivity", *arguments])
    assert done.exit_code == 2
    assert message in done.output
    assert list(tmp_path.iterdir()) == []
