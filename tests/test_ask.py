"""Asking backwards: targets as typed, the search on functions with known answers, and on worlds with closed forms."""

from __future__ import annotations

import json
import math
import re
import unicodedata

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.optimize import brentq
from scipy.stats import norm

from labsim.cli import cli
from labsim.config import load
from labsim.errors import ConfigError
from labsim.experiment.ask import CANNOT, FOUND, MET, ask
from labsim.experiment.chances import Margins, chance_of, score_of
from labsim.experiment.doses import DoseAxis, Space, read_vary, space_of
from labsim.experiment.emulator import fitted
from labsim.experiment.opened import targets_of
from labsim.experiment.run import indicators_known
from labsim.experiment.runner import Carried
from labsim.experiment.search import Search, Tried
from labsim.experiment.store import Failure
from labsim.experiment.variation import Factor
from labsim.experiment.wanted import groupings_needed, read_targets
from labsim.report.asked import answer_view
from labsim.report.asked_figures import front_png
from labsim.text import _, speaking

SIGMAS = 4.0


# Targets as they are typed


@pytest.fixture(scope="module")
def read():
    config, stated, known = load("son_la"), targets_of("son_la"), indicators_known()
    return lambda *texts: read_targets(texts, config, stated, known)


@pytest.mark.parametrize(
    ("text", "indicator", "direction", "value", "unit", "year"),
    [
        ("certified_2030", "certified_share", "at_least", 40, "%", 2030),
        ("certified >= 40% in 2030", "certified_share", "at_least", 40, "%", 2030),
        ("certified >= 40 in 2030", "certified_share", "at_least", 40, "%", 2030),
        ("certified >= 0.4 share in 2030", "certified_share", "at_least", 0.4, "share", 2030),
        ("unemployment <= 3.5 % in 2026", "unemployment_rate", "at_most", 3.5, "%", 2026),
        ("Labour in services >= 30% in 2030", "services_share", "at_least", 30, "%", 2030),
        ("certified >= 28,5% in 2030", "certified_share", "at_least", 28.5, "%", 2030),
        ("abroad >= 1\u00a0000 in 2025", "abroad", "at_least", 1000, "persons", 2025),
        ("mean_wage >= 9.500.000 VND per month in 2030", "mean_wage", "at_least", 9.5e6, "VND per month", 2030),
        ("mean_wage >= 9e6 VND per month in 2030", "mean_wage", "at_least", 9e6, "VND per month", 2030),
        ("abroad>=1_000 persons in 2025", "abroad", "at_least", 1000, "persons", 2025),
    ],
)
def test_a_target_is_read(read, text, indicator, direction, value, unit, year):
    (target,) = read(text)
    found = (target.indicator, target.direction, target.value, target.unit, target.year)
    assert found == (indicator, direction, value, unit, year)


def test_a_label_is_known_however_its_letters_are_put_together(read):
    with speaking("vi"):
        label = _(indicators_known()["services_share"].label)
        for form in ("NFC", "NFD"):
            (target,) = read(unicodedata.normalize(form, f"{label} >= 30% in 2030"))
            assert target.indicator == "services_share"


def test_groups_and_sums_of_years_are_read(read):
    here, there, summed = read(
        "certified district=moc_chau >= 40% in 2030",
        "hires >= 10 in 2025 sex=female",
        "sent_abroad >= 5 000 in 2030 since 2025",
    )
    assert here.district == "moc_chau" and there.sex == "female" and summed.cumulate_from == 2025
    assert groupings_needed([here]) == ()  # stocks by district are recorded in any run
    assert groupings_needed([there]) == ("sex",)


def test_two_targets_of_one_indicator_and_year_are_told_apart(read):
    ids = [one.id for one in read("unemployed >= 5 in 2025", "unemployed <= 9 in 2025")]
    assert len(set(ids)) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("certifed_2030", 'did you mean "certified_2030"'),
        ("certifed >= 40% in 2030", 'no indicator "certifed"; did you mean'),
        ("certified > 40% in 2030", "allowed: .INDICATOR"),
        ("certified >= forty in 2030", "allowed: .INDICATOR"),
        ("certified >= 0.4 in 2030", "write 0.4% or 40%"),
        ("certified >= 40 persons in 2030", 'given the unit "persons"; allowed %, share'),
        ("certified >= 40% in 2031", "the run covers 2020-12 to 2030-12; it must hold all of 2031"),
        ("people_trained >= 40 in 2020", "it must hold all of 2020"),
        ("certified >= 40% in 2030 soon", 'not understood: "soon"'),
        ("certified >= 40% in 2030 since 2025", "only flows are summed"),
        ("minority >= 40% in 2030", '"minority" may be minority_working_age, minority_trained'),
        ("certified district=moc_chu >= 40% in 2030", 'no district "moc_chu"; did you mean "moc_chau"'),
        ("certified distrct=moc_chau >= 40% in 2030", 'did you mean "district"'),
        ("jobs_created sex=male >= 40 in 2030", "jobs_created is not counted by group"),
        ("grdp_growth_2021_2025", "does not simulate"),
        ("unemployed <= 10.000 in 2021", "write 10000 or 10_000, or 10 if that is meant"),
        ("abroad >= 1,000 persons in 2025", "write 1000 or 1_000, or 1 if that is meant"),
        ("certified >= 28,500% in 2030", r"given 28,500 \[%\]; it may be thousands or a fraction: write 28\.5"),
        ("certified >= 285% in 2030", r"given 285; allowed 0 to 100 \[%\]"),
        ("certified >= 1.4 share in 2030", r"given 1\.4; allowed 0 to 1 \[share\]"),
        ("unemployed <= -3 in 2025", r"given -3; allowed 0 or more \[persons\]"),
        ("unemployed <= 1.0.0 in 2025", "given '1.0.0'; allowed a number"),
    ],
)
def test_a_target_that_makes_no_sense_is_refused(read, text, message):
    with pytest.raises(ConfigError, match=message):
        read(text)


def test_every_wrong_target_is_told_at_once(read):
    with pytest.raises(ConfigError) as caught:
        read("certifed_2030", "certified_2030", "certified >= 0.4 in 2030")
    assert len(caught.value.problems) == 2


# Doses


def space_over(*ranges, step=0.001, whole=False):
    axes = [
        DoseAxis(Factor(f"x{i}", low, "1", low, high, "D", "", whole, False), low, high, step)
        for i, (low, high) in enumerate(ranges)
    ]
    return Space(tuple(axes))


def test_ranges_are_read():
    assert read_vary(["a.b=1:2.5,c", "d=-1:1"]) == {"a.b": (1.0, 2.5), "c": None, "d": (-1.0, 1.0)}
    for text, message in (("a=2:1", "LOW:HIGH"), ("a=1", "LOW:HIGH"), ("a=x:y", "LOW:HIGH"), ("a,a", "twice")):
        with pytest.raises(ConfigError, match=message):
            read_vary([text])


def test_a_range_in_doubt_is_refused_by_the_unit_of_what_is_varied():
    asked = read_vary(["a=0:25.000"])
    assert asked == {"a": (0.0, 25.0)}
    factors = [Factor("a", 1.0, unit, 0.0, 1e6, "D", "", False, False) for unit in ("seats", "km")]
    with pytest.raises(ConfigError, match=r"--vary  a: given 25\.000; .* write 25000 or 25_000, or 25 if"):
        space_of(factors[:1], asked)
    assert space_of(factors[1:], asked).axes[0].high == 25.0


def test_doses_stand_on_a_grid_that_reaches_both_ends():
    axis = space_over((0.1, 0.75), step=0.2).axes[0]
    assert [axis.value(at) for at in range(axis.n_steps + 1)] == [0.1, 0.3, 0.5, 0.7, 0.75]


# Emulators and chances


def test_an_emulator_goes_through_a_smooth_function_and_knows_where_it_is_unsure():
    rng = np.random.default_rng(1)
    points, elsewhere = rng.random((24, 2)), rng.random((200, 2))

    def surface(x):
        return 3.0 + 40.0 * (1.0 - np.exp(-3.0 * x[:, 0])) + 10.0 * x[:, 0] * x[:, 1]

    emulator = fitted(points, surface(points))
    mean, error = emulator(elsewhere)
    assert np.abs(mean - surface(elsewhere)).max() < 0.02 * 40.0
    assert emulator(points)[1].max() < error.max()
    assert np.allclose(fitted(points, np.full(24, 7.0))(elsewhere)[0], 7.0)


def test_a_joint_chance_is_that_of_normal_margins():
    mean, sd = np.array([[0.5, -0.2]]), np.array([[1.0, 2.0]])
    alone = norm.cdf(mean / sd)[0]
    tolerance = SIGMAS * math.sqrt(0.25 / 1024)
    assert abs(chance_of(mean, sd, np.eye(2))[0] - alone.prod()) < tolerance
    assert abs(chance_of(mean, sd, np.ones((2, 2)))[0] - alone.min()) < tolerance
    assert chance_of(mean[:, :1], sd[:, :1], np.eye(1))[0] == pytest.approx(alone[0])


def test_margins_without_spread_are_met_or_not():
    for value, chance in ((1.0, 1.0), (0.0, 1.0), (-1.0, 0.0)):
        margins = Margins.of(np.full((1, 5), value))
        assert margins.chance == chance
        assert (score_of(margins, 0.8) >= 0) == (chance == 1.0)


# The search, on functions


def searched(space, margin, cost, chance=0.8, sd=0.2, most=60, monotone=True):
    """Search where margins (a list) and cost are functions of the doses; a replicate has the same luck everywhere."""
    luck = np.linspace(-1.5, 1.5, 12)
    luck = sd * luck / luck.std(ddof=1)

    def try_them(doses):
        found = []
        for dose in doses:
            x = list(space.values(dose).values())
            found.append(Tried(dose, Margins.of(np.array([one + luck for one in margin(*x)])), cost(*x)))
        return found

    search = Search(space, chance, most, 1, try_them)
    search.look(monotone=monotone)
    return search


def test_one_dose_is_bracketed():
    search = searched(space_over((0.0, 10.0)), lambda x: [math.sqrt(x) - 2.0], lambda x: x)
    best = search.best()
    exact = (2.0 + norm.ppf(0.8) * 0.2) ** 2
    noise = 0.25 * math.sqrt((1 + 0.5 * norm.ppf(0.8) ** 2) / 12) * 0.2 * 2 * math.sqrt(exact)
    assert search.settled and search.is_likely(best)
    assert 0.0 <= search.space.axes[0].value(best.dose[0]) - exact < noise + 0.002
    assert len(search.tried) < 20


def test_a_target_that_falls_with_the_dose_is_bracketed_from_above():
    search = searched(space_over((0.0, 10.0)), lambda x: [3.0 - x], lambda x: -x)
    value = search.space.axes[0].value(search.best().dose[0])
    assert search.settled and 2.7 < value <= 3.0 - norm.ppf(0.8) * 0.2


def test_the_cheapest_mix_of_two_doses_is_found():
    # both doses help, the second is cheaper for what it does but saturates: at the best mix a unit of money does as
    # much through either, 2 a_x / c_x = ..., solved below
    def margin(x, y):
        return [2.0 * x + 3.0 * (1.0 - math.exp(-2.0 * y)) - 3.0]

    def cost(x, y):
        return 1.0 * x + 0.8 * y

    needed = 3.0 + norm.ppf(0.8) * 0.2
    y = 0.5 * math.log(6.0 * 1.0 / (2.0 * 0.8))  # 6 exp(-2 y) / 0.8 = 2 / 1
    x = (needed - 3.0 * (1.0 - math.exp(-2.0 * y))) / 2.0
    search = searched(space_over((0.0, 2.0), (0.0, 2.0)), margin, cost)
    best = search.best()
    assert search.settled and search.is_likely(best)
    # settled means within half a per cent of the range of cost, plus what the emulator does not know
    assert cost(x, y) - 1e-9 <= best.objective < cost(x, y) + 0.01 * 3.6


@pytest.mark.parametrize("n_axes", [1, 2])
def test_what_cannot_be_met_is_said(n_axes):
    space = space_over(*[(0.0, 1.0)] * n_axes)
    search = searched(space, lambda *x: [sum(x) - n_axes - 1.0], lambda *x: sum(x))
    assert search.settled and not search.is_likely(search.best())
    assert search.best().dose == tuple(axis.n_steps for axis in space.axes)


def test_targets_that_fight_cannot_be_met_together():
    search = searched(space_over((0.0, 1.0)), lambda x: [x - 0.8, 0.3 - x], lambda x: x, sd=0.05)
    assert search.settled and not search.is_likely(search.best())
    assert any(one.margins.each[0] > 0.9 for one in search.tried.values())
    assert any(one.margins.each[1] > 0.9 for one in search.tried.values())


def test_targets_that_meet_between_the_ends_are_found():
    search = searched(space_over((0.0, 1.0)), lambda x: [x - 0.4, 0.6 - x], lambda x: x, sd=0.02)
    value = search.space.axes[0].value(search.best().dose[0])
    exact = 0.4 + norm.ppf(0.8) * 0.02
    assert search.is_likely(search.best()) and exact <= value + 0.002 < exact + 0.02


def test_what_costs_and_does_nothing_is_left_out():
    search = searched(space_over((0.0, 1.0), (0.0, 1.0)), lambda x, _y: [x - 0.5], lambda x, y: x + 0.5 * y)
    exact = 0.5 + norm.ppf(0.8) * 0.2
    assert search.settled and exact - 1e-9 <= search.best().objective < exact + 0.01 * 1.5


# On worlds with closed forms

URN_BALL = ["period.start=2020-11", "reference.people=1000"]


def urn_ball(tmp_path, text, bounds=(0.1, 3.0), minimise="reference.vacancies", **more):
    """Ask an urn-ball month of a thousand seekers for the vacancies that meet a target."""
    return ask(
        "reference/urn_ball", targets=[text], vary={"reference.vacancies": bounds}, minimise=minimise,
        settings=URN_BALL, until="2020-12", replicates=12, executor="serial", folder=tmp_path / "study", **more,
    )  # fmt: skip


def hires(vacancies, seekers=1000):
    """Mean and variance of the hires of a month; see test_closed_forms."""
    one, two = (1.0 - 1.0 / vacancies) ** seekers, (1.0 - 2.0 / vacancies) ** seekers
    mean = vacancies * (1.0 - one)
    return mean, vacancies * (vacancies - 1.0) * two + vacancies * one - vacancies**2 * one**2


@pytest.mark.slow
def test_vacancies_for_a_wanted_unemployment_are_those_of_the_closed_form(tmp_path):
    chance, z = 0.8, norm.ppf(0.8)
    exact = brentq(lambda v: hires(v)[0] - z * math.sqrt(hires(v)[1]) - 550.0, 200.0, 3000.0)
    found = urn_ball(tmp_path, "unemployed <= 450 in 2020", chance=chance)
    assert found.status == FOUND
    sd, slope = math.sqrt(hires(exact)[1]), hires(exact + 0.5)[0] - hires(exact - 0.5)[0]
    noise = sd / slope * math.sqrt((1.0 + 0.5 * z**2) / 12)
    # a step of the grid is two vacancies, and the bracket is left at a quarter of the noise
    likely = found.tried[found.tried["chance"] >= chance]
    assert abs(1000.0 * likely["reference.vacancies"].min() - exact) < (SIGMAS + 0.25) * noise + 2.0
    # what is proposed may have been stepped up, by what 24 fresh replicates can be wrong
    proposed, row = 1000.0 * found.dose["reference.vacancies"], found.doses.iloc[0]
    assert exact - SIGMAS * noise < proposed < exact + (2.0 * SIGMAS + found.steps_up) * noise
    assert row["dose_low"] < row["dose_high"] < row["dose_low"] + 4.5 * noise / 1000.0
    assert found.chance[0] >= chance and found.before[0] == 0.0
    gained = found.targets.iloc[0]
    error = SIGMAS * math.sqrt((hires(exact)[1] + hires(500.0)[1]) / 24)
    expected = hires(1000.0 * found.dose["reference.vacancies"])[0] - hires(500.0)[0]
    assert abs(gained["persons"] - expected) < error

    written = (tmp_path / "study" / "answer.json").read_bytes()
    again = urn_ball(tmp_path, "unemployed <= 450 in 2020", chance=chance)
    assert again.carried.found == again.carried.total == found.n_runs
    assert (tmp_path / "study" / "answer.json").read_bytes() == written


def test_what_is_met_already_needs_nothing(tmp_path):
    found = urn_ball(tmp_path, "unemployed <= 900 in 2020", minimise="cost", fresh=4)
    assert found.status == MET and found.dose == {"reference.vacancies": 0.5} and not len(found.tried)
    assert found.n_runs == 12 + 4
    assert found.costs["difference"].tolist() == [0.0]
    assert found.targets["persons"].tolist() == [0.0]
    assert list(answer_view(found))


@pytest.mark.slow
def test_what_no_dose_meets_is_an_answer(tmp_path):
    found = urn_ball(tmp_path, "unemployed <= 450 in 2020", bounds=(0.1, 0.6), fresh=4)
    assert found.status == CANNOT and found.chance[0] == 0.0
    assert found.dose["reference.vacancies"] > 0.58 and found.doses["binds"].tolist() == ["high"]
    assert json.loads((tmp_path / "study" / "answer.json").read_text(encoding="utf-8"))["status"] == CANNOT
    assert list(answer_view(found)) and front_png(found).startswith(b"\x89PNG")


@pytest.mark.slow
def test_the_least_dose_in_money_is_the_one_that_fills_the_contracts(tmp_path):
    """Contracts of 36 months: after three years the stock abroad is three years of departures, each at one price."""
    found = ask(
        "reference/contract_rotation", targets=["abroad >= 300 in 2023"],
        vary={"labour_export.places_per_year": (0.0, 400.0)}, until="2023-12", replicates=4, fresh=4, since=2020,
        settings=[
            "reference.people=3000", "policies.labour_export.preparation=6e6",
            "policies.labour_export.places_per_year={2020: 36}",
        ],
        executor="serial", folder=tmp_path,
    )  # fmt: skip
    assert found.status == FOUND
    # a year's places are spread over its months, rounded by lot: less than one of each month is left open
    assert 100.0 - 12.0 <= found.dose["labour_export.places_per_year"] <= 100.0 + 12.0
    total = found.costs.set_index("policy").loc["all"]
    gained = found.targets["persons"].iloc[0]
    # whoever leaves is paid for once; nobody is back before the end of 2023 but who left in the first month
    assert total["difference"] == pytest.approx(6e6 * gained, rel=0.1)
    assert total["per_year"] == pytest.approx(total["difference"] / 3)


# The command line


def run(*words):
    return CliRunner().invoke(cli, ["ask", *words])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--target", "certifed_2030", "--vary", "labour_export.places_per_year"], 'did you mean "certified_2030"'),
        (["--target", "certified_2030", "--vary", "labour_export.place_per_year"], "did you mean"),
        (["--target", "certified_2030", "--vary", "labour_export.places_per_year=5:1"], "LOW:HIGH"),
        (["--target", "certified_2030", "--vary", "labour_export.places_per_year=0:1e9"], "allowed 0 to 50000"),
        (["--target", "certified_2030", "--vary", "labour_export.destination_mix"], "did you mean|name one of them"),
        (["--target", "certified_2030", "--vary", "search.effort", "--chance", "1.2"], "given 1.2; allowed a number"),
        (["--target", "certified_2030", "--vary", "search.effort", "--chance", "0"], "allowed a number between 0 "),
        (["--target", "certified_2030", "--vary", "search.effort", "--since", "2026"], "nothing that is varied "),
        (["--target", "certified_2030", "--vary", "labour_export.places_per_year", "--since", "2050"], "2050; allowed"),
        (["--target", "certified_2030", "--vary", "search.effort", "--minimise", "csot"], "allowed cost, a path"),
        (["--target", "certified_2030", "--vary", "search.effort", "--points", "1"], "allowed 2 or more"),
        (["--target", "certified_2030", "--vary", "search.effort", "--until", "2025"], "must hold all of 2030"),
        (["--target", "certified_2030", "--vary", "search.effort", "--scenario", "nowhere"], "nowhere"),
        (["--target", "certified_2030", "--vary", "search.effort", "--executor", "proceses"], "processes"),
        (["--target", "certified_2030"], "--vary"),
    ],
)
def test_a_question_that_makes_no_sense_ends_in_one_message(words, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("son_la", *words)
    assert result.exit_code == 2
    assert re.search(message, result.output), result.output
    assert "Traceback" not in result.output and not list(tmp_path.iterdir())


def test_the_command_prints_json_and_writes_a_picture(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["reference/urn_ball", "--target", "unemployed <= 30 in 2020", "--vary", "reference.vacancies=0.5:2",
             "--minimise", "reference.vacancies", "--set", "period.start=2020-11", "--set", "reference.people=50",
             "--until", "2020-12", "--replicates", "4", "--fresh", "4", "--executor", "serial", "--json"]  # fmt: skip
    result = run(*words)
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["status"] == FOUND and told["doses"][0]["path"] == "reference.vacancies"
    folder = tmp_path / "labsim-results" / "ask-urn_ball-unemployed_2020"
    assert str(folder).endswith(told["folder"]) and (folder / "front.png").is_file()
    result = run(*words[:-1])
    assert "Found" in result.output and "runs (" in result.output


@pytest.mark.parametrize(
    ("carried", "code", "message"),
    [
        (Carried(12, 3, 0, (), True, 1.0, 1.0), 130, "paused: 3 of 12 runs are done"),
        (Carried(12, 11, 0, (Failure("r", "base", "here", "no"),), False, 1.0, 1.0), 1, "failed: base in here: no"),
    ],
)
def test_a_search_that_is_paused_or_has_failures_says_so(carried, code, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("labsim.experiment.trials.carry_out", lambda *_plan, **_how: carried)
    result = run("son_la", "--target", "certified_2030", "--vary", "labour_export.places_per_year", "--scale", "0.001")
    assert result.exit_code == code and message in result.output and "Traceback" not in result.output
