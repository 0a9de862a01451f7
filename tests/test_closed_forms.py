"""Limits with known answers: each runs the engine itself with everything else switched off.

Each tolerance is a number of standard deviations times one derived from the model (or, where no formula exists, from
independent replicates), plus a stated bound on what the formula leaves out. `SIGMAS` is such that a right engine fails
one comparison in 16,000; seeds are fixed, so that a test that passes passes for ever.
"""

from __future__ import annotations

import csv
import math
from itertools import product

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import chi2

from labsim import schedule
from labsim.compiled import COMPILATION_ON
from labsim.config import find_configs, load
from labsim.experiment.run import run
from labsim.model import LabourModel
from labsim.world import Activity

SIGMAS = 4.0
LEVEL = 6e-5  # two-sided chance beyond four standard deviations


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


def urn_ball_mean(seekers, vacancies):
    """E[hires] = V (1 - (1 - 1/V)^U): vacancies that at least one of U applicants hits."""
    return vacancies * (1.0 - (1.0 - 1.0 / vacancies) ** seekers)


def urn_ball_variance(seekers, vacancies):
    """Variance of occupied urns, from P(two given urns empty) = (1 - 2/V)^U and P(one empty) = (1 - 1/V)^U."""
    one, two = (1.0 - 1.0 / vacancies) ** seekers, max(0.0, 1.0 - 2.0 / vacancies) ** seekers
    return vacancies * (vacancies - 1.0) * two + vacancies * one - vacancies**2 * one**2


@pytest.mark.tiny
@pytest.mark.parametrize(("seekers", "vacancies"), [(1, 1), (3, 2), (4, 3), (2, 5), (6, 4)])
def test_urn_ball_formulas_count_every_case(seekers, vacancies):
    hires = np.array([len(set(case)) for case in product(range(vacancies), repeat=seekers)], dtype=float)
    assert urn_ball_mean(seekers, vacancies) == pytest.approx(hires.mean(), rel=1e-12)
    assert urn_ball_variance(seekers, vacancies) == pytest.approx(hires.var(), rel=1e-9, abs=1e-12)


def urn_ball_months(seekers, vacancies, markets, seeds):
    """Hires in each of many closed markets in one month: a field is a market when nobody may apply to another's."""
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
    return np.concatenate([in_market("hires", k, -1) for k in range(markets)])


@pytest.mark.tiny
@pytest.mark.parametrize(("seekers", "vacancies"), [(20, 10), (10, 25), (60, 30)])
def test_urn_ball_hires_have_the_exact_mean_and_variance(seekers, vacancies):
    hires = urn_ball_months(seekers, vacancies, markets=40, seeds=25 if COMPILATION_ON else 3)
    n, mean, variance = hires.size, urn_ball_mean(seekers, vacancies), urn_ball_variance(seekers, vacancies)
    assert abs(hires.mean() - mean) < SIGMAS * math.sqrt(variance / n)
    # Occupied urns are a sum of independent indicators (their generating function has real roots only), so the fourth
    # cumulant is at most that of such a sum, below the variance; hence Var(s^2) < (variance + 2 variance^2) / n.
    assert abs(hires.var(ddof=1) - variance) < SIGMAS * math.sqrt((variance + 2.0 * variance**2) / (n - 1))


def test_urn_ball_in_one_large_market():
    config = load("reference/urn_ball")
    seekers, vacancies = config.reference.people, round(config.reference.people * config.reference.vacancies)
    hires = run(config, replicates=20).series("hires").to_numpy().ravel()
    sd = math.sqrt(urn_ball_variance(seekers, vacancies) / len(hires))
    assert abs(np.mean(hires) - urn_ball_mean(seekers, vacancies)) < SIGMAS * sd


@pytest.mark.tiny
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


# Unemployment where two rates are constant


def test_unemployment_goes_to_the_level_of_two_constant_rates():
    """u' = u (1 - f) + s (1 - u): u(t) = u* + (1 - s - f)^t (u(0) - u*), u* = s / (s + f), people independent.

    Two applicants in one vacancy are the only meeting: with eleven posts a person a seeker in 300 at most.
    """
    seeds, months = 6, (1, 3, 6, 12, 36, 60)
    config = load("reference/two_state_lake")
    s, f, people = config.firms.separation_rate, config.search.effort, config.reference.people
    counts = run(config, replicates=seeds).series("unemployed").to_numpy().T
    found, settled = counts / people, s / (s + f)
    for month in months:
        left = (1.0 - s - f) ** month
        expected = settled + left * (found[:, 0] - settled)
        # given the start: those without work at first stay so with p1, the others become so with p0
        p1, p0 = settled + left * (1.0 - settled), settled * (1.0 - left)
        variance = found[:, 0] * p1 * (1.0 - p1) + (1.0 - found[:, 0]) * p0 * (1.0 - p0)
        gap = (found[:, month] - expected).mean()
        assert abs(gap) < SIGMAS * math.sqrt(variance.mean() / people / seeds) + f * 0.2 / 300.0, month


# Unemployment in a frictional market


def frictional_fixed_point(people, posts, rate):
    """Employment and vacancies at which a month's hires, separations and openings are equal.

    Separations s L; whoever was without work before them applies: hires = urn-ball(N - L, v); posts missing at the
    month's start, P - L - v, are opened and can be filled from the next. So v = P - (1 + s) L, and hires = s L.
    """

    def gap(employed):
        return urn_ball_mean(people - employed, posts - (1.0 + rate) * employed) - rate * employed

    employed = brentq(gap, 0.5 * posts, min(people, (posts - 1.0) / (1.0 + rate)) - 1e-9)
    return employed, posts - (1.0 + rate) * employed


def frictional_spread(people, posts, rate):
    """Linear noise about the fixed point: covariances of (employed, vacancies) in one month and of long averages."""
    employed, vacancies = frictional_fixed_point(people, posts, rate)
    seekers = people - employed
    by_seeker = urn_ball_mean(seekers + 0.5, vacancies) - urn_ball_mean(seekers - 0.5, vacancies)
    by_vacancy = urn_ball_mean(seekers, vacancies + 0.5) - urn_ball_mean(seekers, vacancies - 0.5)
    step = np.array([[1.0 - rate - by_seeker, by_vacancy], [by_seeker - 1.0, -by_vacancy]])
    hires, separations = urn_ball_variance(seekers, vacancies), rate * (1.0 - rate) * employed
    noise = np.array([[hires + separations, -hires], [-hires, hires]])
    one_month = np.linalg.solve(np.eye(4) - np.kron(step, step), noise.ravel()).reshape(2, 2)
    inverse = np.linalg.inv(np.eye(2) - step)
    return one_month, inverse @ noise @ inverse.T


@pytest.mark.parametrize("share_of_posts", [0.95, 1.0])
def test_unemployment_settles_where_two_flows_meet(share_of_posts):
    people, rate, seeds, burn_in, months = 8_000, 0.02, 4, 80, 200
    settings = {
        "reference.people": people,
        "reference.unemployed": 0.05,
        "reference.vacancies": share_of_posts - 0.95,
        "firms.separation_rate": rate,
    }
    results = run(load("reference/frictional", settings=settings), replicates=seeds, until="2044-04")
    series = {name: results.series(name).to_numpy().T for name in ("employed", "unemployed", "vacancies")}
    unemployed = series["unemployed"][:, burn_in + 1 :]
    assert unemployed.shape == (seeds, months)
    expected, long_run, one_month = [], [], []
    for posts in series["employed"][:, 0] + series["vacancies"][:, 0]:
        expected.append(people - frictional_fixed_point(people, posts, rate)[0])
        spread = frictional_spread(people, posts, rate)
        one_month.append(spread[0][0, 0])
        long_run.append(spread[1][0, 0])
    gap = np.mean(unemployed) - np.mean(expected)
    sd = math.sqrt(np.mean(long_run) / (seeds * months))
    # Left out: the curvature of hires, which shifts the mean by the order of one person.
    assert abs(gap) < SIGMAS * sd + 2.0
    # The spread over months, too, is what separations and urn-ball hiring make. Relative s.d. of a variance from
    # n months with correlation time tau is sqrt(2 tau / n), tau at most long-run over one-month variance.
    tau = np.mean(long_run) / np.mean(one_month)
    within = np.var(unemployed, axis=1).mean() + np.mean(long_run) / months
    assert abs(within / np.mean(one_month) - 1.0) < SIGMAS * math.sqrt(2.0 * tau / (seeds * months))


# Training seats as Erlang's loss system


def erlang_b(load_offered, seats):
    """Blocked share by Erlang's recursion."""
    blocked = 1.0
    for n in range(1, seats + 1):
        blocked = load_offered * blocked / (n + load_offered * blocked)
    return blocked


def months_of_enrolment(config, seed, months):
    """People enrolled by month, shape (months,); nobody grows older or is done with school, so arrivals stay alike."""
    model = LabourModel(config, seed)
    model.programmes.quality[:] = 0.5  # at which `dropout_rate` is the chance of dropping out itself
    enrolled = np.zeros(months)
    for month in range(months):
        model.step()
        model.workers.birth_month += 1
        model.workers.level[:] = 0
        enrolled[month] = model.world.ledger.counts["training_enrolled"]
        assert (model.programmes.taken <= model.programmes.seats).all()
    assert model.imbalance() == []
    return enrolled


SEATS, APPLICANTS = 60, 4_000


def stays(course_months, dropout):
    """The share still in a course k months after it began, shape (course_months,)."""
    return (1.0 - dropout) ** np.arange(course_months)


def blocked_shares(course_months, dropout, arrivals, seeds=8, months=240):
    """Share of would-be trainees who found no seat, one value a seed; `arrivals` a month come if none is in a course.

    The rate fades with age in a straight line to `training.oldest`, which the reference world puts out of reach.
    """
    settings = {
        "reference.people": APPLICANTS,
        "reference.seats": SEATS,
        "reference.course_months": course_months,
        "training.consider_rate": arrivals / (APPLICANTS * (1.0 - 25.0 / 10_000.0)),
        "training.dropout_rate": dropout,
    }
    config = load("reference/erlang", settings=settings)
    burn_in = math.ceil(min(3 * course_months, 6.0 / max(dropout, 1e-9)))
    enrolled = [months_of_enrolment(config, seed, burn_in + months)[burn_in:].sum() for seed in range(seeds)]
    return 1.0 - np.array(enrolled) / (arrivals * months)


def blocked_in_months(course_months, dropout, arrivals, replicates=400, months=240):
    """The same share in a bare loss system in whole months, one value a replicate.

    Each month as many applicants are taken as there are seats, those of the last months' intakes who have not left
    being in the others; no engine, other random numbers.
    """
    rng = np.random.default_rng(2)
    intakes = np.zeros((course_months, replicates), dtype=np.int64)
    taken, burn_in = np.zeros(replicates), 3 * course_months
    for month in range(burn_in + months):
        intakes = np.roll(intakes, 1, axis=0)
        intakes[0] = 0
        if dropout > 0.0:
            intakes = rng.binomial(intakes, 1.0 - dropout)
        held = intakes.sum(axis=0)
        came = rng.binomial(APPLICANTS - held, arrivals / APPLICANTS)
        intakes[0] = np.minimum(came, SEATS - held)
        taken += intakes[0] if month >= burn_in else 0
    return 1.0 - taken / (arrivals * months)


# Fixed courses of two lengths, and courses that most leave early (nearly exponential): only the load may matter.
COURSES = {"one year": (12, 0.0), "three years": (36, 0.0), "mostly left early": (120, 0.06)}


@pytest.mark.slow
@pytest.mark.parametrize("course", COURSES)
def test_erlang_b_and_its_insensitivity_to_the_length(course):
    (course_months, dropout), load_offered = COURSES[course], 70.0
    # An applicant who comes somewhere within a month holds the seat for the rest of it and for the months after.
    mean_stay = stays(course_months, dropout).sum() - 0.5
    arrivals = load_offered / mean_stay
    blocked, bare = (
        blocked_shares(course_months, dropout, arrivals),
        blocked_in_months(course_months, dropout, arrivals),
    )
    # No closed form for the variance of blocked counts with fixed lengths: it is taken from 400 bare systems.
    tolerance = SIGMAS * bare.std(ddof=1) * math.sqrt(1.0 / blocked.size + 1.0 / bare.size)
    assert abs(blocked.mean() - bare.mean()) < tolerance
    # Seats that fall free only at the end of a month make the stay count for half a month more or less, no further;
    # those in a course do not apply, at most 60 of 4,000.
    low = erlang_b(arrivals * (mean_stay - 0.5) * (1.0 - SEATS / APPLICANTS), SEATS)
    high = erlang_b(arrivals * (mean_stay + 0.5), SEATS) + SEATS / APPLICANTS
    assert low - tolerance < blocked.mean() < high + tolerance
    # enough arrivals to tell: a load wrong by one part in twelve would be seen
    assert tolerance < erlang_b(load_offered * 13 / 12, SEATS) - erlang_b(load_offered, SEATS)


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


# Contracts abroad


def abroad_config(places, **settings):
    return load(
        "reference/contract_rotation",
        settings=[f"labour_export.places_per_year={{2020: {places}}}", *(f"{k}={v}" for k, v in settings.items())],
    )


def stocks_abroad(config, months, seed=1):
    model = LabourModel(config, seed)
    stocks = []
    for _ in range(months):
        run_books(model)
        stocks.append(int((model.workers.activity == Activity.ABROAD).sum()))
    return np.array(stocks)


def test_contracts_of_three_years_make_a_stock_of_three_years_departures():
    stocks = stocks_abroad(abroad_config(1_200.0), 60)
    # a hundred leave every month: no rounding, no chance
    assert np.array_equal(stocks, 100 * np.minimum(np.arange(1, 61), 36))


@pytest.mark.parametrize("seed", range(4))
def test_a_thousand_contracts_a_year_make_three_thousand_abroad(seed):
    stocks = stocks_abroad(abroad_config(1_000.0), 60, seed)
    # 1,000 / 12 = 83 1/3 places a month, rounded up or down by lot: variance 1/3 x 2/3 a month of departures
    for months, expected in ((12, 1_000), (24, 2_000), (36, 3_000), (60, 3_000)):
        sd = math.sqrt(min(months, 36) * (1.0 / 3.0) * (2.0 / 3.0))
        assert abs(stocks[months - 1] - expected) < SIGMAS * sd


def test_contracts_that_break_off_make_the_stock_of_their_mean_length():
    early = 0.03
    stocks = stocks_abroad(abroad_config(1_200.0, **{"abroad.early_return": early}), 72)
    staying = (1.0 - early) ** np.arange(36)
    # departures are exact, stays independent: binomial variance, cohort by cohort
    variance = 100.0 * (staying * (1.0 - staying)).sum()
    assert abs(stocks[71] - 100.0 * staying.sum()) < SIGMAS * math.sqrt(variance)


# Population by cohorts


def mortality_of_the_margins():
    """Deaths per person-year by sex (men first) and single age, shape (2, 121), from the file itself."""
    rates = np.zeros((2, 121))
    path = next(
        root / "son_la" / "margins" / "mortality_age_sex.csv" for root in find_configs() if (root / "son_la").is_dir()
    )
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            low, _, high = row["age"].replace("+", "-120").partition("-")
            rates[int(row["sex"] == "female"), int(low) : int(high or low) + 1] = float(row["value"])
    assert (rates > 0).all()
    return rates


@pytest.mark.slow
def test_people_follow_the_cohort_component_product():
    months, rates = 60, mortality_of_the_margins()
    model = LabourModel(load("reference/cohort_component", settings=["scale=0.1"]), 3)
    w = model.workers
    birth, sex, start = w.birth_month.astype(int), w.sex.copy(), w.activity.copy()
    entrants = [int(((start == Activity.CHILD) & (month - birth == 180)).sum()) for month in range(1, months + 1)]
    for month in range(1, months + 1):
        run_books(model)
        # whoever reaches fifteen enters, to the person
        assert model.world.ledger.counts["reached_fifteen"] == entrants[month - 1]
    assert sum(entrants) > 500
    adult = start < Activity.CHILD
    untouched = (start == Activity.OUTSIDE) | (start == Activity.LEFT)
    assert np.array_equal(w.activity[untouched], start[untouched])
    # survival by the hazard of each month of age, for those fifteen or older; independent, hence binomial variance
    hazard = np.zeros(len(w))
    for month in range(1, months + 1):
        age = (month - birth) // 12
        exposed = adult | ((start == Activity.CHILD) & (age >= 15))
        hazard += np.where(exposed, rates[sex, np.clip(age, 0, 120)] / 12.0, 0.0)
    survival, alive = np.exp(-hazard), w.activity < Activity.CHILD
    exposed = adult | ((start == Activity.CHILD) & (months - birth >= 180))
    band = np.clip((-birth) // 12 // 10, 1, 8)
    for s, b in product((0, 1), range(1, 9)):
        group = exposed & (sex == s) & (band == b)
        expected, variance = survival[group].sum(), (survival[group] * (1.0 - survival[group])).sum()
        assert expected > 20
        # Each year's risk is drawn in one month of it: a hazard counted at most a year's ageing early or late.
        shift = (survival[group] * hazard[group]).sum() * 12.0 / months * 0.1
        assert abs(alive[group].sum() - expected) < SIGMAS * math.sqrt(variance) + shift, (s, b)
    deaths, variance = (1.0 - survival[exposed]).sum(), (survival * (1.0 - survival))[exposed].sum()
    assert abs((exposed & ~alive).sum() - deaths) < SIGMAS * math.sqrt(variance)


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


@pytest.mark.tiny
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
