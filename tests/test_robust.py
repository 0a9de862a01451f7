"""Policies across draws: regret by hand, boxes that are known, pairs that are not told apart, and refusals."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

from labsim.cli import cli
from labsim.experiment.prim import find_box
from labsim.experiment.robust import judged, regrets, robust, told_pairs
from labsim.targets import Label, Target

TARGET = Target(
    id="t", label=Label(en="t", vi="t"), direction="at_least", value=4, year=2025, unit="persons", source="hand"
)
# three draws (rows), two scenarios
VALUES = np.array([[1.0, 3.0], [5.0, 4.0], [2.0, 8.0]])


def test_regret_is_the_gap_to_the_best_of_each_draw():
    assert regrets(VALUES, "at_least").tolist() == [[2, 0], [0, 1], [6, 0]]
    assert regrets(VALUES, "at_most").tolist() == [[0, 2], [1, 0], [0, 6]]


def test_scores_of_a_small_table_by_hand():
    found = judged(TARGET, VALUES, ["a", "b"]).set_index("scenario")
    assert found.loc["a", "regret_mean"] == pytest.approx(8 / 3)
    assert found.loc["a", "regret_max"] == 6
    assert found.loc["a", "regret_90"] == pytest.approx(2 + 0.8 * 4)  # 0, 2, 6: nine tenths lie 0.8 past the second
    assert found.loc["b", "regret_mean"] == pytest.approx(1 / 3)
    assert found["met"].tolist() == [pytest.approx(1 / 3), pytest.approx(2 / 3)]


def test_a_pair_is_compared_draw_by_draw():
    row = told_pairs(TARGET, VALUES, ["a", "b"]).iloc[0]
    assert row["difference"] == pytest.approx(-7 / 3)
    assert (row["only_one"], row["only_other"]) == (0, 1)
    assert row["p_met"] == 1.0
    same = told_pairs(TARGET, np.repeat(VALUES[:, :1], 2, axis=1), ["a", "b"]).iloc[0]
    assert (same["difference"], same["p"], same["p_met"]) == (0, 1, 1)


def test_a_known_box_is_found():
    points = np.random.default_rng(1).random((400, 6))
    cases = (points[:, 1] > 0.6) & (points[:, 4] < 0.5)
    box = find_box(points, cases, list("abcdef"))
    limits = {limit.name: limit for limit in box.limits}
    assert set(limits) == {"b", "e"}
    # the limit lies within a slice of 5 % of the points in the box
    assert limits["b"].low == pytest.approx(0.6, abs=0.03) and limits["b"].high is None
    assert limits["e"].high == pytest.approx(0.5, abs=0.03) and limits["e"].low is None
    assert box.coverage > 0.95 and box.density > 0.95
    assert box.mass == pytest.approx(cases.mean(), abs=0.02)
    assert box.holds("b", np.array([0.1, 0.9])).tolist() == [False, True]
    assert all(limit.p < 1e-6 for limit in box.limits)


def test_chance_has_no_box():
    generator = np.random.default_rng(3)
    found = [find_box(generator.random((100, 8)), generator.random(100) < 0.3, list("abcdefgh")) for _ in range(20)]
    # quasi-p-values come after the choice; a box in chance alone must stay rare
    assert sum(bool(box.limits) for box in found) <= 3
    nothing = next(box for box in found if not box.limits)
    assert (nothing.coverage, nothing.mass) == (1.0, 1.0)


def test_what_always_or_never_happens_has_no_box():
    points = np.random.default_rng(1).random((50, 2))
    for cases in (np.zeros(50, dtype=bool), np.ones(50, dtype=bool)):
        assert find_box(points, cases, ["a", "b"]).limits == ()


@pytest.fixture
def steadier(tmp_path):
    """Write a scenario of the lake in which fewer people lose their work."""
    file = tmp_path / "steadier.yaml"
    file.write_text("extends: reference/two_state_lake\nfirms: {separation_rate: 0.005}\n", encoding="utf-8")
    return file


SIZES = {"reference.people": 4000, "period.until": "2021-12"}
ASKED = ["unemployed@2021<=260"]


def lake(folder, *scenarios, **given):
    options = {"draws": 24, "targets": ASKED, "vary": ["search.effort=0.05:0.5"], "executor": "serial"} | given
    return robust(
        "reference/two_state_lake", scenarios=["baseline", *map(str, scenarios)], settings=SIZES, folder=folder,
        **options,
    )  # fmt: skip


@pytest.mark.slow
def test_fewer_separations_are_better_at_every_draw(tmp_path, steadier):
    found = lake(tmp_path / "study", steadier)
    scores = found.scores.set_index("scenario")
    assert scores.loc[str(steadier), "regret_max"] == 0
    assert scores.loc["baseline", "regret_mean"] > 0
    assert found.pairs["told_apart"].all() and (found.pairs["difference"] < 0).all()
    # little effort in search is where the baseline fails
    limit = found.boxes["unemployed@2021<=260", "baseline"].limits[0]
    assert limit.name == "search.effort" and limit.high is not None
    assert lake(tmp_path / "study", steadier).carried.found == found.carried.total  # resumed


@pytest.mark.slow
def test_scenarios_that_do_the_same_are_not_ranked(tmp_path):
    twin = tmp_path / "twin.yaml"
    twin.write_text("extends: reference/two_state_lake\nquestion: {en: the same, vi: như nhau}\n", encoding="utf-8")
    found = lake(tmp_path / "study", twin, draws=6)
    assert not found.pairs["told_apart"].any() and not found.pairs["met_told_apart"].any()
    assert (found.scores["regret_max"] == 0).all()
    assert found.noise[found.targets[0].id] == 0


def test_what_scenarios_set_differently_is_not_drawn(tmp_path, steadier):
    found = lake(tmp_path / "study", steadier, draws=2, vary=["firms"], targets=["unemployed@2021<=260"])
    assert "firms.separation_rate" in found.left_out
    assert "firms.separation_rate" not in found.draws.columns


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--scenarios", "baseline,baselin"], "baseline"),
        (["--scenarios", "baseline,baseline"], "each once"),
        (["--scenarios", "baseline", "--target", "unemployed@2025"], "says no limit"),
        (["--scenarios", "baseline", "--vary", "vocational_training.seats_per_year"], "decided, not uncertain"),
        (["--scenarios", "baseline", "--vary", "climate.frequncy"], "climate.frequency"),
        (["--scenarios", "baseline", "--draws", "1"], "allowed 2 or more"),
    ],
)
def test_a_wrong_request_ends_in_a_message_and_writes_nothing(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["robust", *arguments])
    assert done.exit_code == 2
    assert message in done.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_command_prints_and_saves(tmp_path, steadier):
    command = ["robust", "reference/two_state_lake", "--scenarios", f"baseline,{steadier}", "--draws", "24",
               "--target", ASKED[0], "--vary", "search.effort=0.05:0.5", "--set", "reference.people=4000",
               "--until", "2021", "--executor", "serial", "--out", str(tmp_path / "study")]  # fmt: skip
    done = CliRunner().invoke(cli, command)
    assert done.exit_code == 0, done.output
    assert "Regret" in done.output and "search.effort" in done.output
    for name in ("scores.csv", "pairs.csv", "values.csv", "draws.csv", "robust.png", "robust.svg", "about.json"):
        assert (tmp_path / "study" / name).is_file()
    done = CliRunner().invoke(cli, [*command, "--json"])
    assert json.loads(done.stdout)["boxes"][0]["limits"][0]["name"] == "search.effort"
