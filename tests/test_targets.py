"""Targets: read strictly, scored with their unit, year and direction; what cannot be scored says why."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from labsim import text
from labsim.errors import ConfigError
from labsim.results import IndicatorInfo
from labsim.target_file import load_targets
from labsim.targets import SCORECARD_COLUMNS, Label, Target, scorecard, wilson

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
# series shown beside results that the model takes as given or does not simulate
CONTEXT = {
    "population", "poverty_share", "productivity_growth", "grdp_growth", "graduate_employment_share",
    "placement_share_of_introduced", "placement_share_of_counselled", "officials_degree_share",
    "officials_postgraduate_share",
}  # fmt: skip
INDICATORS = {
    "trained_share": IndicatorInfo("trained_share", "trained", "%", "administrative", "up", "labour_force"),
    "urban_rate": IndicatorInfo("urban_rate", "rate", "share", "survey", "down", "labour_force"),
    "labour_force": IndicatorInfo("labour_force", "labour force", "persons", "administrative"),
    "jobs_created": IndicatorInfo("jobs_created", "jobs", "persons", "administrative", "up", kind="flow"),
    "no_base": IndicatorInfo("no_base", "x", "%", "model"),
}


def target(**changes: Any) -> Target:
    given = {
        "id": "t", "label": Label(en="Trained", vi="Qua đào tạo"), "indicator": "trained_share",
        "direction": "at_least",        "value": 65, "year": 2022, "unit": "%", "source": "resolution",
    }  # fmt: skip
    return Target(**(given | changes))


def monthly(values: dict[str, list[float]], residence: str = "all", until: str = "2023-06") -> pd.DataFrame:
    """Return months from December 2020; each replicate's value is constant but in December 2022, where 1 is added."""
    months = pd.period_range("2020-12", until, freq="M").to_timestamp(how="end").normalize()
    frames = []
    for name, by_replicate in values.items():
        for replicate, value in enumerate(by_replicate, start=1):
            frame = pd.DataFrame({"month": months, "value": float(value)})
            frame.loc[months == "2022-12-31", "value"] += 1
            frames.append(frame.assign(replicate=replicate, indicator=name))
    groups = {"scenario": "baseline", "district": "all", "sex": "all", "age": "all", "ethnicity": "all", "field": "all"}
    return pd.concat(frames).assign(residence=residence, **groups)


def row(frame: pd.DataFrame, *targets: Target) -> dict[Any, Any]:
    return scorecard(frame, targets, INDICATORS).to_dict("records")[0]


def test_a_stock_is_read_in_december_of_its_year() -> None:
    frame = monthly({"trained_share": [62, 63, 64, 66], "labour_force": [999, 999, 999, 999]})
    found = row(frame, target())
    assert found["value"] == pytest.approx(np.mean([63, 64, 65, 67]))
    assert (found["low"], found["high"]) == pytest.approx(tuple(np.quantile([63, 64, 65, 67], [0.05, 0.95])))
    assert (found["chance"], found["n_met"], found["n_replicates"]) == (0.5, 2, 4)
    assert (found["chance_low"], found["chance_high"]) == pytest.approx(wilson(2, 4))
    # gaps of 2, 1, 0, 0 points of a labour force of 1,000
    assert found["shortfall_persons"] == pytest.approx((20 + 10) / 4)
    assert found["status"] == "scored"
    assert (found["label"], found["label_vi"], found["concept"]) == ("Trained", "Qua đào tạo", "administrative")


def test_at_most_turns_the_verdict_round() -> None:
    frame = monthly({"trained_share": [62, 63, 64, 66], "labour_force": [999] * 4})
    found = row(frame, target(direction="at_most"))
    assert found["n_met"] == 3
    assert found["shortfall_persons"] == pytest.approx(20 / 4)


def test_a_share_meets_a_target_in_per_cent() -> None:
    frame = pd.concat([monthly({"urban_rate": [-0.95]}, "urban"), monthly({"labour_force": [1999]}, "urban")])
    found = row(frame, target(indicator="urban_rate", value=3.65, direction="at_most", residence="urban"))
    assert found["value"] == pytest.approx(5.0)
    assert found["shortfall_persons"] == pytest.approx(0.0135 * 2000)


def test_a_flow_is_summed_over_its_year_or_from_a_first_year() -> None:
    frame = monthly({"jobs_created": [10, 20]})
    yearly = target(indicator="jobs_created", value=200, unit="persons")
    assert row(frame, yearly)["value"] == pytest.approx(((120 + 1) + (240 + 1)) / 2)
    assert row(frame, yearly)["shortfall_persons"] == pytest.approx((200 - 121) / 2)
    summed = yearly.model_copy(update={"cumulate_from": 2021, "value": 400})
    assert row(frame, summed)["value"] == pytest.approx(((240 + 1) + (480 + 1)) / 2)
    assert row(frame, summed)["n_met"] == 1


@pytest.mark.parametrize(
    ("changes", "years"),
    [
        ({"year": 2023}, "2023"),  # the run ends in June
        ({"indicator": "jobs_created", "unit": "persons", "year": 2020}, "2020"),  # it starts in December
        ({"indicator": "jobs_created", "unit": "persons", "cumulate_from": 2020}, "2020-2022"),
    ],
)
def test_targets_beyond_the_period_are_listed(changes: dict[str, Any], years: str) -> None:
    frame = monthly({"trained_share": [60], "labour_force": [1], "jobs_created": [1]})
    found = row(frame, target(**changes))
    assert found["status"] == "beyond the period"
    assert found["note"] == f"the run covers 2020-12 to 2023-06; the target needs all of {years}"
    assert math.isnan(found["value"]) and math.isnan(found["chance"])


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"indicator": None, "note": "officials are not told apart"}, "officials are not told apart"),
        ({"indicator": None}, "no indicator of the model measures it"),
        ({"indicator": "posts"}, "the model has no indicator 'posts'"),
        ({"indicator": "posts", "note": "not told apart"}, "the model has no indicator 'posts'; not told apart"),
        ({"sex": "female"}, "no series trained_share (sex=female)"),
        ({"unit": "persons"}, "the indicator is in %, the target in persons"),
    ],
)
def test_targets_that_cannot_be_scored_say_why(changes: dict[str, Any], note: str) -> None:
    found = row(monthly({"trained_share": [60], "labour_force": [1]}), target(**changes))
    assert (found["status"], found["note"]) == ("not modelled", note)


def test_notes_tell_the_other_reading_and_a_missing_base() -> None:
    frame = monthly({"no_base": [60], "trained_share": [60]})
    unclear = target(reading="any training", ambiguous="or vocational training alone", note="see the text")
    found = row(frame, unclear)
    assert found["note"].split("; ") == ["see the text", "no shortfall in persons: no series labour_force"]
    assert (found["reading"], found["otherwise"]) == ("any training", "or vocational training alone")
    found = row(frame, target(indicator="no_base"))
    assert found["note"] == "no shortfall in persons: the share names no base"
    assert math.isnan(found["shortfall_persons"])


def test_the_scorecard_keeps_the_order_and_may_be_empty() -> None:
    frame = monthly({"trained_share": [60], "labour_force": [1]})
    found = scorecard(frame, [target(id="b"), target(id="a", indicator=None)], INDICATORS)
    assert found["id"].tolist() == ["b", "a"]
    assert tuple(found.columns) == SCORECARD_COLUMNS
    assert scorecard(frame, [], INDICATORS).empty


def test_wilson_agrees_with_published_limits() -> None:
    # Newcombe 1998, Statistics in Medicine 17:857, table I, method 3
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0, 0.1611), abs=5e-5)
    assert wilson(1, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)
    assert wilson(29, 29)[1] == 1.0
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    "changes", [{"ambiguous": True}, {"ambiguous": True, "reading": "any"}, {"ambiguous": "or more"}]
)
def test_an_unclear_wording_gets_no_verdict_without_both_readings(changes: dict[str, Any]) -> None:
    frame = monthly({"trained_share": [62, 66], "labour_force": [1, 1]})
    found = row(frame, target(**changes))
    assert (found["status"], found["value"], found["n_met"]) == ("scored", pytest.approx(65), 0)
    assert all(math.isnan(found[name]) for name in ("chance", "chance_low", "shortfall_persons"))
    assert found["note"] == "no verdict: the wording is unclear, and its readings are not both given"


@pytest.mark.parametrize(
    ("otherwise", "wanted", "value", "n_met"),
    [
        ({"value": 64}, 64, 64.0, 2),  # 63, 64 and 65 in December 2022
        ({"indicator": "other_share"}, 65, 71.0, 3),
        ({"indicator": "jobs_created", "value": 200}, 200, 241.0, 3),
        ({"indicator": "jobs_created", "value": 250, "cumulate_from": 2021}, 250, 481.0, 3),
    ],
)
def test_the_other_reading_is_scored_where_the_model_measures_it(
    otherwise: dict[str, Any], wanted: float, value: float, n_met: int
) -> None:
    infos = INDICATORS | {
        "other_share": IndicatorInfo("other_share", "x", "%", "model"),
        "jobs_created": IndicatorInfo("jobs_created", "jobs", "%", "administrative", kind="flow"),
    }
    frame = monthly({"trained_share": [62, 63, 64], "other_share": [70] * 3, "jobs_created": [20] * 3})
    unclear = target(reading="one", ambiguous="two", otherwise=otherwise)
    found = scorecard(frame, [unclear], infos).to_dict("records")[0]
    assert found["n_met"] == 1  # the first reading keeps its own verdict
    assert (found["otherwise_target"], found["otherwise_value"]) == (wanted, pytest.approx(value))
    assert (found["otherwise_n_met"], found["otherwise_chance"]) == (n_met, pytest.approx(n_met / 3))
    assert found["otherwise_indicator"] == otherwise.get("indicator", "trained_share")


def test_the_other_reading_may_be_one_year_where_the_first_is_a_sum() -> None:
    frame = monthly({"jobs_created": [10]})
    summed = target(
        indicator="jobs_created", value=150, unit="persons", cumulate_from=2021, reading="a", ambiguous="b",
        otherwise={"one_year": True},
    )  # fmt: skip
    found = row(frame, summed)
    assert (found["n_met"], found["otherwise_n_met"], found["otherwise_value"]) == (1, 0, pytest.approx(121))


def test_what_the_model_cannot_measure_of_the_other_reading_stays_empty() -> None:
    frame = monthly({"trained_share": [70], "labour_force": [1]})
    for otherwise in (None, {"indicator": "unknown"}):
        found = row(frame, target(reading="one", ambiguous="two", otherwise=otherwise))
        assert (found["n_met"], found["otherwise_n_met"]) == (1, 0)
        assert math.isnan(found["otherwise_value"]) and math.isnan(found["otherwise_target"])


def test_both_readings_of_every_shipped_target_are_written_down() -> None:
    for file in CONFIGS.glob("*/targets.yaml"):
        for one in load_targets(file):
            assert one.has_both_readings, f"{file.parent.name} {one.id}"


def test_notes_are_read_in_the_language_in_use(monkeypatch) -> None:
    monkeypatch.setattr(text, "_chosen", None)
    frame = monthly({"trained_share": [60], "labour_force": [1]})
    noted = target(
        note={"en": "in towns", "vi": "ở thành thị"}, reading={"en": "so much", "vi": "bằng vậy"},
        ambiguous={"en": "or more", "vi": "hoặc hơn"},
    )  # fmt: skip
    for language, said in (("en", ("in towns", "so much", "or more")), ("vi", ("ở thành thị", "bằng vậy", "hoặc hơn"))):
        text.use_language(language)
        found = row(frame, noted)
        assert (found["note"], found["reading"], found["otherwise"]) == said
    unscored = target(indicator=None, note={"en": "not simulated yet", "vi": "chưa mô phỏng"})
    assert row(frame, unscored)["note"] == "chưa mô phỏng"


def test_shipped_targets_and_observations_name_indicators_of_the_model() -> None:
    from labsim.indicators import INDICATORS

    folders = [file.parent for file in CONFIGS.glob("*/targets.yaml")]
    assert folders
    for folder in folders:
        targets = load_targets(folder / "targets.yaml")
        unknown = {one.indicator for one in targets if one.indicator is not None} - set(INDICATORS)
        assert not unknown, f"{folder.name}/targets.yaml"
        assert all(isinstance(one.note, Label) and one.note.vi for one in targets if one.indicator is None)
        observed = pd.read_csv(folder / "observed.csv", encoding="utf-8")
        assert set(observed["indicator"]) - set(INDICATORS) <= CONTEXT, f"{folder.name}/observed.csv"
        assert set(observed["status"]) <= {"observed", "derived", "plan", "partial", "unclear"}
        # a figure of the future at the time of its source is a plan, whatever its column says
        assert observed.loc[observed["note"] == "plan", "status"].eq("plan").all()


def test_every_problem_of_a_targets_file_comes_with_its_place(tmp_path) -> None:
    path = tmp_path / "targets.yaml"
    path.write_text(
        "targets:\n"
        '  - {id: a, label: {en: A, vi: A}, direction: at_leest, value: 1, year: 2025, unit: "%", source: s}\n'
        '  - {id: b, label: {en: B, vi: B}, direction: at_most, value: 1, year: 2025, unit: "%", source: s, valu: 2}\n'
        '  - {id: c, label: {en: C, vi: C}, direction: at_most, value: 1, year: 2025, unit: "%"}\n'
        '  - {id: d, label: {en: D, vi: D}, direction: at_most, value: 1, year: 2025, unit: "%", source: s}\n'
        '  - {id: d, label: {en: D, vi: D}, direction: at_most, value: 2, year: 2025, unit: "%", source: s}\n',
        encoding="utf-8",
    )
    with pytest.raises(ConfigError) as caught:
        load_targets(path)
    lines = str(caught.value).splitlines()
    assert len(lines) == 4
    assert ":2:" in lines[0] and 'targets.0.direction: given "at_leest"; allowed at_least, at_most' in lines[0]
    assert ":3:" in lines[1] and 'targets.1.valu: unknown key; did you mean "value"?' in lines[1]
    assert ":4:" in lines[2] and lines[2].endswith("targets.2.source: this key is required")
    assert ":6:" in lines[3] and lines[3].endswith("targets.4: d is given twice for 2025")


def test_the_printed_scorecard_shows_both_readings_and_what_rests_on_assumption() -> None:
    from rich.console import Console

    from labsim.evidence.shares_file import Rest
    from labsim.report.console import _scorecard_table

    text.use_language("en")
    frame = monthly({"trained_share": [62, 63], "labour_force": [1, 1]})
    unclear = target(reading="one", ambiguous="two", otherwise={"value": 60})
    rows = scorecard(frame, [unclear, target(id="u", ambiguous=True)], INDICATORS).to_dict("records")
    notes: list[str] = []
    console = Console(width=80, record=True)
    rest = Rest(0.5, 0.4, 0.6, 0.1, is_stale=True, is_of_another=False)
    console.print(_scorecard_table(rows, notes, {("t", 2022): rest}, None))
    said = console.export_text()
    assert "or else, as the other" in said and "60.0 %" in said and "2 of 2" in said
    assert "rests on assumption:" in said and "50 % (40 % to 60 %)" in said and "[stale]" in said
    assert notes[0] == "The wording is unclear. Read as: one. Or else: two."
    assert notes[1].startswith("no verdict") and "0 of 2" in said.splitlines()[3]
    assert "-" in said and said.count(" of 2") == 2  # the target without both readings has no verdict


def test_another_reading_whose_value_is_nothing_is_refused(tmp_path):
    """Left out, the value is that of the target; written as null, it is nothing that anybody can mean."""
    path = tmp_path / "targets.yaml"
    text = (
        "targets:\n  - {id: a, label: {en: A, vi: A}, indicator: trained_share, direction: at_least, value: 50,"
        ' year: 2025, unit: "%", source: s, ambiguous: true, otherwise: {indicator: certified_share, value: null}}\n'
    )
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"otherwise\.value: given null; allowed a number"):
        load_targets(path)
    path.write_text(text.replace(", value: null}", "}"), encoding="utf-8")
    assert load_targets(path)[0].otherwise.value is None
