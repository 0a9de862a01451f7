"""Limits with known answers: each runs the engine itself with everything else switched off.

Each tolerance is a number of standard deviations times one derived from the model (or, where no formula exists, from
independent replicates), plus a stated bound on what the formula leaves out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labsim.config import Config, load
from labsim.evidence.check import SIGMAS, Comparison, Line, closest, heed_stop
from labsim.evidence.formulas import (
    erlang_b,
    frictional_fixed_point,
    frictional_spread,
    lake_path,
    lake_variance,
    stays,
    stock_variance,
    urn_ball_mean,
    urn_ball_variance,
)
from labsim.experiment.run import run
from labsim.simulation import Simulation
from labsim.text import _, mark
from labsim.world import Activity

__all__ = ["LINES"]

Numbers = NDArray[np.float64]
GROUP = "closed_forms"
MARKETS = ((20, 10), (10, 25), (60, 30))  # seekers and vacancies
SEATS, APPLICANTS, LOAD = 60, 4_000, 70.0
# Fixed courses of two lengths, and courses that most leave early (nearly exponential): only the load may matter.
COURSES = {"one_year": (12, 0.0), "three_years": (36, 0.0), "left_early": (120, 0.06)}


def urn_ball_hires(seekers: int, vacancies: int, *, markets: int = 40, seeds: int = 25) -> Numbers:
    """Return hires in each of many closed markets in one month, shape `(seeds * markets,)`.

    A field is a market when nobody may apply to another's.
    """
    settings: Mapping[str, Any] = {
        "reference.people": seekers * markets,
        "reference.fields": markets,
        "reference.vacancies": vacancies / seekers,
        "reference.network": np.eye(markets).tolist(),
        "by": [],
    }
    config = load("reference/urn_ball", settings=settings)
    hires = []
    for seed in range(1, seeds + 1):
        workers = Simulation(config, seed).run(1).workers
        hires.append(np.bincount(workers.field[workers.activity == Activity.EMPLOYEE], minlength=markets))
    return np.concatenate(hires).astype(np.float64)


def urn_ball_means(*, seeds: int = 25) -> Iterator[Comparison]:
    """Compare mean hires with U applicants and V vacancies, in small markets and in one large one."""
    for seekers, vacancies in MARKETS:
        hires = urn_ball_hires(seekers, vacancies, seeds=seeds)
        error = math.sqrt(urn_ball_variance(seekers, vacancies) / hires.size)
        where = _("{seekers} seekers, {vacancies} vacancies").format(seekers=seekers, vacancies=vacancies)
        yield Comparison(urn_ball_mean(seekers, vacancies), float(hires.mean()), SIGMAS * error, where)
    config = load("reference/urn_ball", settings={"by": []})
    seekers, n = config.reference.people, config.replicates
    vacancies = round(seekers * config.reference.vacancies)
    obtained = float(run(config, executor="serial").series("hires").to_numpy().mean())
    error = math.sqrt(urn_ball_variance(seekers, vacancies) / n)
    where = _("{seekers} seekers, {vacancies} vacancies").format(seekers=seekers, vacancies=vacancies)
    yield Comparison(urn_ball_mean(seekers, vacancies), obtained, SIGMAS * error, where)


def urn_ball_variances(*, seeds: int = 25) -> Iterator[Comparison]:
    """Compare the variance of hires between markets.

    Occupied urns are a sum of independent indicators (their generating function has real roots only), so the fourth
    cumulant is at most that of such a sum, below the variance; hence Var(s^2) < (variance + 2 variance^2) / n.
    """
    for seekers, vacancies in MARKETS:
        hires = urn_ball_hires(seekers, vacancies, seeds=seeds)
        variance = urn_ball_variance(seekers, vacancies)
        error = math.sqrt((variance + 2.0 * variance**2) / (hires.size - 1))
        where = _("{seekers} seekers, {vacancies} vacancies").format(seekers=seekers, vacancies=vacancies)
        yield Comparison(variance, float(hires.var(ddof=1)), SIGMAS * error, where)


def two_state_lake(*, seeds: int = 6) -> Iterator[Comparison]:
    """Compare unemployment with the path under two constant rates.

    Two applicants in one vacancy are the only meeting: with eleven posts a person a seeker in 300 at most.
    """
    config = load("reference/two_state_lake", settings={"by": []})
    s, f, people = config.firms.separation_rate, config.search.effort, config.reference.people
    counts = run(config, replicates=seeds, executor="serial").series("unemployed").to_numpy().T
    shares = counts / people
    for month in (1, 3, 6, 12, 36, 60):
        expected = float(lake_path(s, f, month, shares[:, 0]).mean())
        error = math.sqrt(lake_variance(s, f, month, shares[:, 0]).mean() / people / seeds)
        tolerance = SIGMAS * error + f * 0.2 / 300.0
        where = _("month {month}").format(month=month)
        yield Comparison(100.0 * expected, 100.0 * float(shares[:, month].mean()), 100.0 * tolerance, where)


FRICTIONAL_PEOPLE, FRICTIONAL_RATE, BURN_IN = 8_000, 0.02, 80


def frictional_unemployed(share_of_posts: float, seeds: int = 4) -> tuple[Numbers, Numbers]:
    """Return posts by seed and the unemployed after the burn-in, shapes `(seeds,)` and `(seeds, 200)`."""
    settings: Mapping[str, Any] = {
        "reference.people": FRICTIONAL_PEOPLE,
        "reference.unemployed": 0.05,
        "reference.vacancies": share_of_posts - 0.95,
        "firms.separation_rate": FRICTIONAL_RATE,
        "by": [],
    }
    results = run(load("reference/frictional", settings=settings), replicates=seeds, until="2044-04", executor="serial")
    series = {name: results.series(name).to_numpy().T for name in ("employed", "unemployed", "vacancies")}
    return series["employed"][:, 0] + series["vacancies"][:, 0], series["unemployed"][:, BURN_IN + 1 :]


def frictional_mean(shares_of_posts: tuple[float, ...] = (0.95, 1.0)) -> Iterator[Comparison]:
    """Compare mean unemployment with the fixed point of two flows; curvature of hires shifts it by about a person."""
    for share in shares_of_posts:
        posts, unemployed = frictional_unemployed(share)
        points = [FRICTIONAL_PEOPLE - frictional_fixed_point(FRICTIONAL_PEOPLE, n, FRICTIONAL_RATE)[0] for n in posts]
        spread = [frictional_spread(FRICTIONAL_PEOPLE, n, FRICTIONAL_RATE)[1][0, 0] for n in posts]
        error = math.sqrt(np.mean(spread) / unemployed.size)
        where = _("{posts} posts for 100 people").format(posts=f"{100 * share:g}")
        yield Comparison(float(np.mean(points)), float(unemployed.mean()), SIGMAS * error + 2.0, where)


def frictional_variance(shares_of_posts: tuple[float, ...] = (0.95, 1.0)) -> Iterator[Comparison]:
    """Compare the spread of unemployment over months with what separations and urn-ball hiring make.

    Relative s.d. of a variance from n months with correlation time tau is sqrt(2 tau / n), tau at most long-run over
    one-month variance.
    """
    for share in shares_of_posts:
        posts, unemployed = frictional_unemployed(share)
        spread = [frictional_spread(FRICTIONAL_PEOPLE, n, FRICTIONAL_RATE) for n in posts]
        one_month, long_run = (float(np.mean([one[kind][0, 0] for one in spread])) for kind in (0, 1))
        within = float(np.var(unemployed, axis=1).mean()) + long_run / unemployed.shape[1]
        tolerance = SIGMAS * math.sqrt(2.0 * long_run / one_month / unemployed.size) * one_month
        where = _("{posts} posts for 100 people").format(posts=f"{100 * share:g}")
        yield Comparison(one_month, within, tolerance, where)


def blocked_shares(course_months: int, dropout: float, arrivals: float, seeds: int = 8, months: int = 240) -> Numbers:
    """Return the share of would-be trainees who found no seat, one value a seed.

    `arrivals` a month come if none is in a course; the rate fades with age in a straight line to `training.oldest`,
    which the reference world puts out of reach. Nobody grows older or is done with school, so arrivals stay alike.
    """
    settings: Mapping[str, Any] = {
        "reference.people": APPLICANTS,
        "reference.seats": SEATS,
        "reference.course_months": course_months,
        "training.consider_rate": arrivals / (APPLICANTS * (1.0 - 25.0 / 10_000.0)),
        "training.dropout_rate": dropout,
        "by": [],
    }
    config = load("reference/erlang", settings=settings)
    burn_in = math.ceil(min(3 * course_months, 6.0 / max(dropout, 1e-9)))
    enrolled = [_enrolled(config, seed, burn_in, months) for seed in range(seeds)]
    return 1.0 - np.array(enrolled) / (arrivals * months)


def _enrolled(config: Config, seed: int, burn_in: int, months: int) -> int:
    """Return the people enrolled in some months after a burn-in."""
    heed_stop()
    model, enrolled = Simulation(config, seed), 0
    model.programmes.quality[:] = 0.5  # at which `dropout_rate` is the chance of dropping out itself
    for month in range(burn_in + months):
        model.step()
        model.workers.birth_month += 1
        model.workers.level[:] = 0
        enrolled += model.world.ledger.counts.get("training_enrolled", 0) if month >= burn_in else 0
    return enrolled


def blocked_in_months(
    course_months: int, dropout: float, arrivals: float, replicates: int = 400, months: int = 240
) -> Numbers:
    """Return the same share in a bare loss system in whole months, one value a replicate.

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
    shares: Numbers = 1.0 - taken / (arrivals * months)
    return shares


def erlang(course: str) -> Iterator[Comparison]:
    """Compare the share of applicants refused with a loss system in whole months, and with Erlang's formula.

    No closed form for the variance of blocked counts with fixed lengths: it is taken from 400 bare systems. Seats that
    fall free only at the end of a month make the stay count for half a month more or less, no further; those in a
    course do not apply, at most 60 of 4,000.
    """
    course_months, dropout = COURSES[course]
    # An applicant who comes somewhere within a month holds the seat for the rest of it and for the months after.
    mean_stay = stays(course_months, dropout).sum() - 0.5
    arrivals = LOAD / mean_stay
    blocked = blocked_shares(course_months, dropout, arrivals)
    bare = blocked_in_months(course_months, dropout, arrivals)
    noise = SIGMAS * bare.std(ddof=1) * math.sqrt(1.0 / blocked.size + 1.0 / bare.size)
    obtained = float(blocked.mean())
    yield Comparison(100.0 * bare.mean(), 100.0 * obtained, 100.0 * noise, _("a bare loss system in whole months"))
    low = erlang_b(arrivals * (mean_stay - 0.5) * (1.0 - SEATS / APPLICANTS), SEATS)
    high = erlang_b(arrivals * (mean_stay + 0.5), SEATS) + SEATS / APPLICANTS
    tolerance = (high - low) / 2.0 + noise
    yield Comparison(50.0 * (low + high), 100.0 * obtained, 100.0 * tolerance, _("Erlang's formula"))


def stocks_abroad(places_a_year: float, months: int, seed: int = 1, early_return: float = 0.0) -> Numbers:
    """Return the people abroad at the end of each month, shape `(months,)`, on contracts of three years."""
    settings: Mapping[str, Any] = {
        "policies.labour_export.places_per_year": {2020: places_a_year},
        "abroad.early_return": early_return,
    }
    model = Simulation(load("reference/contract_rotation", settings=settings), seed)
    stocks = np.zeros(months)
    for month in range(months):
        model.step()
        stocks[month] = (model.workers.activity == Activity.ABROAD).sum()
    return stocks


def contracts_exactly() -> Iterator[Comparison]:
    """Compare every month of a hundred departures a month with the exact stock: no rounding, no chance."""
    expected = 100.0 * np.minimum(np.arange(1, 61), 36)
    yield closest(expected, stocks_abroad(1_200.0, 60), 0.0, lambda at: _("month {month}").format(month=at + 1))


def contracts_of_a_thousand() -> Iterator[Comparison]:
    """Compare the stock that 1,000 departures a year make; 83 1/3 places a month are rounded up or down by lot."""
    for seed in range(4):
        stocks = stocks_abroad(1_000.0, 60, seed)
        for months, expected in ((12, 1_000), (24, 2_000), (36, 3_000), (60, 3_000)):
            error = math.sqrt(stock_variance(1_000.0 / 12.0, min(months, 36)))
            where = _("month {month}").format(month=months)
            yield Comparison(float(expected), float(stocks[months - 1]), SIGMAS * error, where)


def contracts_that_break_off(early: float = 0.03) -> Iterator[Comparison]:
    """Compare the stock of contracts that some break off; departures are exact, stays independent: binomial."""
    staying = stays(36, early)
    error = math.sqrt(100.0 * (staying * (1.0 - staying)).sum())
    obtained = float(stocks_abroad(1_200.0, 72, early_return=early)[71])
    yield Comparison(float(100.0 * staying.sum()), obtained, SIGMAS * error, _("month {month}").format(month=72))


_ERLANG_NAMES = {
    "one_year": mark("refused, courses of one year (Erlang B)"),
    "three_years": mark("refused, courses of three years (Erlang B)"),
    "left_early": mark("refused, courses left early (Erlang B)"),
}
_ERLANG_MEANING = mark(
    "With a fixed number of seats and no queue, the share of applicants refused depends on the load alone and not on "
    "how long a course is: seats are neither lost nor given twice."
)
_FROM_THEORY = mark("four standard errors, from the exact variance")

LINES = (
    Line("urn_ball_mean", GROUP, mark("hires of one month, mean (urn-ball)"), mark("persons"),
         mark("Seekers who each send one application to a vacancy at random fill as many vacancies as theory says: "
              "matching neither loses nor invents hires."),
         _FROM_THEORY, urn_ball_means),
    Line("urn_ball_variance", GROUP, mark("hires of one month, variance (urn-ball)"), mark("persons^2"),
         mark("Luck in matching is as large as theory says, so that bands over replicates have the right width."),
         mark("four standard errors of a variance, from a bound on the fourth cumulant"), urn_ball_variances),
    Line("two_state_lake", GROUP, mark("unemployment under two constant rates"), "%",
         mark("Where people lose and find work at constant rates, unemployment goes to the known level at the known "
              "pace."),
         mark("four standard errors (binomial), and 0.02 points for two applicants who meet at one vacancy"),
         two_state_lake),
    Line("frictional_mean", GROUP, mark("unemployed where two flows meet, mean"), mark("persons"),
         mark("Unemployment settles where hires equal separations; it is an outcome of flows and nobody sets it."),
         mark("four standard errors by linear noise about the fixed point, and two persons for its curvature"),
         frictional_mean),
    Line("frictional_variance", GROUP, mark("unemployed where two flows meet, variance"), mark("persons^2"),
         mark("Unemployment varies from month to month as separations and hiring by lot make it."),
         mark("four standard errors of a variance over correlated months, by linear noise"), frictional_variance),
    *(Line(f"erlang_{course}", GROUP, name, "%", _ERLANG_MEANING,
           mark("four standard errors over 400 bare loss systems; for the formula, half a month of stay besides"),
           partial(erlang, course))
      for course, name in _ERLANG_NAMES.items()),
    Line("contracts_exact", GROUP, mark("abroad when 100 a month leave for 36 months"), mark("persons"),
         mark("Contracts last as many months as they say, for everyone: the stock is exact in every month."),
         mark("none: there is no chance in it"), contracts_exactly),
    Line("contracts_thousand", GROUP, mark("abroad when 1,000 a year leave for 36 months"), mark("persons"),
         mark("A yearly number of places that is no whole number a month still makes its stock of three years."),
         mark("four standard deviations of places rounded by lot"), contracts_of_a_thousand),
    Line("contracts_early", GROUP, mark("abroad when 3 % a month break off"), mark("persons"),
         mark("Early return shortens the stay by the chance that was given, and by no more."),
         mark("four standard deviations (binomial, by month of departure)"), contracts_that_break_off),
)  # fmt: skip
