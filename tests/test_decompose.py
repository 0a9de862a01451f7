"""The change taken apart by driver: it adds up, what is not there adds nothing, and mistakes end in one message."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from labsim.cli import cli
from labsim.config import load
from labsim.errors import ConfigError, ResultsError
from labsim.experiment.decompose import decompose, decomposition_of
from labsim.experiment.drivers import DRIVERS, coalitions, with_drivers
from labsim.experiment.opened import open_study

NAMES = [driver.name for driver in DRIVERS]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Return what three months of a tiny Son La are made of, and the folder."""
    config = load("son_la", settings={"scale": 0.001, "period.until": "2021-03"})
    folder = tmp_path_factory.mktemp("decompose") / "study"
    names = ("labour_force", "employees", "unemployment_rate", "away_in_viet_nam", "deaths")
    return decompose(config, folder=folder, replicates=2, indicators=names, executor="threads"), folder


def test_each_driver_switches_off_what_it_says_and_nothing_else():
    config = load("son_la")
    on = dict.fromkeys(NAMES, True)
    assert with_drivers(config, on).hash == config.hash
    without = with_drivers(config, on | {"migration": False, "policies": False})
    assert without.switched_off == (*config.switched_off, "migration", "abroad")
    assert not without.policies
    assert not any(path.startswith("policies.") for path in without.given)
    same = {"switched_off", "policies", "origins", "given"}
    assert without.model_dump(exclude=same) == config.model_dump(exclude=same)
    assert len({world.config.hash for world in coalitions(config)}) == 32


def test_the_parts_add_up_to_the_change(small):
    found, _folder = small
    assert set(found.totals["id"]) >= {"labour_force", "employees", "unemployment_rate", "deaths"}
    for total in found.totals.to_dict("records"):
        mine = found.effects[(found.effects["id"] == total["id"]) & (found.effects["year"] == total["year"])]
        parts = mine.set_index("driver")["mean"]
        scale = max(1.0, abs(total["value"]))
        assert parts[["everything else", *NAMES]].sum() == pytest.approx(total["change"], abs=1e-10 * scale)
        assert parts[NAMES].sum() == pytest.approx(parts["all drivers"], abs=1e-10 * scale)
        assert total["start"] + total["change"] == pytest.approx(total["value"], abs=1e-10 * scale)


def test_the_parts_are_those_of_the_stored_runs(small):
    """The labour force at the end with all drivers, less that at the start; deaths come from demography alone."""
    found, folder = small
    study = open_study(folder)
    whole = study.monthly(["labour_force"], [0]).pivot(index="month", columns="replicate", values="value")
    total = found.totals.set_index("id").loc["labour_force"]
    assert total["change"] == pytest.approx((whole.iloc[-1] - whole.iloc[0]).mean())
    deaths = found.effects[found.effects["id"] == "deaths"].set_index("driver")["mean"]
    assert not found.totals.set_index("id").loc["deaths", "has_start"]
    assert deaths["everything else"] == 0.0
    assert deaths["demography"] > 0.0


def test_every_set_of_drivers_starts_from_the_same_world(small):
    _found, folder = small
    study = open_study(folder)
    first = study.sql("select * from monthly where month = (select min(month) from monthly)")
    wide = first.pivot_table(index=[*first.columns.difference(["point", "value"])], columns="point", values="value")
    assert len(wide.columns) == 32
    assert (wide.nunique(axis=1, dropna=False) == 1).all()


def test_drivers_that_a_world_has_not_got_share_its_runs_and_change_nothing(tmp_path):
    settings = {"reference.people": 2000, "period.until": "2022-12"}
    config = load("reference/occupational_small", settings=settings)
    folder = tmp_path / "study"
    found = decompose(config, folder=folder, replicates=3, indicators=["employees"], executor="serial")
    assert len(list((folder / "runs").glob("*.parquet"))) == 2 * 3  # with its policy and without it
    parts = found.effects.set_index("driver")
    assert (parts.loc[["demography", "demand", "climate", "migration"], ["mean", "low", "high"]] == 0.0).all(axis=None)
    assert parts.loc["policies", "mean"] == parts.loc["policies", "alone_mean"] == parts.loc["policies", "last_mean"]
    assert parts.loc["policies", "mean"] != 0.0
    assert (found.interactions[["mean", "low", "high"]] == 0.0).all(axis=None)


def test_a_folder_of_another_study_is_refused(tmp_path, small):
    _found, folder = small
    about = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    about["points"] = about["points"][:3]
    about["runs"] = [run for run in about["runs"] if run[1] < 3]
    about["format"] = "labsim-study-1"  # which had no checksum
    other = tmp_path / "other"
    other.mkdir()
    (other / "study.json").write_text(json.dumps(about), encoding="utf-8")
    with pytest.raises(ResultsError, match="no study of every set of drivers"):
        decomposition_of(open_study(other))


def test_an_indicator_that_does_not_exist_is_refused_before_anything_runs(tmp_path):
    config = load("reference/urn_ball")
    with pytest.raises(ConfigError, match='did you mean "employees"'):
        decompose(config, folder=tmp_path / "study", indicators=["employes"])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["son_le"], "son_la"),
        (["son_la", "--scenario", "baselin"], "baseline"),
        (["son_la", "--indicators", "employes"], "employees"),
        (["son_la", "--set", "matching.selectivty=0"], "selectivity"),
        (["son_la", "--until", "2019"], "2019"),
        (["son_la", "--replicates", "0"], "--replicates"),
        (["son_la", "--executor", "procesess"], "processes"),
    ],
)
def test_a_mistake_ends_in_one_message_and_nothing_is_written(arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, ["decompose", *arguments, "--lang", "en"])
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert not list(tmp_path.iterdir())


def test_the_command_writes_tables_and_a_picture_and_prints_what_switching_off_means(tmp_path):
    base = ["decompose", "reference/occupational_small", "--set", "reference.people=2000", "--scale", "1",
            "--until", "2022", "--replicates", "2", "--executor", "serial", "--out", str(tmp_path / "study"),
            "--lang", "en"]  # fmt: skip
    first = CliRunner().invoke(cli, base)
    assert first.exit_code == 0, first.output
    assert "birthdays still count" in " ".join(first.output.split())
    assert "everything else" in first.output
    assert (tmp_path / "study" / "decompose.png").read_bytes().startswith(b"\x89PNG")
    effects = pd.read_csv(tmp_path / "study" / "decompose_effects.csv")
    again = CliRunner().invoke(cli, [*base, "--json"])
    assert again.exit_code == 0
    told = pd.DataFrame(json.loads(again.stdout)["effects"])
    np.testing.assert_allclose(told["mean"].to_numpy(float), effects["mean"].to_numpy(float), rtol=1e-12)
