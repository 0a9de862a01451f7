"""Trials inside the simulation: lots, what must cancel exactly, resuming, and mistakes."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from labsim.cli import cli
from labsim.config import load
from labsim.errors import ConfigError, RunError
from labsim.experiment.displacement import SHARES, displacement, effects_of, plan_trial
from labsim.experiment.treatments import TREATMENTS, TrialPolicy
from labsim.experiment.trial import COLUMNS, OTHERS, TREATED, UNTREATED, drawn, run_pair
from labsim.simulation import Simulation

PRIORITY, TRAINING = TREATMENTS["job_priority"], TREATMENTS["vocational_training"]


def urn(people=2000):
    return load("reference/urn_ball", settings={"reference.people": people})


def sums_of(frame, outcome="paid_job"):
    part = frame[frame["outcome"] == outcome]
    return part.groupby("group")[["persons", "without", "with"]].sum()


def test_ranking_some_first_in_a_lottery_for_fixed_vacancies_gains_nothing_net():
    """Crepon's limit, in whole persons: what the treated gain, their neighbours lose, and nobody else is there.

    Before all others, n treated seekers meet V vacancies as if alone: E[hires] = V (1 - (1 - 1/V)^n).
    """
    n_vacancies, n_treated, hired = 1000, 1000, []
    for seed in range(1, 9):
        found = sums_of(run_pair(urn(), seed, PRIORITY, [0.5], 1, 1, 1))
        gain = found["with"] - found["without"]
        assert gain[TREATED] > 0
        assert gain[TREATED] + gain[UNTREATED] == 0
        assert OTHERS not in gain
        hired.append(found.loc[TREATED, "with"])
    chance = (1 - 1 / n_vacancies) ** n_treated
    mean = n_vacancies * (1 - chance)
    # variance of the number of vacancies with a ball (Johnson and Kotz 1977)
    both = (1 - 2 / n_vacancies) ** n_treated
    variance = n_vacancies * (n_vacancies - 1) * both + n_vacancies * chance - (n_vacancies * chance) ** 2
    assert abs(np.mean(hired) - mean) < 4 * np.sqrt(variance / len(hired))


def test_who_is_eligible_everywhere_treated_gains_nothing_by_priority():
    """All are first, so nobody is."""
    found = sums_of(run_pair(urn(), 1, PRIORITY, [1.0], 1, 1, 1))
    assert found.loc[TREATED, "with"] == found.loc[TREATED, "without"]


def test_a_treatment_of_nothing_changes_nothing(son_la):
    config = son_la(scale=0.005, until="2021-12")
    for treatment, dose in ((PRIORITY, 0.0), (TRAINING, 0.0), (TREATMENTS["job_search_help"], 1.0)):
        found = run_pair(config, 3, replace(treatment, dose=dose), SHARES, 2, 3, 4)
        assert (found["with"] == found["without"]).all()
        assert found["without"].sum() > 0


def test_districts_are_drawn_in_equal_numbers_and_people_in_their_shares():
    n, n_districts = 12_000, 12
    district = np.arange(n) % n_districts
    eligible = np.arange(n) % 5 > 0
    lots = drawn(7, eligible, district, n_districts, SHARES)
    assert np.unique(lots.share, return_counts=True)[1].tolist() == [3, 3, 2, 2, 2]
    assert not lots.treated[~eligible].any()
    for place, share in enumerate(lots.share):
        here = eligible & (district == place)
        assert abs(lots.treated[here].sum() - share * here.sum()) < 1
    assert (drawn(7, eligible, district, n_districts, SHARES).treated == lots.treated).all()
    assert (drawn(8, eligible, district, n_districts, SHARES).treated != lots.treated).any()


def test_one_more_eligible_person_leaves_other_districts_as_they_were():
    district = np.arange(600) % 12
    eligible = np.arange(600) % 4 > 0
    one_more = eligible.copy()
    one_more[0] = True
    before, after = (drawn(1, who, district, 12, SHARES) for who in (eligible, one_more))
    changed = np.flatnonzero(before.treated != after.treated)
    assert set(district[changed]) <= {0}


def test_a_place_of_ones_own_is_taken_by_whoever_wants_it_and_from_nobody(son_la):
    """In the month of the offer all others are in the course that they would have been in; a few get a seat that one
    of the offered would have had.
    """
    config = son_la(scale=0.01, until="2021-12")
    policy = TrialPolicy()
    both = config.model_copy(update={"policies": {**config.policies, "trial": policy}})
    without, with_trial = Simulation(config, 5), Simulation(both, 5)
    for model in (without, with_trial):
        model.run(3)
    offered = TRAINING.eligible(without.workers, 3)
    offered[::2] = False
    assert offered.sum() > 100
    policy.begin(TRAINING, offered, np.full(len(offered), 4), 4)
    without.step()
    with_trial.step()
    one, other = without.workers.programme, with_trial.workers.programme
    others = ~offered & (one >= 0)
    assert (one == other)[others].all()
    assert (other >= 0)[~offered].sum() - others.sum() <= (one >= 0)[offered].sum()
    assert (with_trial.workers.programme[offered] >= 0).mean() > 0.5
    seats = with_trial.programmes.seats - with_trial.programmes.taken
    assert (seats == without.programmes.seats - without.programmes.taken).sum() > 0.9 * len(seats)
    for _month in range(4):
        without.step()
        with_trial.step()
        assert not with_trial.imbalance()
    # those on places of their own sit beside the seats of others, whose number of entrants stays nearly the same
    entered = [(model.workers.programme[~offered] >= 0).sum() for model in (without, with_trial)]
    assert entered[1] > 0.95 * entered[0]


def test_a_trial_resumes_and_does_not_depend_on_the_executor(tmp_path):
    def call(folder, executor):
        return displacement(
            urn(), "job_priority", folder=tmp_path / folder, shares=[0.5], months=1, follow=1, replicates=3,
            executor=executor,
        )  # fmt: skip

    first = call("one", "serial")
    files = {path.name: path.read_bytes() for path in (tmp_path / "one" / "runs").iterdir()}
    assert len(files) == 3
    lost = sorted(files)[1]
    (tmp_path / "one" / "runs" / lost).unlink()
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "one" / "runs").iterdir()}
    again = call("one", "threads")
    assert {path.name: path.read_bytes() for path in (tmp_path / "one" / "runs").iterdir()} == files
    assert all(path.stat().st_mtime_ns == when for path, when in kept.items())
    assert again.effects.equals(first.effects)
    net = first.effects[(first.effects["group"] == "net") & (first.effects["outcome"] == "paid_job")]
    assert (net[["mean", "low", "high"]] == 0.0).all(axis=None)


def test_districts_without_treatment_are_the_control():
    """Of each hundred: treated 10 up, neighbours 4 down, control 2 down; so 12 up against control, and 2 down."""
    rows = [(1, 1, 0.0, UNTREATED, "paid_job", 100, 50.0, 48.0), (1, 1, 0.5, TREATED, "paid_job", 100, 50.0, 60.0),
            (1, 1, 0.5, UNTREATED, "paid_job", 100, 50.0, 46.0),
            (1, 1, 0.5, OTHERS, "paid_job", 900, 200.0, 195.0)]  # fmt: skip
    second = [(2, *row[1:6], row[6], row[7] + 1.0) for row in rows]
    raw = pd.DataFrame([*rows, *second], columns=["replicate", *COLUMNS])
    found = effects_of(raw).set_index(["share", "group"])
    half = found.loc[0.5]
    means = {TREATED: 10.5, UNTREATED: -3.5, "net": 3.5, OTHERS: -4.5, "everyone": 2.5}
    assert half["mean"].round(12).to_dict() == means
    assert half.loc[[TREATED, UNTREATED, "net"], "against_mean"].round(12).tolist() == [12.0, -2.0, 5.0]
    assert found.loc[(0.0, UNTREATED), "mean"] == -1.5
    # two replicates half a point to each side: Student's 12.706 times the standard error of 0.5
    assert half.loc[TREATED, "high"] - half.loc[TREATED, "mean"] == pytest.approx(12.706 * 0.5, rel=1e-4)


def test_a_trial_begins_after_a_year_or_at_once_in_a_short_run(son_la):
    short = plan_trial(son_la(scale=0.005, until="2021-12"), "job_search_help", months=3, follow=4, replicates=1)
    assert (short.first, short.start) == (1, "2021-01")
    long = plan_trial(son_la(scale=0.005, until="2023-12"), "job_search_help")
    assert (long.first, long.start) == (13, "2022-01")


def test_nobody_eligible_is_said():
    config = load("reference/urn_ball", settings={"reference.people": 50, "reference.unemployed": 0.0})
    with pytest.raises(RunError, match="nobody is eligible"):
        run_pair(config, 1, PRIORITY, [0.5], 1, 1, 1)


def test_a_treatment_to_which_nothing_could_answer_is_refused():
    with pytest.raises(ConfigError, match="training is switched off"):
        plan_trial(urn(), "vocational_training", shares=[0.5], months=1, follow=1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["son_le"], "son_la"),
        (["son_la", "--treatment", "job_prioriti"], "job_priority"),
        (["son_la", "--shares", "0,1.5"], "from 0 to 1"),
        (["son_la", "--shares", "0"], "not all 0"),
        (["son_la", "--start", "2022-13"], "2022-13"),
        (["son_la", "--start", "2030-06"], "the run has"),
        (["son_la", "--until", "2021-06"], "the run has"),
        (["reference/urn_ball"], "number of districts"),
    ],
)
def test_a_mistake_ends_in_one_message_and_nothing_is_written(arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    treatment = [] if "--treatment" in arguments else ["--treatment", "job_priority"]
    result = CliRunner().invoke(cli, ["displacement", *arguments, *treatment, "--lang", "en"])
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())
    assert "Traceback" not in result.output
    assert not list(tmp_path.iterdir())


def test_the_command_prints_the_table_and_writes_the_picture(tmp_path):
    base = ["displacement", "reference/urn_ball", "--set", "reference.people=1000", "--scale", "1", "--shares", "0.5",
            "--treatment", "job_priority", "--months", "1", "--follow", "1", "--replicates", "3", "--executor",
            "serial", "--out", str(tmp_path / "study"), "--lang", "en"]  # fmt: skip
    result = CliRunner().invoke(cli, base)
    assert result.exit_code == 0, result.output
    assert "untreated neighbours" in result.output
    assert (tmp_path / "study" / "displacement.png").read_bytes().startswith(b"\x89PNG")
    told = json.loads(CliRunner().invoke(cli, [*base, "--json"]).stdout)
    net = [row for row in told["effects"] if row["group"] == "net" and row["outcome"] == "paid_job"]
    assert [row["mean"] for row in net] == [0.0, 0.0]
