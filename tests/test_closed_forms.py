"""Limits with known answers that the scoreboard does not show; those it shows are in labsim/evidence/closed_forms.py.

Each tolerance is a number of standard deviations times one derived from the model (or, where no formula exists, from
independent replicates), plus a stated bound on what the formula leaves out.
"""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from scipy.stats import chi2

from labsim import schedule
from labsim.config import load
from labsim.evidence.check import LEVEL, SIGMAS
from labsim.evidence.closed_forms import APPLICANTS, SEATS, blocked_in_months
from labsim.evidence.cohorts import mortality_of_the_margins
from labsim.evidence.formulas import erlang_b, urn_ball_mean, urn_ball_variance
from labsim.experiment.run import run
from labsim.model import LabourModel
from labsim.world import Activity


def only(*processes):
    """The setting that leaves nothing but these processes."""
    off = [p.name for p in schedule.MONTH if p.section != "counting" and p.name not in processes]
    return f"switched_off=[{','.join(off)}]"


def run_books(model, months=1):
    """Run some months and see that the books balance after each."""
    for _ in range(months):
        model.step()
        assert model.imbalance() == []


# Urn-ball matching


@pytest.mark.tiny
@pytest.mark.parametrize(("seekers", "vacancies"), [(1, 1), (3, 2), (4, 3), (2, 5), (6, 4)])
def test_urn_ball_formulas_count_every_case(seekers, vacancies):
    hires = np.array([len(set(case)) for case in product(range(vacancies), repeat=seekers)], dtype=float)
    assert urn_ball_mean(seekers, vacancies) == pytest.approx(hires.mean(), rel=1e-12)
    assert urn_ball_variance(seekers, vacancies) == pytest.approx(hires.var(), rel=1e-9, abs=1e-12)


@pytest.mark.tiny
def test_results_tell_the_hires_of_each_closed_market():
    """A field is a market when nobody may apply to another's; forty are read as whoever runs such a file does."""
    seekers, vacancies, markets, seeds = 20, 10, 40, 3
    settings = {
        "reference.people": seekers * markets,
        "reference.fields": markets,
        "reference.vacancies": vacancies / seekers,
        "reference.network": np.eye(markets).tolist(),
    }
    results = run(load("reference/urn_ball", settings=settings), replicates=seeds, executor="serial")

    def in_market(indicator, k, month):
        return results.series(indicator, {"field": f"field {k}"}).iloc[month].to_numpy()

    for k in range(markets):
        assert (in_market("vacancies", k, 0) == vacancies).all() and (in_market("seekers", k, -1) == seekers).all()
        hires = in_market("hires", k, -1)
        assert np.array_equal(in_market("vacancies", k, -1), vacancies - hires)
        # whoever is hired has worked there since, all others are still unemployed there
        assert np.array_equal(in_market("employed", k, -1), hires)
        assert np.array_equal(in_market("unemployed", k, -1), seekers - hires)
    hires = np.concatenate([in_market("hires", k, -1) for k in range(markets)])
    error = math.sqrt(urn_ball_variance(seekers, vacancies) / hires.size)
    assert abs(hires.mean() - urn_ball_mean(seekers, vacancies)) < SIGMAS * error


@pytest.mark.parametrize("groups", ["halves of ids", "fields of the seekers", "employers"])
def test_urn_ball_hires_fall_evenly_on_seekers(groups):
    people, fields, seeds = 600, 4, 25
    settings = {"reference.people": people, "reference.fields": fields, "by": []}
    config = load("reference/urn_ball", settings=settings)
    statistic, freedom = 0.0, 0
    for seed in range(seeds):
        model = LabourModel(config, seed)
        run_books(model)
        hired = model.workers.activity == Activity.EMPLOYEE
        if groups == "employers":
            group, among = model.workers.employer[hired], round(people * config.reference.vacancies)
            observed, k = np.bincount(group, minlength=fields), fields
        else:
            group = np.arange(people) * 2 // people if groups == "halves of ids" else model.workers.field
            k, among = int(group.max()) + 1, people
            observed = np.bincount(group[hired], minlength=k)
        n = observed.sum()
        # Given n, the hired are a draw without replacement (of the seekers; of the vacancies): Pearson's sum is then
        # (among - n) / (among - 1) times a chi-square.
        statistic += ((observed - n / k) ** 2 / (n / k)).sum() * (among - 1) / (among - n)
        freedom += k - 1
    assert LEVEL / 2.0 < chi2.sf(statistic, freedom) < 1.0 - LEVEL / 2.0


# Training seats as Erlang's loss system


@pytest.mark.tiny
def test_erlang_b_is_the_limit_of_short_months():
    # as months get shorter (courses of more of them), the bare system above goes to the formula
    for course_months in (50, 200):
        arrivals = 70.0 / (course_months - 0.5)
        bare = blocked_in_months(course_months, 0.0, arrivals, replicates=150, months=4 * course_months)
        error = bare.std(ddof=1) / math.sqrt(bare.size)
        away = 70.0 * (1.0 - erlang_b(70.0, SEATS)) / APPLICANTS
        expected = 1.0 - (1.0 - erlang_b(70.0 * (1.0 - away), SEATS)) * (1.0 - away)
        half_a_month = erlang_b(70.0 + 0.5 * arrivals, SEATS) - erlang_b(70.0, SEATS)
        assert abs(bare.mean() - expected) < SIGMAS * error + half_a_month


# Population by cohorts


@pytest.mark.tiny
def test_the_life_table_of_the_margins_has_a_rate_for_every_age():
    rates = mortality_of_the_margins()
    assert (rates > 0).all() and (rates < 1).all()


# Participation


@pytest.mark.parametrize("turnover", [0.3, 1.0])
def test_participation_goes_to_the_table(turnover):
    table = np.array([0.8, 0.6])
    people, years = 40_000, 12
    settings = [f"reference.people={people}", f"demography.participation_turnover={turnover}"]
    model = LabourModel(load("reference/urn_ball", settings=[*settings, only("demography.take_part")]), 5)
    sex = np.arange(people) % 2
    model.workers.sex[:] = sex
    model.world.tables["participation"][:] = table[:, None]
    n = people / 2
    for year in range(1, years + 1):
        run_books(model, 12)
        taking_part = np.bincount(sex[model.workers.activity != Activity.OUT_OF_LABOUR_FORCE]) / n
        # everyone takes part at month 0; two states with rates t P and t (1 - P): the gap decays at rate t
        expected = table + (1.0 - table) * np.exp(-turnover * year)
        noise = SIGMAS * np.sqrt(expected * (1.0 - expected) / n)
        # Left out: chances of whole months; by expansion to first order in t / 12 they move the level by
        # P (1 - P) |1 - 2P| t / 24, and the pace on the way by (1 - P) x exp(-x) t / 24 at most, x = years x t.
        x = turnover * year
        step = turnover / 24.0 * (table * (1.0 - table) * np.abs(1.0 - 2.0 * table) + (1.0 - table) * x * np.exp(-x))
        assert (np.abs(taking_part - expected) < noise + step).all(), year


@pytest.mark.parametrize("participation", [0.0, 0.3, 0.9])
def test_what_happens_to_women_changes_no_man(participation):
    """A chance is compared with a person's own number: no gate, bound or maximum over others may enter it."""

    def men(of_women):
        settings = ["reference.people=3000", "demography.participation_turnover=1", only("demography.take_part")]
        model = LabourModel(load("reference/urn_ball", settings=settings), 5)
        model.workers.sex[:] = np.arange(3000) % 2
        model.world.tables["participation"][:] = np.array([[0.8], [of_women]])
        run_books(model, 12)
        return model.workers.activity[::2].copy(), model.workers.activity[1::2].copy()

    (men_before, women_before), (men_after, women_after) = men(0.8), men(participation)
    assert not np.array_equal(women_before, women_after)
    assert np.array_equal(men_before, men_after)


# Hazards


def climate_model(*processes, **settings):
    texts = [f"{name}={value}" for name, value in settings.items()]
    return LabourModel(load("reference/urn_ball", settings=["reference.people=50", only(*processes), *texts]), 2)


@pytest.mark.tiny
@pytest.mark.parametrize("months_of_loss", [1, 6, 14])
def test_a_loss_lasts_as_long_as_it_should_and_takes_what_it_should(months_of_loss):
    settings = {"climate.months_of_loss": months_of_loss, "climate.share_exposed": 0.5, "climate.loss_of_income": 0.3}
    model = climate_model("climate.strike", "own_account.set_incomes", **settings)
    calm = climate_model("own_account.set_incomes")
    places = model.world.places
    factors = []
    for month in range(1, 25):
        places.hazard_rate[2] = 1e9 if month == 8 else 0.0  # a flood in August 2021, for certain
        run_books(model)
        run_books(calm)
        factors.append(float(places.climate_factor[0]))
        assert places.farm_income[0] == pytest.approx(calm.world.places.farm_income[0] * factors[-1], rel=1e-12)
    lost = np.isclose(factors, 1.0 - 0.5 * 0.3, rtol=1e-12)
    assert np.array_equal(np.flatnonzero(lost), 7 + np.arange(months_of_loss))
    assert (np.array(factors)[~lost] == 1.0).all()


def test_hazards_come_as_often_as_their_rate_and_only_in_season():
    model, years, rate = climate_model("climate.strike"), 250, 0.9
    model.world.places.hazard_rate[0] = rate
    struck = np.zeros(12)
    for _ in range(12 * years):
        model.step()
        struck[model.world.calendar[1] - 1] += model.world.events["districts_struck"]
    season = np.isin(np.arange(1, 13), (2, 3, 4, 5))
    assert (struck[~season] == 0).all()
    p = 1.0 - math.exp(-rate / 4.0)
    assert abs(struck.sum() - 4 * years * p) < SIGMAS * math.sqrt(4 * years * p * (1.0 - p))


def test_hazards_at_frequency_zero_change_nothing():
    def people(*settings):
        model = LabourModel(load("son_la", settings=["scale=0.005", *settings]), 4)
        run_books(model, 9)
        return {name: getattr(model.workers, name) for name in model.workers.columns()}

    never, without = people("climate.frequency=0"), people("switched_off=[climate]")
    struck = people("climate.frequency=5")
    assert all(np.array_equal(never[name], without[name]) for name in never)
    assert not np.array_equal(never["wage"], struck["wage"])
