"""The picture of a run: the same bytes twice, units on every axis, targets and observations in their places."""

from __future__ import annotations

import sys
import warnings

import fake_study
import numpy as np
import pandas as pd
import pytest

from labsim import text
from labsim.experiment import run as run_module
from labsim.report.figures import OBSERVED, TARGET, main_series, overview_files
from labsim.results import Results

TARGETS = """targets:
  - {id: a, label: {en: A, vi: A}, indicator: trained_share, direction: at_least, value: 65, year: 2023, unit: "%",
     source: s}
  - {id: b, label: {en: B, vi: B}, indicator: trained_share, direction: at_least, value: 75, year: 2030, unit: "%",
     source: s}
  - {id: c, label: {en: C, vi: C}, indicator: jobs_created, direction: at_most, value: 90_000, year: 2023,
     cumulate_from: 2021, unit: persons, source: s}
"""
OBSERVATIONS = """indicator,concept,year,month,value,unit,low,high,residence
trained_share,administrative,2022,6,59,%,56,62,all
trained_share,survey,2022,12,14,%,12,16,all
trained_share,administrative,2016,12,30,%,28,32,all
unemployment_rate,administrative,2021,12,3.77,%,3.2,4.5,all
"""


@pytest.fixture
def results(tmp_path, monkeypatch) -> Results:
    for name in ("labsim.model", "labsim.simulation", "labsim.indicators"):
        monkeypatch.setitem(sys.modules, name, sys.modules.get(name))
    fake_study.install()
    monkeypatch.setattr(run_module, "is_cold", lambda: False)
    monkeypatch.setattr(text, "_chosen", None)
    monkeypatch.setenv("LABSIM_LANG", "en")
    (tmp_path / "targets.yaml").write_text(TARGETS, encoding="utf-8")
    (tmp_path / "observed.csv").write_text(OBSERVATIONS, encoding="utf-8")
    return run_module.run(fake_study.config(tmp_path), executor="serial")


def points(axis, colour: str, marker: str) -> list[tuple[float, float]]:
    """Return the points of a colour and marker."""
    lines = [line for line in axis.get_lines() if line.get_color() == colour and line.get_marker() == marker]
    return [(float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in lines]


def title(axis) -> str:
    """Return the title of a panel, without its letter."""
    (bold,) = (words.get_text() for words in axis.texts if words.get_fontweight() == "bold")
    return bold.split("   ")[-1]


def caption(axis) -> str:
    """Return what stands below the title, on one line."""
    (grey,) = (words.get_text() for words in axis.texts if words.get_color() == "#555555")
    return grey.replace("\n", " ")


def panels(results: Results) -> dict[str, object]:
    return {title(axis): axis for axis in main_series(results).axes}


def test_the_same_results_give_the_same_bytes(results) -> None:
    first, second = overview_files(results), overview_files(results)
    assert first == second
    assert first["overview.png"].startswith(b"\x89PNG")
    assert b"<dc:date>" not in first["overview.svg"]


def test_every_axis_has_a_unit_and_every_panel_says_its_concept(results) -> None:
    figure = main_series(results)
    assert len(figure.axes) == 9
    units = [caption(axis).partition(":")[0] for axis in figure.axes]
    assert units == ["%"] * 5 + ["thousand persons in a year"] * 2 + ["persons in a year", "thousand persons"]
    assert all("administrative count" in caption(axis) for axis in figure.axes)
    assert "random noise only" in " ".join(words.get_text() for words in figure.texts)


def test_targets_stand_in_their_year_and_point_where_to(results) -> None:
    found = panels(results)
    assert points(found["Trained labour"], TARGET, "^") == [(2023, 65)]  # 2030 lies beyond the run
    jobs = found["Jobs created in a year"]
    assert points(jobs, TARGET, "v") == [(2023, 30_000)]  # a sum over three years, as its yearly mean
    dashed = [line for line in jobs.get_lines() if line.get_color() == TARGET and line.get_marker() == "None"]
    assert [line.get_xdata().tolist() for line in dashed if hasattr(line.get_xdata(), "tolist")] == [[2021, 2023]]


def test_observations_of_another_concept_group_or_time_are_left_out(results) -> None:
    found = panels(results)
    assert points(found["Trained labour"], OBSERVED, "D") == [(2021.5, 59)]
    assert points(found["Urban unemployment"], OBSERVED, "D") == []


def test_plans_are_hollow_and_left_out_where_they_are_the_target(results) -> None:
    plan = {"indicator": "trained_share", "concept": "administrative", "year": 2022, "month": 12, "value": 61.0}
    plan |= {"unit": "%", "low": 50.0, "high": 70.0, "residence": "all", "status": "plan"}
    results.observed = pd.DataFrame([plan, plan | {"year": 2023, "value": 65.0}])
    trained = panels(results)["Trained labour"]
    assert points(trained, OBSERVED, "D") == [(2022, 61)]
    (mark,) = (line for line in trained.get_lines() if line.get_marker() == "D")
    assert mark.get_markerfacecolor() == "white"
    assert not [line for line in trained.get_lines() if line.get_linewidth() == 4]  # no band around a plan


def test_a_series_with_seasons_is_drawn_as_the_mean_of_each_year(results) -> None:
    line = panels(results)["Underemployment"].get_lines()[0]
    assert line.get_xdata().tolist() == [2021, 2022, 2023]
    monthly = results.series("underemployment_rate")
    year = monthly[monthly.index > pd.Timestamp("2022-12-31")]
    assert line.get_ydata()[-1] == pytest.approx(year.mean().median() * 100)


def test_the_median_is_drawn_by_month_for_stocks_and_by_year_for_flows(results) -> None:
    found = panels(results)
    stock, flow = (found[name].get_lines()[0] for name in ("Trained labour", "People trained in a year"))
    assert stock.get_xdata()[[0, -1]].tolist() == pytest.approx([2020, 2023])
    expected = results.series("trained_share").median(axis=1) * 100
    np.testing.assert_allclose(stock.get_ydata(), expected)
    assert flow.get_xdata().tolist() == [2021, 2022, 2023]
    yearly = results.series("people_trained")
    sums = yearly[yearly.index > pd.Timestamp("2022-12-31")].sum().median()
    assert flow.get_ydata()[-1] == pytest.approx(sums)


def test_vietnamese_letters_are_all_in_the_font(results) -> None:
    text.use_language("vi")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a missing letter is a warning
        overview_files(results)
    assert "Tỉnh thử nghiệm" in main_series(results).texts[0].get_text()


def test_a_model_without_the_main_series_shows_what_it_has(results) -> None:
    kept = results.monthly["indicator"].isin(["people_trained", "employees"])
    results.monthly = results.monthly[kept]
    results.scorecard = pd.DataFrame()
    results.observed = pd.DataFrame()
    assert [axis.get_visible() for axis in main_series(results).axes] == [True]
    results.monthly = results.monthly[results.monthly["indicator"] == "employees"]
    assert title(main_series(results).axes[0]) == "employees"
