"""The ledger of evidence: known shares of known functions, luck kept apart, and files that know when they are stale."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from labsim.cli import cli
from labsim.config import load
from labsim.errors import ConfigError, ResultsError
from labsim.evidence import shares_file
from labsim.evidence.freezing import blocks, frozen
from labsim.evidence.ledger import COUNTS, parameter_ledger, row_counts
from labsim.evidence.parts import WEAKNESS
from labsim.evidence.shares import _priors, evidence
from labsim.evidence.shares_file import (
    Rest,
    keep_shares,
    kept_shares,
    kept_worth,
    rests_of,
)
from labsim.evidence.sparse import follow
from labsim.experiment import code
from labsim.experiment.code import configuration_of_numbers
from labsim.experiment.opened import targets_of
from labsim.experiment.uncertain import read_choices, uncertain_parameters
from labsim.report.evidence import evidence_view
from labsim.report.evidence_figures import evidence_files
from labsim.report.rests import reading_lines, rest_line, rest_notes
from labsim.targets import Label, Target

# three groups of 63 factors, of which four do something
GROUPS = [0, 1, 1, 2, *[2] * 59]
SLOPES = np.array([3.0, 2.0, 1.0, 0.0, *[0.0] * 59])
LUCK_SD = 0.5
N = 512
LAKE = ["reference.people=4000", "period.until=2021-12"]
VARIED = ("firms.separation_rate=0.01:0.05", "search.effort=0.1:0.5", "search.over_qualified")


def additive(n_blocks, seed=1):
    design = blocks(GROUPS, n_blocks, seed)
    luck = np.random.default_rng(seed).normal(0, LUCK_SD, 2 * n_blocks)
    return design, design.points @ SLOPES + luck[design.luck]


def test_a_block_keeps_one_group_and_takes_the_rest_from_another_point():
    design = blocks([0, 1, 0], 16, 1)
    first, same, other, kept_0, kept_1 = (design.points[:, run] for run in range(5))
    assert (same == first).all() and not (other == first).any()
    assert (kept_0[:, 1] == other[:, 1]).all() and (kept_1[:, [0, 2]] == other[:, [0, 2]]).all()
    assert (kept_0[:, [0, 2]] == first[:, [0, 2]]).all() and not (kept_0[:, 1] == first[:, 1]).any()
    assert (kept_1[:, 1] == first[:, 1]).all() and not (kept_1[:, [0, 2]] == first[:, [0, 2]]).any()
    assert (design.luck[:, 1:] == design.luck[:, :1] + 1).all() and len(np.unique(design.luck)) == 32


def test_more_blocks_begin_with_the_same():
    few, many = blocks(GROUPS, 16, 3), blocks(GROUPS, 64, 3)
    assert (many.points[:16] == few.points).all() and (many.luck[:16] == few.luck).all()


def test_shares_of_a_sum_are_those_of_its_slopes():
    _design, answers = additive(N)
    found = frozen(answers, 1)
    known = (SLOPES**2).sum() / 12
    wanted = np.array([9, 5, 0]) / 14
    # a correlation of n pairs has the standard error (1 - rho^2) / sqrt(n); 3.3 of it hold in 999 of 1,000 cases
    part = known / (known + LUCK_SD**2)
    error = 3.3 * (1 - (wanted * part) ** 2) / np.sqrt(N) / part
    assert (np.abs(found.groups[:, 0] - wanted) < error).all()
    assert abs(found.luck[0] - (1 - part)) < 3.3 * (1 - part**2) / np.sqrt(N)
    assert abs(found.together[0]) < np.linalg.norm(error)
    assert (found.groups[:, 1] <= found.groups[:, 0]).all() and (found.groups[:, 0] <= found.groups[:, 2]).all()


def test_a_product_of_two_groups_rests_on_them_together():
    design = blocks([0, 1], N, 1)
    x = design.points - 0.5
    found = frozen(x[..., 0] * x[..., 1], 1)
    # pairs that share one group have nothing in common: the spread of an estimate is 1 / sqrt(n), tails are heavier
    assert (np.abs(found.groups[:, 0]) < 6 / np.sqrt(N)).all()
    assert found.together[0] > 0.6 and found.luck[0] == pytest.approx(0, abs=1e-9)


def test_an_answer_that_does_not_vary_and_a_single_group():
    assert np.isnan(frozen(np.ones((16, 6)), 1).groups).all()
    design = blocks([0, 0], 64, 1)
    assert design.points.shape[1] == 3
    luck = np.random.default_rng(1).normal(size=128)
    found = frozen(design.points.sum(axis=-1) + 0.1 * luck[design.luck], 1)
    assert found.groups[0].tolist() == [1, 1, 1] and found.together.tolist() == [0, 0, 0]
    assert 0 < found.luck[0] < 0.3


def test_blocks_with_a_missing_run_are_left_out():
    _design, answers = additive(64)
    answers[3, 1] = np.nan
    assert frozen(answers, 1).n_blocks == 63
    with pytest.raises(ValueError, match="given 7 whole blocks"):
        frozen(answers[4:11], 1)


def test_intervals_of_a_share_cover_it():
    # 60 intervals of 95 %: 50 or fewer cover in one case of 1,000 (binomial)
    covered = 0
    for seed in range(60):
        _design, answers = additive(64, seed)
        low, high = frozen(answers, seed).groups[0, 1:]
        covered += bool(low <= 9 / 14 <= high)
    assert covered > 50


def test_a_regression_finds_the_few_that_matter_and_says_how_well():
    design, answers = additive(128)
    found = follow(design.points, answers, 1)
    known = (SLOPES**2).sum() / 12
    whole = known + LUCK_SD**2
    low, high = found.interval
    wanted = SLOPES**2 / 12 / whole
    assert np.argsort(-found.shares)[:3].tolist() == [0, 1, 2]
    assert (low[:3] <= wanted[:3] + 0.02).all() and (wanted[:3] <= high[:3] + 0.02).all()
    assert found.shares[3:].sum() < 0.05
    assert abs(found.r2 - known / whole) < 0.1


def test_a_regression_takes_nothing_out_of_luck():
    design = blocks(GROUPS, 64, 1)
    luck = np.random.default_rng(4).normal(size=design.luck.shape)
    found = follow(design.points, luck, 1)
    assert found.r2 <= 0.05 and found.shares.sum() < 0.1


def test_a_curve_counts_for_its_parameter():
    design = blocks(GROUPS, 64, 1)
    found = follow(design.points, (design.points[..., 7] - 0.5) ** 2, 1)
    assert found.shares[7] > 0.95


def test_the_ledger_lists_every_parameter_in_use_and_counts_rows(son_la):
    config = son_la()
    ledger = parameter_ledger(config)
    assert ledger["path"].is_unique and ledger["path"].is_monotonic_increasing
    assert set(ledger["grade"]) == {"A", "B", "C", "D"} and ledger["source"].str.len().min() > 0
    rows = row_counts(config)
    assert (rows[["A", "B", "C", "D"]].sum(axis=1) == rows["rows"]).all()  # every row has a grade
    census = rows[(rows["table"] == "district_age") & (rows["unit"] == COUNTS)]
    assert census[["rows", "A"]].to_numpy().tolist() == [[408, 408]]
    nowhere = config.model_copy(update={"province": config.province.model_copy(update={"folder": None})})
    assert row_counts(nowhere).empty


def test_nothing_is_simulated_unless_asked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = evidence("son_la")
    assert found.carried is None and found.shares.empty and not list(tmp_path.iterdir())
    with pytest.raises(ConfigError, match=r"allowed 0 \(the ledger alone\) or 16 or more"):
        evidence("son_la", samples=5)


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    return evidence(
        "reference/two_state_lake", samples=16, vary=VARIED, settings=LAKE, targets=["unemployed@2021"], folder=folder,
        executor="serial",
    )  # fmt: skip


@pytest.mark.slow
def test_unemployment_in_a_lake_rests_on_its_two_flows(lake):
    shares = lake.shares.set_index("part")["share"]
    assert set(shares.index) == {"C", "D", "together", "luck"}
    assert lake.quality["told"].all() and shares["luck"] < 0.2
    assert shares["D"] > 0.8 and abs(shares["C"]) < 0.4
    assert set(lake.worth["parameter"][:2]) == {"firms.separation_rate", "search.effort"}
    assert (lake.worth["worth"] <= lake.worth["cut"]).all()
    assert lake.worth["worth"].tolist() == sorted(lake.worth["worth"], reverse=True)
    assert (lake.worth["worth"] == lake.worth["cut"] * lake.worth["grade"].map(WEAKNESS)).all()


@pytest.mark.slow
def test_runs_are_kept_and_give_the_same_again(lake):
    again = evidence(
        "reference/two_state_lake", samples=16, vary=VARIED, settings=LAKE, targets=["unemployed@2021"],
        folder=lake.folder, executor="serial",
    )  # fmt: skip
    assert again.carried.found == again.carried.total == 16 * 5
    pd.testing.assert_frame_equal(again.shares, lake.shares)
    pd.testing.assert_frame_equal(again.worth, lake.worth)
    assert evidence_files(again) == evidence_files(lake)


@pytest.mark.slow
def test_what_is_kept_says_when_it_is_stale(lake, tmp_path, monkeypatch):
    place = tmp_path / "configs" / "two_state_lake"
    place.mkdir(parents=True)
    file = keep_shares(lake, place)
    monkeypatch.chdir(tmp_path)
    assert file.name == "evidence.csv" and kept_worth("two_state_lake")["parameter"].tolist()
    manifest = {"province": "two_state_lake", "config": lake.config.to_dict()}
    rest = rests_of(manifest)["unemployed@2021", 2021]
    row = kept_shares("two_state_lake").set_index("part").loc["D"]
    assert (rest.share, rest.is_stale, rest.is_of_another) == (row["share"], False, False)
    monkeypatch.setattr(shares_file, "model_hash", lambda: "other")
    assert rests_of(manifest)["unemployed@2021", 2021].is_stale
    manifest["config"]["search"]["effort"] = 0.123
    assert rests_of(manifest)["unemployed@2021", 2021].is_of_another
    file.write_text("answer\n", encoding="utf-8")
    with pytest.raises(ResultsError, match=r"evidence\.csv: damaged"):
        kept_shares("two_state_lake")


@pytest.mark.parametrize("province", ["son_la", "lao_cai", "bac_kan"])
def test_every_province_ships_what_its_targets_rest_on(province):
    config, kept = load(province), kept_shares(province)
    assert set(kept["configuration"]) == {configuration_of_numbers(config.to_dict())}
    assert {target.id for target in targets_of(province) if target.indicator} <= set(kept["answer"])
    assert rests_of({"province": province, "config": config.to_dict()}) and len(kept_worth(province))


def test_size_length_luck_and_words_change_no_configuration_of_numbers(son_la):
    one = son_la(scale=0.01, until="2022-12").to_dict()
    other = son_la("seed=9", scale=0.02, until="2023-12").to_dict()
    assert configuration_of_numbers(one) == configuration_of_numbers(other)
    assert configuration_of_numbers(json.loads(json.dumps(one))) == configuration_of_numbers(one)
    assert configuration_of_numbers(son_la("search.reach=20").to_dict()) != configuration_of_numbers(one)
    assert configuration_of_numbers(son_la(scenario="more_seats").to_dict()) != configuration_of_numbers(one)


def test_code_that_decides_numbers_is_hashed_and_what_judges_is_not(monkeypatch, tmp_path):
    import shutil
    from pathlib import Path

    package = Path(code.__file__).resolve().parents[1]
    copy = tmp_path / "labsim"
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("locale", "__pycache__"))
    monkeypatch.setattr(code, "__file__", str(copy / "experiment" / "code.py"))
    hashes = []
    changes = ("report/console.py", "targets.py", "notes.py", "experiment/run.py", "processes/firms.py")
    for name in ("", *changes):
        if name:
            with (copy / name).open("a", encoding="utf-8") as file:
                file.write("CHANGED = True\n")
        code.model_hash.cache_clear()
        hashes.append(code.model_hash())
    code.model_hash.cache_clear()
    assert len(set(hashes[:5])) == 1 and hashes[5] != hashes[0]


def test_what_rests_on_assumption_is_said_with_its_marks():
    fresh = Rest(0.714, 0.6, 1.08, 0.1, is_stale=False, is_of_another=False)
    assert rest_line(fresh) == "rests on assumption:\n71 % (60 % to 100 %)"
    old = Rest(0.714, -0.1, 0.8, 0.1, is_stale=True, is_of_another=True)
    assert rest_line(old) == "rests on assumption:\n71 % (0 % to 80 %) [stale, of another scenario]"
    assert list(rest_notes({})) == [] and len(list(rest_notes({("a", 2025): fresh}))) == 1
    assert "Stale" in list(rest_notes({("a", 2025): old}))[1]


def test_unclear_targets_are_named_with_both_readings():
    clear = Target(
        id="t", label=Label(en="T", vi="T"), direction="at_least", value=1, year=2025, unit="%", source="s",
        reading="one",
    )  # fmt: skip
    unclear = clear.model_copy(update={"id": "u", "ambiguous": "two"})
    assert list(reading_lines([clear, unclear])) == ["u is unclear. Read as: one. Or else: two."]


@pytest.mark.slow
def test_tables_and_picture_of_a_lake(lake):
    from rich.console import Console

    console = Console(width=80, record=True)
    for part in evidence_view(lake, pd.DataFrame(), pd.DataFrame()):
        console.print(part)
    said = console.export_text()
    for words in ("Parameters in use", "D, assumed (95 %)", "Numbers most worth collecting", "firms.separation_rate"):
        assert words in said
    assert max(len(line) for line in said.splitlines()) <= 80


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["son_laa"], "son_la"),
        (["--samples", "5"], "allowed 0"),
        (["--ranges", "wide"], "--ranges"),
        (["--samples", "16", "--target", "certified_2031"], "certified_2030"),
        (["--samples", "16", "--vary", "matching.selectivty"], "selectivity"),
        (["--samples", "16", "--vary", "vocational_training.seats_per_year"], "decided, not uncertain"),
        (["--keep"], "give --samples"),
        (["--ranges", "declared"], "give --samples"),
    ],
)
def test_a_wrong_request_ends_in_a_message_and_writes_nothing(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["evidence", *arguments])
    assert done.exit_code == 2
    assert message in done.output
    assert list(tmp_path.iterdir()) == []


def test_the_ledger_is_printed_and_given_as_json():
    done = CliRunner().invoke(cli, ["evidence", "son_la", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert {"ledger", "rows", "shares", "worth", "kept"} <= set(told) and len(told["ledger"]) > 100
    printed = CliRunner().invoke(cli, ["evidence", "son_la", "--ledger"])
    assert "separation_rate" in printed.output and "By grade of evidence" in printed.output


def test_a_damaged_file_of_shares_does_not_hide_the_scorecard(tmp_path, monkeypatch):
    from labsim.report import console

    place = tmp_path / "configs" / "son_la"
    place.mkdir(parents=True)
    (place / "evidence.csv").write_text("answer\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    rests, damage = console._rests({"province": "son_la", "config": {}})
    assert rests == {} and "evidence.csv: damaged" in damage[0]


def test_parameters_vary_as_before_a_calibration_or_over_declared_ranges():
    choices = read_choices(["search.reach", "search.effort=0.2:0.4"])
    varied, found, _left = uncertain_parameters("son_la", choices=choices)
    near = {one.name: one for one in _priors(varied.base, found, choices, "priors")}
    wide = {one.name: one for one in _priors(varied.base, found, choices, "declared")}
    assert (near["search.reach"].low, near["search.reach"].high) == (17.5, 70.0)  # half and twice 35, grade D
    assert (wide["search.reach"].low, wide["search.reach"].high) == (1, 1000)
    for one in (near["search.effort"], wide["search.effort"]):  # a range that was asked for stays
        assert (one.low, one.high, one.scale) == (0.2, 0.4, "even")
