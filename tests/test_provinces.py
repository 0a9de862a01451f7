"""Every province under configs/: data that say where they come from, people who fit them, and a year that balances."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from labsim.config import load
from labsim.errors import PopulationError
from labsim.experiment.parameters import evidence_in_use
from labsim.model import LabourModel
from labsim.population import Misfit, populate
from labsim.population.margins import CIRCLES
from labsim.population.reading import read_margins
from labsim.profile import GROUPINGS
from labsim.target_file import load_targets
from labsim.targets import Label
from labsim.world import Activity, World

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
DISTRICTS = {"son_la": 12, "lao_cai": 9, "bac_kan": 8}
PROVINCES = tuple(sorted(file.parent.name for file in CONFIGS.glob("*/profile.yaml")))
OTHERS = tuple(name for name in PROVINCES if name != "son_la")
# population at the end of 2020 (census of 2019 carried on), labour force on the concept before 2021
LEVELS = {"son_la": (1_276_857, 770_540), "lao_cai": (746_794, 460_440), "bac_kan": (317_467, 217_000)}


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


MARGINS = [pytest.param(file, id=f"{name}/{file.stem}") for name in PROVINCES
           for file in sorted((CONFIGS / name / "margins").glob("*.csv"))]  # fmt: skip


def test_there_are_three_provinces_with_the_same_files() -> None:
    assert set(PROVINCES) == set(DISTRICTS)
    made = ("evidence", "posterior")  # by commands that take long, for the provinces for which they were run
    names = {
        name: {
            file.relative_to(CONFIGS / name)
            for file in (CONFIGS / name).rglob("*.*")
            if not file.name.startswith(made)
        }
        for name in PROVINCES
    }
    assert names["lao_cai"] == names["bac_kan"] == names["son_la"]


@pytest.mark.parametrize("file", MARGINS)
def test_every_row_has_unit_source_and_grade_and_lies_in_its_range(file: Path) -> None:
    for line, row in enumerate(rows_of(file), start=2):
        assert row["unit"] and row["source"] and row["grade"] in "ABCD" and row["year"], line
        low, high = row.get("low"), row.get("high")
        if "value" in row and low and high:
            assert float(low) - 1e-9 <= float(row["value"]) <= float(high) + 1e-9, line
        assert (low and high) or row["grade"] != "D" or "low" not in row, f"line {line}: assumed, without a range"


@pytest.mark.parametrize("name", OTHERS)
def test_a_value_of_another_province_says_so_and_is_graded_d(name: str) -> None:
    """Whatever stands in for what the sources do not have is named and has the lowest grade."""
    for file in sorted((CONFIGS / name / "margins").glob("*.csv")):
        for line, row in enumerate(rows_of(file), start=2):
            if "stand-in" in row["source"] or "Son La" in row["source"]:
                assert row["grade"] == "D", f"{file.name}:{line}"
            if "low" in row and row["source"].startswith("stand-in") and float(row.get("value", 1)):
                assert float(row["high"]) > float(row["low"]), f"{file.name}:{line}"
    for one in evidence_in_use(load(name)):
        if any(word in one.source for word in ("stand-in", "Son La", "Mai Son")):
            assert one.grade == "D", one.path


@pytest.mark.parametrize("name", OTHERS)
def test_employment_by_sector_is_marked_as_unmeasured(name: str) -> None:
    rows = rows_of(CONFIGS / name / "margins" / "sector_residence.csv")
    (whole,) = [row for row in rows if row["residence"] == "all"]
    assert whole["grade"] == "D" and float(whole["high"]) - float(whole["low"]) >= 0.25
    assert "no sector employment" in whole["note"]
    assert "employment by sector" in (CONFIGS / name / "profile.yaml").read_text(encoding="utf-8").split("name:")[0]
    for target in load_targets(CONFIGS / name / "targets.yaml"):
        if target.indicator in ("agricultural_share", "trained_share_agriculture"):
            assert isinstance(target.note, Label) and "grade D" in target.note.en and "cấp D" in target.note.vi


@pytest.mark.parametrize("name", PROVINCES)
def test_everything_that_users_read_is_there_in_both_languages(name: str) -> None:
    config = load(name)
    for one in (*config.province.fields, *config.province.institutions, *config.province.groups["ethnicity"]):
        assert one.en and one.vi, one.id
    assert config.province.name.vi != config.province.name.en
    assert config.title.en != config.title.vi and config.question.en != config.question.vi
    for target in load_targets(CONFIGS / name / "targets.yaml"):
        assert target.label.en and target.label.vi and target.label.en != target.label.vi, target.id


@pytest.mark.parametrize("name", PROVINCES)
def test_peoples_belong_to_circles_that_the_profile_names(name: str) -> None:
    margins = read_margins(load(name).province)
    circle = dict(zip(margins.peoples, (CIRCLES[k] for k in margins.circle), strict=True))
    assert circle["kinh"] == "kinh" and list(circle.values()).count("kinh") == 1
    assert circle["hmong"] == circle["dao"] == "highland"
    assert {one: circle[one] for one in circle if one in ("thai", "tay", "muong", "nung", "giay", "other")} == {
        one: "valley" for one in circle if one in ("thai", "tay", "muong", "nung", "giay", "other")
    }


def test_an_unknown_circle_is_refused_by_name() -> None:
    province = load("lao_cai").province
    hmong = [one.model_copy(update={"circle": "highlnd"} if one.id == "hmong" else {})
             for one in province.groups["ethnicity"]]  # fmt: skip
    wrong = province.model_copy(update={"groups": {"ethnicity": tuple(hmong)}})
    with pytest.raises(PopulationError, match=r"groups\.ethnicity\.hmong\.circle: given 'highlnd'; .*\"highland\""):
        read_margins(wrong)


@pytest.fixture(scope="module", params=PROVINCES)
def tenth(request: pytest.FixtureRequest) -> tuple[str, World, Misfit]:
    """Return a province, its people at 1:10, and their misfit."""
    world, misfit = populate(load(request.param, settings=["scale=0.1"]), 1)
    return request.param, world, misfit


def test_people_fit_the_margins_within_sampling_noise(tenth: tuple[str, World, Misfit]) -> None:
    _name, _world, misfit = tenth
    assert len(misfit.fits) >= 15
    for fit in misfit.fits:
        # the mean deviation of n cells of Poisson counts is at most 0.8 sqrt(n / total)
        assert fit.mean < 0.002 + 1.6 * np.sqrt(fit.cells / fit.expected), fit
        assert abs(fit.got - fit.expected) < 4.0 * np.sqrt(fit.expected) + 2, fit
    assert all(fit.mean < 0.01 for fit in misfit.fits if fit.margin.startswith("population"))


def test_people_and_labour_force_have_the_known_size(tenth: tuple[str, World, Misfit]) -> None:
    name, world, _misfit = tenth
    assert len(world.places) == DISTRICTS[name]
    people, force = LEVELS[name]
    ages = rows_of(CONFIGS / name / "margins" / "population_age_sex.csv")
    assert sum(float(row["value"]) for row in ages) == pytest.approx(people, abs=20)
    at_work = (Activity.FARMING, Activity.HOUSEHOLD_BUSINESS, Activity.EMPLOYEE, Activity.UNEMPLOYED)
    assert 10 * np.isin(world.workers.activity, at_work).sum() == pytest.approx(force, rel=0.003)


@pytest.mark.parametrize("name", PROVINCES)
def test_a_year_at_one_in_a_hundred_balances_every_month(name: str) -> None:
    model = LabourModel(load(name, settings=["scale=0.01", "period.until=2021-12"]), seed=1)
    for _month in range(12):
        model.step()
        assert model.imbalance() == []
    frame = model.recorder.monthly()
    whole = (frame[list(GROUPINGS)] == "all").all(axis=1)
    wide = frame[whole].pivot(index="month", columns="indicator", values="value")
    assert len(wide) == 13 and np.isfinite(frame["value"]).all()
    for share in ("agricultural_share", "trained_share", "unemployment_rate", "digital_share"):
        assert wide[share].between(0, 100).all(), share
    # nothing jumps in the first year, which would mean that the start contradicts what people do
    assert abs(wide["agricultural_share"].iloc[-1] - wide["agricultural_share"].iloc[0]) < 4
    assert wide["labour_force"].iloc[-1] == pytest.approx(wide["labour_force"].iloc[0], rel=0.04)
