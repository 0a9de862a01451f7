"""Draws of parameters that replicates take: which, in which scenario, what overrides them, and what is said of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scipy import stats

import labsim
from labsim.cli import cli
from labsim.config import load
from labsim.errors import ConfigError
from labsim.experiment.code import model_hash
from labsim.experiment.compare import _posteriors, comparison_of, plan_comparison, study_of
from labsim.experiment.opened import open_study
from labsim.experiment.posterior import (
    FORMAT,
    data_hash,
    drawn_from,
    hash_of_draws,
    observed_hash,
    posterior_for,
    read_posterior,
    stale,
)
from labsim.experiment.runner import carry_out
from labsim.report.console import bands_hold, beyond_calibrated

WORLD = {"reference.people": 200, "period.until": "2021-03"}
NAME = "firms.separation_rate"


def write(folder: Path, rows: list[tuple[float, ...]], names: tuple[str, ...] = (NAME,), about=None) -> Path:
    file = folder / "posterior.csv"
    lines = [",".join(names), *(",".join(f"{one:g}" for one in row) for row in rows)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if about is not None:
        file.with_suffix(".json").write_text(json.dumps({"format": FORMAT, **about}), encoding="utf-8")
    return file


def frictional(**settings):
    return load("reference/frictional", settings=WORLD | settings)


@pytest.fixture
def two(tmp_path):
    """Draws of two separation rates, as if calibrated at the present value."""
    present = frictional().firms.separation_rate
    about = {"parameters": [{"name": NAME, "present": present}]}
    return write(tmp_path, [(0.01,), (0.15,)], about=about)


def test_draws_are_picked_by_seed_and_replicate_alone(two):
    posterior = read_posterior(two)
    places = [posterior.place(1, replicate) for replicate in range(1, 41)]
    assert places == [posterior.place(1, replicate) for replicate in range(1, 41)]
    assert places != [posterior.place(2, replicate) for replicate in range(1, 41)]
    assert set(places) == {0, 1}


def test_a_draw_is_picked_as_often_as_its_weight_says(tmp_path):
    file = tmp_path / "posterior.csv"
    file.write_text(f"draw,weight,{NAME}\n1,0.7,0.01\n2,0.2,0.02\n3,0.1,0.03\n", encoding="utf-8")
    posterior = read_posterior(file)
    assert posterior.names == (NAME,)
    counts = np.bincount([posterior.place(3, replicate) for replicate in range(1, 2001)], minlength=3)
    assert stats.chisquare(counts, 2000 * np.array([0.7, 0.2, 0.1])).pvalue > 1e-3


def test_each_replicate_runs_with_its_draw(two):
    config = frictional()
    found = labsim.run(config, replicates=6, posterior=two, executor="serial")
    drawn = found.manifest["posterior"]
    assert drawn["hash"] == read_posterior(two).hash
    assert drawn["drawn"] == [NAME]
    for replicate in range(1, 7):
        rate = (0.01, 0.15)[drawn["draws"][str(replicate)]]
        alone = labsim.run(
            frictional(**{NAME: rate}), replicates=replicate, posterior="none", executor="serial"
        ).monthly
        mine = found.monthly
        columns = [name for name in mine.columns if name != "scenario"]
        one, other = (
            frame.loc[frame["replicate"] == replicate, columns].reset_index(drop=True) for frame in (mine, alone)
        )
        assert one.equals(other)


def test_without_a_posterior_nothing_is_drawn():
    found = labsim.run(frictional(), posterior="none", executor="serial")
    assert found.manifest["posterior"] is None
    # a reference world ships none
    assert labsim.run(frictional(), executor="serial").monthly.equals(found.monthly)


def test_what_is_set_is_not_drawn(two):
    drawn = drawn_from(frictional(**{NAME: 0.05}), read_posterior(two))
    assert (drawn.names, drawn.own, drawn.outside) == ((), (NAME,), ())
    assert drawn.config_of(1).firms.separation_rate == 0.05
    same_value = drawn_from(frictional(), read_posterior(two), fixed=[NAME])
    assert same_value.own == (NAME,)


def test_a_value_outside_the_region_calibrated_is_marked(two):
    drawn = drawn_from(frictional(**{NAME: 0.18}), read_posterior(two))
    assert drawn.outside == ((NAME, 0.18, 0.01, 0.15),)
    lines = " ".join(bands_hold(drawn.told([1])))
    assert f"EXTRAPOLATION: {NAME} = 0.18 lies outside the region calibrated, 0.01 to 0.15" in lines
    assert "EXTRAPOLATION" not in " ".join(bands_hold(drawn_from(frictional(), read_posterior(two)).told([1])))


def test_numbers_beyond_what_was_calibrated_carry_a_mark(two):
    told = drawn_from(frictional(**{NAME: 0.18}), read_posterior(two)).told([1])
    calibrated = {**told, "calibrated": {"until": "2022-12"}}
    assert (beyond_calibrated("2021", calibrated), beyond_calibrated("2030", calibrated)) == ("†", "†‡")
    assert (beyond_calibrated("2030", {**calibrated, "outside": []}), beyond_calibrated("2030", None)) == ("‡", "")
    # what is of a year ends in its December: figures that end in June do not reach it
    half = {**calibrated, "calibrated": {"until": "2021-06"}, "outside": []}
    found = [beyond_calibrated(when, half) for when in ("2021", "2021-06", "2021-07", "2020/2021", "2019/2020")]
    assert found == ["‡", "", "‡", "‡", ""]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"draw,weight,{NAME}\n1,1,0.1\n2,1\n", r"posterior\.csv:3  2 cells, but 3 columns"),
        (f"draw,weight,{NAME}\n1,,0.1\n", r"posterior\.csv:2:2  weight: given ''; allowed a number"),
        (f"draw,weight,{NAME},{NAME}\n1,1,0.1,0.2\n", "twice"),
        ("draw,weight\n1,1\n", "no draws"),
    ],
)
def test_a_damaged_table_of_draws_is_refused_in_one_line(tmp_path, text, why):
    (tmp_path / "posterior.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=why):
        read_posterior(tmp_path / "posterior.csv")


def test_a_description_of_other_draws_is_refused(tmp_path):
    text = f"draw,weight,{NAME}\n1,1,0.1\n"
    (tmp_path / "posterior.csv").write_text(text, encoding="utf-8")
    about = {"format": FORMAT, "draws_hash": hash_of_draws(text)}
    (tmp_path / "posterior.json").write_text(json.dumps(about), encoding="utf-8")
    assert read_posterior(tmp_path / "posterior.csv").names == (NAME,)
    (tmp_path / "posterior.csv").write_text(text.replace("0.1", "0.2"), encoding="utf-8")
    with pytest.raises(ConfigError, match="other draws"):
        read_posterior(tmp_path / "posterior.csv")


def test_few_independent_draws_are_said(two):
    told = drawn_from(frictional(), read_posterior(two)).told([1])
    assert "too narrow" not in " ".join(bands_hold(told))
    assert "worth 12 independent ones, fewer than 30" in " ".join(bands_hold({**told, "worth": 12.0}))


def test_scenarios_have_the_same_draw_for_the_same_replicate(two, tmp_path):
    scenario = tmp_path / "slow.yaml"
    scenario.write_text("firms: {opening_speed: 0.5}\n", encoding="utf-8")
    study = study_of(
        "reference/frictional", ["baseline", str(scenario)], settings=WORLD, replicates=5
    )
    plan = plan_comparison(study, posterior=two)
    rates = {(run.point, run.replicate): plan.config_of(run).firms.separation_rate for run in plan.runs}
    assert [rates[0, one] for one in range(1, 6)] == [rates[1, one] for one in range(1, 6)]
    assert set(rates.values()) == {0.01, 0.15}
    assert len({run.id for run in plan.runs}) == 10
    none = plan_comparison(study)
    assert not {run.id for run in none.runs} & {run.id for run in plan.runs}
    carry_out(plan, tmp_path / "study", executor="serial")
    found = comparison_of(open_study(tmp_path / "study"))
    assert [told["hash"] for told in found.about["posteriors"].values()] == [read_posterior(two).hash]


def test_names_and_ranges_that_do_not_exist_are_refused(tmp_path):
    wrong = write(tmp_path, [(0.1,)], names=("firms.seperation_rate",))
    with pytest.raises(ConfigError, match=r"did you mean .firms\.separation_rate"):
        drawn_from(frictional(), read_posterior(wrong))
    far = write(tmp_path, [(7.0,)])
    with pytest.raises(ConfigError, match=r"allowed 0 to 0\.2"):
        drawn_from(frictional(), read_posterior(far)).config_of(1)
    with pytest.raises(ConfigError, match="allowed none, shipped, or the file of one"):
        posterior_for(frictional(), "shiped")


def test_draws_of_other_code_are_taken_as_far_as_they_go(tmp_path):
    """A province's own draws must not stop every run when a parameter is renamed or a range narrowed."""
    old = write(tmp_path, [(0.1, 7.0)], names=("firms.seperation_rate", NAME), about={"code_hash": "other"})
    drawn = drawn_from(frictional(), read_posterior(old))
    assert drawn.names == (NAME,)
    assert drawn.config_of(1).firms.separation_rate == 0.2
    assert "before a change of code" in " ".join(bands_hold(drawn.told([1])))


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "the file is empty"), (f"{NAME}\nx\n", "given 'x'; allowed a number"), (f"{NAME}\nnan\n", "given 'nan'")],
)
def test_a_damaged_file_is_one_clear_message(tmp_path, text, message):
    file = tmp_path / "posterior.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        read_posterior(file)
    done = CliRunner().invoke(cli, ["run", "reference/frictional", "--posterior", str(file), "--json"])
    assert done.exit_code == 2 and "Traceback" not in done.output


def test_a_posterior_of_other_code_or_data_is_stale(tmp_path):
    config = load("son_la", settings={"scale": 0.01})
    hashes = {
        "code_hash": model_hash(), "data_hash": data_hash(config), "observations_hash": observed_hash(config)
    }  # fmt: skip
    name = "firms.opening_rate"
    assert stale(read_posterior(write(tmp_path, [(0.01,)], (name,), hashes)), config) == []
    for what in ("code", "data", "observations"):
        old = write(tmp_path, [(0.01,)], (name,), hashes | {f"{what}_hash": "other"})
        assert stale(read_posterior(old), config) == [what]
    told = drawn_from(config, read_posterior(old)).told([1])
    assert any(re.search("before a change of observations", line) for line in bands_hold(told))


def test_scenarios_do_not_make_a_posterior_stale(tmp_path):
    base = load("son_la")
    other = load("son_la", scenario="more_seats", settings={"scale": 0.02, "seed": 7})
    assert data_hash(base) == data_hash(other)
    assert observed_hash(base) == observed_hash(other) != ""


def test_the_scorecard_says_what_the_band_holds(tmp_path):
    file = write(tmp_path, [(0.008,), (0.01,)], ("firms.opening_rate",))
    words = ["run", "son_la", "--scale", "0.002", "--until", "2021-12", "--replicates", "1", "--executor", "serial"]
    done = CliRunner().invoke(cli, [*words, "--out", str(tmp_path / "with"), "--posterior", str(file)])
    assert done.exit_code == 0, done.output
    manifest = json.loads((tmp_path / "with" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["posterior"]["drawn"] == ["firms.opening_rate"]
    fixed = CliRunner().invoke(
        cli, [*words, "--json", "--posterior", str(file), "--set", "firms.opening_rate=0.009", "--out",
              str(tmp_path / "set")],
    )  # fmt: skip
    assert fixed.exit_code == 0, fixed.output
    manifest = json.loads((tmp_path / "set" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["posterior"]["own"] == ["firms.opening_rate"]


def test_what_each_province_draws_from_is_told_apart():
    outside = [{"name": "x", "value": 1.0, "low": 2.0, "high": 3.0}]
    points = [
        {"province": "a", "posterior": {"hash": "1", "outside": []}},
        {"province": "a", "posterior": {"hash": "1", "outside": outside}},
        {"province": "b"},
    ]
    found = _posteriors(points)
    assert found == {"a": {"hash": "1", "outside": outside}, "b": None}


@pytest.mark.parametrize("more", [["--vary", "matching"], ["--ship"], ["--scale", "0.1"], ["--out", "x"]])
def test_checking_draws_refuses_options_that_would_do_nothing(tmp_path, monkeypatch, more):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["calibrate", "son_la", "--check", *more])
    assert done.exit_code == 2 and f"{more[0]} has no place there" in " ".join(done.output.split())
    assert not list(tmp_path.iterdir())
