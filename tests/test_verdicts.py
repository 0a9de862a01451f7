"""Verdicts that are none: counts too small for the scale, and outcomes of policies that a scenario does not have."""

from __future__ import annotations

import io
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

import labsim
from labsim import text, verdicts
from labsim.app.answers import Score, Verdict
from labsim.app.verdict_lines import telling
from labsim.app.words import chance_with_interval, chance_words, missing_words
from labsim.experiment.answered import targets_table
from labsim.experiment.paired import difference_of
from labsim.experiment.trials import Found
from labsim.indicators import INDICATORS
from labsim.levers import LEVERS
from labsim.policies import BUILT_IN
from labsim.report.chances import missing_of, verdict_of, word_of
from labsim.report.console import scorecard_view
from labsim.report.difference_words import met_in, no_verdict
from labsim.report.document import html_of
from labsim.report.target_words import scored_of, short_words
from labsim.results import IndicatorInfo, Results, open_results
from labsim.targets import Label, Target, judged, missing_persons, scorecard
from labsim.verdicts import (
    ABSENT,
    LIKELY,
    NONE,
    OPEN,
    ORDER,
    TOO_FEW,
    UNLIKELY,
    UNSAID,
    Setting,
    brought_about_by,
    is_luck,
    setting_of,
    telling_scale,
    too_few,
)

KNOWN = {
    "sent_abroad": IndicatorInfo("sent_abroad", "sent", "persons", "administrative", "up", kind="flow"),
    "reached_by_services": IndicatorInfo("reached_by_services", "reached", "%", "administrative", "up", "labour_force"),
    "unemployment_rate": IndicatorInfo("unemployment_rate", "rate", "%", "administrative", "down", "labour_force"),
    "labour_force": IndicatorInfo("labour_force", "force", "persons", "administrative"),
}


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "_chosen", None)
    text.use_language("en")


@pytest.fixture(scope="module")
def results() -> Results:
    """Return a tiny Son La at 1:500: it sends hardly anybody abroad and has no employment services."""
    text.use_language("en")
    return labsim.run("son_la", scale=0.002, replicates=2, until="2026-12", posterior="none", executor="serial")


def target(**changes: Any) -> Target:
    given = {
        "id": "t", "label": Label(en="Sent abroad", vi="Đi nước ngoài"), "indicator": "sent_abroad",
        "direction": "at_least", "value": 200, "year": 2022, "unit": "persons", "source": "resolution",
    }  # fmt: skip
    return Target(**(given | changes))


def monthly(values: dict[str, list[float]]) -> pd.DataFrame:
    """Return the months of 2021 and 2022 of replicates that keep one value each."""
    months = pd.period_range("2020-12", "2022-12", freq="M").to_timestamp(how="end").normalize()
    frames = [
        pd.DataFrame({"month": months, "value": float(value), "replicate": number, "indicator": name})
        for name, by_replicate in values.items()
        for number, value in enumerate(by_replicate, start=1)
    ]
    groups = dict.fromkeys(("district", "sex", "age", "ethnicity", "residence", "field"), "all")
    return pd.concat(frames).assign(scenario="baseline", **groups)


def row_of(frame: pd.DataFrame, one: Target, setting: Setting) -> dict[Any, Any]:
    return scorecard(frame, [one], KNOWN, setting).to_dict("records")[0]


def with_services(**changes: Any) -> Setting:
    return Setting(0.1, {"job_placement": BUILT_IN["job_placement"].model_validate(changes)})


@pytest.mark.parametrize(
    ("wanted", "values", "scale", "told", "would_tell"),
    [
        (200, [0, 0], 0.002, False, 1.0),  # 0.4 of an agent; 400 agents are not even there at 1:1
        (700, [600, 650], 0.1, False, 1.0),
        (5_000, [4_400, 4_600], 0.01, False, 0.1),  # 50 agents, of which luck moves 7
        (5_000, [4_400, 4_600], 0.1, True, 0.1),  # 500 agents
        (5_000, [0, 0], 0.01, True, 0.1),  # 50 agents wanted and none found is no luck
        (5_000, [0, 4_600], 0.01, False, 0.1),  # but one replicate comes near
        (5_000, [0, 9_999], 0.01, False, 0.1),  # and these lie on either side
        (5_000, [9_000, 9_999], 0.01, True, 0.1),
        (200, [0, 0], 1.0, True, 1.0),  # everybody is simulated: luck is the province's own
    ],
)
def test_a_count_tells_from_four_hundred_agents_on(
    wanted: float, values: list[float], scale: float, told: bool, would_tell: float
) -> None:
    given = (float(wanted), np.array(values, dtype=float), "persons", None, scale)
    assert too_few(*given, is_share=False) is not told
    assert telling_scale(float(wanted), "persons", None, scale, is_share=False) == would_tell


@pytest.mark.parametrize(
    ("wanted", "value", "persons", "scale", "told"),
    [
        (0.5, 0.49, 40_000.0, 0.01, True),  # 400 agents: a standard error of 5 % of the half
        (0.5, 0.49, 39_000.0, 0.01, False),
        (0.0365, 0.04, 118_000.0, 0.1, True),  # 11,800 agents in towns, 431 of them out of work
        (0.0365, 0.04, 118_000.0, 0.01, False),
        (0.0365, 0.12, 118_000.0, 0.01, True),  # so far off is no luck
        (1.0, 0.99, 4_000.0, 0.1, True),  # of a target of everybody the base counts
        (1.0, 0.97, 3_000.0, 0.05, False),
        (1.0, 0.70, 3_000.0, 0.05, True),
    ],
)
def test_a_share_tells_by_its_rarer_side(wanted: float, value: float, persons: float, scale: float, told: bool) -> None:
    base = np.full(3, persons)
    assert too_few(wanted, np.full(3, value), "%", base, scale, is_share=True) is not told


def test_a_mean_tells_by_those_over_whom_it_is_taken() -> None:
    pay = np.array([8e6, 8.4e6])
    assert too_few(9e6, pay, "VND per month", np.full(2, 50_000.0), 0.002, is_share=False)
    assert not too_few(9e6, pay, "VND per month", np.full(2, 50_000.0), 0.1, is_share=False)
    assert not too_few(9e6, 0.4 * pay, "VND per month", np.full(2, 50_000.0), 0.002, is_share=False)
    assert not too_few(9e6, pay, "VND per month", None, 0.002, is_share=False)  # nobody knows of how many


def test_a_scorecard_has_the_verdict_and_no_chance_where_agents_are_few() -> None:
    frame = monthly({"sent_abroad": [0.0, 10.0]})
    few = row_of(frame, target(), Setting(0.002, is_known=False))
    assert (few["verdict"], few["telling_scale"], few["status"]) == (TOO_FEW, 1.0, "scored")
    assert (few["value"], few["n_met"], few["n_replicates"]) == (60.0, 0, 2)
    assert all(math.isnan(few[name]) for name in ("chance", "chance_low", "chance_high", "shortfall_persons"))
    whole = row_of(frame, target(), Setting(1.0, is_known=False))
    assert (whole["verdict"], whole["chance"], whole["shortfall_persons"]) == (OPEN, 0.0, 140.0)
    assert math.isnan(whole["telling_scale"])
    many = row_of(monthly({"sent_abroad": [1e5] * 20}), target(value=9e5), Setting(0.01, is_known=False))
    assert (many["verdict"], many["chance"]) == (LIKELY, 1.0)


def test_the_other_reading_needs_agents_too() -> None:
    frame = monthly({"unemployment_rate": [4.0] * 20, "labour_force": [700_000.0] * 20})
    one = target(
        indicator="unemployment_rate", unit="%", value=3.0, direction="at_most", reading="of all",
        ambiguous="of those registered", otherwise={"indicator": "sent_abroad", "value": 3.0},
    )  # fmt: skip
    found = row_of(frame, one.model_copy(update={"otherwise": None}), Setting(0.1, is_known=False))
    assert found["verdict"] == UNLIKELY
    unclear = one.model_copy(update={"reading": ""})
    assert row_of(frame, unclear, Setting(0.1, is_known=False))["verdict"] == UNSAID


def test_what_only_a_policy_brings_about_is_not_in_a_scenario_without_it() -> None:
    frame = monthly({"reached_by_services": [0.0, 0.0], "labour_force": [7e5, 7e5]})
    one = target(indicator="reached_by_services", unit="%", value=35.0)
    found = row_of(frame, one, Setting(0.1, {}))
    assert (found["verdict"], found["status"]) == (ABSENT, "scored")
    assert all(math.isnan(found[name]) for name in ("chance", "shortfall_persons", "telling_scale"))
    assert "job_placement would" in found["note"]
    aimed_at = row_of(frame, one, with_services(share_per_year={2021: 0.35}))
    assert aimed_at["verdict"] in (OPEN, UNLIKELY) and aimed_at["shortfall_persons"] == pytest.approx(0.35 * 7e5)
    happened = monthly({"reached_by_services": [0.0, 3.0], "labour_force": [7e5, 7e5]})
    assert row_of(happened, one, Setting(0.1, {}))["verdict"] in (OPEN, UNLIKELY)  # whoever did it


def test_a_share_of_what_never_happened_is_not_in_the_scenario() -> None:
    infos = {"placement_share_of_introduced": IndicatorInfo("placement_share_of_introduced", "x", "%", "model")}
    one = target(indicator="placement_share_of_introduced", unit="%", value=20.0)
    frame = monthly({"labour_force": [7e5, 7e5]})  # nobody was introduced: there is no series
    assert scorecard(frame, [one], infos, Setting(0.1, {}))["verdict"].tolist() == [ABSENT]
    told = scorecard(frame, [one], infos, with_services(share_per_year={2021: 0.3}))
    assert told["status"].tolist() == ["not modelled"] and told["verdict"].tolist() == [NONE]


@pytest.mark.parametrize(
    ("given", "acts"),
    [
        ({"share_per_year": {2021: 0.3}}, True),
        ({"share_per_year": {2023: 0.3}}, False),  # nothing yet
        ({"share_per_year": {2021: 0.0}}, False),
        ({"share_per_year": {2021: 0.3}, "start": "2023-01"}, False),
        ({"share_per_year": {2021: 0.3}, "stop": "2021-06"}, False),
        ({"share_per_year": {2021: 0.3}, "start": "2022-12"}, True),
        ({"share_per_year": {2021: 0.3}, "budget": {2021: 0.0}}, False),
    ],
)
def test_a_policy_counts_where_it_has_something_to_give_in_the_years_of_the_target(
    given: dict[str, Any], acts: bool
) -> None:
    assert with_services(**given).brings_about("reached_by_services", 2022, 2022) is acts


def test_a_policy_of_ones_own_may_bring_about_anything() -> None:
    assert Setting(0.1, {"mine": None}).brings_about("reached_by_services", 2022, 2022)
    assert Setting(0.1, {}).brings_about("trained_share", 2022, 2022)  # nobody needs a policy for that
    config = labsim.load("son_la")
    assert setting_of(config) == setting_of(config.to_dict())
    assert set(setting_of(config).policies) == set(config.policies) and setting_of(config).is_known


def test_declared_levers_exist_and_each_has_a_policy() -> None:
    declared = {name: one.levers for name, one in INDICATORS.items() if one.levers}
    assert {"sent_abroad", "reached_by_services", "degrees_in_service", "digital_trained"} <= set(declared)
    for name, levers in declared.items():
        assert set(levers) <= set(LEVERS), name
        assert brought_about_by(name), name
    for name, one in INDICATORS.items():
        assert one.averaged_over is None or one.averaged_over in INDICATORS, name


def test_without_policies_declared_outcomes_stay_at_nothing() -> None:
    config = labsim.load("son_la", settings={f"policies.{name}": False for name in labsim.load("son_la").policies})
    assert not config.policies
    found = labsim.run(config, scale=0.005, replicates=1, until="2021-12", posterior="none", executor="serial")
    for name, one in INDICATORS.items():
        if one.levers:
            values = found.monthly.loc[found.monthly["indicator"] == name, "value"].to_numpy(float)
            assert not np.nan_to_num(values).any(), name


def test_results_terminal_and_report_say_the_same(results: Results, tmp_path: Path) -> None:
    card = results.scorecard.set_index(["id", "year"])
    assert card.loc[("sent_abroad_2025", 2025), "verdict"] == TOO_FEW
    assert card.loc[("sent_abroad_2026", 2026), "verdict"] == TOO_FEW
    reached = results.scorecard[results.scorecard["indicator"] == "reached_by_services"]
    assert set(reached.loc[reached["status"] == "scored", "verdict"]) == {ABSENT}
    console = Console(file=io.StringIO(), width=100)
    with console.capture() as printed:
        for part in scorecard_view(results):
            console.print(part)
    said = re.sub(r"\s+", " ", printed.get())
    assert "too few to tell" in said and "not in this" in said and "1:1 would tell" in said
    page = html_of(results)
    assert "too few to tell at this scale" in page and "not in this scenario" in page
    assert open_results(results.save(tmp_path / "kept")).scorecard["verdict"].tolist() == card["verdict"].tolist()
    lines = {(one.row["id"], int(one.row["year"])): one for one in scored_of(results)}
    sent = lines["sent_abroad_2025", 2025]
    assert sent.short == "" and "short" not in sent.detail and sent.why_none.endswith("1:1 would tell")
    card_of_headline = re.search(r"missing for the target[^§]*?</div>", page)
    assert card_of_headline is None or "market information" not in card_of_headline[0]


def test_every_verdict_has_a_word_in_both_languages() -> None:
    english = [word_of(one) for one in ORDER]
    assert english == list(ORDER)
    text.use_language("vi")
    vietnamese = [word_of(one) for one in ORDER]
    assert len(set(vietnamese)) == len(ORDER) and not set(vietnamese) & set(english)
    assert word_of(TOO_FEW) == "quá ít người mô phỏng để kết luận ở tỷ lệ này"
    assert word_of(ABSENT) == "không có trong kịch bản này"


def test_a_folder_of_an_earlier_version_is_read_by_its_chance() -> None:
    old = {"chance": 1.0, "chance_low": 0.84, "chance_high": 1.0, "otherwise_chance": math.nan, "n_replicates": 20,
           "n_met": 16, "shortfall_persons": 100.0}  # fmt: skip
    assert verdict_of(old) == LIKELY and missing_of(old) == 500.0
    assert verdict_of({**old, "verdict": NONE}) == LIKELY and verdict_of({**old, "verdict": TOO_FEW}) == TOO_FEW


def test_a_shortfall_says_in_which_replicates() -> None:
    gaps, met = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 300.0, 400.0, 425.0]), np.array([True] * 5 + [False] * 3)
    assert missing_persons(gaps, met) == 375.0
    assert short_words(375.0, 5, 8) == "in the 3 of 8 replicates that miss it, 375 persons short on average"
    assert short_words(1200.4, 0, 8) == "1,200 persons short"
    assert short_words(0.0, 8, 8) == "" == short_words(math.nan, 0, 8)
    assert missing_persons(np.zeros(2), np.array([True, True])) == 0.0
    assert math.isnan(missing_persons(np.full(2, math.nan), np.array([True, True])))
    text.use_language("vi")
    assert short_words(375.0, 5, 8) == "trong 3 trên 8 lượt chạy không đạt, bình quân thiếu 375 người"


def test_the_mean_of_all_and_that_of_the_misses_stand_beside_each_other() -> None:
    frame = monthly({"sent_abroad": [1_000.0, 2_000.0]})  # 12,000 and 24,000 in the year
    found = row_of(frame, target(value=13_000), Setting(1.0, is_known=False))
    assert (found["value"], found["n_met"]) == (18_000.0, 1)
    assert (found["shortfall_persons"], found["shortfall_where_missed"]) == (500.0, 1_000.0)


def test_judged_takes_what_is_not_known_for_what_it_is() -> None:
    nothing = judged(target(), np.array([0.0]), np.array([math.nan]), Setting(is_known=False))
    assert nothing[0] == NONE and math.isnan(nothing[1])


def score(**changes: Any) -> Score:
    given: dict[str, Any] = {
        "values": np.zeros(8), "value": 140_750.0, "low": 1.0, "high": 2.0, "n_met": 5, "chance": 0.625,
        "chance_low": 0.31, "chance_high": 0.86, "persons": 375.0,
    }  # fmt: skip
    return Score(**(given | changes))


def none_of(nothing: Any, telling: float = math.nan) -> Score:
    unknown = dict.fromkeys(("chance", "chance_low", "chance_high", "persons"), math.nan)
    return score(n_met=0, nothing=nothing, telling_scale=telling, **unknown)


def test_the_app_says_the_same_states() -> None:
    assert chance_words(score()) == "met in 5 of 8 replicates"
    assert chance_with_interval(score()) == "5 of 8 replicates (chance 31 % to 86 %)"
    assert missing_words(score()) == "in the 3 of 8 replicates that miss it, 375 persons short on average"
    few = none_of(TOO_FEW, 0.1)
    for words in (chance_words, chance_with_interval):
        assert words(few) == "too few to tell at this scale; 1:10 would tell"
        assert words(none_of(ABSENT)) == "not in this scenario"
    assert missing_words(few) == "-" and few.verdict == TOO_FEW and score().verdict == OPEN


def test_the_app_puts_what_has_no_verdict_last_and_both_readings_first() -> None:
    still = difference_of(np.zeros(8), np.zeros(8))

    def verdict_on(own: Score, year: int, other: Score | None = None, **changes: Any) -> Verdict:
        one = target(id=f"t{year}", indicator=f"i{year}", year=year, **changes)
        return Verdict(one, own, own, still, still, other)

    none = [verdict_on(none_of(TOO_FEW), 2030), verdict_on(none_of(ABSENT), 2029)]
    told = [verdict_on(score(), 2025), verdict_on(score(), 2026)]
    assert [one.target.year for one in telling([*none, *told])] == [2026, 2025, 2030, 2029]
    assert none[0].concluded == TOO_FEW and none[1].concluded == ABSENT
    sure = score(n_met=8, chance=1.0, chance_low=0.68, chance_high=1.0)
    unclear = {"ambiguous": "or else", "reading": "so"}
    assert verdict_on(sure, 2025, sure, **unclear).concluded == LIKELY
    assert verdict_on(sure, 2025, score(), **unclear).concluded == UNSAID
    assert verdict_on(sure, 2025, none_of(TOO_FEW), **unclear).concluded == TOO_FEW
    assert verdict_on(sure, 2025, ambiguous=True).concluded == UNSAID


def test_a_question_asked_backwards_has_no_chance_where_agents_are_few() -> None:
    base, after = (Found({("t", 2022): np.full(20, value)}, {}, np.zeros(20)) for value in (0.0, 500.0))
    few = Setting(0.002, is_known=False)
    row = targets_table([target()], base, after, KNOWN, (few, few)).to_dict("records")[0]
    assert (row["nothing_before"], row["nothing_after"], row["telling_scale_after"]) == (TOO_FEW, TOO_FEW, 1.0)
    assert math.isnan(row["chance_before"]) and math.isnan(row["chance_after"])
    whole = targets_table([target()], base, after, KNOWN).to_dict("records")[0]
    assert (whole["chance_before"], whole["chance_after"], whole["nothing_after"]) == (0.0, 1.0, NONE)
    without = targets_table([target()], base, base, KNOWN, (Setting(1.0, {}), Setting(1.0, {}))).to_dict("records")[0]
    assert without["nothing_after"] == ABSENT


def test_a_comparison_says_of_which_side_nothing_is_concluded() -> None:
    row = {"base_verdict": ABSENT, "verdict": TOO_FEW, "base_telling_scale": math.nan, "telling_scale": 0.1}
    both = {**row, "base_verdict": TOO_FEW, "base_telling_scale": 0.1}
    few = "too few to tell at this scale; 1:10 would tell"
    assert no_verdict(row) == f"base: not in this scenario; here: {few}"
    assert no_verdict(both) == few
    assert no_verdict({**both, "verdict": LIKELY}) == f"base: {few}"
    assert no_verdict({**both, "base_verdict": OPEN, "verdict": LIKELY}) == ""
    chances = {"chance": 0.5, "chance_low": 0.25, "chance_high": 0.75, "base_chance": math.nan}
    assert (met_in(chances, ""), met_in(chances, "base_")) == ("50 % (25 % to 75 %)", "-")


def test_a_count_of_few_simulated_ones_is_said_to_be_luck() -> None:
    assert is_luck(0.0, 0.002)
    assert is_luck(199_999.0, 0.002)
    assert not is_luck(200_001.0, 0.002)
    assert not is_luck(0.0, 1.0)
    assert not is_luck(float("nan"), 0.002)


def test_a_chance_at_the_limit_is_on_its_side():
    rules = verdicts.verdict_rules()
    assert verdicts.verdict(rules.likely, rules.even + 0.01, 1.0) == verdicts.LIKELY
    assert verdicts.verdict(rules.unlikely, 0.0, rules.even - 0.01) == verdicts.UNLIKELY
    for low, high in ((rules.even, 1.0), (0.0, rules.even)):
        assert verdicts.verdict(rules.likely, low, high) == verdicts.verdict(rules.unlikely, low, high) == verdicts.OPEN


def test_a_target_in_per_cent_is_judged_like_the_same_target_as_a_share() -> None:
    """65 % and 0.65 are one target: the same verdict, the same scale that would tell."""
    found = []
    for unit, factor in (("%", 100.0), ("share", 1.0)):
        target = Target(
            id="a", label={"en": "A", "vi": "A"}, indicator="trained_share", direction="at_least",
            value=0.65 * factor, year=2025, unit=unit, source="s",
        )  # fmt: skip
        values, people = np.array([0.649, 0.651]) * factor, np.array([70_000.0, 70_000.0])
        found.append([judged(target, values, people, Setting(scale=scale)) for scale in (0.002, 0.02)])
    assert found[0] == found[1]
    assert [one[0] for one in found[0]] == [verdicts.TOO_FEW, verdicts.NONE]
    assert found[0][0][1] == pytest.approx(0.02)  # 70,000 x 0.35 / 0.65 persons are 400 agents from 1:94 on


def test_pay_is_averaged_over_those_who_earn_it() -> None:
    assert verdicts.averaged_over("enterprise_wage") == "enterprise_employees"
    assert verdicts.averaged_over("trained_share") is None


@pytest.mark.parametrize(("gap", "few"), [(3.9, True), (4.1, False)])
def test_a_share_of_few_tells_from_four_errors_on(gap: float, few: bool) -> None:
    """With n = 1,000 people at 1:10 and a wanted share of one half, an error is sqrt(100 x 1/4) / 100 = 0.05."""
    values, people = np.full(4, 0.5 - gap * 0.05), np.full(4, 1000.0)
    assert verdicts.too_few(0.5, values, "share", people, 0.1, is_share=True) is few
